import type { Needs } from '../allocator/choose.ts'
import type { Did } from '../identity/did.ts'
import { statementCid } from '../wire/chain.ts'
import type { Requests } from '../wire/messages.ts'
import type { Release, Sealed, Vote } from '../wire/statements.ts'
import { sameHolding } from '../wire/statements.ts'
import { voteAgainMs } from './again.ts'
import { quorumOf, releaseBallot } from './ballots.ts'
import { holdingOf, keeperOf } from './charter.ts'
import { historyNow, isWhollyLogged, mustRelive, pursueLog } from './durable.ts'
import type { Answer, Fault } from './events.ts'
import { choosePlace, noteLetDown } from './let-downs.ts'
import { ANSWER_SEND_MS, CANDIDATES_MAX, MOVE_PATIENCE_MS, OFFER_AGAIN_MS, PLACE_AGAIN_MS } from './limits.ts'
import { mailOf } from './mailbox.ts'
import { isWorthStaging, onStandingImage, takeImage } from './precopy.ts'
import { spread } from './proposer.ts'
import { vouch, voucherFor } from './receipts.ts'
import { writeResident } from './records.ts'
import { goOn, isReleased, isSpent, mayRunHere, onEnded, settleIn } from './residence.ts'
import { isConfined, letGoOfUnsealed } from './sealing.ts'
import type { HopReason } from './snapshot.ts'
import type { Departure, Resident } from './state.ts'
import { RESUME_AGAIN_MS, RESUME_MS_MAX } from './transfer-limits.ts'
import { ask, begin, log, persist, type Turn } from './turn.ts'
import { decideAnew } from './undecided.ts'
import { struckHosts } from './vouchers.ts'

/**
 * The source's side of the hand-over (DESIGN 4.5): OFFER, FREEZE, SEND, READY, RELEASE, DECIDE. Up to the RELEASE the
 * agent is ours and any failure puts it back to work; after the RELEASE only the witnesses can say whose it is.
 */
export function depart(
  turn: Turn,
  resident: Resident,
  wish: {
    readonly reason: HopReason
    readonly only?: Did | null
    readonly kinds?: readonly string[] | null
    readonly call?: number | null
  },
): void {
  if (resident.departure || resident.arrival || resident.ended || isReleased(resident) || mustRelive(resident)) return
  if (isConfined(resident)) {
    if (wish.reason !== 'evict') return
    letGoOfUnsealed(turn, resident)
    if (mustRelive(resident)) return
  }
  resident.departure = {
    reason: wish.reason,
    only: wish.only ?? null,
    kinds: wish.kinds ?? null,
    call: wish.call ?? null,
    tried: [],
    to: null,
    have: null,
    phase: 'choose',
    holding: null,
    ready: null,
    vouched: false,
    votes: new Map(),
    stages: 0,
    staging: null,
    startedMs: turn.nowMs,
    frozenMs: null,
    releasedMs: null,
    lostMs: null,
    retryMs: turn.nowMs,
    votesAsked: 0,
  }
  // The owner wants the CPU now, so an eviction stops the agent before it looks for a place.
  if (wish.reason === 'evict') freeze(turn, resident)
  choose(turn, resident, resident.departure)
}

/** An agent that is on its way anyway runs no longer here, although it has not left yet. */
export function hurry(turn: Turn, resident: Resident, departure: Departure): void {
  departure.reason = 'evict'
  freeze(turn, resident)
}

function freeze(turn: Turn, resident: Resident): void {
  if (resident.guest !== 'running') return
  resident.guest = 'freezing'
  turn.effects.push({ kind: 'freeze', agent: resident.agent })
}

function choose(turn: Turn, resident: Resident, departure: Departure): void {
  const { state } = turn
  departure.phase = 'choose'
  departure.to = departure.only && departure.tried.length === 0 ? departure.only : candidate(turn, resident, departure)
  if (!departure.to) return stay(turn, resident, departure)
  departure.phase = 'offer'
  const { brief } = resident
  ask(
    turn,
    departure.to,
    'offer',
    {
      agent: resident.agent,
      epoch: resident.epoch + 1,
      bundle: brief.bundle,
      reason: departure.reason,
      hops: brief.hops + 1,
      fuelUsed: resident.fuelUsed,
      allowance: brief.allowance,
      license: resident.license,
      stateBytes: resident.stateBytes,
    },
    { for: 'offer', agent: resident.agent, to: departure.to },
  )
  const acquaintance = state.acquaintances.get(departure.to)
  if (acquaintance) acquaintance.offered += 1
}

