import type { Hop } from '../audit/itinerary.ts'
import { assert } from '../base/assert.ts'
import type { Did } from '../identity/did.ts'
import { grantedQuota } from '../permit/grant.ts'
import { headOf } from '../wire/chain.ts'
import type { LogShown } from '../wire/histories.ts'
import type { Asyncs } from '../wire/messages.ts'
import type { Certificate } from '../wire/statements.ts'
import { certificateFault } from './ballots.ts'
import { givenFor } from './chain.ts'
import { charterOf, decidersOf, withCharter } from './charter.ts'
import { depart } from './departure.ts'
import { watchDecision } from './doubles.ts'
import { onForkCheckpointHome } from './fork.ts'
import { takeBack } from './home.ts'
import { recordHop } from './hops.ts'
import { onCharter } from './keeper.ts'
import { FORWARD_MS, PLACE_AGAIN_MS } from './limits.ts'
import { settleLog } from './logbook.ts'
import { letGoOfMail } from './mail.ts'
import { openMailbox } from './mailbox.ts'
import { mergeHops } from './mirror.ts'
import { continueSegments } from './receipts.ts'
import { forgetResident, writeMail, writeRegister, writeResident, writeRow } from './records.ts'
import { takeUpHistory } from './recovery.ts'
import { bury, sendCheckpointAgain, settleIn } from './residence.ts'
import { newResident } from './residents.ts'
import { noteSeen } from './seen.ts'
import { birthIn } from './standing.ts'
import { type HomeRow, keptCheckpoint, type Register, type Resident } from './state.ts'
import { briefOfRow, tellStory } from './story.ts'
import { log, persist, persistSoon, type Turn, tell } from './turn.ts'
import { openChain } from './vouchers.ts'

/**
 * A decision becomes known. The same few lines serve everybody whom it concerns: the witness moves to the next epoch,
 * home turns its row, the old holder lets go, the new one begins. Certificates of the past change nothing.
 */
export function learn(turn: Turn, { certificate, charters, ...came }: Asyncs['certificate']): void {
  const { state } = turn
  const { agent, epoch, holding } = certificate
  const register = state.registers.get(agent)
  const resident = state.residents.get(agent)
  const known = charterOf(state, agent)
  if (!known) return
  // It may be the register, which goes on below.
  const knownEpoch = known.epoch
  watchDecision(turn, certificate)
  const deciders = epoch > knownEpoch ? decidersOf(known, epoch, charters) : null
  const fault =
    deciders === null
      ? isKnown(turn, certificate)
        ? null
        : 'it is of the past'
      : typeof deciders === 'string'
        ? deciders
        : certificateFault(certificate, deciders)
  if (fault !== null) return log(turn, 'warn', `certificate refused: ${fault}`, agent)

  const proposal = state.proposals.get(agent)
  if (proposal && proposal.epoch <= epoch) state.proposals.delete(agent)

  const voted = givenFor(register?.accepted ?? null, certificate)
  const given = voted.release ? voted : givenFor(came, certificate)
  if (register && epoch > register.epoch) {
    register.epoch = epoch
    register.head = headOf(certificate)
    register.holder = holding.holder
    register.certificate = certificate
    register.given = given
    register.promised = null
    register.accepted = null
    const before = register.witnesses
    register.charters = chartersAfter({ ...register, epoch: knownEpoch }, charters, certificate)
    register.witnesses = holding.witnesses
    persist(turn, writeRegister(register))
    onCharter(turn, register, before, certificate)
    settleLog(turn, agent, holding, epoch === knownEpoch + 1)
  }
  const row = state.rows.get(agent)
  if (row && epoch > row.epoch) turnRow(turn, row, { certificate, ...given })
  const mirror = state.mirrors.get(agent)
  if (mirror && epoch > mirror.epoch) turnMirror(turn, mirror, { certificate, ...given })

  const shown = proposal?.epoch === epoch ? proposal.log : null
  if (holding.holder === state.self) takeHold(turn, certificate, charters, resident ?? null, row ?? null, shown)
  else if (resident && epoch > resident.epoch) letGo(turn, resident, certificate)
}

