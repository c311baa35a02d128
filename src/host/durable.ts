import { assert } from '../base/assert.ts'
import type { Did } from '../identity/did.ts'
import type { Grounds } from '../wire/histories.ts'
import {
  EFFECT_STRETCH_BYTES_MAX,
  FENCED_MS,
  HISTORY_CHECKPOINT_BYTES,
  HISTORY_CHECKPOINT_PIECES,
  HISTORY_STAND_BYTES,
  HISTORY_STAND_PIECES,
  LOG_AGAIN_MS,
  STRETCH_BYTES_MAX,
} from '../wire/history-limits.ts'
import type { Requests } from '../wire/messages.ts'
import type { History, Stretch } from '../wire/statements.ts'
import { type Again, again, isDue } from './again.ts'
import { quorumOf } from './ballots.ts'
import { drain } from './departure.ts'
import type { Answer } from './events.ts'
import { add, advance, endOf, type Log, newLog, reaches, stretch } from './history.ts'
import { hasEnded, logHere } from './logbook.ts'
import { settleArrivals } from './mail.ts'
import { encodePiece, encodeRun, type HistoryPiece, mergeRuns, type RunPiece } from './pieces.ts'
import { pursuePost } from './post.ts'
import { propose } from './proposer.ts'
import {
  checkpointWhenDue,
  goOn,
  isReleased,
  isSpent,
  mayRunHere,
  sendCheckpointHome,
  sendEffects,
} from './residence.ts'
import { isConfined } from './sealing.ts'
import type { Resident } from './state.ts'
import { ask, type Turn } from './turn.ts'

/**
 * The holder's part of a durable agent. What reaches its program is noted in pieces, and an effect leaves only when a majority
 * of the agent's witnesses has logged all pieces before it: whoever goes on after this host comes to the same effect. Where
 * one witness is the majority, the pieces travel in the effect's own message. An effect waits; its program does not.
 */
export interface Recording {
  /** Since the newest checkpoint that is safe with the witnesses. */
  readonly log: Log
  /** What has reached the program since, and no effect comes of yet. */
  open: RunPiece | null
  /** How many pieces each witness is known to have. */
  readonly logged: Map<Did, number>
  /** Where pieces are on their way to, and where not again before when. */
  readonly asking: Set<Did>
  readonly again: Map<Did, Again>
  /** Since when a witness has refused them, because it has promised the next epoch. */
  fencedMs: number | null
}

export const newRecording = (base: History): Recording => ({
  log: newLog(base),
  open: null,
  logged: new Map(),
  asking: new Set(),
  again: new Map(),
  fencedMs: null,
})

/** What the program was told, before what it says because of it. What is told to one that is confined is nobody else's. */
export function onPiece(turn: Turn, resident: Resident, piece: RunPiece): void {
  const { history } = resident
  if (!history || isConfined(resident)) return
  history.open = history.open ? mergeRuns(history.open, piece) : piece
  checkpointWhenLong(turn, resident, history)
}

/** One more piece that did not come of the guest; its number, or null for a fast agent. */
export function appendPiece(turn: Turn, resident: Resident, piece: HistoryPiece): number | null {
  const { history } = resident
  if (!history) return null
  close(history)
  const number = add(history.log, encodePiece(piece))
  checkpointWhenLong(turn, resident, history)
  return number
}

function close(history: Recording): void {
  if (!history.open) return
  for (const piece of encodeRun(history.open)) add(history.log, piece)
  history.open = null
}

/** All that has reached the program by now. */
export function historyNow({ history }: Resident): History | null {
  if (!history) return null
  close(history)
  return endOf(history.log)
}

/** Of what an effect comes that is let out now. */
export const groundsOf = (resident: Resident): Grounds => ({ after: historyNow(resident)?.length ?? 0, stretch: null })

/** So many pieces a majority of the witnesses has, or a safe checkpoint has behind it. */
export function isLogged(turn: Turn, resident: Resident, length: number): boolean {
  const { history, brief } = resident
  if (!history || length <= history.log.base.length) return true
  const counts = brief.witnesses.map((witness) => countAt(turn, resident, history, witness)).sort((a, b) => b - a)
  return (counts[quorumOf(brief.witnesses) - 1] ?? 0) >= length
}

