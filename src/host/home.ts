import type { Did } from '../identity/did.ts'
import type { Effect, HoldingReport, Requests } from '../wire/messages.ts'
import { tellDecided } from './certificates.ts'
import { noteLostLines, repetitionFault, tellEffect } from './heard.ts'
import { leaseMs } from './lease.ts'
import { forgive, noteLetDown } from './let-downs.ts'
import { AWAY_MS, LEASE_AFTER_LOSS_MS } from './limits.ts'
import { advanceLog, checkpointHistoryFault, forgetLog, groundsFault } from './logbook.ts'
import { lastMail } from './mail.ts'
import { mailFault } from './mailbox.ts'
import { answerKept } from './mirror.ts'
import { isBanned } from './notices.ts'
import { endOverdrawn } from './over.ts'
import { propose } from './proposer.ts'
import { isJson, isOwnFailure } from './receipts.ts'
import { writeMail, writeRow } from './records.ts'
import type { HomeRow } from './state.ts'
import { tellStory } from './story.ts'
import { begin, deny, log, persist, type Turn } from './turn.ts'
import { onEndedAt } from './vacancy.ts'
import { checkpointFault, endFault, lapse, takeVoucher } from './vouchers.ts'

/**
 * Home: keeps the row of every agent it launched, its newest checkpoint and its effects, renews leases on reports, and
 * proposes itself as the holder when a lease has ended. It never runs an agent by that alone: placing is departure.ts and vacancy.ts.
 */
export function onCheckpoint(
  turn: Turn,
  from: Did,
  handle: number,
  checkpointAsk: Requests['checkpoint']['ask'],
): void {
  const row = currentRow(turn, from, handle, checkpointAsk.agent, checkpointAsk.epoch)
  if (!row) return
  const unproved = unprovedFault(turn, row, from, checkpointAsk) ?? mailFault(checkpointAsk.mail)
  if (unproved !== null) return deny(turn, handle, 'REFUSED', unproved)
  const other = checkpointHistoryFault(turn, row.agent, checkpointAsk.history)
  if (other) return deny(turn, handle, other.code, other.reason)
  const { base, pack, checkpointBytes } = checkpointAsk
  const hopped = turn.state.registers.get(row.agent)?.certificate?.holding.checkpoint === checkpointAsk.checkpoint
  begin(
    turn,
    {
      kind: 'fetchCheckpoint',
      agent: row.agent,
      checkpoint: checkpointAsk.checkpoint,
      from,
      pushed: { base, pack, checkpointBytes },
      hopped,
    },
    { for: 'home-checkpoint', agent: row.agent, handle, ask: { ...checkpointAsk, pack: null } },
  )
}

const unprovedFault = ({ state }: Turn, row: HomeRow, from: Did, ask: Requests['checkpoint']['ask']): string | null =>
  from === state.self ? null : checkpointFault(row, from, ask)

export function onCheckpointFetched(turn: Turn, handle: number, ask: Requests['checkpoint']['ask']): void {
  const { agent, epoch, checkpoint, fuelUsed, consoleLines, sentBytes, messages, mail, voucher, checkpointBytes } = ask
  const row = turn.state.rows.get(agent)
  if (!row) return deny(turn, handle, 'UNKNOWN_AGENT', `the row of ${agent} is not kept here any more`)
  if (row.outcome) return deny(turn, handle, 'REFUSED', 'the agent has ended')
  if (row.epoch !== epoch) return deny(turn, handle, 'STALE_EPOCH', 'decided otherwise while the checkpoint came')
  // Another may have been taken while the blocks of this one came.
  const unproved = unprovedFault(turn, row, row.holder, ask)
  if (unproved !== null) return deny(turn, handle, 'REFUSED', unproved)
  const other = checkpointHistoryFault(turn, agent, ask.history)
  if (other) return deny(turn, handle, other.code, other.reason)
  if (voucher && row.holder !== turn.state.self) takeVoucher(turn, row, voucher, row.checkpointBytes)
  row.checkpoint = checkpoint
  row.checkpointBytes = checkpointBytes
  row.fuelUsed = fuelUsed
  row.consoleLines = consoleLines
  row.sentBytes = sentBytes
  row.messages = messages
  row.mail = mail
  advanceLog(turn, row, ask.history)
  persist(turn, writeRow(row), writeMail(row))
  turn.effects.push({ kind: 'forgetBefore', agent, checkpoint })
  tellStory(turn, row, 'checkpoint', { checkpoint, fuelUsed })
  answerKept(turn, row, handle, 'checkpoint', {})
  endOverdrawn(turn, row)
}

export function onEffect(turn: Turn, from: Did, handle: number, ask: Requests['effect']['ask']): void {
  const { voucher, after, stretch, ...effect } = ask
  if (!isJson(effect.valueJson)) return deny(turn, handle, 'BAD_MESSAGE', `${effect.kind} is no JSON`)
  const row = currentRow(turn, from, handle, effect.agent, effect.epoch)
  if (!row) return
  const groundless = groundsFault(turn, row.agent, { after, stretch })
  if (groundless) return deny(turn, handle, groundless.code, groundless.reason)
  const ended = row.outcome !== null
  // Whoever keeps the row believes himself.
  const isOwn = from === turn.state.self
  const unproved = ended || isOwn ? null : endFault(row, from, ask)
  if (unproved !== null) {
    deny(turn, handle, 'REFUSED', unproved)
    lapse(turn, from, row.agent, unproved)
    // What it says came of the agent is not taken: the agent goes on from what is proved.
    return takeBack(turn, row)
  }
  if (voucher && !ended && !isOwn) takeVoucher(turn, row, voucher, row.checkpointBytes)
  else if (!ended && !isOwn && effect.kind === 'failure' && isOwnFailure(effect.valueJson))
    lapse(turn, from, row.agent, 'a failure without a receipt')
  const conflict = applyEffect(turn, row, effect)
  if (conflict !== null) return deny(turn, handle, 'CONFLICT', conflict)
  answerKept(turn, row, handle, 'effect', {})
  if (row.outcome && !ended) onEndedAt(turn, from)
  if (row.outcome?.ok && !ended) forgive(turn, from)
}

