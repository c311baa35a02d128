import { unreachable } from '../base/assert.ts'
import type { Requests } from '../wire/messages.ts'
import { onOffer, onSend, onStage } from './arrival.ts'
import { onProofAsked } from './audits.ts'
import type { HostEvent } from './events.ts'
import { onFork } from './forks.ts'
import { onEnrol } from './founding.ts'
import { onCheckpoint, onEffect } from './home.ts'
import { isAdmitted, onInic } from './inic.ts'
import { onItinerary } from './itineraries.ts'
import { onLog } from './logbook.ts'
import { onMail } from './mail.ts'
import { onEstate, onMirror } from './mirror.ts'
import { onNames, onRegister } from './names.ts'
import { onPublish } from './notices.ts'
import { onCommand, onLaunch, onLocate, onStatus, onStory } from './orders.ts'
import { onNodes } from './reading.ts'
import { onEvidence, onReconcile } from './reconcile.ts'
import type { Turn } from './turn.ts'
import { deny } from './turn.ts'
import { onAccept, onPrepare } from './witness.ts'

/** Requests of other hosts, each to the part of the machine that answers it. */
export function onAsked(turn: Turn, { from, handle, name, body }: Extract<HostEvent, { kind: 'asked' }>): void {
  // `name` fixes the type of `body`, which destructuring lets the compiler forget.
  const as = <N extends keyof Requests>(_name: N): Requests[N]['ask'] => body as Requests[N]['ask']
  if (name !== 'inic' && !isAdmitted(turn.state, from)) return deny(turn, handle, 'NOT_ADMITTED', 'INIC comes first')
  switch (name) {
    case 'inic':
      return onInic(turn, from, handle, as('inic'))
    case 'offer':
      return onOffer(turn, from, handle, as('offer'))
    case 'stage':
      return onStage(turn, from, handle, as('stage'))
    case 'send':
      return onSend(turn, from, handle, as('send'))
    case 'prepare':
      return onPrepare(turn, from, handle, as('prepare'))
    case 'accept':
      return onAccept(turn, from, handle, as('accept'))
    case 'checkpoint':
      return onCheckpoint(turn, from, handle, as('checkpoint'))
    case 'enrol':
      return onEnrol(turn, from, handle, as('enrol'))
    case 'mirror':
      return onMirror(turn, from, handle, as('mirror'))
    case 'estate':
      return onEstate(turn, from, handle, as('estate'))
    case 'log':
      return onLog(turn, from, handle, as('log'))
    case 'fork':
      return onFork(turn, from, handle, as('fork'))
    case 'effect':
      return onEffect(turn, from, handle, as('effect'))
    case 'locate':
      return onLocate(turn, handle, as('locate'))
    case 'launch':
      return onLaunch(turn, from, handle, as('launch'))
    case 'command':
      return onCommand(turn, handle, as('command'))
    case 'status':
      return onStatus(turn, from, handle)
    case 'story':
      return onStory(turn, from, handle, as('story'))
    case 'itinerary':
      return onItinerary(turn, from, handle, as('itinerary'))
    case 'nodes':
      return onNodes(turn, from, handle, as('nodes'))
    case 'publish':
      return onPublish(turn, handle, as('publish'))
    case 'reconcile':
      return onReconcile(turn, handle, as('reconcile'))
    case 'evidence':
      return onEvidence(turn, handle, as('evidence'))
    case 'mail':
      return onMail(turn, from, handle, as('mail'))
    case 'register':
      return onRegister(turn, from, handle, as('register'))
    case 'names':
      return onNames(turn, handle, as('names'))
    case 'audit':
    case 'claim':
    case 'segments':
    case 'segment':
      return onProofAsked(turn, from, handle, name, body as never)
    case 'fetch':
      return deny(turn, handle, 'BAD_MESSAGE', 'blocks are served by the rim')
    default:
      return unreachable(name)
  }
}
