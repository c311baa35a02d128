import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Counts, Grounds, LogShown } from '../wire/histories.ts'
import type { Requests } from '../wire/messages.ts'
import type { History, Holding, Stretch } from '../wire/statements.ts'
import { tellDecided } from './certificates.ts'
import type { Fault } from './events.ts'
import { add, advance, endOf, extend, headAfter, type Log, newLog, reaches, truncate, wholeOf } from './history.ts'
import { parsePiece } from './pieces.ts'
import { gone } from './records.ts'
import type { HomeRow, HostState } from './state.ts'
import { answer, deny, persist, type RecordWrite, type Turn } from './turn.ts'

/**
 * The witness's part of a durable agent: its newest checkpoint that is whole here, and the pieces of its history since, each
 * durable before it is acknowledged. Once anything is promised or accepted for the next epoch nothing is added in this one:
 * what the promise has said is all that there is. This is the fence, and no clock is in it.
 */
export interface KeptLog {
  readonly agent: AgentId
  /** Where the pieces go on from; null: from the top of the program. */
  checkpoint: Cid | null
  /** What the agent had said and used by then. */
  counts: Counts
  readonly log: Log
}

const countsOf = ({ consoleLines, sentBytes, messages, mail }: Counts): Counts => ({
  consoleLines,
  sentBytes,
  messages,
  mail,
})

/** Of a durable agent whose row is here, or a mirror of it. */
export function openLog(turn: Turn, row: HomeRow): void {
  const { agent, checkpoint, history } = row
  if (!history || turn.state.logs.has(agent)) return
  const kept: KeptLog = { agent, checkpoint, counts: countsOf(row), log: newLog(history) }
  turn.state.logs.set(agent, kept)
  persist(turn, writeLog(kept))
}

/** How many pieces of it this host has. */
export function loggedHere({ logs }: HostState, agent: AgentId): number {
  const kept = logs.get(agent)
  return kept ? endOf(kept.log).length : 0
}

/** For a promise, or for who has to go on. */
export function showLog({ logs }: HostState, agent: AgentId): LogShown | null {
  const kept = logs.get(agent)
  if (!kept) return null
  const { checkpoint, counts, log } = kept
  return { checkpoint, counts, base: log.base, pieces: [...log.pieces] }
}

/** A witness that has promised the next epoch, or voted for it, adds nothing to this one. */
export const isFenced = ({ registers }: HostState, agent: AgentId): boolean => {
  const register = registers.get(agent)
  return register !== undefined && (register.promised !== null || register.accepted !== null)
}

export function onLog(turn: Turn, from: Did, handle: number, { agent, epoch, ...added }: Requests['log']['ask']): void {
  const register = turn.state.registers.get(agent)
  if (!register) return deny(turn, handle, 'UNKNOWN_AGENT', `no register for ${agent}`)
  if (register.epoch !== epoch || register.holder !== from) {
    deny(
      turn,
      handle,
      'STALE_EPOCH',
      `epoch ${epoch} of ${from}, but ${register.epoch} of ${register.holder} is decided`,
    )
    if (epoch < register.epoch) tellDecided(turn, from, register)
    return
  }
  const fault = takePieces(turn, agent, added)
  if (fault) return deny(turn, handle, fault.code, fault.reason)
  const kept = turn.state.logs.get(agent)
  answer(turn, handle, 'log', kept && !hasEnded(turn.state, agent) ? endOf(kept.log) : endWith(added))
}

const endWith = ({ from, head, pieces }: Stretch): History => ({
  length: from + pieces.length,
  head: pieces.reduce(headAfter, head),
})

/** Then nothing goes on from its history, which is let go of: all of it counts as logged, so that its last words come through. */
export const hasEnded = ({ rows, mirrors }: HostState, agent: AgentId): boolean =>
  (rows.get(agent) ?? mirrors.get(agent))?.outcome != null

/** Adds what is new of them; a gap is no fault, the length that is there afterwards tells. */
export function takePieces(turn: Turn, agent: AgentId, added: Stretch): Fault | null {
  if (hasEnded(turn.state, agent)) return null
  const kept = turn.state.logs.get(agent)
  if (!kept) return { code: 'REFUSED', reason: 'the agent is not durable' }
  if (isFenced(turn.state, agent)) return { code: 'OUTBID', reason: 'the next epoch is promised' }
  for (const piece of added.pieces) {
    const read = parsePiece(piece)
    if (!read.ok) return { code: 'BAD_MESSAGE', reason: `piece: ${read.reason}` }
  }
  return extendKept(turn, kept, added)
}

function extendKept(turn: Turn, kept: KeptLog, added: Stretch): Fault | null {
  const { log } = kept
  const before = log.pieces.length
  const taken = extend(log, added)
  if (!taken.ok)
    return taken.why === 'gap' ? null : { code: taken.why === 'full' ? 'QUOTA' : 'CONFLICT', reason: taken.reason }
  for (let i = before; i < log.pieces.length; i++) persist(turn, writePiece(kept, i))
  return null
}

/** What an effect comes of must be here before it is taken; it may bring it along. */
export function groundsFault(turn: Turn, agent: AgentId, { after, stretch }: Grounds): Fault | null {
  if (!turn.state.logs.has(agent)) return null
  const fault = stretch && takePieces(turn, agent, stretch)
  if (fault) return fault
  const length = loggedHere(turn.state, agent)
  return length < after
    ? { code: 'BUSY', reason: `the log has ${length} pieces, and the effect comes of ${after}` }
    : null
}

/** The same for an agent that runs at this very witness; false where it is fenced. */
export const logHere = (turn: Turn, agent: AgentId, epoch: number, added: Stretch): boolean =>
  turn.state.registers.get(agent)?.epoch === epoch && takePieces(turn, agent, added) === null

