import { getPublicKey, hashes, Point, sign as signOnCurve } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { type Bytes, concatBytes, equalBytes, toHex } from '../base/bytes.ts'
import { isSmallOrder } from './small-order.ts'

/**
 * The one place that touches the curve. Verification is ours, on the library's points: the library's own `verify`, even
 * with `zip215: false`, multiplies by the cofactor and so accepts signatures that every WebCrypto (OpenSSL, BoringSSL,
 * NSS) refuses. Hosts must agree on what is signed, whichever of the two they run; so the rule is the strictest one all
 * of them can share: S < L, A and R of large order and canonical, [S]B - [k]A = R compared as bytes.
 */
hashes.sha512 = sha512

export { getPublicKey, Point }

let signNow = (message: Uint8Array, seed: Uint8Array): Bytes => signOnCurve(message, seed) as Bytes

/** A platform with a faster signature lends it once, at its start. RFC 8032 leaves no choice: the bytes are the same. */
export function lendSign(native: (message: Uint8Array, seed: Uint8Array) => Bytes): void {
  signNow = native
}

/** `seed` is not changed afterwards. */
export const sign = (message: Uint8Array, seed: Uint8Array): Bytes => signNow(message, seed)

/** Little-endian, as everywhere in RFC 8032. */
const toInteger = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`)

/** L, the order of the base point (RFC 8032 section 5.1). */
const ORDER = Point.CURVE().n

/** What both verifiers check first, without the curve: S < L (else a second signature is free) and R of large order. */
export function signatureIsStrict(signature: Uint8Array): boolean {
  return toInteger(signature.subarray(32)) < ORDER && !isSmallOrder(signature.subarray(0, 32))
}

/** RFC 8032 section 5.1.7 without cofactor, for a key that `publicKeyFault` has passed and a strict signature. */
export function verifyOnCurve(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const encodedR = signature.subarray(0, 32)
  const s = toInteger(signature.subarray(32))
  const k = toInteger(sha512(concatBytes(encodedR, publicKey, message))) % ORDER
  const expected = Point.BASE.multiply(s, false).subtract(Point.fromBytes(publicKey, false).multiply(k, false))
  return equalBytes(expected.toBytes(), encodedR)
}