/**
 * Takes an effect once: a number at or below the highest seen of its kind is a repetition after a recovery. What is repeated
 * should be what it was; where it is not, that is told, and comes back.
 */
export function applyEffect(turn: Turn, row: HomeRow, effect: Effect): string | null {
  if (effect.number <= row.seen[effect.kind]) return repetitionFault(turn, row, effect)
  if (effect.kind === 'console') noteLostLines(turn, row, effect.number - row.seen.console - 1)
  row.seen[effect.kind] = effect.number
  if (effect.kind === 'result' || effect.kind === 'failure') {
    if (row.outcome) return repetitionFault(turn, row, effect)
    row.state = effect.kind === 'result' ? 'finished' : 'failed'
    row.outcome = { ok: effect.kind === 'result', valueJson: effect.valueJson }
    if (effect.kind === 'result') row.progress = 1
    row.checkpoint = null
    row.mail = lastMail(turn, row)
    persist(turn, writeMail(row))
    turn.effects.push({ kind: 'forget', agent: row.agent, keep: null, ended: true })
    forgetLog(turn, row.agent)
  }
  persist(turn, writeRow(row))
  tellEffect(turn, row, effect)
  return null
}

export function onHolding(turn: Turn, from: Did, reports: readonly HoldingReport[]): void {
  for (const report of reports) {
    const row = turn.state.rows.get(report.agent)
    if (!row) {
      tellLater(turn, from, report)
      continue
    }
    if (row.holder === from && row.epoch === report.epoch) {
      row.heardMs = turn.nowMs
      row.fuelUsed = report.fuelUsed
      row.progress = report.progress
      row.note = report.note
    } else if (report.epoch < row.epoch) tellDecision(turn, from, row)
  }
}

/** Proposes home for every agent whose holder has been silent for its lease. */
export function watchLeases(turn: Turn): void {
  const { state } = turn
  const awayMs = turn.nowMs - (state.watchedMs ?? turn.nowMs)
  state.watchedMs = turn.nowMs
  for (const row of state.rows.values()) {
    // Who was deaf meanwhile says of nobody that he was silent.
    if (awayMs > AWAY_MS) row.heardMs = Math.min(turn.nowMs, row.heardMs + awayMs)
    if (row.holder === state.self || state.proposals.has(row.agent)) continue
    // A hand-over under way can win against a kill: then the kill is proposed again for the epoch after it.
    if (row.state === 'killed') takeBack(turn, row)
    if (row.state !== 'running') continue
    const acquaintance = state.acquaintances.get(row.holder)
    const silentMs = row.heardMs + leaseMs(turn, row.holder)
    const lostMs = acquaintance && !acquaintance.connected ? acquaintance.lostMs : null
    const overMs = lostMs === null ? silentMs : Math.min(silentMs, Math.max(lostMs, row.heardMs) + LEASE_AFTER_LOSS_MS)
    if (turn.nowMs < overMs && !isBanned(state, row.holder)) continue
    log(turn, 'warn', `lease of ${row.holder} ended; taking it back from the last checkpoint`, row.agent)
    tellStory(turn, row, 'recover', { from: row.holder, checkpoint: row.checkpoint })
    noteLetDown(turn, row.holder)
    takeBack(turn, row)
  }
}

/** Asks the witnesses for the next epoch: home holds the agent, from the newest checkpoint it has. */
export function takeBack(turn: Turn, row: HomeRow): void {
  const register = turn.state.registers.get(row.agent)
  if (register)
    propose(turn, row.agent, row.epoch + 1, register, {
      holder: turn.state.self,
      checkpoint: row.checkpoint,
      witnesses: register.witnesses,
      history: null,
    })
}

/** The row, if `from` holds the agent in this epoch; otherwise null, and the ask is denied with what is known. */
export function currentRow(
  turn: Turn,
  from: Did,
  handle: number,
  agent: HomeRow['agent'],
  epoch: number,
): HomeRow | null {
  const row = turn.state.rows.get(agent)
  if (!row) {
    deny(turn, handle, 'UNKNOWN_AGENT', `the row of ${agent} is not kept here`)
    tellLater(turn, from, { agent, epoch })
    return null
  }
  if (row.epoch !== epoch || row.holder !== from) {
    deny(turn, handle, 'STALE_EPOCH', `epoch ${epoch} of ${from}, but ${row.epoch} of ${row.holder} is decided`)
    if (epoch < row.epoch) tellDecision(turn, from, row)
    return null
  }
  row.heardMs = turn.nowMs
  return row
}

/** Who holds on to an agent of which a later decision is known here, hears of it. */
function tellLater(turn: Turn, to: Did, { agent, epoch }: Pick<HoldingReport, 'agent' | 'epoch'>): void {
  const register = turn.state.registers.get(agent)
  if (register && epoch < register.epoch) tellDecided(turn, to, register)
}

function tellDecision(turn: Turn, to: Did, row: HomeRow): void {
  const register = turn.state.registers.get(row.agent)
  if (register) tellDecided(turn, to, register)
}
