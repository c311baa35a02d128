import type { SimOptions } from '../../src/sim/options.ts'
import type { Invariant } from '../../src/sim/report.ts'
import type { Patch } from './bundle.ts'
import type { Weather } from './weathers.ts'

/**
 * The hand-over with one rule broken, as changes of the production text. Each says what notices it: an oracle of safety, of
 * liveness or of data, by the name of the invariant. `seeds` are those under which it must be noticed, the likeliest first:
 * what a mutant can do depends on chance, and the seeds that bring it about were looked for once.
 */
export interface Mutant {
  readonly name: string
  readonly oracle: 'safety' | 'liveness' | 'data'
  readonly names: readonly Invariant[]
  readonly seeds: readonly number[]
  /** Machines led along the walks of the model (test/model) notice it as well: that production does not do what the model does. */
  readonly isWalked?: boolean
  readonly options?: Partial<SimOptions>
  /** What the world is like beside its faults, so that a rare race is run within a minute. */
  readonly weather?: Weather
  readonly patches: readonly Patch[]
}

/** A short life full of trouble. */
export const PROVOKING: Omit<SimOptions, 'seed' | 'signatures' | 'guests'> = {
  hosts: 4,
  homes: 1,
  agents: 7,
  witnesses: 1,
  seconds: 40,
  effects: 'mixed',
  mail: true,
  faults: ['crash', 'sever', 'drop', 'partition', 'oneway', 'suspend', 'owner', 'duplicate'],
}

/** All durable, one witness: hosts die all the time. */
export const DYING = {
  options: { effects: 'durable', seconds: 60, agents: 8, faults: ['crash', 'torn', 'owner', 'sever', 'drop'] },
  seeds: [1],
} satisfies Partial<Mutant>
/** All durable, three witnesses. */
export const WITNESSED = {
  options: { witnesses: 3, effects: 'durable', hosts: 5, seconds: 60, agents: 8 },
  seeds: [1, 4],
} satisfies Partial<Mutant>
/** One that writes to another, which hops after every letter. */
export const LETTERS = {
  weather: 'letters',
  options: { effects: 'durable', seconds: 50, agents: 2, faults: ['drop', 'crash', 'sever', 'duplicate'] },
  seeds: [1, 2],
} satisfies Partial<Mutant>
/** All durable, three witnesses: hosts are away for about as long as a lease. */
export const LEASES = {
  weather: 'leases',
  options: {
    witnesses: 3,
    effects: 'durable',
    hosts: 5,
    seconds: 60,
    faults: ['suspend', 'oneway', 'partition', 'slow', 'drop', 'delay', 'crash'],
  },
  seeds: [4],
} satisfies Partial<Mutant>
/** All fast, one witness. */
export const FAST = {
  options: { effects: 'fast', seconds: 60, agents: 8, faults: ['crash', 'drop', 'partition', 'suspend'] },
  seeds: [4],
} satisfies Partial<Mutant>
const SEEDS: readonly number[] = [1, 2, 3]
/** The first ones: nothing was looked for. */
const FIRST: readonly number[] = [1, 2, 3]
export const SEVERAL = { options: { witnesses: 3 }, seeds: [2, 3] } as const
/** Three witnesses; who is silent for a moment is taken for dead, and several propose at once. */
export const DUELS = {
  weather: 'duels',
  options: {
    witnesses: 3,
    hosts: 5,
    faults: ['suspend', 'oneway', 'partition', 'slow', 'drop', 'delay', 'crash', 'duplicate', 'owner'],
  },
  seeds: FIRST,
} satisfies Partial<Mutant>
/** All fast, three witnesses; hosts die all the time, and are back at once. */
export const RESTARTS = {
  weather: 'restarts',
  options: {
    witnesses: 3,
    hosts: 5,
    agents: 8,
    effects: 'fast',
    faults: ['suspend', 'oneway', 'slow', 'drop', 'delay', 'crash', 'duplicate'],
  },
  seeds: FIRST,
} satisfies Partial<Mutant>

/** The same, and half of what is said is lost. */
export const LOSSY = {
  ...RESTARTS,
  weather: 'lossy',
  options: { ...RESTARTS.options, faults: ['drop', 'crash'] },
} satisfies Partial<Mutant>

export function mutant(
  name: string,
  oracle: Mutant['oracle'],
  names: Mutant['names'],
  file: string,
  changes: Readonly<Record<string, string>>,
  more: Partial<Pick<Mutant, 'seeds' | 'options' | 'weather'>> = {},
): Mutant {
  const patches = Object.entries(changes).map(([find, replace]) => ({
    file: find.startsWith('src/') ? find.slice(0, find.indexOf(' ')) : file,
    find: find.startsWith('src/') ? find.slice(find.indexOf(' ') + 1) : find,
    replace,
  }))
  return { name, oracle, names, seeds: SEEDS, patches, ...more }
}
