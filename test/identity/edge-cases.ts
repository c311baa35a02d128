import { Point } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { concatBytes, fromHex, toHex, utf8 } from '../../src/base/bytes.ts'
import { signedMessage } from '../../src/identity/domain.ts'

/**
 * Signatures on which verifiers of Ed25519 are known to disagree: the twelve kinds of "Taming the many EdDSAs" (K. Chalkias,
 * F. Garillot, V. Nikolaenko, 2020), made anew for messages of ours, and their neighbours that are right. Bytes are hex, so
 * that a case travels to any realm as JSON. `valid` is the one rule that all of our verifiers keep.
 */
export interface EdgeCase {
  readonly name: string
  readonly key: string
  readonly payload: string
  readonly signature: string
  readonly valid: boolean
}

/** Every case is about a statement of this domain. */
export const EDGE_DOMAIN = 'vote'

const ORDER = Point.CURVE().n
const P = 2n ** 255n - 19n
const B = Point.BASE
const [KEY, NONCE] = [123456789n, 987654321n]

const bytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array()
const littleEndian = (n: bigint): Uint8Array => bytes(n.toString(16).padStart(64, '0')).reverse()
const integer = (le: Uint8Array): bigint => BigInt(`0x${toHex(Uint8Array.from(le).reverse())}`)
const mod = (n: bigint): bigint => ((n % ORDER) + ORDER) % ORDER

/** Generates the eight points of the torsion subgroup. */
const TORSION = Point.fromBytes(bytes('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'))
const torsion = (n: number): Point => (n % 8 === 0 ? Point.ZERO : TORSION.multiply(BigInt(n % 8), false))
const mixed = (scalar: bigint, t: number): Point => B.multiply(scalar).add(torsion(t))

const challenge = (r: Uint8Array, a: Uint8Array, payload: Uint8Array): bigint =>
  mod(integer(sha512(concatBytes(r, a, signedMessage(EDGE_DOMAIN, payload)))))

/** The first payload for which the challenge is as wanted: one in eight is. */
function payloadWhere(r: Uint8Array, a: Uint8Array, wanted: (k: bigint) => boolean): Uint8Array {
  for (let i = 0; ; i++) {
    const payload = utf8(`payload ${i}`)
    if (wanted(challenge(r, a, payload))) return payload
  }
}

interface Parts {
  readonly r: Uint8Array
  readonly a: Uint8Array
  /** Of the key; 0 for a key of small order. */
  readonly secret: bigint
  readonly nonce: bigint
  readonly wanted?: (k: bigint) => boolean
  /** Added to S. */
  readonly more?: bigint
  /** What is hashed for R, where that is another encoding. */
  readonly hashed?: Uint8Array
}

function made(
  name: string,
  valid: boolean,
  { r, a, secret, nonce, wanted = () => true, more = 0n, hashed = r }: Parts,
): EdgeCase {
  const payload = payloadWhere(hashed, a, wanted)
  const s = mod(nonce + challenge(hashed, a, payload) * secret) + more
  const signature = concatBytes(r, littleEndian(s))
  return { name, key: toHex(a), payload: toHex(payload), signature: toHex(signature), valid }
}

/** The identity as y = 1 + p, and with a sign that zero has not: two encodings that are none. */
const IDENTITY_ABOVE_P = littleEndian(P + 1n)
const IDENTITY_NEGATIVE = littleEndian(1n | (1n << 255n))

export function edgeCases(): readonly EdgeCase[] {
  const pure = { r: mixed(NONCE, 0).toBytes(), a: mixed(KEY, 0).toBytes(), secret: KEY, nonce: NONCE }
  const small = torsion(1).toBytes()
  const both = { ...pure, r: mixed(NONCE, 1).toBytes(), a: mixed(KEY, 1).toBytes() }
  /** The torsion parts of R and kA cancel: the equation without cofactor holds. */
  const cancel = (inR: number, inA: number) => (k: bigint) => (inR + Number(k % 8n) * inA) % 8 === 0
  const remain = (inR: number, inA: number) => (k: bigint) => !cancel(inR, inA)(k)
  return [
    made('as the standard has it', true, pure),
    made('0: S = 0, A and R of small order', false, {
      r: small,
      a: small,
      secret: 0n,
      nonce: 0n,
      wanted: cancel(1, 1),
    }),
    made('1: A of small order, R mixed', false, { ...both, a: small, secret: 0n, wanted: cancel(1, 1) }),
    made('2: A mixed, R of small order', false, { ...both, r: small, nonce: 0n, wanted: cancel(1, 1) }),
    made('3: A and R mixed, and their torsion cancels', true, { ...both, wanted: cancel(1, 1) }),
    made('4: A and R mixed, right only with the cofactor', false, { ...both, wanted: remain(1, 1) }),
    made('5: A mixed, R pure, right only with the cofactor', false, { ...pure, a: both.a, wanted: remain(0, 1) }),
    made('5, where the challenge is a multiple of eight', true, { ...pure, a: both.a, wanted: cancel(0, 1) }),
    made('A pure, R mixed, right only with the cofactor', false, { ...pure, r: both.r }),
    made('6: S + L', false, { ...pure, more: ORDER }),
    made('7: S + 13 L, with its highest bits set', false, { ...pure, more: 13n * ORDER }),
    made('S + 8 L', false, { ...pure, more: 8n * ORDER }),
    made('8: R is no encoding, and the proper one is hashed', false, {
      ...pure,
      r: IDENTITY_ABOVE_P,
      nonce: 0n,
      hashed: Point.ZERO.toBytes(),
    }),
    made('9: R is no encoding, and is hashed as it is', false, { ...pure, r: IDENTITY_ABOVE_P, nonce: 0n }),
    made('R is the identity with a sign', false, { ...pure, r: IDENTITY_NEGATIVE, nonce: 0n }),
    made('R is the identity', false, { ...pure, r: Point.ZERO.toBytes(), nonce: 0n }),
    made('10: A is no encoding: y = p + 1', false, { ...pure, a: IDENTITY_ABOVE_P, secret: 0n }),
    made('11: A is the identity with a sign', false, { ...pure, a: IDENTITY_NEGATIVE, secret: 0n }),
    made('A is the identity', false, { ...pure, a: Point.ZERO.toBytes(), secret: 0n }),
    made('A is p - 1, of order 2', false, {
      ...pure,
      a: littleEndian(P - 1n),
      secret: 0n,
      wanted: (k) => k % 2n === 0n,
    }),
    ...[...Array(8).keys()].map((t) =>
      made(`R of small order, ${t} times the torsion, under a pure key`, false, {
        ...pure,
        r: torsion(t).toBytes(),
        nonce: 0n,
      }),
    ),
  ]
}
