import { integerBelow, seededRandom } from '../base/random.ts'
import type { Signatures } from './identities.ts'

/** One run, whole: the same options, the same run, on every machine. */
export interface SimOptions {
  readonly seed: number
  readonly hosts: number
  /** Hosts that launch agents. */
  readonly homes: number
  readonly agents: number
  /** How many hosts decide about an agent: 1, its home alone, or an odd number of them. */
  readonly witnesses: number
  /** Virtual seconds in which faults strike and agents are launched; then all is healed. */
  readonly seconds: number
  /** Kinds of fault; `any`: a subset of all by the seed. */
  readonly faults: 'any' | readonly string[]
  readonly signatures: Signatures
  /** When effects leave: at once, when they are logged, or some agents so and some so. */
  readonly effects: 'fast' | 'durable' | 'mixed'
  /**
   * The first two agents write to each other. `durable`: where effects are mixed, who writes is durable as who reads is. A fast
   * one may go on from before it found its recipient, and say something else under numbers that were taken by then.
   */
  readonly mail: boolean | 'durable'
  /** What runs the programs: a count of steps, or the engine. */
  readonly guests: 'cheap' | 'real'
}

export const DEFAULT_OPTIONS: Omit<SimOptions, 'seed'> = {
  faults: 'any',
  hosts: 5,
  homes: 1,
  agents: 8,
  witnesses: 1,
  seconds: 600,
  signatures: 'cheap',
  effects: 'mixed',
  mail: true,
  guests: 'cheap',
}

/** What somebody has said about a run; the rest is by its seed. */
export type Wanted = { readonly [K in keyof Omit<SimOptions, 'seed'>]?: SimOptions[K] | undefined }

/** Beside homes: with two of them an agent has one other place to go, and its three witnesses are all there are. */
const OTHERS = { min: 2, max: 5 } as const
const AGENTS = { min: 1, max: 8 } as const
const WITNESSES = [1, 3] as const

/**
 * The run of a seed: how many hosts there are, how many agents and who decides about them, where nothing is said of it. A
 * world that is too small for what a protocol takes for granted is found by none of the usual size.
 */
export function drawOptions(seed: number, wanted: Wanted = {}): SimOptions {
  const random = seededRandom(seed * 524_287 + 11)
  const others = between(OTHERS)
  const agents = between(AGENTS)
  const witnesses = WITNESSES[integerBelow(random, WITNESSES.length)] ?? DEFAULT_OPTIONS.witnesses
  const homes = wanted.homes ?? DEFAULT_OPTIONS.homes
  return {
    seed,
    homes,
    hosts: wanted.hosts ?? homes + others,
    agents: wanted.agents ?? agents,
    witnesses: wanted.witnesses ?? witnesses,
    seconds: wanted.seconds ?? DEFAULT_OPTIONS.seconds,
    faults: wanted.faults ?? DEFAULT_OPTIONS.faults,
    signatures: wanted.signatures ?? DEFAULT_OPTIONS.signatures,
    effects: wanted.effects ?? DEFAULT_OPTIONS.effects,
    mail: wanted.mail ?? 'durable',
    guests: wanted.guests ?? DEFAULT_OPTIONS.guests,
  }

  function between({ min, max }: { readonly min: number; readonly max: number }): number {
    return min + integerBelow(random, max - min + 1)
  }
}
