import type { Clock } from '../base/clock.ts'
import { createTokenBucket, type TokenBucket } from '../base/token-bucket.ts'
import { ADDRESSES_MAX, type Limits, STRIKE_MS } from './limits.ts'

/**
 * What one network address may do: sockets, requests, strikes. Knows nothing of keys: this is what stands before any
 * signature is looked at. Addresses are those of the connection; a proxy in front makes all clients one address.
 */
export interface Doorkeeper {
  /** Whether a request may be answered. */
  mayAsk(address: string): boolean
  /** Whether a socket may be opened; when true, `left` must be called at its end. */
  mayEnter(address: string): Refusal | null
  left(address: string): void
  /** A socket of this address was ended for bad words. */
  strike(address: string): void
}

export type Refusal = 'BANNED' | 'TOO_MANY_SOCKETS' | 'TOO_FAST'

interface Visitor {
  sockets: number
  readonly requests: TokenBucket
  readonly entries: TokenBucket
  strikes: number
  struckMs: number
  bannedUntilMs: number
}

export function createDoorkeeper(clock: Clock, limits: Limits): Doorkeeper {
  /** The one not seen longest is first. */
  const visitors = new Map<string, Visitor>()

  const visitor = (address: string): Visitor => {
    const known = visitors.get(address)
    if (known) {
      visitors.delete(address)
      visitors.set(address, known)
      return known
    }
    if (visitors.size >= ADDRESSES_MAX) forgetOne()
    const made: Visitor = {
      sockets: 0,
      requests: createTokenBucket(clock, limits.requestBurst, limits.requestsPerSecond),
      entries: createTokenBucket(clock, limits.socketBurst, limits.socketsPerSecond),
      strikes: 0,
      struckMs: 0,
      bannedUntilMs: 0,
    }
    visitors.set(address, made)
    return made
  }
  /** Never one with open sockets: its count must not be lost. There are more addresses than sockets. */
  const forgetOne = (): void => {
    for (const [address, { sockets }] of visitors) {
      if (sockets > 0) continue
      visitors.delete(address)
      return
    }
  }
  return {
    mayAsk(address) {
      const { requests, bannedUntilMs } = visitor(address)
      return clock.nowMs() >= bannedUntilMs && requests.take(1)
    },
    mayEnter(address) {
      const here = visitor(address)
      if (clock.nowMs() < here.bannedUntilMs) return 'BANNED'
      if (here.sockets >= limits.socketsPerAddressMax) return 'TOO_MANY_SOCKETS'
      if (!here.entries.take(1)) return 'TOO_FAST'
      here.sockets++
      return null
    },
    left(address) {
      const here = visitor(address)
      here.sockets = Math.max(0, here.sockets - 1)
    },
    strike(address) {
      const here = visitor(address)
      const nowMs = clock.nowMs()
      here.strikes = nowMs - here.struckMs > STRIKE_MS ? 1 : here.strikes + 1
      here.struckMs = nowMs
      if (here.strikes > limits.strikesMax) here.bannedUntilMs = nowMs + limits.banMs
    },
  }
}
