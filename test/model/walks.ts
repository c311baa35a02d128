import { isDeepStrictEqual } from 'node:util'
import { integerBelow, type Random, seededRandom } from '../../src/base/random.ts'
import { Conductor } from './conformance.ts'
import { Model } from './model.ts'
import { setScene } from './production.ts'
import { DECIDED, type Rules } from './rules.ts'
import type { State } from './vocabulary.ts'

/**
 * Walks through the model, played step by step by the machines of five hosts: with messages doubled, late and lost, and with
 * witnesses that start again from their records in between.
 */
export const WALKED: Rules = { ...DECIDED, named: true, pieces: 0, epochs: 3, ballots: 3, proposers: [2], crashes: 2 }
const STEPS = 40

export interface Walk {
  readonly labels: readonly string[]
  /** Where production first did otherwise; null where it never did. */
  readonly difference: string | null
}

interface Step {
  readonly label: string
  readonly state: State
}

function stepsFrom(model: Model, state: State): Step[] {
  const steps: Step[] = []
  model.successors(state, null, (label, next, violated) => {
    if (!violated) steps.push({ label: label(), state: next })
  })
  return steps
}

/** Production does less than the model may: a holder that has not started its epoch starts it, and proposes nothing. */
function isDone(model: Model, state: State, { label }: Step): boolean {
  if (!label.startsWith('R PREPARE')) return true
  const { value, started, epoch } = model.hosts.of(state.hosts[2] as number)
  return model.values.of(value).holder !== 2 || started === epoch
}

/** By chance, as the seed has it. */
export async function walk(seed: number, rules: Rules = WALKED): Promise<Walk> {
  const random = seededRandom(seed)
  return play(rules, random, (model, state, taken) => {
    if (taken >= STEPS) return null
    const steps = stepsFrom(model, state).filter((step) => isDone(model, state, step))
    return steps.length > 0 ? pick(random, steps) : null
  })
}

/** Along a trace that the model's search has found. */
export async function follow(labels: readonly string[], rules: Rules = WALKED): Promise<Walk> {
  const left = [...labels]
  return play(rules, null, (model, state) => {
    const steps = stepsFrom(model, state)
    // What R and W0 have learned together is in the trace once for each.
    if (left[0] && TWINS.test(left[0]) && !steps.some(({ label }) => label === left[0])) left.shift()
    const wanted = left.shift()
    return steps.find(({ label }) => label === wanted) ?? null
  })
}

/** R and W0 are one host: what the one has learned the other knows. */
const TWINS = /^(R|W0) (learns QC\(\d+\))$/

async function play(
  rules: Rules,
  random: Random | null,
  next: (model: Model, state: State, taken: number) => Step | null,
): Promise<Walk> {
  const model = new Model(rules)
  const scene = await setScene()
  const conductor = new Conductor(scene)
  const labels: string[] = []
  let state = model.start()
  for (let step = next(model, state, 0); step; step = next(model, state, labels.length)) {
    labels.push(step.label)
    try {
      conductor.act(step.label)
    } catch (error) {
      return { labels, difference: error instanceof Error ? error.message : String(error) }
    }
    state = step.state
    const twin = step.label.match(TWINS)
    const name = twin && `${twin[1] === 'R' ? 'W0' : 'R'} ${twin[2]}`
    state = (name && stepsFrom(model, state).find(({ label }) => label === name)?.state) || state
    if (random) disturb(random, scene, conductor)
    const { production, model: wanted } = conductor.compare(model, state)
    if (!isDeepStrictEqual(production, wanted))
      return { labels, difference: `${JSON.stringify(production)}, not ${JSON.stringify(wanted)}` }
  }
  return { labels, difference: null }
}

/** The likely steps are the dull ones: what leads on is taken rather than another hand-over given up. */
function pick(random: Random, steps: readonly Step[]): Step {
  const fine = steps.filter(({ label }) => !/crashes|gives the hand-over up/.test(label))
  const from = fine.length > 0 && integerBelow(random, 8) > 0 ? fine : steps
  return from[integerBelow(random, from.length)] as Step
}

function disturb(random: Random, { witnesses }: Awaited<ReturnType<typeof setScene>>, conductor: Conductor): void {
  const witness = witnesses[1 + integerBelow(random, 2)]
  if (!witness) return
  if (integerBelow(random, 4) === 0) conductor.restart(witness)
  if (integerBelow(random, 4) === 0) conductor.repeat(witness)
}