/** The best host by the allocator; for an agent nobody wants, its home, which always has room to park it. */
function candidate(turn: Turn, resident: Resident, departure: Departure): Did | null {
  if (departure.only || departure.tried.length >= CANDIDATES_MAX) return parkingHome(turn, resident, departure)
  const needs = needsOf(turn, resident, departure.tried)
  return (
    choosePlace(turn, { ...needs, kinds: departure.kinds ?? needs.kinds }) ?? parkingHome(turn, resident, departure)
  )
}

function needsOf({ state, nowMs }: Turn, resident: Resident, tried: readonly Did[]): Needs {
  const { kinds = null, depth = 0 } = state.bundles.get(resident.brief.bundle) ?? {}
  return {
    kinds,
    depth,
    engineId: state.engineIds[0] ?? null,
    except: [state.self, ...tried, ...struckHosts(state)],
    nowMs,
  }
}

function parkingHome(turn: Turn, resident: Resident, departure: Departure): Did | null {
  const home = keeperOf(resident.brief)
  return departure.reason === 'evict' && home !== turn.state.self && !departure.tried.includes(home) ? home : null
}

/** Nobody takes it: back to work, or, when the owner is here, parked where it is, frozen and durable. */
function stay(turn: Turn, resident: Resident, departure: Departure): void {
  resident.departure = null
  resident.placeDueMs = turn.nowMs + PLACE_AGAIN_MS
  if (departure.call !== null) {
    const reason = departure.only ? `host ${departure.only} does not take the agent` : 'no host takes the agent'
    turn.effects.push({
      kind: 'deliver',
      agent: resident.agent,
      delivery: { request: departure.call, outcome: { ok: false, code: 'UNREACHABLE', reason } },
    })
  }
  if (resident.guest === 'frozen' && mayRunHere(turn, resident)) goOn(turn, resident)
}

export function onOfferAnswered(turn: Turn, resident: Resident, to: Did, outcome: Answer): void {
  const departure = resident.departure
  if (departure?.phase !== 'offer' || departure.to !== to) return
  if (!outcome.ok) return nextCandidate(turn, resident, departure, outcome)
  departure.have = (outcome.body as Requests['offer']['answer']).have
  departure.stages = 0
  if (isWorthStaging(resident, departure)) return takeImage(turn, resident, departure)
  halt(turn, resident, departure)
}

/** Stops the agent for good, and sends it when it stands. A guest that has not begun, or is still being made, is let go of. */
export function halt(turn: Turn, resident: Resident, departure: Departure): void {
  departure.phase = 'freeze'
  if (resident.guest === 'ready' || resident.guest === 'preparing') {
    turn.effects.push({ kind: 'terminate', agent: resident.agent })
    resident.guest = 'none'
    resident.preparing = null
  }
  if (resident.guest === 'none' || resident.guest === 'frozen') send(turn, resident, departure)
  else freeze(turn, resident)
}

/** The guest stands still, for us or for a checkpoint that was due anyway. */
export function onDepartureFrozen(turn: Turn, resident: Resident): void {
  const departure = resident.departure
  if (!departure) return
  if (departure.phase === 'freeze') send(turn, resident, departure)
  else if (departure.phase === 'image') onStandingImage(turn, resident, departure)
  else if (departure.reason !== 'evict' && mayRunHere(turn, resident)) goOn(turn, resident)
  else departure.frozenMs ??= turn.nowMs
}

export function send(turn: Turn, resident: Resident, departure: Departure): void {
  const to = departure.to
  if (!to) return
  departure.frozenMs ??= turn.nowMs
  departure.phase = 'send'
  // Letters may have come since it was frozen.
  resident.brief = { ...resident.brief, history: historyNow(resident), mail: mailOf(resident.mailbox) }
  departure.holding = holdingOf(resident, to)
  // On its way beside the agent itself.
  pursueLog(turn, resident)
  vouchHop(turn, resident, departure)
  const answered = Math.max(departure.call ?? 0, resident.brief.movedBy ?? 0)
  const brief = {
    ...resident.brief,
    hops: resident.brief.hops + 1,
    consoleLines: resident.consoleLines,
    sentBytes: resident.sentBytes,
    messages: resident.messages,
    movedBy: answered === 0 ? null : answered,
  }
  ask(
    turn,
    to,
    'send',
    {
      brief,
      epoch: resident.epoch + 1,
      checkpoint: resident.checkpoint,
      reason: departure.reason,
      certificate: resident.certificate,
      charters: resident.charters,
      atHome: turn.state.rows.get(resident.agent)?.checkpoint ?? resident.atHome,
      // The other end has had its pack, and keeps what came.
      base: departure.lostMs === null ? departure.have : resident.checkpoint,
      pack: null,
      checkpointBytes: 0,
    },
    { for: 'send', agent: resident.agent, to },
  )
}

