import { fromHex } from '../../base/bytes.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import { FINGERPRINT_BYTES } from '../../wire/limits.ts'

/**
 * The DTLS certificate that a session description binds its side to (RFC 8122). Strict: several fingerprints would let
 * a signaller show one to us and another to the browser, so all lines must be one and the same SHA-256.
 */
export function fingerprintOf(sdp: string): Result<Uint8Array, 'FINGERPRINT'> {
  const lines = Array.from(sdp.matchAll(/^a=fingerprint:(\S+) +(\S+)\s*$/gim), ([, hash = '', value = '']) => ({
    hash,
    value,
  }))
  const [first] = lines
  if (!first) return refuse('FINGERPRINT', 'description has no fingerprint')
  if (lines.some(({ hash }) => hash.toLowerCase() !== 'sha-256'))
    return refuse('FINGERPRINT', 'fingerprint is not a sha-256')
  if (lines.some(({ value }) => value.toUpperCase() !== first.value.toUpperCase())) {
    return refuse('FINGERPRINT', 'description has two different fingerprints')
  }
  const bytes = fromHex(first.value.replaceAll(':', ''))
  if (bytes?.length !== FINGERPRINT_BYTES) return refuse('FINGERPRINT', `fingerprint is not ${FINGERPRINT_BYTES} bytes`)
  return accept(bytes)
}
