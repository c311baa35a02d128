import type { Clock } from '../../base/clock.ts'
import { createTokenBucket } from '../../base/token-bucket.ts'
import { SIGNAL_BURST, SIGNALS_PER_SECOND } from '../../wire/limits.ts'
import { type IncomingSignal, parseIncomingSignal } from '../../wire/signals.ts'
import { CANDIDATES_MAX } from './limits.ts'
import type { PeerLike } from './port.ts'

/**
 * Stands between the rendezvous and PeerJS. PeerJS throws at an OFFER without a payload (in Node: the process dies),
 * keeps candidates of unknown connections for ever, closes a living connection when its id is offered again, and obeys
 * LEAVE. Here everything is decoded, rated and asked for; the rest is dropped without a word.
 */
export interface GuardEvents {
  /** The rendezvous says that nobody is on line under this address. */
  absent(address: string): void
  /** The rendezvous has given our address to another line of the same key. */
  replaced(): void
  /** Whether a connection that somebody offers may be opened. */
  mayOpen(address: string): boolean
}

export function guardSignals(peer: PeerLike, clock: Clock, events: GuardEvents): void {
  const handle = peer._handleMessage.bind(peer)
  const bucket = createTokenBucket(clock, SIGNAL_BURST, SIGNALS_PER_SECOND)
  /** By connection object, so that a count lives no longer than its connection. */
  const candidates = new WeakMap<object, number>()

  const passes = (signal: IncomingSignal): boolean => {
    switch (signal.type) {
      case 'OPEN':
      case 'ERROR':
        return true
      case 'ID-TAKEN':
        events.replaced()
        return true
      case 'EXPIRE':
        events.absent(signal.src)
        return false
      case 'OFFER': {
        const { connectionId, serialization, reliable } = signal.payload
        if (serialization !== 'raw' || !reliable || peer.getConnection(signal.src, connectionId)) return false
        return events.mayOpen(signal.src)
      }
      case 'ANSWER': {
        const connection = peer.getConnection(signal.src, signal.payload.connectionId)
        return connection?.peerConnection?.signalingState === 'have-local-offer'
      }
      case 'CANDIDATE': {
        const connection = peer.getConnection(signal.src, signal.payload.connectionId)
        if (!connection?.peerConnection) return false
        const count = (candidates.get(connection) ?? 0) + 1
        candidates.set(connection, count)
        return count <= CANDIDATES_MAX
      }
    }
  }
  peer._handleMessage = (message) => {
    if (!bucket.take(1)) return
    const signal = parseIncomingSignal(message)
    if (signal.ok && passes(signal.value)) handle(signal.value)
  }
}
