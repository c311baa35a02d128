import { Point } from './ed25519.ts'
import { PUBLIC_KEY_BYTES } from './limits.ts'
import { isSmallOrder } from './small-order.ts'

/**
 * Which 32 bytes are a usable Ed25519 public key. Checked once, where a did:key is parsed; inside, a Did is a good key.
 * Not checked: that the point has no torsion part. Such a key is its owner's folly and harms nobody else, because the
 * verifier's equation is the one without cofactor and so has one answer everywhere.
 */

/** y >= p = 2^255 - 19, the sign bit aside (RFC 8032 section 5.1.3, step 1). */
function isNonCanonicalY(encoded: Uint8Array): boolean {
  const [lowest = 0] = encoded
  const highest = (encoded[PUBLIC_KEY_BYTES - 1] ?? 0) & 0x7f
  if (highest !== 0x7f || lowest < 0xed) return false
  return encoded.subarray(1, PUBLIC_KEY_BYTES - 1).every((byte) => byte === 0xff)
}

/** Why these bytes cannot be a public key, as the violated condition; null when they can. */
export function publicKeyFault(bytes: Uint8Array): string | null {
  if (bytes.length !== PUBLIC_KEY_BYTES) return `keyBytes ${bytes.length} != ${PUBLIC_KEY_BYTES}`
  if (isSmallOrder(bytes)) return 'key has small order'
  if (isNonCanonicalY(bytes)) return 'key y >= 2^255 - 19 is not canonical'
  try {
    Point.fromBytes(bytes, false)
  } catch {
    return 'key is not on the curve'
  }
  return null
}