/** The receipt for what was run here is signed while the agent is on its way. */
function vouchHop(turn: Turn, resident: Resident, departure: Departure): void {
  const { checkpoint } = resident
  departure.vouched = checkpoint === null || voucherFor(resident, checkpoint) !== null
  if (!departure.vouched && checkpoint !== null) departure.vouched = !vouch(turn, resident, { for: 'hop', checkpoint })
}

export function onSendAnswered(turn: Turn, resident: Resident, to: Did, outcome: Answer): void {
  const departure = resident.departure
  if (departure?.phase !== 'send' || departure.to !== to || !departure.holding) return
  if (!outcome.ok && outcome.code === 'LOAD' && resident.checkpoint === null) {
    const reason = JSON.stringify({ code: 'LOAD', reason: outcome.reason })
    return onEnded(turn, resident, 'failure', reason, 0)
  }
  if (!outcome.ok && outcome.code === 'CLOSED' && mayComeBack(turn, departure)) {
    departure.phase = 'resend'
    departure.retryMs = turn.nowMs + RESUME_AGAIN_MS
    return
  }
  if (!outcome.ok) return nextCandidate(turn, resident, departure, outcome)
  const { ready } = outcome.body as Requests['send']['answer']
  const { agent, epoch, holding, previous } = ready.statement
  if (
    ready.signer !== to ||
    agent !== resident.agent ||
    epoch !== resident.epoch + 1 ||
    previous !== resident.brief.head ||
    !sameHolding(holding, departure.holding)
  )
    return nextCandidate(turn, resident, departure, { code: 'BAD_MESSAGE', reason: 'READY is for something else' })
  departure.ready = ready
  departure.phase = 'drain'
  drain(turn, resident)
}

/**
 * The connection is gone, and may come back: the other end keeps what has come, so the same checkpoint is sent again and no
 * new one made. Patience begins anew with a connection that held for a while, and all of it ends with that for one SEND.
 */
function mayComeBack(turn: Turn, departure: Departure): boolean {
  if (departure.lostMs === null || turn.nowMs - departure.retryMs > RESUME_MS_MAX) departure.lostMs = turn.nowMs
  const frozenForMs = turn.nowMs - (departure.frozenMs ?? turn.nowMs)
  return turn.nowMs - departure.lostMs <= RESUME_MS_MAX && frozenForMs <= ANSWER_SEND_MS
}

/** What the agent has let out reaches home under its own epoch before that epoch ends. */
export function drain(turn: Turn, resident: Resident): void {
  const departure = resident.departure
  if (departure?.phase !== 'drain' || resident.effects.length > 0 || resident.checkpointSending) return
  const { holding, ready } = departure
  if (!holding || !ready || !departure.vouched) return
  if (!isWhollyLogged(turn, resident)) return
  departure.phase = 'release'
  const statement: Release = {
    type: 'release',
    agent: resident.agent,
    epoch: resident.epoch + 1,
    holding,
    reason: departure.reason,
    previous: resident.brief.head,
    ready: statementCid(ready.statement),
  }
  begin(turn, { kind: 'seal', statement }, { for: 'seal-release', agent: resident.agent })
}

/** The RELEASE: durable before it is said, once for an epoch. From here on this host never runs this epoch again. */
export function onReleaseSealed(turn: Turn, resident: Resident, release: Sealed<Release>): void {
  const departure = resident.departure
  if (departure?.phase !== 'release' || isReleased(resident)) return
  const { epoch, holding } = release.statement
  if (epoch !== resident.epoch + 1 || !departure.holding || !sameHolding(holding, departure.holding)) return
  resident.release = release
  departure.phase = 'decide'
  departure.releasedMs = turn.nowMs
  persist(turn, writeResident(resident))
  askVotes(turn, resident, departure)
}

