import { utf8Length } from '../base/bytes.ts'
import type { Cid } from '../base/digest.ts'
import { homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { grantedQuota, sameQuota } from '../permit/grant.ts'
import { exceeds } from '../permit/quota.ts'
import { type Origin, rootOf } from '../wire/chain.ts'
import { NO_MAIL } from '../wire/mail.ts'
import type { Brief, Offer, Requests } from '../wire/messages.ts'
import type { Ready, Sealed } from '../wire/statements.ts'
import { senderFault } from './chain.ts'
import { holdingOf } from './charter.ts'
import { watchDecision } from './doubles.ts'
import type { BundleFacts, Fault, Pushed } from './events.ts'
import { roomFault } from './fair.ts'
import { NO_HISTORY } from './history.ts'
import { authorsNamed, launchFault, offerLicenseFault, strangerFault } from './license.ts'
import { CLOCK_SKEW_MS, INPUT_BYTES_MAX, OFFERS_OPENING_MAX, READY_MS, RESERVATION_MS, STAGES_MAX } from './limits.ts'
import { letGoOfMail } from './mail.ts'
import { banOf } from './notices.ts'
import { forgetResident, writeResident } from './records.ts'
import { mayRunHere, onEnded, settleIn } from './residence.ts'
import { newResident, takeBrief } from './residents.ts'
import { epochSeen, noteSeen } from './seen.ts'
import { postFault } from './standing.ts'
import { keptCheckpoint, type Resident, rememberBundle } from './state.ts'
import { answer, begin, deny, log, persist, type Turn } from './turn.ts'
import { forgetUnfounded } from './unfounded.ts'
import { noteVersion, versionFault } from './versions.ts'

/**
 * The destination's side of the hand-over: admission before a byte of state moves, a reserved place, the dry thaw, the
 * signed READY. It never runs the agent: only a certificate does (certificates.ts). Cheap checks come first.
 */
export function onOffer(turn: Turn, from: Did, handle: number, offer: Offer): void {
  const fault = offerFault(turn, from, offer)
  if (fault) return refuseOffer(turn, handle, offer, fault)
  const facts = turn.state.bundles.get(offer.bundle)
  if (facts) return admit(turn, from, handle, offer, facts)
  let opening = 0
  for (const waiting of turn.state.waiting.values())
    if (waiting.for === 'bundle-offer' && waiting.from === from) opening += 1
  if (opening >= OFFERS_OPENING_MAX)
    return refuseOffer(turn, handle, offer, {
      code: 'BUSY',
      reason: `offersOpening ${opening} >= OFFERS_OPENING_MAX ${OFFERS_OPENING_MAX}`,
    })
  begin(
    turn,
    { kind: 'openBundle', bundle: offer.bundle, from, authors: authorsNamed(turn.state, offer.license) },
    { for: 'bundle-offer', agent: offer.agent, handle, offer, from },
  )
}

export function onOfferBundle(turn: Turn, from: Did, handle: number, offer: Offer, bundle: BundleFacts | Fault): void {
  if ('code' in bundle) return refuseOffer(turn, handle, offer, bundle)
  rememberBundle(turn.state, bundle)
  const fault = offerFault(turn, from, offer)
  if (fault) return refuseOffer(turn, handle, offer, fault)
  admit(turn, from, handle, offer, bundle)
}

/** What can be refused without looking at the bundle. */
function offerFault(turn: Turn, from: Did, offer: Offer): Fault | null {
  const { state } = turn
  const resident = state.residents.get(offer.agent)
  if (resident && (resident.arrival === null || resident.arrival.from !== from)) {
    // It went from here to the one who offers a moment ago, and only its certificate has not come by yet.
    const leaving = resident.departure?.phase === 'decide' && resident.departure.to === from
    return { code: leaving ? 'BUSY' : 'REFUSED', reason: 'the agent is here already' }
  }
  const certified = epochSeen(turn, offer.agent)
  if (offer.epoch <= certified) return { code: 'STALE_EPOCH', reason: `epoch ${offer.epoch} <= ${certified}` }
  const row = state.rows.get(offer.agent)
  if (row && (row.holder !== from || row.bundle !== offer.bundle))
    return { code: 'NOT_AUTHORISED', reason: `${from} does not hold this agent of ours` }
  if (!row && homeOf(offer.agent) === state.self && !state.mirrors.has(offer.agent))
    return { code: 'UNKNOWN_AGENT', reason: 'launched here, and forgotten' }
  const home = homeOf(offer.agent)
  const ban = banOf(state, home)
  if (ban !== null) return { code: 'BANNED', reason: `its home ${home} is ${ban}` }
  const { policy } = state
  if (offer.hops > policy.hops) return { code: 'QUOTA', reason: `hops ${offer.hops} > ${policy.hops}` }
  const { allowance, fuelUsed } = offer
  const over = exceeds(allowance, policy, ['fuel', 'memoryBytes'])
  if (over) return { code: 'QUOTA', reason: over }
  if (fuelUsed >= allowance.fuel) return { code: 'QUOTA', reason: `fuelUsed ${fuelUsed} >= fuel ${allowance.fuel}` }
  const stranger = strangerFault(state, offer.license)
  if (stranger) return stranger
  if (isParking(turn, offer)) return null
  if (!state.accepting || state.evicting) return { code: 'BUSY', reason: 'the owner is using this machine' }
  return resident ? null : roomFault(turn, offer)
}

/** Home takes its own agents back to park them, whatever its slots. */
const isParking = (turn: Turn, offer: Offer): boolean => turn.state.rows.has(offer.agent)

function admit(turn: Turn, from: Did, handle: number, offer: Offer, facts: BundleFacts): void {
  const { state } = turn
  const ban = banOf(state, facts.author)
  if (ban !== null) return refuseOffer(turn, handle, offer, { code: 'BANNED', reason: `its author is ${ban}` })
  const unlicensed = offerLicenseFault(turn, offer, facts)
  if (unlicensed) return refuseOffer(turn, handle, offer, unlicensed)
  const aged = versionFault(turn, facts, offer.agent)
  if (aged) return refuseOffer(turn, handle, offer, aged)
  const granted = grantedQuota(facts.quota, offer.allowance, state.policy)
  if (!granted.ok) return refuseOffer(turn, handle, offer, granted)
  if (offer.hops > granted.value.hops)
    return refuseOffer(turn, handle, offer, {
      code: 'QUOTA',
      reason: `hops ${offer.hops} > ${granted.value.hops}`,
    })
  const parking = isParking(turn, offer)
  if (!parking && facts.kinds && !facts.kinds.includes(state.kind))
    return refuseOffer(turn, handle, offer, {
      code: 'REFUSED',
      reason: `the bundle needs ${facts.kinds.join(' or ')}, this is ${state.kind}`,
    })
  // Home may always park it, but a program that moves there wants to run.
  if ((!parking || offer.reason === 'move') && facts.depth > state.depth)
    return refuseOffer(turn, handle, offer, {
      code: 'REFUSED',
      reason: `the bundle needs depth ${facts.depth}, this host offers ${state.depth}`,
    })
  let resident = state.residents.get(offer.agent)
  if (resident && (resident.epoch !== offer.epoch - 1 || resident.brief.bundle !== offer.bundle)) {
    // What was offered before came to nothing: the one who offers has gone on since.
    emptyPlace(turn, resident)
    resident = undefined
  }
  if (!resident) {
    const brief = {
      agent: offer.agent,
      bundle: offer.bundle,
      inputJson: 'null',
      seed: 0,
      launchedMs: turn.wallMs,
      allowance: offer.allowance,
      witnesses: [],
      hops: offer.hops,
      consoleLines: 0,
      sentBytes: 0,
      messages: 0,
      movedBy: null,
      forkedFrom: null,
      origin: ORIGIN_UNSAID,
      head: rootOf(offer.agent, offer.bundle, ORIGIN_UNSAID),
      history: facts.durable ? NO_HISTORY : null,
      resultTo: null,
      mail: NO_MAIL,
      birth: null,
    }
    resident = newResident(turn, brief, facts.name, facts.author, offer.license, granted.value, offer.epoch - 1)
    state.residents.set(offer.agent, resident)
  }
  const asked = resident.arrival?.handle ?? null
  if (asked !== null) deny(turn, asked, 'BUSY', 'offered again meanwhile')
  emptyPlace(turn, resident)
  resident.arrival = {
    from,
    offeredMs: turn.nowMs,
    untilMs: turn.nowMs + RESERVATION_MS,
    handle: null,
    reason: offer.reason,
    state: 'reserved',
    stages: 0,
    bringing: null,
    certificate: null,
  }
  noteVersion(turn, facts)
  const have = state.forwards.get(offer.agent)?.checkpoint ?? keptCheckpoint(state, offer.agent)
  answer(turn, handle, 'offer', { ttlMs: RESERVATION_MS, have })
}

/** Stands for what SEND will say, like the rest of such a brief. */
const ORIGIN_UNSAID: Origin = { order: null, after: null, witnesses: [] }

function emptyPlace(turn: Turn, resident: Resident): void {
  if (resident.guest !== 'none') turn.effects.push({ kind: 'terminate', agent: resident.agent })
  resident.guest = 'none'
  resident.preparing = null
}

function refuseOffer(turn: Turn, handle: number, offer: Offer, fault: Fault): void {
  turn.state.totals.refused += 1
  log(turn, 'info', `refused: ${fault.code}: ${fault.reason}`, offer.agent)
  deny(turn, handle, fault.code, fault.reason)
}

/** Whether this is the agent that was offered; for an image of it and for itself alike. */
function briefFault(turn: Turn, from: Did, brief: Brief, epoch: number): Fault | null {
  const resident = turn.state.residents.get(brief.agent)
  const arrival = resident?.arrival
  if (!resident || !arrival || arrival.from !== from)
    return { code: 'REFUSED', reason: 'no place is reserved for this agent' }
  if (epoch !== resident.epoch + 1 || brief.bundle !== resident.brief.bundle)
    return { code: 'REFUSED', reason: 'not what was offered' }
  if (!sameQuota(brief.allowance, resident.brief.allowance))
    return { code: 'QUOTA', reason: 'quota differs from the offer' }
  if ((brief.history === null) !== (resident.brief.history === null))
    return { code: 'REFUSED', reason: 'durable or not is for the bundle to say' }
  const inputBytes = utf8Length(brief.inputJson)
  if (inputBytes > INPUT_BYTES_MAX)
    return { code: 'QUOTA', reason: `inputBytes ${inputBytes} > INPUT_BYTES_MAX ${INPUT_BYTES_MAX}` }
  const fault = launchFault(resident.license, brief) ?? postFault(brief)
  if (fault) return fault
  if (brief.origin.witnesses[0] !== homeOf(brief.agent))
    return { code: 'REFUSED', reason: 'the first witness of an agent is its home' }
  const earlyMs = Math.round(brief.launchedMs - turn.wallMs)
  if (earlyMs > CLOCK_SKEW_MS) return { code: 'REFUSED', reason: `launchedMs lies ${earlyMs} ms in the future` }
  if (arrival.state === 'preparing' || arrival.state === 'staging')
    return { code: 'BUSY', reason: 'the agent is being thawed' }
  return null
}

/** No name of ours is put to a past that its home has not voted for. */
function chainFault(turn: Turn, from: Did, sent: Requests['send']['ask']): Fault | null {
  const { registers, seen } = turn.state
  const { agent, head } = sent.brief
  const fault = senderFault(from, sent)
  if (fault !== null) return { code: 'NOT_AUTHORISED', reason: fault }
  if (sent.certificate) watchDecision(turn, sent.certificate)
  forgetUnfounded(turn, from, sent.brief)
  const known = registers.get(agent) ?? seen.get(agent)
  return known && known.epoch === sent.epoch - 1 && known.head !== head
    ? { code: 'NOT_AUTHORISED', reason: `the head is not ${known.head}, which is known here` }
    : null
}

/** An image of an agent that runs on elsewhere: bytes ahead of it, thawed or only kept, never run and never recorded. */
export function onStage(
  turn: Turn,
  from: Did,
  handle: number,
  { brief, epoch, checkpoint, base, pack, checkpointBytes }: Requests['stage']['ask'],
): void {
  const fault = briefFault(turn, from, brief, epoch)
  if (fault) return deny(turn, handle, fault.code, fault.reason)
  const resident = turn.state.residents.get(brief.agent)
  const arrival = resident?.arrival
  if (!resident || !arrival) return
  if (arrival.state === 'ready') return deny(turn, handle, 'REFUSED', 'the agent itself has come')
  if (arrival.stages >= STAGES_MAX)
    return deny(turn, handle, 'QUOTA', `stages ${arrival.stages} >= STAGES_MAX ${STAGES_MAX}`)
  arrival.stages += 1
  arrival.state = 'staging'
  arrival.handle = handle
  arrival.untilMs = turn.nowMs + READY_MS
  bring(turn, resident, brief, checkpoint, { base, pack, checkpointBytes })
}

export function onSend(turn: Turn, from: Did, handle: number, sent: Requests['send']['ask']): void {
  const { brief, epoch, checkpoint, atHome, base, pack, checkpointBytes } = sent
  const fault = briefFault(turn, from, brief, epoch) ?? chainFault(turn, from, sent)
  const resident = turn.state.residents.get(brief.agent)
  const arrival = resident?.arrival
  if (fault?.code === 'BUSY' && arrival?.state === 'preparing' && resident?.checkpoint === checkpoint) {
    // Sent again over a new connection: what is under way goes on, and its end is told there.
    if (arrival.handle !== null) deny(turn, arrival.handle, 'BUSY', 'sent again meanwhile')
    arrival.handle = handle
    return
  }
  if (fault) return deny(turn, handle, fault.code, fault.reason)
  if (!resident || !arrival) return
  if (arrival.state === 'ready' && resident.checkpoint === checkpoint) return sealReady(turn, resident, handle)
  // Only what was staged is brought up to date; what came to nothing before is thawed anew.
  if (arrival.state !== 'staged' || checkpoint === null) emptyPlace(turn, resident)
  arrival.certificate = sent.certificate
  resident.charters = sent.charters
  takeBrief(resident, brief)
  resident.checkpoint = checkpoint
  resident.atHome = atHome
  arrival.state = 'preparing'
  arrival.handle = handle
  arrival.untilMs = turn.nowMs + READY_MS
  resident.wanted = arrival.reason === 'move'
  bring(turn, resident, brief, checkpoint, { base, pack, checkpointBytes })
}

/** Makes blocks whole here and, where the agent may run here, a guest that stands where they say. */
function bring(turn: Turn, resident: Resident, brief: Brief, checkpoint: Cid | null, pushed: Pushed): void {
  const from = resident.arrival?.from ?? null
  if (resident.arrival) resident.arrival.bringing = checkpoint
  if (from && turn.state.rows.has(brief.agent) && !mayRunHere(turn, resident)) {
    // To be parked: the blocks are kept, nothing is thawed.
    emptyPlace(turn, resident)
    if (checkpoint === null) return onPrepared(turn, resident, null, { stateBytes: 0, fuelUsed: 0 })
    resident.preparing = begin(
      turn,
      { kind: 'fetchCheckpoint', agent: brief.agent, checkpoint, from, pushed, hopped: true },
      { for: 'parked', agent: brief.agent },
    )
    return
  }
  resident.guest = 'preparing'
  resident.preparing = begin(
    turn,
    {
      kind: 'prepare',
      brief,
      checkpoint,
      from,
      pushed,
      quota: resident.quota,
      authors: authorsNamed(turn.state, resident.license),
    },
    { for: 'prepare', agent: resident.agent },
  )
}

/** The end of a `prepare`, be it for an arrival or for an agent that was parked here. */
export function onPrepared(
  turn: Turn,
  resident: Resident,
  fault: Fault | null,
  { stateBytes, fuelUsed }: { readonly stateBytes: number; readonly fuelUsed: number },
): void {
  const { arrival } = resident
  resident.preparing = null
  if (!fault) resident.fuelUsed = fuelUsed
  resident.stateBytes = Math.max(resident.stateBytes, stateBytes)
  if (resident.guest === 'preparing') resident.guest = fault ? 'none' : 'ready'
  if (!arrival) return fault ? cannotGoOn(turn, resident, fault) : settleIn(turn, resident)
  const { handle } = arrival
  if (handle === null) return
  arrival.handle = null
  const late = turn.state.evicting && !turn.state.rows.has(resident.agent)
  const refusal: Fault | null = fault ?? (late ? { code: 'BUSY', reason: 'the owner is using this machine' } : null)
  if (refusal) {
    drop(turn, resident)
    log(turn, 'warn', `refused: ${refusal.code}: ${refusal.reason}`, resident.agent)
    return deny(turn, handle, refusal.code, refusal.reason)
  }
  letGoBefore(turn, resident, arrival.bringing)
  if (arrival.state === 'staging') {
    arrival.state = 'staged'
    arrival.untilMs = turn.nowMs + RESERVATION_MS
    return answer(turn, handle, 'stage', { ttlMs: RESERVATION_MS })
  }
  arrival.state = 'ready'
  if (resident.guest === 'ready') resident.pledged = resident.epoch + 1
  persist(turn, writeResident(resident))
  sealReady(turn, resident, handle)
}

/** Whoever brings one checkpoint after the other fills the disk with no more than the last, and what home has as its own. */
function letGoBefore({ state, effects }: Turn, { agent }: Resident, checkpoint: Cid | null): void {
  if (checkpoint !== null) effects.push({ kind: 'forgetBefore', agent, checkpoint, keep: keptCheckpoint(state, agent) })
}

/** A program that has never run and does not load has failed; anything else may do better later, or elsewhere. */
function cannotGoOn(turn: Turn, resident: Resident, fault: Fault): void {
  if (fault.code === 'LOAD' && resident.checkpoint === null)
    return onEnded(turn, resident, 'failure', JSON.stringify({ code: 'LOAD', reason: fault.reason }), 0)
  log(turn, 'warn', `cannot go on: ${fault.code}: ${fault.reason}`, resident.agent)
}

/** Nothing of an arrival stays: no guest, no place, no block. */
export function drop(turn: Turn, resident: Resident): void {
  letGoOfMail(turn, resident)
  if (resident.guest !== 'none') turn.effects.push({ kind: 'terminate', agent: resident.agent })
  turn.state.residents.delete(resident.agent)
  if (resident.arrival?.certificate) noteSeen(turn, resident, resident.arrival.certificate)
  turn.effects.push({
    kind: 'forget',
    agent: resident.agent,
    keep: keptCheckpoint(turn.state, resident.agent),
  })
}

function sealReady(turn: Turn, resident: Resident, handle: number): void {
  const statement: Ready = {
    type: 'ready',
    agent: resident.agent,
    epoch: resident.epoch + 1,
    holding: holdingOf(resident, turn.state.self),
    previous: resident.brief.head,
  }
  begin(turn, { kind: 'seal', statement }, { for: 'seal-ready', agent: resident.agent, handle })
}

export const onReadySealed = (turn: Turn, handle: number, ready: Sealed<Ready>): void =>
  answer(turn, handle, 'send', { ready })

/** Frees places whose agent never came, and guests whose certificate never came. */
export function expireArrivals(turn: Turn): void {
  const { state } = turn
  for (const resident of state.residents.values()) {
    const { arrival } = resident
    if (!arrival || turn.nowMs < arrival.untilMs) continue
    if (arrival.handle !== null) deny(turn, arrival.handle, 'TIMEOUT', 'the place was given up')
    if (arrival.state === 'ready') persist(turn, forgetResident(resident.agent))
    drop(turn, resident)
    log(turn, 'info', 'reservation expired', resident.agent)
  }
}
