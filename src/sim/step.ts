import type { AgentId } from '../directory/agent-id.ts'
import type { HostEffect, HostEvent } from '../host/events.ts'
import type { HostState } from '../host/state.ts'
import type { Did } from '../identity/did.ts'
import type { Invariant } from './report.ts'
import type { Life } from './sim-host.ts'

/** One step of one host, as an oracle sees it: what is in `state` is so afterwards. */
export interface Step {
  readonly life: Life
  readonly event: HostEvent
  readonly effects: readonly HostEffect[]
  readonly state: HostState
}

/** What an oracle has beside the step: all hosts at once, and what is decided by now. */
export interface Sight {
  fail(invariant: Invariant, text: string): void
  /** Of a host that is down, as it was last; undefined of one that never was there. */
  stateOf(host: Did): HostState | undefined
  /** The newest epoch of an agent that is decided, whoever knows of it. */
  newestOf(agent: AgentId): number
}

/** Something that one host has asked another, until that answers. */
export type Asked = Extract<HostEvent, { kind: 'asked' }>
export type Ask = Extract<HostEffect, { kind: 'ask' }>
export type Heard = Extract<HostEvent, { kind: 'answered' }>

/** Whether the ask is refused in this very step. */
export const isDenied = ({ effects }: Step, { handle }: Asked): boolean =>
  effects.some((effect) => effect.kind === 'deny' && effect.handle === handle)
