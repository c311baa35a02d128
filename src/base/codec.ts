import { decode as decodeDagCbor, encode as encodeDagCbor } from '@ipld/dag-cbor'
import { type Bytes, equalBytes } from './bytes.ts'
import { decodePlain, encodePlain } from './plain-cbor.ts'
import { accept, type Result, refuse } from './result.ts'

/**
 * Canonical DAG-CBOR (https://ipld.io/specs/codecs/dag-cbor/spec/): one value, one byte string.
 * The library's decoder takes other key orders and short floats, so decoding re-encodes and compares:
 * what passes here is exactly what `encode` would have written. What is plain and certainly canonical is written and read
 * without it (plain-cbor.ts).
 */
export function encode(value: unknown): Bytes {
  return encodePlain(value) ?? encodeAny(value)
}

function encodeAny(value: unknown): Bytes {
  const bytes = encodeDagCbor(value) as Bytes
  // The library hands out views of its pool, and Buffers in Node, whose `slice` does not copy: ours are whole and plain.
  return bytes.constructor === Uint8Array && bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}

/** Nesting allowed in anything that comes from outside; bounds recursion in the decoder (THREATS 35). */
export const CBOR_DEPTH_MAX = 32

export function decode(bytes: Uint8Array): Result<unknown, 'ENCODING'> {
  const plain = decodePlain(bytes)
  if (plain) return accept(plain.value)
  const tooDeep = nestingExceeds(bytes, CBOR_DEPTH_MAX)
  if (tooDeep) return refuse('ENCODING', `nesting > CBOR_DEPTH_MAX ${CBOR_DEPTH_MAX}`)
  let value: unknown
  let again: Bytes
  try {
    value = decodeDagCbor(bytes)
    again = encodeAny(value)
  } catch (error) {
    return refuse('ENCODING', error instanceof Error ? error.message : 'does not decode')
  }
  if (!equalBytes(again, bytes)) return refuse('ENCODING', 'encoding is not canonical')
  return accept(value)
}

/** Walks the heads of CBOR items (RFC 8949 section 3) without recursion or allocation beyond one counter a level. */
function nestingExceeds(bytes: Uint8Array, depthMax: number): boolean {
  const open: number[] = []
  let at = 0
  while (at < bytes.length) {
    const head = bytes[at++] ?? 0
    const major = head >> 5
    const info = head & 31
    let argument = info
    if (info >= 24 && info <= 27) {
      const size = 1 << (info - 24)
      argument = 0
      for (let i = 0; i < size; i++) argument = argument * 256 + (bytes[at + i] ?? 0)
      at += size
    }
    if (major === 2 || major === 3) at += argument
    const children = major === 4 ? argument : major === 5 ? argument * 2 : major === 6 ? 1 : 0
    if (children > 0) {
      open.push(children)
      if (open.length > depthMax) return true
      continue
    }
    while (open.length > 0) {
      const left = (open.pop() ?? 0) - 1
      if (left > 0) {
        open.push(left)
        break
      }
    }
  }
  return false
}
