import { assert } from '../base/assert.ts'
import { utf8Length } from '../base/bytes.ts'
import type { Cid } from '../base/digest.ts'
import type { Trace } from '../sandbox/trace.ts'
import type { EffectKind } from '../wire/messages.ts'
import type { Voucher } from '../wire/proofs.ts'
import type { History } from '../wire/statements.ts'
import { again, isDue } from './again.ts'
import { NOT_GIVEN } from './chain.ts'
import { keeperOf, ownRow } from './charter.ts'
import { checkpointDueMs, noteArrived, noteFreezing, noteTaken } from './checkpoint-pace.ts'
import { onDepartureFrozen } from './departure.ts'
import {
  groundsOf,
  groundsToLeave,
  historyNow,
  isCheckpointLogged,
  noteGrounds,
  onHistorySafe,
  pursueLog,
  standsForHistory,
} from './durable.ts'
import { type Answer, NOTHING_PUSHED } from './events.ts'
import { onForkCheckpointHome } from './fork.ts'
import { applyEffect } from './home.ts'
import { authorsNamed } from './license.ts'
import { EFFECTS_WAITING_MAX, STAGING_UNDISTURBED_MS, TICK_MS } from './limits.ts'
import { advanceLog } from './logbook.ts'
import { keepMail, letGoOfMail } from './mail.ts'
import { reportHolding } from './neighbours.ts'
import { pursuePost } from './post.ts'
import { spend } from './quotas.ts'
import { beginSegments, closePiece, noteTrace, settleSegment, vouch, vouchEnd } from './receipts.ts'
import { forgetResident, writeMail, writeResident, writeRow } from './records.ts'
import { asSaid, effectBytesMax, isConfined, pursueUnseal } from './sealing.ts'
import { noteSeen } from './seen.ts'
import { keptCheckpoint, type Resident } from './state.ts'
import { tellStory } from './story.ts'
import { ask, begin, log, persist, persistSoon, type Turn, tell } from './turn.ts'

/**
 * An agent at home here: started once an epoch, checkpointed while it runs, its effects sent home in order and kept
 * until home has them. What it asks for is answered in calls.ts; how it leaves is departure.ts.
 */

/** Ours to run: certified, or never run at all and we are the home whose name it bears. */
export const isHeld = (resident: Resident): boolean =>
  resident.arrival === null && (resident.certificate !== null || resident.epoch === 0)

/** A RELEASE ends this epoch, in this life or one before. Another one would make two of the agent, and is never signed. */
export const isReleased = ({ release, epoch }: Resident): boolean => release?.statement.epoch === epoch + 1

/** Its epoch cannot be used any more: it was started in a life before, or given away by a RELEASE that led nowhere. */
export const isSpent = (resident: Resident): boolean =>
  resident.guest === 'none' && (resident.started === resident.epoch || isReleased(resident))

export const mayRunHere = ({ state }: Turn, resident: Resident): boolean =>
  !state.evicting &&
  (state.bundles.get(resident.brief.bundle)?.depth ?? 0) <= state.depth &&
  ((state.accepting && state.slots > 0) || (resident.wanted && state.rows.has(resident.agent)))

/** Goes on with a held agent as far as is possible now: prepare a guest, start it, or let a frozen one go on. */
export function settleIn(turn: Turn, resident: Resident): void {
  if (!isHeld(resident) || resident.ended || resident.departure || !mayRunHere(turn, resident)) return
  if (turn.state.founding.has(resident.agent)) return
  if (resident.reliving !== null) return
  if (resident.guest === 'none') {
    resident.forking = null
    if (isSpent(resident)) return // the tick proposes the next epoch
    resident.guest = 'preparing'
    // What was decided to go on from may be a checkpoint that only the witnesses have.
    const keeper = keeperOf(resident.brief)
    resident.preparing = begin(
      turn,
      {
        kind: 'prepare',
        brief: resident.brief,
        checkpoint: resident.checkpoint,
        from: keeper === turn.state.self ? null : keeper,
        pushed: NOTHING_PUSHED,
        quota: resident.quota,
        authors: authorsNamed(turn.state, resident.license),
      },
      { for: 'prepare', agent: resident.agent },
    )
  } else if (resident.guest === 'ready') {
    assert(resident.started === null || resident.started < resident.epoch, 'an epoch is started twice')
    resident.started = resident.epoch
    const isPledged = resident.pledged === resident.epoch
    resident.pledged = null
    if (isPledged) persistSoon(turn, writeResident(resident))
    else persist(turn, writeResident(resident))
    if (resident.relivedIn !== resident.epoch) beginSegments(turn, resident)
    goOn(turn, resident)
    // The checkpoint it came with is whole here: home gets it too, or an agent that hops often would never have one there.
    resident.effectsBeforeCheckpoint = resident.effects.length
    sendCheckpointHome(turn, resident)
  } else if (resident.guest === 'frozen') goOn(turn, resident)
}

