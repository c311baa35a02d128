import { type Bytes, fromHex, utf8 } from '../base/bytes.ts'
import { type Did, publicKeyOf } from './did.ts'
import { beginsAsUcan, type Domain, signedMessage } from './domain.ts'
import { signatureIsStrict, verifyOnCurve } from './ed25519.ts'
import { SIGNATURE_BYTES } from './limits.ts'

/** Who checks. One rule (ed25519.ts), two engines: the library in JavaScript, or the realm's WebCrypto where it is able. */
export interface Verifier {
  /** Whether `did` signed exactly these payload bytes for this domain. False for anything malformed; never rejects. */
  verify(did: Did, domain: Domain, payload: Uint8Array, signature: Uint8Array): Promise<boolean>
}

/** The part of WebCrypto's `SubtleCrypto` that is needed; pass `crypto.subtle`. */
export interface SubtlePort {
  importKey(format: 'raw', key: Bytes, algorithm: 'Ed25519', extractable: boolean, usages: 'verify'[]): Promise<unknown>
  verify(algorithm: 'Ed25519', key: unknown, signature: Bytes, message: Bytes): Promise<boolean>
}

/**
 * With `subtle`, verification is several times faster and off the JavaScript thread. It is used only after it has told
 * a right signature from a wrong one; where it has no Ed25519 (old browsers), the library does the work, same answers.
 */
export function createVerifier(subtle?: SubtlePort): Verifier {
  let able: Promise<boolean> | null = null
  return {
    async verify(did, domain, payload, signature) {
      if (signature.length !== SIGNATURE_BYTES || !signatureIsStrict(signature)) return false
      if (domain === 'ucan' && !beginsAsUcan(payload)) return false
      const publicKey = publicKeyOf(did)
      const message = signedMessage(domain, payload)
      if (subtle) {
        able ??= isAble(subtle)
        if (await able) {
          const answer = await verifyBySubtle(subtle, publicKey, message, signature).catch(() => null)
          if (answer !== null) return answer
        }
      }
      return verifyOnCurve(publicKey, message, signature)
    },
  }
}

async function verifyBySubtle(
  subtle: SubtlePort,
  publicKey: Bytes,
  message: Bytes,
  signature: Uint8Array,
): Promise<boolean> {
  const key = await subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify'])
  return subtle.verify('Ed25519', key, Uint8Array.from(signature), message)
}

/** RFC 8032 section 7.1, TEST 2, and the same signature over another message. */
const KNOWN_KEY = fromHex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
const KNOWN_SIGNATURE = fromHex(
  '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
)

async function isAble(subtle: SubtlePort): Promise<boolean> {
  if (!KNOWN_KEY || !KNOWN_SIGNATURE) return false
  try {
    const right = await verifyBySubtle(subtle, KNOWN_KEY, utf8('r'), KNOWN_SIGNATURE)
    const wrong = await verifyBySubtle(subtle, KNOWN_KEY, utf8('s'), KNOWN_SIGNATURE)
    return right && !wrong
  } catch {
    return false
  }
}
