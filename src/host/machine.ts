import { unreachable } from '../base/assert.ts'
import type { Random } from '../base/random.ts'
import type { NameRecord } from '../wire/mail.ts'
import type { Requests } from '../wire/messages.ts'
import type { Claim, Description, Founded, Ready, Receipt, Release, Sealed, Verdict, Vote } from '../wire/statements.ts'
import { describe } from './acquaintance.ts'
import { expireArrivals, onOfferBundle, onPrepared, onReadySealed } from './arrival.ts'
import { onAsked } from './asked.ts'
import { onAuditAnswered, onRerun, onVerdictSealed, pursueAudits } from './audits.ts'
import { onBisected, onClaimSealed, onClaims, onSights } from './bisect.ts'
import { learn } from './certificates.ts'
import { depart, onOfferAnswered, onReleaseSealed, onReleaseVote, onSendAnswered, place, pursue } from './departure.ts'
import { onLogAnswered } from './durable.ts'
import type { HostEffect, HostEvent, Wish } from './events.ts'
import { onForkAnswered, pursueFork } from './fork.ts'
import { onFormerTold } from './former.ts'
import { enrolled, onEnrolAnswered, onEnrolBundle, onFoundedSealed, pursueFoundings } from './founding.ts'
import { onGuest } from './guests.ts'
import { onCheckpointFetched, onHolding, watchLeases } from './home.ts'
import { isAdmitted, onConnected, onDisconnected, onInicAnswered, onInvitationOpened, watchMeetings } from './inic.ts'
import { onHops, pursueWitnesses, watchKeepers } from './keeper.ts'
import { letGoOfLate } from './late-blocks.ts'
import { noteLife, restoreLives } from './lives.ts'
import { onSwept, settleArrivals } from './mail.ts'
import { onMirrored, onMirrorFetched, pursueMirrors } from './mirror.ts'
import { keepNames, onNamed, onNameSealed, onNamesAnswered, onRegistered, pursueNames } from './names.ts'
import { onLoad, reportHoldings, tellLoad } from './neighbours.ts'
import { publish, take } from './notices.ts'
import { acceptAgents, evictAll, kill, launch, onLaunchBundle } from './orders.ts'
import { endLapsed, endWhenOver } from './over.ts'
import { onMailAnswered, onSought, pursuePost } from './post.ts'
import { onStageAnswered } from './precopy.ts'
import { onEstateAnswered, onGathered, onPromise, onProposalVote, retryProposals } from './proposer.ts'
import { onReceiptSealed } from './receipts.ts'
import { onEvidenceAnswered, onReconciled, reconcileWhenDue } from './reconcile.ts'
import { onRelived, pursueRelive } from './recovery.ts'
import {
  checkpointAll,
  checkpointWhenDue,
  onCheckpointHome,
  onEffectAnswered,
  sendCheckpointHome,
  sendEffects,
} from './residence.ts'
import { renewEpochs, restore } from './restore.ts'
import { pursueUnseal } from './sealing.ts'
import type { HostState } from './state.ts'
import { begin, deny, log, type Turn, takeWaiting } from './turn.ts'
import { isParked, noteOfferAnswered } from './vacancy.ts'
import type { Waiting } from './waiting.ts'
import { onVoteSealed } from './witness.ts'

/**
 * The host: one event in, the effects out. Deterministic: the same state, moment, chance and event give the same effects.
 * It has no clock, network, storage, key or guest of its own; runtime.ts lends it those.
 */
export function step(
  state: HostState,
  event: HostEvent,
  moment: { nowMs: number; wallMs: number },
  random: Random,
): HostEffect[] {
  const turn: Turn = { state, random, ...moment, effects: [], writes: new Map(), soon: new Map() }
  dispatch(turn, event)
  const first: HostEffect[] = []
  const valuesOf = (writes: Turn['writes']) => [...writes].map(([key, value]) => ({ key, value: value() }))
  if (turn.writes.size > 0) first.push({ kind: 'persist', writes: valuesOf(turn.writes) })
  if (turn.soon.size > 0) first.push({ kind: 'persistSoon', writes: valuesOf(turn.soon) })
  return [...first, ...turn.effects]
}

