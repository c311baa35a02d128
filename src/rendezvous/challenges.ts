import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { CHALLENGE_NONCE_BYTES } from '../wire/challenge.ts'
import { CHALLENGE_MS, NONCES_USED_MAX } from './limits.ts'

/**
 * Nonces for hosts to sign: made without remembering them (8 bytes of time, 16 of chance, 16 of our HMAC), so that
 * asking for a million costs us no memory; only those that were used with a good signature are remembered, until they
 * expire. After a restart all outstanding nonces are void, for the key is new.
 */
export interface Challenges {
  issue(): Uint8Array
  /** Ours, not expired, not used: cheap, to be asked before the signature is looked at. */
  fault(nonce: Uint8Array): 'FOREIGN' | 'EXPIRED' | 'USED' | null
  /** Marks a nonce as used; false when somebody was faster or when too many are remembered. */
  use(nonce: Uint8Array): boolean
}

const HMAC_BYTES = 16
const SIGNED_BYTES = CHALLENGE_NONCE_BYTES - HMAC_BYTES

export function createChallenges(clock: Clock): Challenges {
  const secret = randomBytes(32)
  /** By hex; oldest first, as a Map keeps the order of insertion. */
  const used = new Map<string, number>()
  const seal = (signed: Uint8Array): Buffer =>
    createHmac('sha256', secret).update(signed).digest().subarray(0, HMAC_BYTES)
  const ageMs = (nonce: Uint8Array): number => clock.nowMs() - Buffer.from(nonce).readDoubleBE(0)

  return {
    issue() {
      const signed = randomBytes(SIGNED_BYTES)
      signed.writeDoubleBE(clock.nowMs(), 0)
      return Uint8Array.from(Buffer.concat([signed, seal(signed)]))
    },
    fault(nonce) {
      if (nonce.length !== CHALLENGE_NONCE_BYTES) return 'FOREIGN'
      if (!timingSafeEqual(seal(nonce.subarray(0, SIGNED_BYTES)), nonce.subarray(SIGNED_BYTES))) return 'FOREIGN'
      if (ageMs(nonce) > CHALLENGE_MS) return 'EXPIRED'
      return used.has(hex(nonce)) ? 'USED' : null
    },
    use(nonce) {
      const nowMs = clock.nowMs()
      for (const [old, atMs] of used) {
        if (nowMs - atMs <= CHALLENGE_MS) break
        used.delete(old)
      }
      if (used.has(hex(nonce)) || used.size >= NONCES_USED_MAX) return false
      used.set(hex(nonce), nowMs)
      return true
    },
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