function countAt({ state }: Turn, { agent }: Resident, { log, logged }: Recording, witness: Did): number {
  if (witness !== state.self) return logged.get(witness) ?? 0
  if (hasEnded(state, agent)) return endOf(log).length
  const kept = state.logs.get(agent)
  return kept ? commonLength(log, endOf(kept.log)) : 0
}

/** How much of this history a log that ends so has for certain: all up to there, or nothing where it is another one. */
const commonLength = (log: Log, end: History): number =>
  end.length < log.base.length || reaches(log, end) ? end.length : 0

/**
 * The grounds of an effect that may leave now, with the pieces that it brings along; null while what it comes of is not safe
 * yet, which is asked for then.
 */
export function groundsToLeave(turn: Turn, resident: Resident, { after }: Grounds): Grounds | null {
  const { history, brief } = resident
  if (!history || isLogged(turn, resident, after)) return { after, stretch: null }
  const [only, ...others] = brief.witnesses
  if (only !== undefined && others.length === 0 && only !== turn.state.self && !history.asking.has(only)) {
    const lacking = lackedBy(turn, resident, history, only, after, EFFECT_STRETCH_BYTES_MAX)
    if (lacking && lacking.from + lacking.pieces.length === after) return { after, stretch: lacking }
  }
  pursueLog(turn, resident)
  return isLogged(turn, resident, after) ? { after, stretch: null } : null
}

/** What that witness lacks, as much of it as fits a message. */
function lackedBy(
  turn: Turn,
  resident: Resident,
  history: Recording,
  witness: Did,
  to = endOf(history.log).length,
  bytesMax = STRETCH_BYTES_MAX,
): Stretch | null {
  const { log } = history
  const from = Math.max(log.base.length, countAt(turn, resident, history, witness))
  const lacking = from < to ? stretch(log, from, to) : null
  if (!lacking) return null
  const fitting: Uint8Array[] = []
  let bytes = 0
  for (const piece of lacking.pieces) {
    bytes += piece.length
    if (bytes > bytesMax) break
    fitting.push(piece)
  }
  return { ...lacking, pieces: fitting }
}

/** Brings the witnesses what they lack. Called whenever something waits for it. */
export function pursueLog(turn: Turn, resident: Resident): void {
  const { history, agent, epoch, brief } = resident
  if (!history) return
  close(history)
  for (const witness of brief.witnesses) {
    if (history.asking.has(witness) || !isDue(turn.nowMs, history.again.get(witness))) continue
    const lacking = lackedBy(turn, resident, history, witness)
    if (!lacking) continue
    if (witness === turn.state.self) {
      if (!logHere(turn, agent, epoch, lacking)) noteFence(turn, resident, history)
      continue
    }
    history.asking.add(witness)
    ask(turn, witness, 'log', { agent, epoch, ...lacking }, { for: 'log', agent, epoch, witness })
  }
}

export function onLogAnswered(turn: Turn, resident: Resident, witness: Did, epoch: number, answer: Answer): void {
  const { history } = resident
  if (!history || epoch !== resident.epoch) return
  history.asking.delete(witness)
  const wait = () => history.again.set(witness, again(turn.nowMs, history.again.get(witness), LOG_AGAIN_MS))
  if (!answer.ok) {
    wait()
    // Another history is there under these numbers: the next decision says which it is.
    if (answer.code === 'OUTBID' || answer.code === 'CONFLICT') noteFence(turn, resident, history)
    if (answer.code === 'QUOTA') resident.checkpointDueMs = turn.nowMs
    return
  }
  history.fencedMs = null
  const end = answer.body as Requests['log']['answer']
  // It lacks what nobody has any more, or has something else: the next checkpoint helps it, and it is not asked in vain till then.
  if (end.length < history.log.base.length || !reaches(history.log, end)) wait()
  else history.again.delete(witness)
  history.logged.set(witness, commonLength(history.log, end))
  onLogged(turn, resident)
}