function askVotes(turn: Turn, resident: Resident, departure: Departure): void {
  const { release } = resident
  if (!release) return
  departure.retryMs = turn.nowMs + voteAgainMs(departure.votesAsked++)
  const { ready } = departure
  const { agent, epoch, holding, previous } = release.statement
  const ballot = releaseBallot(release.statement, turn.state.self)
  const voucher = voucherFor(resident, holding.checkpoint)
  for (const witness of resident.brief.witnesses) {
    if (departure.votes.has(witness)) continue
    ask(
      turn,
      witness,
      'accept',
      { agent, epoch, ballot, holding, previous, release, ready, voucher, log: null },
      { for: 'vote', agent, epoch, witness, proposer: false },
    )
  }
  decideAnew(turn, resident, departure)
}

export function onReleaseVote(turn: Turn, resident: Resident, vote: Sealed<Vote>): void {
  const departure = resident.departure
  if (departure?.phase !== 'decide' || !resident.release) return
  const { agent, epoch, ballot, holding, previous, release } = vote.statement
  if (
    agent !== resident.agent ||
    epoch !== resident.epoch + 1 ||
    release !== statementCid(resident.release.statement) ||
    !sameHolding(holding, resident.release.statement.holding) ||
    ballot.round !== 0
  )
    return
  departure.votes.set(vote.signer, vote)
  if (departure.votes.size < quorumOf(resident.brief.witnesses)) return
  const votes = [...departure.votes.values()]
  const given = { release: resident.release, ready: departure.ready }
  spread(turn, { agent, epoch, ballot, holding, previous, release, votes }, resident.brief.witnesses, given)
}

/** Called each tick: what waits for a better moment, or for answers that did not come, is tried again. */
export function pursue(turn: Turn, resident: Resident): void {
  const departure = resident.departure
  if (!departure) return
  if (departure.phase === 'drain') drain(turn, resident)
  else if (departure.phase === 'again' && turn.nowMs >= departure.retryMs) choose(turn, resident, departure)
  else if (departure.phase === 'resend' && turn.nowMs >= departure.retryMs) send(turn, resident, departure)
  else if (departure.phase === 'decide' && turn.nowMs >= departure.retryMs) askVotes(turn, resident, departure)
}

export function nextCandidate(turn: Turn, resident: Resident, departure: Departure, fault: Fault): void {
  departure.lostMs = null
  departure.holding = null
  departure.ready = null
  // While we look on, an agent that may run here runs: only an eviction keeps it frozen.
  if (resident.guest === 'frozen' && departure.reason !== 'evict' && mayRunHere(turn, resident)) {
    departure.frozenMs = null
    goOn(turn, resident)
  }
  if (departure.only && PASSING.includes(fault.code) && turn.nowMs - departure.startedMs < MOVE_PATIENCE_MS) {
    departure.phase = 'again'
    departure.retryMs = turn.nowMs + OFFER_AGAIN_MS
    return
  }
  log(turn, 'info', `${departure.to} does not take it: ${fault.code}: ${fault.reason}`, resident.agent)
  if (departure.to && fault.code === 'TIMEOUT') noteLetDown(turn, departure.to)
  if (departure.to) departure.tried.push(departure.to)
  departure.to = null
  choose(turn, resident, departure)
}

/** Refusals that may be over in a moment: the host is full, starting, or its session was just lost. */
const PASSING: readonly Fault['code'][] = ['NO_SLOT', 'BUSY', 'CLOSED', 'TIMEOUT']

/** Places a held agent that is not running: here when this host is the best, otherwise on the best of the others. */
export function place(turn: Turn, resident: Resident): void {
  const { state } = turn
  const needs = needsOf(turn, resident, [])
  const { kinds } = needs
  const other = choosePlace(turn, needs)
  const here = mayRunHere(turn, resident) && (!kinds || kinds.includes(state.kind))
  resident.placeDueMs = turn.nowMs + PLACE_AGAIN_MS
  if (isSpent(resident)) return
  if (here && (!other || state.residents.size <= state.slots)) return settleIn(turn, resident)
  if (other || state.evicting)
    depart(turn, resident, { reason: state.evicting ? 'evict' : resident.certificate ? 'recover' : 'place' })
}
