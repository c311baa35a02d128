import { assert } from '../base/assert.ts'
import type { Bytes } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import { type Did, didOf } from './did.ts'
import { type Domain, signedMessage } from './domain.ts'
import { getPublicKey, sign } from './ed25519.ts'
import { SECRET_KEY_BYTES } from './limits.ts'

/** Who signs, and reads what is sealed to it. A port: the key may be in WebCrypto or in a device; hence the promises. */
export interface Signer {
  readonly did: Did
  /** The 64-byte Ed25519 signature over the domain's message (domain.ts). Never rejects for any payload below 4 GiB. */
  sign(domain: Domain, payload: Uint8Array): Promise<Bytes>
  /** X25519 with the key that belongs to the did (sealing.ts): 32 bytes. Rejects where `theirs` has small order. */
  agree(theirs: Uint8Array): Promise<Bytes>
}

/** From the 32-byte seed of RFC 8032 section 5.1.5, which is copied. */
export function createSigner(secretKey: Uint8Array): Signer {
  assert(secretKey.length === SECRET_KEY_BYTES, `secretKeyBytes ${secretKey.length} != ${SECRET_KEY_BYTES}`)
  const seed = Uint8Array.from(secretKey)
  return {
    did: didOf(getPublicKey(seed)),
    sign: async (domain, payload) => sign(signedMessage(domain, payload), seed),
    agree: async (theirs) => {
      const { agree, montgomerySecret } = await import('./hpke.ts')
      return agree(montgomerySecret(seed), theirs)
    },
  }
}

/** `random` must be the platform's cryptographic source: whoever can guess these bytes is this identity. */
export const generateSecretKey = (random: Random): Bytes => random.bytes(SECRET_KEY_BYTES)