/** More of it is safe by now: whatever waits for that goes on. */
function onLogged(turn: Turn, resident: Resident): void {
  sendEffects(turn, resident)
  sendCheckpointHome(turn, resident)
  settleArrivals(turn, resident)
  pursuePost(turn, resident)
  drain(turn, resident)
}

/** What has reached a program that leaves goes with it for good: its witnesses have all of it, or are brought the rest. */
export function isWhollyLogged(turn: Turn, resident: Resident): boolean {
  const length = historyNow(resident)?.length ?? 0
  if (!isLogged(turn, resident, length)) pursueLog(turn, resident)
  return isLogged(turn, resident, length)
}

/** What is behind its newest checkpoint is in every history that can be decided. Who decides alone has all that there is. */
export const isCheckpointLogged = (turn: Turn, resident: Resident): boolean =>
  quorumOf(resident.brief.witnesses) === 1 || isLogged(turn, resident, resident.brief.history?.length ?? 0)

/** It stands where its last checkpoint does, and has more behind it: only the next epoch goes on from there. */
export const mustRelive = (resident: Resident): boolean =>
  resident.history !== null && (isSpent(resident) || resident.reliving !== null)

/** What the answer to an effect says of its grounds. Where it went there is a log, which reaches so far where it was taken. */
export function noteGrounds(turn: Turn, resident: Resident, { after }: Grounds, answer: Answer): void {
  const { history, brief } = resident
  const [keeper] = brief.witnesses
  if (!history || keeper === undefined || keeper === turn.state.self) return
  const known = history.logged.get(keeper) ?? 0
  if (answer.ok && known < after) history.logged.set(keeper, after)
  if (answer.ok) return
  if (answer.code === 'OUTBID') noteFence(turn, resident, history)
  if (answer.code !== 'BUSY') return
  // It has less than we thought, though a majority has enough: what it has it tells when it is brought the rest.
  history.logged.delete(keeper)
  pursueLog(turn, resident)
}

/** Somebody has asked for the next epoch. Whoever it was may be gone: then we ask for it, and go on where we stand. */
function noteFence(turn: Turn, resident: Resident, history: Recording): void {
  const { agent, epoch, brief, checkpoint } = resident
  history.fencedMs ??= turn.nowMs
  if (turn.nowMs - history.fencedMs < FENCED_MS || isReleased(resident) || turn.state.proposals.has(agent)) return
  history.fencedMs = null
  const own = { holder: turn.state.self, checkpoint, witnesses: brief.witnesses, history: historyNow(resident) }
  propose(turn, agent, epoch + 1, brief, own)
}

/** A checkpoint with so much behind it is safe with the witnesses: the pieces before it are not needed any more. */
export function onHistorySafe(turn: Turn, resident: Resident, covered: History | null): void {
  const { history } = resident
  if (!history || !covered || covered.length < history.log.base.length) return
  advance(history.log, covered)
  if (resident.guest === 'frozen' && !resident.departure && !resident.forking && mayRunHere(turn, resident))
    goOn(turn, resident)
}

/** So much is being logged that the program stands still until its checkpoint is safe. */
export const standsForHistory = ({ history }: Resident): boolean =>
  history !== null && (history.log.bytes >= HISTORY_STAND_BYTES || history.log.pieces.length >= HISTORY_STAND_PIECES)

function checkpointWhenLong(turn: Turn, resident: Resident, { log, open }: Recording): void {
  const isLong =
    log.bytes + (open?.inputs.length ?? 0) * 64 >= HISTORY_CHECKPOINT_BYTES ||
    log.pieces.length >= HISTORY_CHECKPOINT_PIECES
  if (!isLong || resident.guest !== 'running') return
  resident.checkpointDueMs = turn.nowMs
  checkpointWhenDue(turn, resident)
}

/** An agent goes on in a new epoch where it stands: its witnesses may be others, and may have less than was thought. */
export function beginEpoch({ history }: Resident): void {
  if (!history) return
  history.logged.clear()
  history.asking.clear()
  history.again.clear()
  history.fencedMs = null
  assert(history.log.pieces.length === history.log.heads.length, 'a piece without its head')
}