function dispatch(turn: Turn, event: HostEvent): void {
  const { state } = turn
  switch (event.kind) {
    case 'tick':
      return onTick(turn)
    case 'restored':
      restoreLives(turn, event.records)
      return restore(turn, event.records)
    case 'connected':
      return onConnected(turn, event.host, event.age)
    case 'disconnected':
      return onDisconnected(turn, event.host)
    case 'asked':
      return onAsked(turn, event)
    case 'answered':
      return onAnswered(turn, event)
    case 'told':
      if (!isAdmitted(state, event.from)) return
      if (event.name === 'load') return onLoad(turn, event.from, event.body.load)
      if (event.name === 'holding') return onHolding(turn, event.from, event.body.reports)
      if (event.name === 'certificate') return learn(turn, event.body)
      if (event.name === 'notices') return take(turn, event.body.notices, event.from)
      if (event.name === 'named') return onNamed(turn, event.from, event.body)
      return
    case 'described':
      state.nodes.description = event.description
      return
    case 'permit': {
      const waiting = takeWaiting(turn, event.token)
      return waiting?.for === 'invitation' ? onInvitationOpened(turn, waiting, event.permit) : undefined
    }
    case 'sealed':
      return onSealed(turn, event.token, event.sealed)
    case 'bundle': {
      const waiting = takeWaiting(turn, event.token)
      if (waiting?.for === 'bundle-offer')
        return onOfferBundle(turn, waiting.from, waiting.handle, waiting.offer, event.bundle)
      if (waiting?.for === 'bundle-launch') return onLaunchBundle(turn, waiting.launch, event.bundle)
      if (waiting?.for === 'bundle-enrol') return onEnrolBundle(turn, waiting, event.bundle)
      return
    }
    case 'prepared': {
      const waiting = takeWaiting(turn, event.token)
      if (waiting?.for !== 'prepare') return
      const resident = state.residents.get(waiting.agent)
      letGoOfLate(turn, waiting.agent)
      // Nobody waits for this one any more: what it made must not live on.
      if (!resident || (resident.preparing !== event.token && resident.guest === 'none'))
        turn.effects.push({ kind: 'terminate', agent: waiting.agent })
      return resident?.preparing === event.token ? onPrepared(turn, resident, event.fault, event) : undefined
    }
    case 'fetched': {
      const waiting = takeWaiting(turn, event.token)
      if (!waiting || !('agent' in waiting)) return
      onFetched(turn, event, waiting)
      return letGoOfLate(turn, waiting.agent)
    }
    case 'relived': {
      const waiting = takeWaiting(turn, event.token)
      if (waiting?.for !== 'relive') return
      const resident = state.residents.get(waiting.agent)
      if (resident) onRelived(turn, resident, event.token, event.outcome)
      return letGoOfLate(turn, waiting.agent)
    }
    case 'rerun': {
      const waiting = takeWaiting(turn, event.token)
      if (waiting?.for === 'bisect') return onBisected(turn, waiting, event.seen)
      if (waiting?.for === 'sights') return onSights(turn, waiting, event.seen)
      return waiting?.for === 'rerun' ? onRerun(turn, waiting, event.outcome) : undefined
    }
    case 'launch': {
      const { license, inputJson, token } = event
      return launch(turn, { license, inputJson, answer: { token } }, null)
    }
    case 'wish':
      return onWish(turn, event.wish)
    default:
      return onGuest(turn, event)
  }
}

