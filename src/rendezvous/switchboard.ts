import type { Clock } from '../base/clock.ts'
import { createTokenBucket, type TokenBucket } from '../base/token-bucket.ts'
import type { Attendance } from '../wire/cluster.ts'
import { parseOutgoingSignal } from '../wire/signals.ts'
import { type Limits, OFFERS_REMEMBERED_MAX } from './limits.ts'

/**
 * Who is on line, and signals from one to another. A host is here under an address that it has proved to own. Keeps no
 * signal: who is not on line does not get it. Does not announce departures: a host's data channels outlive its line.
 */
export interface Line {
  send(text: string): void
  /** The code is a WebSocket close code. */
  end(code: number, reason: string): void
}

export interface Switchboard {
  /** The owner of the address is here, on this line. A line it had before is ended. Null when the house is full. */
  enter(address: string, line: Line): Seat | null
  hosts(): readonly Attendance[]
  readonly count: number
}

export interface Seat {
  /** A text from the host. Null, or why the line must end. */
  hear(text: string): string | null
  leave(): void
}

interface Desk {
  readonly line: Line
  readonly sinceMs: number
  readonly bucket: TokenBucket
  /** Who dials this host and has no answer yet: they are told when it goes. */
  readonly offers: Set<string>
}

/** WebSocket close codes 4000–4999 are for applications. */
export const CLOSE_REPLACED = 4001
export const CLOSE_BAD = 4002

export function createSwitchboard(clock: Clock, limits: Limits): Switchboard {
  const desks = new Map<string, Desk>()

  /** Tells a host that nobody is at the address it dials. */
  const expire = (host: string, absent: string): void =>
    desks.get(host)?.line.send(JSON.stringify({ type: 'EXPIRE', src: absent, dst: host }))

  const forward = (from: string, text: string): string | null => {
    const signal = parseOutgoingSignal(text)
    if (!signal.ok) return `${signal.code}: ${signal.reason}`
    if (signal.value.type === 'HEARTBEAT') return null
    const { dst, ...rest } = signal.value
    const desk = desks.get(dst)
    if (!desk) {
      if (rest.type === 'OFFER') expire(from, dst)
      return null
    }
    if (rest.type === 'OFFER' && desk.offers.size < OFFERS_REMEMBERED_MAX) desk.offers.add(from)
    if (rest.type === 'ANSWER') desks.get(from)?.offers.delete(dst)
    desk.line.send(JSON.stringify({ ...rest, src: from, dst }))
    return null
  }
  return {
    get count() {
      return desks.size
    },
    hosts: () => Array.from(desks, ([address, { sinceMs }]) => ({ address, sinceMs })),
    enter(address, line) {
      const old = desks.get(address)
      if (!old && desks.size >= limits.hostsMax) return null
      if (old) {
        old.line.send(
          JSON.stringify({ type: 'ID-TAKEN', payload: { msg: 'REPLACED: the owner of this id is on another line' } }),
        )
        old.line.end(CLOSE_REPLACED, 'replaced')
      }
      const bucket = createTokenBucket(clock, limits.signalBurst, limits.signalsPerSecond)
      const desk: Desk = { line, sinceMs: old?.sinceMs ?? clock.wallMs(), bucket, offers: new Set() }
      desks.delete(address)
      desks.set(address, desk)
      line.send(JSON.stringify({ type: 'OPEN' }))
      return {
        hear(text) {
          if (desks.get(address) !== desk) return null // replaced meanwhile: nobody listens
          if (!bucket.take(1)) return `RATE: more than ${limits.signalsPerSecond} signals a second`
          return forward(address, text)
        },
        leave() {
          if (desks.get(address) !== desk) return
          desks.delete(address)
          for (const host of desk.offers) expire(host, address)
        },
      }
    },
  }
}