/** The decision that is known here anyway. */
function isKnown({ state }: Turn, certificate: Certificate): boolean {
  const { agent } = certificate
  return [state.registers, state.residents, state.seen].some((map) => {
    const other = map.get(agent)?.certificate
    return other?.epoch === certificate.epoch && headOf(other) === headOf(certificate)
  })
}

/** Those that are known, those that came with the decision, and the decision itself if it is one. */
function chartersAfter(
  { epoch, witnesses, charters }: Pick<Register, 'epoch' | 'witnesses' | 'charters'>,
  came: readonly Certificate[],
  certificate: Certificate,
): readonly Certificate[] {
  const between = came.filter((one) => one.epoch > epoch && one.epoch < certificate.epoch)
  return withCharter([...charters, ...between], between.at(-1)?.holding.witnesses ?? witnesses, certificate)
}

/** A decision for one who does not know it, with what it takes to see whose votes count. */
export function tellDecided(turn: Turn, to: Did, { certificate, charters, given }: Register): void {
  if (certificate) tell(turn, to, 'certificate', { certificate, charters, ...given })
}

/** The agent itself has not come: what is here of it are at most images of what it was. */
const isAhead = (state: NonNullable<Resident['arrival']>['state']): boolean =>
  state === 'reserved' || state === 'staging' || state === 'staged'

/** A witness keeps the hops, but tells no story: that is the keeper's. */
function turnMirror(turn: Turn, row: HomeRow, hop: Hop): void {
  const { epoch, holding } = hop.certificate
  row.epoch = epoch
  row.holder = holding.holder
  row.head = headOf(hop.certificate)
  row.birth ??= birthIn(hop.certificate)
  if (epoch === 1) persist(turn, writeMail(row))
  mergeHops(turn, row, [hop])
  persist(turn, writeRow(row))
}

function turnRow(turn: Turn, row: HomeRow, hop: Hop): void {
  const { epoch, holding } = hop.certificate
  const before = row.holder
  turnMirror(turn, row, hop)
  openChain(turn, row, before, hop.certificate)
  row.heardMs = turn.nowMs
  if (holding.holder !== before) {
    if (holding.holder !== turn.state.self) row.hops += 1
    tellStory(turn, row, 'hop', {
      from: before,
      to: holding.holder,
      epoch,
      checkpoint: holding.checkpoint,
      reason: hop.release?.statement.reason ?? 'recover',
      head: row.head,
    })
  }
  if (row.state === 'waiting' && holding.holder !== turn.state.self) row.state = 'running'
  // Who goes on with it does not know that it has ended, and may never come to its end again.
  if (row.outcome && holding.holder !== turn.state.self) takeBack(turn, row)
  persist(turn, writeRow(row))
}

