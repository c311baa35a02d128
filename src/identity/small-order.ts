import { toHex } from '../base/bytes.ts'

/**
 * The y coordinates (little-endian, sign bit cleared) of all encodings, canonical or not, of the eight points whose order
 * divides the cofactor. A key among them makes one signature fit every message; an R among them says the signer chose
 * nonce zero. The same list as ge25519_has_small_order of libsodium; the tests derive it from the curve.
 */
const SMALL_ORDER_Y = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000', // 0: order 4
  '0100000000000000000000000000000000000000000000000000000000000000', // 1: the identity
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', // order 8
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', // order 8
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p - 1: order 2
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p, that is 0
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // p + 1, that is 1
])

/** Whether 32 bytes encode, canonically or not, a point of order 1, 2, 4 or 8. */
export function isSmallOrder(encoded: Uint8Array): boolean {
  const y = Uint8Array.from(encoded)
  y[y.length - 1] = (y[y.length - 1] ?? 0) & 0x7f
  return SMALL_ORDER_Y.has(toHex(y))
}
