import { utf8Length } from '../base/bytes.ts'
import { parseCall } from '../sandbox/calls.ts'
import type { LogShown } from '../wire/histories.ts'
import type { Holding } from '../wire/statements.ts'
import { keeperOf } from './charter.ts'
import { beginEpoch, newRecording } from './durable.ts'
import type { Fault } from './events.ts'
import { endOf, extend, reaches, stretch, truncate, wholeOf } from './history.ts'
import { authorsNamed } from './license.ts'
import { PLACE_AGAIN_MS } from './limits.ts'
import { showLog } from './logbook.ts'
import { reliveLetters, turnAwayArrivals } from './mail.ts'
import { askFor, mailOf, openMailbox, trim } from './mailbox.ts'
import { parsePiece } from './pieces.ts'
import { beginSegments, closePiece, noteTrace } from './receipts.ts'
import { writeResident } from './records.ts'
import type { Relived, Said } from './relive.ts'
import { onEnded, release, sendCheckpointAgain, settleIn } from './residence.ts'
import type { Resident } from './state.ts'
import { tellStory } from './story.ts'
import { begin, log, persist, type Turn } from './turn.ts'

/**
 * A durable agent goes on here in a new epoch. After a hop it stands where its history ends. After a recovery the checkpoint is
 * older than that: the pieces since are lived through again, and what the agent lets out on the way is sent again, under
 * the new epoch; who has it already knows it by its number. Until then it runs nowhere.
 */
export function takeUpHistory(
  turn: Turn,
  resident: Resident,
  { checkpoint, history }: Holding,
  shown: LogShown | null,
): void {
  if (!history) return
  const { history: recording, guest } = resident
  const isWhole = guest !== 'none' || resident.ended
  if (recording && isWhole && reaches(recording.log, history)) return beginEpoch(resident)
  if (isSame(resident, checkpoint, history)) {
    resident.history = newRecording(history)
    return
  }
  if (guest !== 'none') turn.effects.push({ kind: 'terminate', agent: resident.agent })
  resident.guest = 'none'
  const log = shown ?? showLog(turn.state, resident.agent)
  if (!log) {
    // Others have decided that it goes on here, and have what it takes. Whoever asks for the next epoch is told.
    resident.started = resident.epoch
    resident.ended = false
    return
  }
  const fresh = newRecording(log.base)
  extend(fresh.log, wholeOf(log))
  truncate(fresh.log, history)
  resident.history = fresh
  resident.checkpoint = log.checkpoint
  const { consoleLines, sentBytes, messages, mail } = log.counts
  resident.brief = { ...resident.brief, ...log.counts, history: log.base }
  turnAwayArrivals(turn, resident)
  resident.mailbox = openMailbox(mail)
  reliveLetters(resident.mailbox, fresh.log.pieces)
  resident.outgoing = []
  Object.assign(resident, { consoleLines, sentBytes, messages, effectsBeforeCheckpoint: null })
  // What waited depends on what may not have been logged: what was is said again.
  resident.effects.length = 0
  resident.ended = false
  reliveNow(turn, resident)
}

const isSame = (
  { checkpoint, brief }: Resident,
  decided: Holding['checkpoint'],
  history: NonNullable<Holding['history']>,
) => checkpoint === decided && brief.history?.length === history.length && brief.history.head === history.head

function reliveNow(turn: Turn, resident: Resident): void {
  const { agent, brief, checkpoint, history, quota } = resident
  if (!history?.log.pieces.some(isRun)) return
  const keeper = keeperOf(brief)
  resident.reliving = begin(
    turn,
    {
      kind: 'relive',
      brief,
      checkpoint,
      pieces: stretch(history.log, history.log.base.length)?.pieces ?? [],
      from: keeper === turn.state.self ? null : keeper,
      quota,
      authors: authorsNamed(turn.state, resident.license),
    },
    { for: 'relive', agent },
  )
}

/** A letter waits in the mailbox, where it has been put already: nothing has come of it yet. */
function isRun(encoded: Uint8Array): boolean {
  const piece = parsePiece(encoded)
  return !piece.ok || piece.value.kind === 'run'
}

/** Called each tick: what could not be lived through a moment ago is tried again. */
export function pursueRelive(turn: Turn, resident: Resident): void {
  if (resident.reliving !== 'again' || turn.nowMs < resident.placeDueMs) return
  resident.reliving = null
  reliveNow(turn, resident)
}

export function onRelived(turn: Turn, resident: Resident, token: number, outcome: Relived | Fault): void {
  if (resident.reliving !== token) return
  resident.reliving = null
  const { history } = resident
  if (!history) return
  if ('code' in outcome) return cannotRelive(turn, resident, outcome)
  const { end, fuelFrom, fuelUsed, trace } = outcome
  for (const said of outcome.said) sayAgain(turn, resident, said)
  trim(resident.mailbox)
  resident.fuelUsed = fuelFrom
  beginSegments(turn, resident)
  resident.relivedIn = resident.epoch
  resident.fuelUsed = fuelUsed
  if (end.kind !== 'stands') {
    resident.started = resident.epoch
    return onEnded(turn, resident, end.kind, end.valueJson, fuelUsed, trace)
  }
  noteTrace(resident, trace)
  closePiece(resident, end.checkpoint, fuelUsed)
  resident.checkpoint = end.checkpoint
  resident.stateBytes = end.stateBytes
  const { consoleLines, sentBytes, messages } = resident
  resident.brief = {
    ...resident.brief,
    consoleLines,
    sentBytes,
    messages,
    history: endOf(history.log),
    mail: mailOf(resident.mailbox),
  }
  persist(turn, writeResident(resident))
  resident.placeDueMs = turn.nowMs
  if (turn.state.rows.has(resident.agent)) sendCheckpointAgain(turn, resident)
  settleIn(turn, resident)
}

/** Counted as when it was said first; what was refused then, and what is not answered yet, is not let out here. */
function sayAgain(turn: Turn, resident: Resident, said: Said): void {
  resident.messages += 1
  if (said.kind === 'console') {
    const { level, text } = said
    resident.sentBytes += utf8Length(text)
    resident.consoleLines += 1
    release(turn, resident, 'console', resident.consoleLines, JSON.stringify({ level, text }), null, true)
    return
  }
  resident.sentBytes += utf8Length(said.call.argsJson)
  const call = parseCall(said.call)
  // By asking for the next one it has said which letters it has had.
  if (call.ok && call.value.name === 'receive') askFor(resident.mailbox, call.value.after)
  if (said.answered === 'yes' && call.ok && call.value.name === 'emit')
    release(turn, resident, 'emit', said.call.request, call.value.valueJson, null, true)
}

/**
 * A log that this program cannot have had: its holder has lied, and nobody can come to what it says. The agent goes on from
 * the checkpoint, as a fast one does, and whoever launched it is told.
 */
function cannotRelive(turn: Turn, resident: Resident, { code, reason }: Fault): void {
  resident.placeDueMs = turn.nowMs + PLACE_AGAIN_MS
  if (code !== 'CONFLICT' && code !== 'BAD_MESSAGE') {
    log(turn, 'warn', `its past cannot be lived again just now: ${code}: ${reason}`, resident.agent)
    resident.reliving = 'again'
    return
  }
  log(turn, 'warn', `it goes on from its checkpoint: ${reason}`, resident.agent)
  const row = turn.state.rows.get(resident.agent)
  if (row) tellStory(turn, row, 'conflict', { kind: 'history', reason })
  const end = resident.history && endOf(resident.history.log)
  resident.history = end && newRecording(end)
  resident.brief = { ...resident.brief, history: end }
  settleIn(turn, resident)
}
