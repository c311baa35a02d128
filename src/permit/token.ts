import type { Bytes } from '../base/bytes.ts'
import { decode, encode } from '../base/codec.ts'
import { type Result, refuse } from '../base/result.ts'
import { bytes, list, misshapen, reading, text, tuple, whole } from '../base/shape.ts'
import { type Did, parseDid } from '../identity/did.ts'
import { UCAN_HEAD } from '../identity/domain.ts'
import { SIGNATURE_BYTES } from '../identity/limits.ts'
import type { Signer } from '../identity/signer.ts'
import type { Verifier } from '../identity/verifier.ts'
import { NONCE_BYTES_MAX, NONCE_BYTES_MIN, PERMIT_BYTES_MAX, SECONDS_MAX } from './limits.ts'

/**
 * The envelope of UCAN 1.0, of delegations and invocations alike: canonical DAG-CBOR of
 * `[signature, { h: varsig header, "ucan/dlg@1.0.0": payload }]`. What is signed is the map, and it is verified as the
 * bytes that came. The only kind of signature taken is Ed25519 over DAG-CBOR (identity/domain.ts says why a signature of
 * another kind of ours can never stand here); the name beside the header tells a delegation from an invocation.
 */
export type Tag = 'ucan/dlg@1.0.0' | 'ucan/inv@1.0.0'

export interface Token {
  readonly payload: unknown
  readonly signature: Uint8Array
  /** The bytes under the signature. */
  readonly signed: Uint8Array
}

export type TokenFault = 'SIZE' | 'ENCODING' | 'SHAPE' | 'SIGNATURE'

/** Head of a list of two and of 64 bytes: where the map begins. */
const SIGNED_AT = 1 + 2 + SIGNATURE_BYTES

const HEADER = UCAN_HEAD.subarray(4)

/** Reads, and verifies nothing. */
export function parseToken(token: Uint8Array, tag: Tag): Result<Token, TokenFault> {
  if (token.length > PERMIT_BYTES_MAX)
    return refuse('SIZE', `permitBytes ${token.length} > PERMIT_BYTES_MAX ${PERMIT_BYTES_MAX}`)
  const decoded = decode(token)
  if (!decoded.ok) return decoded
  const read = reading('SHAPE', () => {
    const [signature, body] = tuple(decoded.value, 'permit', 2)
    const fields = mapOf(body, 'permit', ['h', tag])
    const header = bytes(fields.h, 'h', HEADER.length)
    if (header.length !== HEADER.length || !header.every((byte, at) => byte === HEADER[at]))
      misshapen('h is not Ed25519 over DAG-CBOR')
    return {
      payload: fields[tag],
      signature: bytes(signature, 'signature', SIGNATURE_BYTES),
      signed: token.subarray(SIGNED_AT),
    }
  })
  if (!read.ok || read.value.signature.length === SIGNATURE_BYTES) return read
  return refuse('SIGNATURE', `signatureBytes ${read.value.signature.length} != ${SIGNATURE_BYTES}`)
}

export async function sealToken(signer: Signer, tag: Tag, payload: Readonly<Record<string, unknown>>): Promise<Bytes> {
  const signed = encode({ h: HEADER, [tag]: payload })
  const signature = await signer.sign('ucan', signed)
  return encode([signature, { h: HEADER, [tag]: payload }])
}

export const isSignedBy = (verifier: Verifier, issuer: Did, { signed, signature }: Token): Promise<boolean> =>
  verifier.verify(issuer, 'ucan', signed, signature)

/** A map with all of `required`, perhaps some of `optional`, and nothing else. */
export function mapOf<R extends string, O extends string = never>(
  value: unknown,
  what: string,
  required: readonly R[],
  optional: readonly O[] = [],
): Readonly<Record<R, unknown> & Partial<Record<O, unknown>>> {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return misshapen(`${what} is not a map`)
  for (const key of required) if (!Object.hasOwn(value, key)) return misshapen(`${what} has no "${key}"`)
  const known: readonly string[] = [...required, ...optional]
  const extra = Object.keys(value).find((key) => !known.includes(key))
  if (extra !== undefined) return misshapen(`${what} has an unknown field "${extra.slice(0, 32)}"`)
  return value as Readonly<Record<R, unknown> & Partial<Record<O, unknown>>>
}

export function readDid(value: unknown, what: string): Did {
  const did = parseDid(text(value, what, 80))
  return did.ok ? did.value : misshapen(`${what}: ${did.reason}`)
}

export function readNonce(value: unknown): Uint8Array {
  const nonce = bytes(value, 'nonce', NONCE_BYTES_MAX)
  return nonce.length >= NONCE_BYTES_MIN ? nonce : misshapen(`nonceBytes ${nonce.length} < ${NONCE_BYTES_MIN}`)
}

/** UCAN dates are whole seconds since 1970. */
export const readSeconds = (value: unknown, what: string): number => whole(value, what, 0, SECONDS_MAX)

export const readProofs = (value: unknown, countMax: number): readonly unknown[] => list(value, 'prf', countMax)