/** A newer checkpoint is whole here, with so much behind it. */
export function advanceLog(turn: Turn, row: HomeRow, history: History | null): void {
  const { agent, checkpoint } = row
  row.history = history
  const kept = turn.state.logs.get(agent)
  if (!kept || !history || history.length < kept.log.base.length) return
  const before = kept.log.pieces.map((_, i) => pieceKey(agent, kept.log.base.length + i + 1))
  advance(kept.log, history)
  kept.checkpoint = checkpoint
  kept.counts = countsOf(row)
  for (const key of before.slice(0, before.length - kept.log.pieces.length)) persist(turn, gone(key))
  persist(turn, writeLog(kept))
}

/** Why a checkpoint is not taken as what this agent goes on from; null where it is. */
export function checkpointHistoryFault({ state }: Turn, agent: AgentId, history: History | null): Fault | null {
  const kept = state.logs.get(agent)
  if (!kept) return history === null ? null : { code: 'REFUSED', reason: 'the agent is not durable' }
  if (history === null) return { code: 'REFUSED', reason: 'a checkpoint of a durable agent says how much is behind it' }
  if (isFenced(state, agent)) return { code: 'OUTBID', reason: 'the next epoch is promised' }
  const { length } = endOf(kept.log)
  if (history.length < kept.log.base.length || (history.length <= length && !reaches(kept.log, history)))
    return { code: 'CONFLICT', reason: `a history of ${history.length} pieces that is not the one that is logged here` }
  return null
}

/**
 * What a vote needs: all of the history that is decided. `shown` is what others have of it. A base that is further on than
 * all that is here takes its place: those that have it have the checkpoint, too.
 */
export function catchUp(turn: Turn, agent: AgentId, decided: History | null, shown: LogShown | null): Fault | null {
  if (hasEnded(turn.state, agent)) return null
  const kept = turn.state.logs.get(agent)
  if (!kept) return decided === null ? null : { code: 'REFUSED', reason: 'the agent is not durable here' }
  if (decided === null) return { code: 'REFUSED', reason: 'the history of a durable agent is decided, too' }
  if (reaches(kept.log, decided)) return null
  if (shown) {
    for (const piece of shown.pieces)
      if (!parsePiece(piece).ok) return { code: 'BAD_MESSAGE', reason: 'a piece that is none' }
    if (shown.base.length > endOf(kept.log).length) return replaceLog(turn, kept, decided, shown)
    extendKept(turn, kept, wholeOf(shown))
  }
  return reaches(kept.log, decided)
    ? null
    : { code: 'BUSY', reason: `the log here has ${endOf(kept.log).length} pieces of ${decided.length}` }
}

function replaceLog(turn: Turn, kept: KeptLog, decided: History, shown: LogShown): Fault | null {
  const log = newLog(shown.base)
  extend(log, wholeOf(shown))
  if (!reaches(log, decided)) return { code: 'BUSY', reason: 'what is shown does not lead to what is decided' }
  forgetLog(turn, kept.agent)
  const next: KeptLog = { agent: kept.agent, checkpoint: shown.checkpoint, counts: shown.counts, log }
  turn.state.logs.set(kept.agent, next)
  persist(turn, writeLog(next), ...log.pieces.map((_, i) => writePiece(next, i)))
  return null
}

/**
 * A decision has become known: what was logged beyond it never counted. Whoever has missed the one before may have logged
 * what that one left out: of pieces that do not lead to this one nothing is kept, and they are told anew.
 */
export function settleLog(turn: Turn, agent: AgentId, { history }: Holding, isNext: boolean): void {
  const kept = turn.state.logs.get(agent)
  if (!kept || !history) return
  const had = kept.log.pieces.length
  const isBefore = isNext && endOf(kept.log).length < history.length
  if (!reaches(kept.log, history) && !isBefore) truncate(kept.log, kept.log.base)
  truncate(kept.log, history)
  for (let i = kept.log.pieces.length; i < had; i++) persist(turn, gone(pieceKey(agent, kept.log.base.length + i + 1)))
}

export function forgetLog(turn: Turn, agent: AgentId): void {
  const kept = turn.state.logs.get(agent)
  if (!kept) return
  turn.state.logs.delete(agent)
  persist(
    turn,
    gone(logKey(agent)),
    ...kept.log.pieces.map((_, i) => gone(pieceKey(agent, kept.log.base.length + i + 1))),
  )
}

const logKey = (agent: AgentId): string => `log/${agent}`
const pieceKey = (agent: AgentId, number: number): string => `piece/${agent}/${String(number).padStart(9, '0')}`

const writeLog = ({ agent, checkpoint, counts, log }: KeptLog): RecordWrite => ({
  key: logKey(agent),
  value: () => ({ agent, checkpoint, counts, base: log.base }),
})

function writePiece({ agent, log }: KeptLog, index: number): RecordWrite {
  const piece = log.pieces[index]
  return { key: pieceKey(agent, log.base.length + index + 1), value: () => piece ?? null }
}

export function restoreLogs({ state }: Turn, records: ReadonlyMap<string, unknown>): void {
  for (const [key, value] of records) {
    if (!key.startsWith('log/')) continue
    const { agent, checkpoint, counts, base } = value as Omit<KeptLog, 'log'> & { readonly base: History }
    const log = newLog(base)
    for (let number = base.length + 1; ; number++) {
      const piece = records.get(pieceKey(agent, number))
      if (!(piece instanceof Uint8Array)) break
      add(log, piece)
    }
    state.logs.set(agent, { agent, checkpoint, counts, log })
  }
}
