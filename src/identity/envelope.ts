import type { Bytes } from '../base/bytes.ts'
import { decode, encode } from '../base/codec.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { type Did, parseDid } from './did.ts'
import type { Domain } from './domain.ts'
import { ENVELOPE_BYTES_MAX, SIGNATURE_BYTES } from './limits.ts'
import type { Signer } from './signer.ts'
import type { Verifier } from './verifier.ts'

/**
 * How a signed value travels: canonical DAG-CBOR of {payload, signature, signer}, where payload is the canonical
 * DAG-CBOR of the value. The payload's bytes are what was signed and what is verified; nothing is written anew to check
 * it. The envelope says who signed, never whether that somebody may: trust is decided elsewhere.
 */
export interface Opened {
  readonly value: unknown
  readonly signer: Did
  /** The signed bytes, as they came. */
  readonly payload: Bytes
}

export type EnvelopeFault = 'SIZE' | 'ENCODING' | 'DID' | 'SIGNATURE'

export async function sealEnvelope(signer: Signer, domain: Domain, value: unknown): Promise<Bytes> {
  const payload = encode(value)
  return encode({ payload, signature: await signer.sign(domain, payload), signer: signer.did })
}

/** Cheap checks first: size, shape, key; then the signature; only then is the payload decoded. */
export async function openEnvelope(
  verifier: Verifier,
  domain: Domain,
  bytes: Uint8Array,
): Promise<Result<Opened, EnvelopeFault>> {
  const parts = parseEnvelope(bytes)
  if (!parts.ok) return parts
  const { payload, signature, signer } = parts.value
  if (!(await verifier.verify(signer, domain, payload, signature))) {
    return refuse('SIGNATURE', `signature is not ${signer}'s over this ${domain}`)
  }
  const value = decode(payload)
  if (!value.ok) return refuse('ENCODING', `payload: ${value.reason}`)
  return accept({ value: value.value, signer, payload })
}

export interface EnvelopeParts {
  readonly payload: Bytes
  readonly signature: Bytes
  readonly signer: Did
}

/** The parts of an envelope that nobody has verified: to learn what it links to before it can be, never to act on. */
export function parseEnvelope(bytes: Uint8Array): Result<EnvelopeParts, 'SIZE' | 'ENCODING' | 'DID'> {
  if (bytes.length > ENVELOPE_BYTES_MAX)
    return refuse('SIZE', `envelopeBytes ${bytes.length} > ENVELOPE_BYTES_MAX ${ENVELOPE_BYTES_MAX}`)
  const decoded = decode(bytes)
  if (!decoded.ok) return refuse('ENCODING', `envelope: ${decoded.reason}`)
  const envelope = decoded.value
  if (!isRecord(envelope) || Object.keys(envelope).sort().join() !== 'payload,signature,signer') {
    return refuse('ENCODING', 'envelope is not a map of payload, signature and signer')
  }
  const { payload, signature } = envelope
  if (!(payload instanceof Uint8Array)) return refuse('ENCODING', 'payload is not bytes')
  if (!(signature instanceof Uint8Array)) return refuse('ENCODING', 'signature is not bytes')
  if (signature.length !== SIGNATURE_BYTES)
    return refuse('ENCODING', `signatureBytes ${signature.length} != ${SIGNATURE_BYTES}`)
  const signer = parseDid(envelope.signer)
  if (!signer.ok) return signer
  return accept({ payload: payload as Bytes, signature: signature as Bytes, signer: signer.value })
}

/** A DAG-CBOR map, as opposed to a list, bytes or a link. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