/** Blocks have come that somebody needs before he takes what he was told; or they have not. */
function onFetched(turn: Turn, { token, fault }: Extract<HostEvent, { kind: 'fetched' }>, waiting: Waiting): void {
  switch (waiting.for) {
    case 'gathered':
      return fault ? undefined : onGathered(turn, waiting.agent, waiting.epoch, waiting.estate)
    case 'home-checkpoint':
      return fault
        ? deny(turn, waiting.handle, fault.code, fault.reason)
        : onCheckpointFetched(turn, waiting.handle, waiting.ask)
    case 'mirrored-checkpoint':
      return fault
        ? deny(turn, waiting.handle, fault.code, fault.reason)
        : onMirrorFetched(turn, waiting.from, waiting.handle, waiting.told)
    case 'enrol-checkpoint':
      return fault
        ? deny(turn, waiting.handle, fault.code, fault.reason)
        : enrolled(turn, waiting.handle, waiting.file, waiting.facts)
    case 'parked': {
      const resident = turn.state.residents.get(waiting.agent)
      // What was fetched for an arrival that came to nothing says nothing about the one after it.
      return resident?.preparing === token ? onPrepared(turn, resident, fault, resident) : undefined
    }
    default:
      return
  }
}

function onAnswered(turn: Turn, { token, answer }: Extract<HostEvent, { kind: 'answered' }>): void {
  const waiting = takeWaiting(turn, token)
  if (!waiting) return
  const { state } = turn
  const resident = 'agent' in waiting ? state.residents.get(waiting.agent) : undefined
  switch (waiting.for) {
    case 'inic':
      return onInicAnswered(turn, waiting.host, answer)
    case 'reconcile':
      return onReconciled(turn, waiting.host, waiting.from, answer)
    case 'evidence':
      return onEvidenceAnswered(turn, waiting, answer)
    case 'offer':
      noteOfferAnswered(turn, waiting.to, answer.ok)
      return resident && onOfferAnswered(turn, resident, waiting.to, answer)
    case 'stage':
      return resident && onStageAnswered(turn, resident, waiting.to, answer)
    case 'send':
      return resident && onSendAnswered(turn, resident, waiting.to, answer)
    case 'promise':
      return onPromise(turn, waiting, answer)
    case 'vote': {
      if (!answer.ok) return
      const { vote } = answer.body as Requests['accept']['answer']
      if (vote.signer !== waiting.witness) return
      if (waiting.proposer) return onProposalVote(turn, waiting.agent, waiting.epoch, vote)
      return resident && onReleaseVote(turn, resident, vote)
    }
    case 'mirror':
      return onMirrored(turn, waiting.agent, waiting.witness, answer)
    case 'hops':
      return onHops(turn, waiting.agent, answer)
    case 'former':
      return onFormerTold(turn, waiting.agent, waiting.from, answer)
    case 'estate':
      return onEstateAnswered(turn, waiting.agent, waiting.epoch, waiting.from, answer)
    case 'enrol':
      return onEnrolAnswered(turn, waiting, answer)
    case 'effect':
      return resident && onEffectAnswered(turn, resident, answer)
    case 'checkpoint':
      return resident && onCheckpointHome(turn, resident, answer.ok ? waiting.checkpoint : null, waiting.history)
    case 'log':
      return resident && onLogAnswered(turn, resident, waiting.witness, waiting.epoch, answer)
    case 'claims':
      return onClaims(turn, waiting, answer)
    case 'audit':
      return onAuditAnswered(turn, waiting.segment, waiting.auditor, answer)
    case 'mail':
      return resident && onMailAnswered(turn, resident, waiting.request, waiting.host, answer)
    case 'sweep':
      return resident && onSwept(resident, waiting.sender, answer)
    case 'seek':
      return resident && onSought(resident, waiting.request, answer)
    case 'register':
      return resident && onRegistered(turn, resident, waiting.request, answer)
    case 'names':
      return onNamesAnswered(turn, waiting.host, waiting.from, answer)
    case 'fork':
      return resident && onForkAnswered(turn, resident, waiting.request, answer)
    default:
      return
  }
}

