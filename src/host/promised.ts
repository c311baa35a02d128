import type { Did } from '../identity/did.ts'
import type { LogShown } from '../wire/histories.ts'
import type { History, Holding } from '../wire/statements.ts'
import { endOf, extend, type Log, newLog, reaches, wholeOf } from './history.ts'
import { catchUp, hasEnded, showLog } from './logbook.ts'
import type { Proposal } from './proposal.ts'
import type { Turn } from './turn.ts'

/**
 * What a quorum of promises says of a durable agent. All that has let an effect out is in one of its logs, and nothing is added
 * to any of them any more: the longest is what the next holder goes on from, so that every effect comes of its history, too.
 */
type Shown = Pick<Proposal, 'logs'>

export function ownValue({ own, logs }: Shown & Pick<Proposal, 'own'>): Holding {
  const longest = longestOf(logs)
  return longest ? { ...own, checkpoint: longest.shown.checkpoint, history: longest.end } : own
}

function longestOf(logs: Shown['logs']): { readonly end: History; readonly shown: LogShown } | null {
  let longest: { readonly end: History; readonly shown: LogShown } | null = null
  for (const shown of logs.values()) {
    const end = endOf(opened(shown))
    const isFurther = longest === null || end.length > longest.end.length
    // Of two that go as far the older checkpoint: more have that one.
    const isOlder = end.length === longest?.end.length && shown.base.length < longest.shown.base.length
    if (isFurther || isOlder) longest = { end, shown }
  }
  return longest
}

/**
 * Whether those that have promised have less than the decision before says there is. They may be new, or have missed it: others
 * have the rest, and nothing is decided without it.
 */
export function isShort({ state }: Turn, { agent, logs }: Shown & Pick<Proposal, 'agent'>): boolean {
  if (hasEnded(state, agent)) return false
  const decided = (state.registers.get(agent) ?? state.residents.get(agent))?.certificate?.holding.history
  return decided != null && (longestOf(logs)?.end.length ?? 0) < decided.length
}

/**
 * A proposer that is a witness has by now the newest checkpoint of those that have promised. Its own log, brought up to the
 * longest, is what it proposes: it has everything that it takes to go on from there.
 */
export function noteOwnLog(turn: Turn, { agent, logs }: Shown & Pick<Proposal, 'agent'>): void {
  const longest = longestOf(logs)
  if (!longest || !turn.state.logs.has(agent)) return
  const fault = catchUp(turn, agent, longest.end, longest.shown)
  const own = fault === null ? showLog(turn.state, agent) : null
  if (!own) return
  logs.clear()
  logs.set(turn.state.self, own)
}

/** The log that has all of this, from the oldest checkpoint; null where there is none, or nothing to be had. */
export function logReaching(logs: ReadonlyMap<Did, LogShown>, history: History | null): LogShown | null {
  let found: LogShown | null = null
  for (const shown of logs.values())
    if (history && reaches(opened(shown), history) && (found === null || shown.base.length < found.base.length))
      found = shown
  return found
}

function opened({ base, pieces }: LogShown): Log {
  const log = newLog(base)
  extend(log, wholeOf({ base, pieces }))
  return log
}
