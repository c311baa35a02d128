import { base64pad } from 'multiformats/bases/base64'
import type { Bytes } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import type { Result } from '../base/result.ts'
import { misshapen, reading, record, text } from '../base/shape.ts'
import { type Did, parseDid } from './did.ts'
import { ABOUT_CHARS_MAX, PUBLIC_KEY_BYTES, SEALED_BYTES_MAX, SEALED_TAG_BYTES } from './limits.ts'

/**
 * A value that one identity can read and everybody else carries unread (sealing.ts). Among JSON values it is
 * `{"$sealed": {about, box, key, to}}`, the two byte strings in base64 (RFC 4648 section 4): it passes through programs,
 * stories and files like any other.
 */
export interface SealedValue {
  readonly to: Did
  /** What it is for, in the clear and bound to the contents: who opens it looks whether that is what is asked of it. */
  readonly about: string
  /** The X25519 public key that was made for it. */
  readonly key: Bytes
  readonly box: Bytes
}

/** Seals one value after another to one reader. */
export type Sealer = (json: string, about: string) => SealedValue

/** sealing.ts's, for those who are lent it and do not load it. */
export type SealerTo = (reader: Did, random: Random) => Sealer

export const sealedJson = ({ to, about, key, box }: SealedValue): string =>
  JSON.stringify({ $sealed: { about, box: base64pad.baseEncode(box), key: base64pad.baseEncode(key), to } })

export function parseSealed(value: unknown): Result<SealedValue, 'SEALED'> {
  return reading('SEALED', () => {
    const parts = record(record(value, 'a sealed value', ['$sealed']).$sealed, '$sealed', ['about', 'box', 'key', 'to'])
    const to = parseDid(parts.to)
    if (!to.ok) return misshapen(`$sealed.to: ${to.reason}`)
    const key = base64(parts.key, 'key', PUBLIC_KEY_BYTES)
    if (key.length !== PUBLIC_KEY_BYTES) misshapen(`$sealed.key has ${key.length} bytes, not ${PUBLIC_KEY_BYTES}`)
    const box = base64(parts.box, 'box', SEALED_BYTES_MAX + SEALED_TAG_BYTES)
    if (box.length < SEALED_TAG_BYTES) misshapen(`$sealed.box has ${box.length} bytes < ${SEALED_TAG_BYTES}`)
    return { to: to.value, about: text(parts.about, '$sealed.about', ABOUT_CHARS_MAX), key, box }
  })
}

/** One byte string has one text: what does not encode to the same text again is refused. */
function base64(value: unknown, what: string, bytesMax: number): Bytes {
  const encoded = text(value, `$sealed.${what}`, Math.ceil(bytesMax / 3) * 4)
  let bytes: Bytes
  try {
    bytes = Uint8Array.from(base64pad.baseDecode(encoded))
  } catch {
    return misshapen(`$sealed.${what} is not base64`)
  }
  return base64pad.baseEncode(bytes) === encoded ? bytes : misshapen(`$sealed.${what} is not in canonical base64`)
}