function onSealed(turn: Turn, token: number, sealed: Sealed<unknown>): void {
  const waiting = takeWaiting(turn, token)
  if (waiting?.for === 'description') {
    turn.state.nodes.description = sealed as Sealed<Description>
    return
  }
  if (waiting?.for === 'seal-ready') return onReadySealed(turn, waiting.handle, sealed as Sealed<Ready>)
  if (waiting?.for === 'seal-vote')
    return onVoteSealed(turn, waiting.handle, waiting.proposer, waiting.ask, sealed as Sealed<Vote>)
  if (waiting?.for === 'seal-founded') return onFoundedSealed(turn, waiting.agent, sealed as Sealed<Founded>)
  if (waiting?.for === 'seal-claim') return onClaimSealed(turn, waiting.handle, sealed as Sealed<Claim>)
  if (waiting?.for === 'seal-name') return onNameSealed(turn, waiting.handle, sealed as Sealed<NameRecord>)
  if (waiting?.for === 'seal-verdict') return onVerdictSealed(turn, waiting.handle, sealed as Sealed<Verdict>)
  if (waiting?.for === 'seal-receipt') {
    const signer = turn.state.residents.get(waiting.agent)
    if (signer && (signer.epoch === waiting.epoch || signer.ending))
      onReceiptSealed(turn, signer, waiting, sealed as Sealed<Receipt>)
    return
  }
  const resident = waiting?.for === 'seal-release' ? turn.state.residents.get(waiting.agent) : undefined
  if (resident) onReleaseSealed(turn, resident, sealed as Sealed<Release>)
}

function onWish(turn: Turn, wish: Wish): void {
  const { state } = turn
  switch (wish.kind) {
    case 'accepting':
      return acceptAgents(turn, wish.accepting)
    case 'slots':
      state.slots = wish.slots
      begin(turn, { kind: 'seal', statement: describe(state, turn.wallMs) }, { for: 'description' })
      return
    case 'trust':
      if (wish.trusted) state.trusted.add(wish.author)
      else state.trusted.delete(wish.author)
      return
    case 'obey':
      if (wish.obeyed) state.roots.add(wish.root)
      else state.roots.delete(wish.root)
      return
    case 'evict':
      evictAll(turn)
      return
    case 'checkpoint':
      return checkpointAll(turn)
    case 'move': {
      const resident = state.residents.get(wish.agent)
      return resident && depart(turn, resident, { reason: 'order', only: wish.to })
    }
    case 'kill': {
      const row = state.rows.get(wish.agent)
      return row && kill(turn, row)
    }
    case 'publish': {
      const fault = publish(turn, wish.notice)
      return fault === null ? undefined : log(turn, 'warn', `a notice is not kept: ${fault}`)
    }
    default:
      return unreachable(wish)
  }
}

function onTick(turn: Turn): void {
  const { state, nowMs } = turn
  expireArrivals(turn)
  for (const resident of state.residents.values()) {
    endWhenOver(turn, resident)
    if (resident.effects.length > 0) sendEffects(turn, resident)
    sendCheckpointHome(turn, resident)
    pursue(turn, resident)
    pursueRelive(turn, resident)
    pursueFork(turn, resident)
    pursueUnseal(turn, resident)
    pursuePost(turn, resident)
    settleArrivals(turn, resident)
    pursueNames(turn, resident)
    checkpointWhenDue(turn, resident)
    if (isParked(turn, resident) && nowMs >= resident.placeDueMs) place(turn, resident)
  }
  watchMeetings(turn)
  reconcileWhenDue(turn)
  keepNames(turn)
  renewEpochs(turn)
  retryProposals(turn)
  watchLeases(turn)
  watchKeepers(turn)
  pursueWitnesses(turn)
  pursueFoundings(turn)
  pursueMirrors(turn)
  endLapsed(turn)
  pursueAudits(turn)
  for (const [agent, { untilMs }] of state.forwards) if (nowMs >= untilMs) state.forwards.delete(agent)
  tellLoad(turn)
  reportHoldings(turn)
  noteLife(turn)
}
