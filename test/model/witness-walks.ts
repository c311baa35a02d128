import { isDeepStrictEqual } from 'node:util'
import { integerBelow, type Random, seededRandom } from '../../src/base/random.ts'
import { Model } from './model.ts'
import { DECIDED, type Rules } from './rules.ts'
import { type Message, type State, saying } from './vocabulary.ts'
import { WitnessScene } from './witness-scene.ts'
import { witnessReceives } from './witness-steps.ts'

/**
 * Walks through the model in which witnesses alone are played by production: all that the model's hosts say is said to them, also
 * late and again, and where they stand is compared: what they have promised and voted for, all of the history that they
 * have, and who decides next.
 */
const EXACT: Rules = { ...DECIDED, named: true, exactLogs: true, proposers: [2], epochs: 4, ballots: 2 }
/** Histories of up to two pieces and a letter, which change hands. */
export const LOGGING: Rules = { ...EXACT, pieces: 2, mail: true, crashes: 1 }
/** One witness takes another's place, and becomes the keeper; R names them, or goes on itself. */
export const CHANGING: Rules = { ...EXACT, witnesses: 4, changes: ['103', '301'], repair: true, crashes: 1 }

const STEPS = 60

export interface WitnessWalk {
  readonly labels: readonly string[]
  /** Where production first did otherwise; null where it never did. */
  readonly difference: string | null
}

interface Step {
  readonly label: string
  readonly state: State
}

export function walkWitnesses(seed: number, rules: Rules): WitnessWalk {
  const random = seededRandom(seed)
  const model = new Model(rules)
  const scene = new WitnessScene(model)
  const labels: string[] = []
  // It misses decisions: it hears of one only when there is another.
  const deaf = integerBelow(random, rules.witnesses)
  let state = model.start()
  for (let taken = 0; taken < STEPS; taken++) {
    const steps: Step[] = []
    model.successors(state, null, (label, next, violated) => {
      const isMissed = label() === `W${deaf} learns QC(${model.witnesses.of(state.witnesses[deaf] as number).k})`
      if (!violated && !isMissed) steps.push({ label: label(), state: next })
    })
    const step = pick(random, steps)
    if (!step) break
    labels.push(step.label)
    try {
      act(model, scene, state, step)
      state = step.state
      disturb(random, model, scene, state)
    } catch (error) {
      return { labels, difference: error instanceof Error ? error.message : String(error) }
    }
    const [production, wanted] = [scene.shown(state), scene.wanted(state)]
    if (!isDeepStrictEqual(production, wanted))
      return { labels, difference: `${JSON.stringify(production)}, not ${JSON.stringify(wanted)}` }
  }
  return { labels, difference: null }
}

function pick(random: Random, steps: readonly Step[]): Step | undefined {
  const fine = steps.filter(({ label }) => !/crashes|gives the hand-over up/.test(label))
  const from = fine.length > 0 && integerBelow(random, 8) > 0 ? fine : steps
  return from[integerBelow(random, from.length)]
}

/** What hosts do is the model's alone. */
function act(model: Model, scene: WitnessScene, state: State, { label, state: next }: Step): void {
  const [, name, what = ''] = label.match(/^W(\d) (.*)$/) ?? []
  if (name === undefined) return
  const at = Number(name)
  const learned = what.match(/^learns QC\((\d+)\)$/)?.[1]
  if (learned !== undefined) return scene.learn(at, Number(learned), next)
  const witness = model.witnesses.of(state.witnesses[at] as number)
  const after = model.witnesses.of(next.witnesses[at] as number)
  const heard = airOf(model, state).find((message) => {
    const step = witnessReceives(model, witness, message)
    return step?.[0] === what && step[1].k === after.k
  })
  if (!heard) throw new Error(`nothing that is said makes ${label}`)
  const refused = scene.tell(at, heard, state)
  if (refused !== null) throw new Error(`${label}: ${refused}`)
}

function airOf(model: Model, state: State): readonly Message[] {
  const said = state.hosts.reduce<readonly number[]>((all, id) => saying(all, ...model.hosts.of(id).said), [])
  return said.map((id) => model.messages.of(id))
}

/** What changes nothing in the model is said once more, and a witness starts again from its records. */
function disturb(random: Random, model: Model, scene: WitnessScene, state: State): void {
  const at = integerBelow(random, state.witnesses.length)
  const witness = model.witnesses.of(state.witnesses[at] as number)
  if (witness.k === 0) return
  if (integerBelow(random, 4) === 0) scene.restart(at)
  for (const message of airOf(model, state))
    if (message.kind !== 'enrol' && integerBelow(random, 2) === 0 && !witnessReceives(model, witness, message))
      scene.tell(at, message, state)
}
