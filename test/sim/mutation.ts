import { runCampaign } from '../../src/entry/node/sim/campaign.ts'
import { DEFAULT_OPTIONS, type SimOptions } from '../../src/sim/options.ts'
import type { Report } from '../../src/sim/report.ts'
import { bundleSimulator, type Patch } from './bundle.ts'
import { type Mutant, PROVOKING } from './mutant.ts'
import { WEATHERS, type Weather } from './weathers.ts'

/** What became of a mutant: the first seed whose run broke an invariant, and which. */
export interface Outcome {
  readonly mutant: Mutant
  readonly caughtBy: string | null
  readonly seed: number
  readonly text: string
}

/** The second run of each seed is for determinism, which is not in question here. */
const ONCE: Patch = {
  file: 'src/sim/run-seed.ts',
  find: 'const second = await runOnce(options, powers)',
  replace: 'const second = first',
}

/** Faults strike so many times as often as in a long run. */
const HASTE: Patch = {
  file: 'src/sim/faults.ts',
  find: 'integerBelow(random, 2 * kind.everyMs)',
  replace: 'integerBelow(random, 2 * kind.everyMs) / 6',
}

/** Programs are told something else at each host and moment more often. */
const CURIOUS: Patch = { file: 'src/sim/programs.ts', find: 'lookEvery: 1_700', replace: 'lookEvery: 230' }

/** A run is over with the violation that is looked for: what comes after it is nobody's question. */
const untilOneOf = (names: readonly string[]): readonly Patch[] =>
  [
    [
      'export async function runOnce(',
      `const isSeen = ({ violations }: Oracles) =>
        violations.some(({ invariant }) => (${JSON.stringify(names)} as string[]).includes(invariant))
      export async function runOnce(`,
    ],
    ['while (world.nowMs() < seconds * 1_000) {', 'while (world.nowMs() < seconds * 1_000 && !isSeen(oracles)) {'],
    ['while (world.nowMs() < untilMs) {', 'while (world.nowMs() < untilMs && !isSeen(oracles)) {'],
    [
      "if (!isOver) oracles.fail('liveness'",
      "if (isSeen(oracles)) void 0\n  else if (!isOver) oracles.fail('liveness'",
    ],
  ].map(([find = '', replace = '']) => ({ file: 'src/sim/run-seed.ts', find, replace }))

const WALKS_MAX = 60

const PATCHES: readonly Patch[] = [ONCE, HASTE, CURIOUS]

export const patchesOf = (weather?: Weather): readonly Patch[] => [...PATCHES, ...(weather ? WEATHERS[weather] : [])]

export const optionsOf = (seed: number, { options = {} }: Pick<Mutant, 'options'>): SimOptions => ({
  ...DEFAULT_OPTIONS,
  ...PROVOKING,
  ...options,
  seed,
})

/** The seeds one after the other until one of them breaks what the mutant must break. */
export async function hunt(mutant: Mutant): Promise<Outcome> {
  const patches = [...patchesOf(mutant.weather), ...untilOneOf(mutant.names), ...mutant.patches]
  const module = await bundleSimulator(patches)
  let seen = ''
  for (const seed of mutant.seeds) {
    const [report] = await reportsOf(module, [optionsOf(seed, mutant)], 1)
    const violation = report?.violations.find(({ invariant }) => mutant.names.includes(invariant))
    if (violation) return { mutant, caughtBy: violation.invariant, seed, text: violation.text }
    seen ||= report?.violations[0]?.invariant ?? ''
  }
  return { mutant, caughtBy: null, seed: 0, text: seen && `only ${seen}` }
}

/** The first seed of a walk on which the mutant does not do what the model does. */
export async function huntInWalks(mutant: Mutant): Promise<Outcome> {
  const module = await bundleSimulator(mutant.patches, 'test/model/walks.ts')
  const { walk } = (await import(/* @vite-ignore */ module)) as typeof import('../model/walks.ts')
  for (let seed = 1; seed <= WALKS_MAX; seed++) {
    const { labels, difference } = await walk(seed)
    if (difference !== null) return { mutant, caughtBy: 'conformance', seed, text: `${labels.at(-1)}: ${difference}` }
  }
  return { mutant, caughtBy: null, seed: 0, text: '' }
}

/** The unbroken code under the same seeds and options; that it does what the model does is test/model's to say. */
export async function control(mutants: readonly Mutant[]): Promise<readonly Report[]> {
  const reports: Report[] = []
  for (const weather of new Set(mutants.map((mutant) => mutant.weather))) {
    const all = new Map<string, SimOptions>()
    for (const mutant of mutants)
      if (mutant.weather === weather)
        for (const seed of mutant.seeds) {
          const options = optionsOf(seed, mutant)
          all.set(JSON.stringify(options), options)
        }
    reports.push(...(await reportsOf(await bundleSimulator(patchesOf(weather)), [...all.values()], 2)))
  }
  return reports
}

async function reportsOf(module: string, all: readonly SimOptions[], workers: number): Promise<readonly Report[]> {
  const reports: Report[] = []
  await runCampaign(all, { module, workers, onReport: (report) => reports.push(report) })
  return reports
}