export function goOn(turn: Turn, resident: Resident): void {
  if (standsForFork(resident) || standsForHistory(resident)) return
  resident.guest = 'running'
  const row = turn.state.rows.get(resident.agent)
  if (row?.state === 'waiting') {
    row.state = 'running'
    persist(turn, writeRow(row))
  }
  resident.checkpointDueMs = checkpointDueMs(turn, resident)
  turn.effects.push({ kind: 'run', agent: resident.agent })
  pursueUnseal(turn, resident)
  pursuePost(turn, resident)
}

/** Others are being made of it as it stands there; what it did meanwhile would be paid from their shares. */
const standsForFork = ({ forking }: Resident): boolean => forking !== null && forking.phase !== 'freeze'

/** Takes checkpoints when they are due; called each tick and when a checkpoint has arrived at home. */
export function checkpointWhenDue(turn: Turn, resident: Resident): void {
  if (resident.guest !== 'running' || resident.checkpointSending || resident.effectsBeforeCheckpoint !== null) return
  if (turn.nowMs < resident.checkpointDueMs || isBeingBrought(turn, resident) || isConfined(resident)) return
  resident.guest = 'freezing'
  resident.checkpointing = true
  noteFreezing(turn, resident)
  turn.effects.push({ kind: 'freeze', agent: resident.agent })
}

/** Without waiting for the next one to be due; one that is on its way is followed by another. */
export function checkpointAll(turn: Turn): void {
  for (const resident of turn.state.residents.values()) {
    resident.checkpointDueMs = turn.nowMs
    checkpointWhenDue(turn, resident)
  }
}

/** Images of it are on their way to the next host, which is quicker done without another one; but not for long. */
const isBeingBrought = ({ nowMs }: Turn, { departure }: Resident): boolean =>
  departure !== null &&
  (departure.phase === 'image' || departure.phase === 'stage') &&
  nowMs - departure.startedMs < STAGING_UNDISTURBED_MS

export function onFrozen(turn: Turn, resident: Resident, checkpoint: Cid, fuelUsed: number, trace: Trace | null): void {
  const changed = resident.checkpoint !== checkpoint
  noteTrace(resident, trace)
  if (changed) closePiece(resident, checkpoint, fuelUsed)
  resident.guest = 'frozen'
  resident.checkpointing = false
  noteTaken(turn, resident)
  if (changed) resident.strikes = 0
  resident.checkpoint = checkpoint
  resident.fuelUsed = fuelUsed
  const { consoleLines, sentBytes, messages } = resident
  resident.brief = {
    ...resident.brief,
    consoleLines,
    sentBytes,
    messages,
    history: historyNow(resident),
    ...(changed ? keepMail(turn, resident) : {}),
  }
  // On its way: up to the RELEASE, which is written after this and waited for, the checkpoint before would do as well.
  const isSent = resident.departure?.phase === 'freeze'
  if (changed) (isSent ? persistSoon : persist)(turn, writeResident(resident))
  // One that still waits to go home is this one now, and has more behind it.
  if (resident.effectsBeforeCheckpoint !== null) resident.effectsBeforeCheckpoint = resident.effects.length
  if (resident.departure) return onDepartureFrozen(turn, resident)
  if (resident.forking?.phase === 'freeze') resident.forking.phase = 'still'
  if (mayRunHere(turn, resident)) goOn(turn, resident)
  if (!changed && resident.checkpointCall === null && !resident.forking) return
  resident.effectsBeforeCheckpoint = resident.effects.length
  sendCheckpointHome(turn, resident)
}

/** For who needs it at home, where the one before did not get there. */
export function sendCheckpointAgain(turn: Turn, resident: Resident): void {
  resident.effectsBeforeCheckpoint ??= resident.effects.length
  sendCheckpointHome(turn, resident)
}

/**
 * An effect that the checkpoint has behind it is not let out again by who goes on from there: home gets the effects
 * first, then the checkpoint. And whoever takes it lets go of the pieces before it: so a majority has logged them first, or
 * the next decision might leave out what is behind this checkpoint, and nobody could go back. Called each tick.
 */
