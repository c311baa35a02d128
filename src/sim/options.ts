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
  /** The last two agents write to each other. */
  readonly mail: boolean
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