function takeHold(
  turn: Turn,
  certificate: Certificate,
  charters: readonly Certificate[],
  resident: Resident | null,
  row: HomeRow | null,
  shown: LogShown | null,
): void {
  const { state } = turn
  if (row?.outcome) return resident ? bury(turn, resident) : undefined
  let here = resident
  if (!here) {
    // Only home takes up an agent that it has no resident of; anybody else would be run what it never admitted.
    if (!row) return
    const asked = state.bundles.get(row.bundle)?.quota ?? state.policy
    const granted = grantedQuota(asked, row.allowance, state.policy)
    if (!granted.ok) return log(turn, 'warn', granted.reason, row.agent)
    here = newResident(turn, briefOfRow(state, row), row.name, row.author, row.license, granted.value, row.epoch)
    here.checkpoint = certificate.holding.checkpoint
    state.residents.set(here.agent, here)
  }
  if (here.certificate && certificate.epoch <= here.certificate.epoch) return
  if (here.arrival && (isAhead(here.arrival.state) || here.checkpoint !== certificate.holding.checkpoint)) {
    // A place was kept for it, but it is decided otherwise than by that hand-over: go on from what is certified.
    if (here.guest !== 'none') turn.effects.push({ kind: 'terminate', agent: here.agent })
    here.guest = 'none'
    here.arrival = null
    if (!row) return bury(turn, here)
    here.brief = briefOfRow(state, row)
    here.checkpoint = certificate.holding.checkpoint
    here.consoleLines = row.consoleLines
    here.sentBytes = row.sentBytes
    here.messages = row.messages
    here.mailbox = openMailbox(row.mail)
  }
  // What said READY in a life before this one counts as started: it is not run here in this epoch, and asks for the next.
  assert(
    here.guest === 'none' || here.started === null || here.started < certificate.epoch,
    'a started epoch is decided again',
  )
  const hop = here.arrival
  const left = here.departure
  here.departure = null
  const { epoch, brief } = here
  // Who keeps the agent's register has them all, also where the agent has only now come to be held here.
  here.charters =
    state.registers.get(here.agent)?.charters ??
    chartersAfter({ epoch, witnesses: brief.witnesses, charters: here.charters }, charters, certificate)
  here.epoch = certificate.epoch
  here.certificate = certificate
  here.brief = {
    ...here.brief,
    head: headOf(certificate),
    witnesses: certificate.holding.witnesses,
    birth: here.brief.birth ?? birthIn(certificate),
  }
  here.release = null
  takeUpHistory(turn, here, certificate.holding, shown)
  here.placeDueMs = turn.nowMs + (hop ? 0 : PLACE_AGAIN_MS / 10)
  if (hop) {
    state.totals.hopsIn += 1
    recordHop(turn, {
      agent: here.agent,
      name: here.name,
      from: hop.from,
      to: state.self,
      reason: hop.reason,
      tookMs: turn.nowMs - hop.offeredMs,
      bytes: here.stateBytes,
    })
  }
  here.arrival = null
  if (here.ended || here.guest === 'running' || here.guest === 'freezing' || here.guest === 'frozen') goOnIn(turn, here)
  // Lost, it would be as if the power had gone a moment earlier: after READY, before the certificate.
  if (here.pledged === here.epoch) persistSoon(turn, writeResident(here))
  else persist(turn, writeResident(here))
  settleIn(turn, here)
  // It was about to leave, and still is.
  if (left && here.guest !== 'none') depart(turn, here, left)
}

/** Decided for who holds it anyway: its guest goes on where it stands. What it was telling is told again, in the new epoch. */
function goOnIn(turn: Turn, here: Resident): void {
  const { waiting } = turn.state
  here.started = here.epoch
  for (const [token, why] of waiting)
    if ((why.for === 'effect' || why.for === 'checkpoint') && why.agent === here.agent) waiting.delete(token)
  continueSegments(here)
  here.effectSending = false
  here.effectAgain = null
  here.telling = null
  if (!here.checkpointSending) return
  here.checkpointSending = false
  onForkCheckpointHome(turn, here, false)
  sendCheckpointAgain(turn, here)
}

/** Another host holds the agent now: stop ours, remember where it went. Its blocks go when the new holder has them. */
function letGo(turn: Turn, resident: Resident, certificate: Certificate): void {
  const { state } = turn
  const { epoch } = certificate
  const to = certificate.holding.holder
  const departure = resident.departure
  if (resident.guest !== 'none') turn.effects.push({ kind: 'terminate', agent: resident.agent })
  resident.guest = 'none'
  state.residents.delete(resident.agent)
  state.forwards.set(resident.agent, {
    to,
    epoch,
    checkpoint: resident.checkpoint,
    untilMs: turn.nowMs + FORWARD_MS,
  })
  if (departure && departure.to === to) {
    state.totals.hopsOut += 1
    recordHop(turn, {
      agent: resident.agent,
      name: resident.name,
      from: state.self,
      to,
      reason: departure.reason,
      tookMs: departure.frozenMs === null ? null : turn.nowMs - departure.frozenMs,
      bytes: resident.stateBytes,
    })
  }
  persist(turn, forgetResident(resident.agent))
  letGoOfMail(turn, resident)
  noteSeen(turn, resident, certificate)
  // Home keeps its newest whole checkpoint: it is the second copy until the new holder's next one.
  turn.effects.push({
    kind: 'forget',
    agent: resident.agent,
    keep: keptCheckpoint(state, resident.agent),
  })
}