export function sendCheckpointHome(turn: Turn, resident: Resident): void {
  if (resident.effectsBeforeCheckpoint !== 0 || resident.checkpointSending) return
  if (!isCheckpointLogged(turn, resident)) return pursueLog(turn, resident)
  resident.effectsBeforeCheckpoint = null
  const { checkpoint, fuelUsed } = resident
  // As of the checkpoint: by now the agent may have said more.
  const { consoleLines, sentBytes, messages, mail, history } = resident.brief
  if (checkpoint === null) return
  if (resident.forking?.phase === 'still') resident.forking.phase = 'sent'
  const row = ownRow(turn.state, resident)
  if (row) {
    row.checkpoint = checkpoint
    row.consoleLines = consoleLines
    row.sentBytes = sentBytes
    row.messages = messages
    row.mail = mail
    row.fuelUsed = fuelUsed
    advanceLog(turn, row, history)
    persist(turn, writeRow(row), writeMail(row))
    tellStory(turn, row, 'checkpoint', { checkpoint, fuelUsed })
    return onCheckpointHome(turn, resident, checkpoint, history)
  }
  resident.checkpointSending = true
  resident.telling = { checkpoint, fuelUsed, consoleLines, sentBytes, messages, mail, history }
  if (!vouch(turn, resident, { for: 'checkpoint', checkpoint })) askCheckpoint(turn, resident, checkpoint, null)
}

/** The checkpoint goes home, with the receipt for what was run since the last one. */
export function askCheckpoint(turn: Turn, resident: Resident, checkpoint: Cid, voucher: Voucher | null): void {
  const { agent, epoch, telling } = resident
  if (telling?.checkpoint !== checkpoint) return
  resident.telling = null
  ask(
    turn,
    keeperOf(resident.brief),
    'checkpoint',
    { agent, epoch, ...telling, base: resident.atHome, pack: null, checkpointBytes: 0, voucher },
    { for: 'checkpoint', agent, checkpoint, history: telling.history },
  )
}

/** `checkpoint`: the one that is at home now; null where it did not get there. */
export function onCheckpointHome(
  turn: Turn,
  resident: Resident,
  checkpoint: Cid | null,
  history: History | null,
): void {
  const arrived = checkpoint !== null
  if (arrived) {
    resident.atHome = checkpoint
    settleSegment(resident, checkpoint)
  }
  resident.checkpointSending = false
  noteArrived(turn, resident)
  const keep = keptCheckpoint(turn.state, resident.agent)
  if (checkpoint !== null) turn.effects.push({ kind: 'forgetBefore', agent: resident.agent, checkpoint, keep })
  onForkCheckpointHome(turn, resident, arrived)
  if (arrived) onHistorySafe(turn, resident, history)
  sendCheckpointHome(turn, resident)
  const request = resident.checkpointCall
  if (request === null || resident.guest === 'none') return
  resident.checkpointCall = null
  const outcome = arrived
    ? ({ ok: true, valueJson: 'true' } as const)
    : ({ ok: false, code: 'UNREACHABLE', reason: 'home did not take the checkpoint' } as const)
  turn.effects.push({ kind: 'deliver', agent: resident.agent, delivery: { request, outcome } })
}

/** Queues an effect for home. False where the queue is full: the caller makes the agent wait or drops with a word. */
export function release(
  turn: Turn,
  resident: Resident,
  kind: EffectKind,
  number: number,
  valueJson: string,
  voucher: Voucher | null = null,
  again = false,
): boolean {
  const isBounded = !again && kind !== 'result' && kind !== 'failure'
  if (isBounded && resident.effects.length >= EFFECTS_WAITING_MAX) return false
  const said = asSaid(turn, resident, kind, number, valueJson)
  const { agent, epoch } = resident
  resident.effects.push({ agent, epoch, kind, number, valueJson: said, voucher, ...groundsOf(resident) })
  sendEffects(turn, resident)
  return true
}

/** Lines that home is too slow for, or that come faster than the permit lets them, are lost: home sees their numbers missing. */
export function onConsole(turn: Turn, resident: Resident, level: string, text: string): void {
  resident.consoleLines += 1
  if (spend(resident, utf8Length(text), turn.nowMs) !== null) return
  release(turn, resident, 'console', resident.consoleLines, JSON.stringify({ level, text }))
}

