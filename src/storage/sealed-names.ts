import { type Bytes, concatBytes, equalBytes, fromUtf8, utf8 } from '../base/bytes.ts'
import { type Hash, hmacSha256 } from '../base/hmac.ts'

/**
 * Names of records as they lie on the disk of a host that seals what it keeps. Up to the first slash a key stays as it is:
 * what kinds of record there are is no secret. Each part behind it is replaced by a text that says nothing without the
 * host's key: a block's name is the hash of its contents, by which others could tell what this host has. One name has one
 * such text, or it would not be found again; so equal names on one disk are seen to be equal, and their lengths are.
 *
 * A synthetic initialisation vector (as RFC 5297 has it) over the part and all before it is the key stream's beginning and
 * the proof that the text is whole.
 */
export interface SealedNames {
  seal(key: string): string
  /** Null for what this key has not sealed. */
  open(sealed: string): string | null
}

const TAG_BYTES = 12

export function sealedNames(secret: Uint8Array, hash?: Hash): SealedNames {
  const derive = hmacSha256(secret, hash)
  const tagOf = hmacSha256(derive(utf8('tag')), hash)
  const stream = hmacSha256(derive(utf8('stream')), hash)

  const tag = (before: string, part: Uint8Array): Bytes =>
    tagOf(utf8(before), Uint8Array.of(0), part).subarray(0, TAG_BYTES) as Bytes

  /** Its own inverse. */
  const mask = (vector: Uint8Array, bytes: Uint8Array): Bytes => {
    const masked = Uint8Array.from(bytes)
    for (let at = 0; at < bytes.length; at += 32) {
      const key = stream(vector, Uint8Array.of(at / 32))
      for (let i = at; i < Math.min(at + 32, bytes.length); i++) masked[i] = (masked[i] ?? 0) ^ (key[i - at] ?? 0)
    }
    return masked
  }

  const sealPart = (before: string, text: string): string => {
    const part = utf8(text)
    const vector = tag(before, part)
    return toText(concatBytes(vector, mask(vector, part)))
  }

  const openPart = (before: string, text: string): string | null => {
    const bytes = fromText(text)
    if (!bytes || bytes.length < TAG_BYTES) return null
    const vector = bytes.subarray(0, TAG_BYTES)
    const part = mask(vector, bytes.subarray(TAG_BYTES))
    return equalBytes(tag(before, part), vector) ? fromUtf8(part) : null
  }

  return {
    seal(key) {
      const [kind = '', ...parts] = key.split('/')
      let before = kind
      let sealed = kind
      for (const part of parts) {
        sealed += `/${sealPart(before, part)}`
        before += `/${part}`
      }
      return sealed
    },
    open(sealed) {
      const [kind = '', ...parts] = sealed.split('/')
      let key = kind
      for (const part of parts) {
        const opened = openPart(key, part)
        if (opened === null) return null
        key += `/${opened}`
      }
      return key
    },
  }
}

/** What of a prefix can be looked for among sealed names: its whole parts. The rest is seen once they are open. */
export const wholeParts = (prefix: string): string =>
  prefix.includes('/') ? prefix.slice(0, prefix.lastIndexOf('/')) : prefix

/** Base64 for URLs (RFC 4648 section 5), without padding: printable, and without a slash. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const VALUES = new Map([...LETTERS].map((letter, value) => [letter, value]))

function toText(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + 3)
    const group = (a << 16) | (b << 8) | c
    const letters = Math.min(4, bytes.length - at + 1)
    for (let i = 0; i < letters; i++) text += LETTERS[(group >> (18 - 6 * i)) & 63]
  }
  return text
}

function fromText(text: string): Bytes | null {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let held = 0
  let bits = 0
  let at = 0
  for (const letter of text) {
    const value = VALUES.get(letter)
    if (value === undefined) return null
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = (held >> bits) & 255
  }
  return toText(bytes) === text ? bytes : null
}
