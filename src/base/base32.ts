import type { Bytes } from './bytes.ts'

/**
 * Base32 of RFC 4648 section 6 in lower case without padding, as multibase "b" has it. Names of blocks are made and taken
 * apart by the ten thousand when a large heap moves, where the library's way through a bit buffer and text pieces shows.
 */
const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567'
const CODES = Uint8Array.from(LETTERS, (letter) => letter.charCodeAt(0))
/** Value by character code; 255 for what is no letter. */
const VALUES = new Uint8Array(128).fill(255)
for (const [value, code] of CODES.entries()) VALUES[code] = value

export function encodeBase32(bytes: Uint8Array): string {
  const codes: number[] = []
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      codes.push(CODES[(held >> bits) & 31] ?? 0)
    }
  }
  if (bits > 0) codes.push(CODES[(held << (5 - bits)) & 31] ?? 0)
  return String.fromCharCode(...codes)
}

/** Null where a character is no letter, or the bits behind the last byte are not zero: one byte string has one text. */
export function decodeBase32(text: string): Bytes | null {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8))
  let bits = 0
  let held = 0
  let at = 0
  for (let i = 0; i < text.length; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? 255
    if (value === 255) return null
    held = ((held << 5) | value) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (held >> bits) & 255
    }
  }
  return bits >= 5 || (held & ((1 << bits) - 1)) !== 0 ? null : bytes
}