/** One effect on its way at a time keeps them in order. A lost one is sent again at the next tick. */
export function sendEffects(turn: Turn, resident: Resident): void {
  const row = ownRow(turn.state, resident)
  while (row) {
    const effect = resident.effects[0]
    if (!effect || !groundsToLeave(turn, resident, effect)) break
    resident.effects.shift()
    applyEffect(turn, row, effect)
    noteLeft(turn, resident)
  }
  const first = resident.effects[0]
  const grounds =
    first && !row && !resident.effectSending && isDue(turn.nowMs, resident.effectAgain)
      ? groundsToLeave(turn, resident, first)
      : null
  if (first && grounds) {
    resident.effectSending = true
    // The epoch is the one we hold it in now: what a life before did not get through goes out under this one.
    ask(
      turn,
      keeperOf(resident.brief),
      'effect',
      { ...first, ...grounds, epoch: resident.epoch },
      { for: 'effect', agent: resident.agent },
    )
  }
  if (resident.ended && !resident.ending && resident.effects.length === 0) bury(turn, resident)
}

/** `answer`: taken, not now, or that another one of its number was taken before, which nobody can mend here. */
export function onEffectAnswered(turn: Turn, resident: Resident, answer: Answer): void {
  resident.effectSending = false
  const first = resident.effects[0]
  if (first) noteGrounds(turn, resident, first, answer)
  if (!answer.ok) tellKeeper(turn, resident, answer)
  const isTaken = answer.ok || answer.code === 'CONFLICT'
  resident.effectAgain = isTaken ? null : again(turn.nowMs, resident.effectAgain, TICK_MS)
  if (!isTaken) return
  resident.effects.shift()
  noteLeft(turn, resident)
  sendEffects(turn, resident)
}

/** Whoever was decided to keep the row may not have heard so; nobody else would tell it while all of them are there. */
function tellKeeper(turn: Turn, { brief, certificate, charters }: Resident, { code }: { readonly code: string }): void {
  if (certificate && (code === 'UNKNOWN_AGENT' || code === 'STALE_EPOCH'))
    tell(turn, keeperOf(brief), 'certificate', { certificate, charters, ...NOT_GIVEN })
}

/** One effect more is where it belongs; when all before it are, the checkpoint follows. */
function noteLeft(turn: Turn, resident: Resident): void {
  if (resident.effectsBeforeCheckpoint === null) return
  resident.effectsBeforeCheckpoint = Math.max(0, resident.effectsBeforeCheckpoint - 1)
  sendCheckpointHome(turn, resident)
}

export function onEnded(
  turn: Turn,
  resident: Resident,
  kind: 'result' | 'failure',
  valueJson: string,
  fuelUsed: number,
  trace: Trace | null = null,
): void {
  const bytes = utf8Length(valueJson)
  const bytesMax = effectBytesMax(resident)
  if (bytes > bytesMax) {
    const reason = `${kind}Bytes ${bytes} > EFFECT_BYTES_MAX ${bytesMax}`
    return onEnded(turn, resident, 'failure', JSON.stringify({ code: 'QUOTA', reason }), fuelUsed, trace)
  }
  resident.fuelUsed = fuelUsed
  resident.guest = 'none'
  resident.ended = true
  resident.departure = null
  resident.progress = kind === 'result' ? 1 : resident.progress
  turn.state.totals.finished += 1
  turn.state.totals.fuel += fuelUsed
  log(
    turn,
    kind === 'result' ? 'info' : 'warn',
    kind === 'result' ? 'finished' : `failed: ${valueJson}`,
    resident.agent,
  )
  reportHolding(turn, resident)
  resident.ending = vouchEnd(turn, resident, kind, valueJson, trace)
  if (!resident.ending) releaseEnd(turn, resident, kind, valueJson, null)
}

/** The agent's end goes home; what was run up to it is signed by now. */
export function releaseEnd(
  turn: Turn,
  resident: Resident,
  kind: 'result' | 'failure',
  valueJson: string,
  voucher: Voucher | null,
): void {
  resident.ending = false
  release(turn, resident, kind, 1, valueJson, voucher)
  if (turn.state.residents.has(resident.agent)) persist(turn, writeResident(resident))
}

/** Nothing is left of it here but its name. */
export function bury(turn: Turn, resident: Resident): void {
  if (resident.guest !== 'none') turn.effects.push({ kind: 'terminate', agent: resident.agent })
  resident.guest = 'none'
  turn.state.residents.delete(resident.agent)
  if (resident.certificate) noteSeen(turn, resident, resident.certificate)
  turn.state.loadDueMs = turn.nowMs
  persist(turn, forgetResident(resident.agent))
  letGoOfMail(turn, resident)
  turn.effects.push({
    kind: 'forget',
    agent: resident.agent,
    keep: keptCheckpoint(turn.state, resident.agent),
    ended: true,
  })
}
