import type { Random } from '../base/random.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { ErrorCode } from '../wire/error-codes.ts'
import type { AsyncName, Asyncs, RequestName, Requests } from '../wire/messages.ts'
import type { HostEffect } from './events.ts'
import type { HostState } from './state.ts'
import type { Waiting } from './waiting.ts'

/** A record as it shall be kept when the step is over; null deletes it. Read at the end of the step, not before. */
export interface RecordWrite {
  readonly key: string
  readonly value: () => unknown | null
}

/**
 * One step of the host machine: the state, the moment, and the effects collected so far. Every part of the machine is a
 * set of functions over a Turn; none keeps anything elsewhere.
 */
export interface Turn {
  readonly state: HostState
  readonly nowMs: number
  readonly wallMs: number
  readonly random: Random
  readonly effects: HostEffect[]
  /** What must be durable before any of these effects is carried out: one atomic commit a step, last value of a key. */
  readonly writes: Map<string, RecordWrite['value']>
  /** What need not be: were it lost, what is durable already would stand for it. */
  readonly soon: Map<string, RecordWrite['value']>
}

const wait = (turn: Turn, waiting: Waiting): number => {
  const token = turn.state.nextToken++
  turn.state.waiting.set(token, waiting)
  return token
}

export function ask<N extends RequestName>(
  turn: Turn,
  to: Did,
  name: N,
  body: Requests[N]['ask'],
  waiting: Waiting,
): void {
  turn.effects.push({ kind: 'ask', to, token: wait(turn, waiting), name, body } as HostEffect)
}

export function answer<N extends RequestName>(turn: Turn, handle: number, name: N, body: Requests[N]['answer']): void {
  turn.effects.push({ kind: 'answer', handle, name, body } as HostEffect)
}

export function deny(turn: Turn, handle: number, code: ErrorCode, reason: string): void {
  turn.effects.push({ kind: 'deny', handle, code, reason })
}

export function tell<N extends AsyncName>(turn: Turn, to: Did, name: N, body: Asyncs[N]): void {
  turn.effects.push({ kind: 'tell', to, name, body } as HostEffect)
}

/** Effects whose end comes back as an event under a token. */
type Tokened = Extract<
  HostEffect,
  { kind: 'seal' | 'openPermit' | 'openBundle' | 'fetchCheckpoint' | 'prepare' | 'rerun' | 'relive' }
>
type WithoutToken<E> = E extends Tokened ? Omit<E, 'token'> : never

/** Returns the token. */
export function begin(turn: Turn, effect: WithoutToken<Tokened>, waiting: Waiting): number {
  const token = wait(turn, waiting)
  turn.effects.push({ ...effect, token } as HostEffect)
  return token
}

/** The entry for a token, once: an answer that comes twice finds nothing. */
export function takeWaiting(turn: Turn, token: number): Waiting | null {
  const waiting = turn.state.waiting.get(token) ?? null
  turn.state.waiting.delete(token)
  return waiting
}

export function persist(turn: Turn, ...writes: RecordWrite[]): void {
  for (const { key, value } of writes) {
    turn.writes.set(key, value)
    turn.soon.delete(key)
  }
}

export function persistSoon(turn: Turn, ...writes: RecordWrite[]): void {
  for (const { key, value } of writes) (turn.writes.has(key) ? turn.writes : turn.soon).set(key, value)
}

export function log(turn: Turn, level: 'info' | 'warn', text: string, agent?: AgentId): void {
  turn.effects.push(agent === undefined ? { kind: 'log', level, text } : { kind: 'log', level, text, agent })
}
