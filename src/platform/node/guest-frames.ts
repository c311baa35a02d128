import { accept, type Result, refuse } from '../../base/result.ts'

/**
 * Messages between a host and a guest in another process: what the structured clone brings between threads, as bytes. JSON,
 * with bytes beside it and marks for what JSON has no form of. Not V8's own serialisation: the guest's end is hostile, and
 * that reader was made for friends. What comes out is judged by the same parser as a thread's message (sandbox/protocol.ts).
 *
 * A frame: length of the JSON and of the bytes, 32 bits each, little-endian; the JSON, UTF-8; the bytes.
 */
const HEAD_BYTES = 8

/** Nested values of one message: an image is five deep. */
const NESTING_MAX = 16

/** Messages of the protocol have no key that begins like this, and keep those they were given in maps. */
type Mark =
  | { readonly $bytes: number }
  | { readonly $words: number }
  | { readonly $floats: number }
  | { readonly $whole: string }
  | { readonly $number: string }
  | { readonly $map: readonly unknown[] }

/** In pieces, so that a large memory is not copied once more. */
export function frameOf(message: unknown): readonly Uint8Array[] {
  const beside: Uint8Array[] = []
  const json = new TextEncoder().encode(JSON.stringify(marked(message, beside)))
  const head = new DataView(new ArrayBuffer(HEAD_BYTES))
  head.setUint32(0, json.length, true)
  head.setUint32(
    4,
    beside.reduce((sum, { length }) => sum + length, 0),
    true,
  )
  return [new Uint8Array(head.buffer), json, ...beside]
}

function marked(value: unknown, beside: Uint8Array[]): unknown {
  if (typeof value === 'bigint') return { $whole: `${value}` } satisfies Mark
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : ({ $number: Object.is(value, -0) ? '-0' : `${value}` } satisfies Mark)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) {
    beside.push(value)
    return { $bytes: value.length } satisfies Mark
  }
  if (value instanceof Uint32Array) {
    beside.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
    return { $words: value.length } satisfies Mark
  }
  if (value instanceof Float64Array) {
    beside.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
    return { $floats: value.length } satisfies Mark
  }
  if (value instanceof Map) return { $map: [...value].map((entry) => marked(entry, beside)) } satisfies Mark
  if (Array.isArray(value)) return value.map((part) => marked(part, beside))
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, marked(part, beside)]))
}

/** What one message may bring. */
export interface FrameBounds {
  /** Bytes; more is refused as soon as it is announced. */
  bytesMax: number
  /** Values in its JSON; more is refused before it is parsed. */
  readonly valuesMax: number
}

/** Puts frames together again. After a refusal the stream has no meaning any more. */
export class FrameReader {
  readonly bounds: FrameBounds
  #parts: Uint8Array[] = []
  #length = 0
  /** Of the frame that is coming, once its head is here. */
  #jsonBytes: number | null = null
  #wanted = HEAD_BYTES

  constructor(bounds: FrameBounds) {
    this.bounds = bounds
  }

  /** The messages that are whole with these bytes. */
  take(chunk: Uint8Array): Result<readonly unknown[], 'FRAME'> {
    this.#parts.push(chunk)
    this.#length += chunk.length
    const messages: unknown[] = []
    const { bytesMax, valuesMax } = this.bounds
    while (this.#length >= this.#wanted) {
      const all = this.#joined()
      if (this.#jsonBytes === null) {
        const head = new DataView(all.buffer, all.byteOffset, HEAD_BYTES)
        this.#jsonBytes = head.getUint32(0, true)
        this.#wanted = HEAD_BYTES + this.#jsonBytes + head.getUint32(4, true)
        if (this.#wanted > bytesMax) return refuse('FRAME', `frameBytes ${this.#wanted} > ${bytesMax}`)
        continue
      }
      const besideAt = HEAD_BYTES + this.#jsonBytes
      const json = all.subarray(HEAD_BYTES, besideAt)
      if (!hasAtMost(valuesMax, json)) return refuse('FRAME', `more than ${valuesMax} values in a message`)
      const message = messageOf(json, all.subarray(besideAt, this.#wanted))
      if (!message.ok) return message
      messages.push(message.value)
      this.#parts = [all.subarray(this.#wanted)]
      this.#length -= this.#wanted
      this.#jsonBytes = null
      this.#wanted = HEAD_BYTES
    }
    return accept(messages)
  }

  #joined(): Uint8Array {
    const [first] = this.#parts
    if (first && this.#parts.length === 1) return first
    const all = new Uint8Array(this.#length)
    let at = 0
    for (const part of this.#parts) {
      all.set(part, at)
      at += part.length
    }
    this.#parts = [all]
    return all
  }
}

const [QUOTE, BACKSLASH, COMMA, BRACKET, BRACE] = [0x22, 0x5c, 0x2c, 0x5b, 0x7b]

/** Three bytes of JSON become an array of dozens: what a message grows to is known from this, not from its length. */
function hasAtMost(valuesMax: number, json: Uint8Array): boolean {
  if (json.length <= valuesMax) return true
  let values = 1
  let inText = false
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]
    if (byte === QUOTE) inText = !inText
    else if (inText && byte === BACKSLASH) at += 1
    else if (!inText && (byte === COMMA || byte === BRACKET || byte === BRACE)) values += 1
    if (values > valuesMax) return false
  }
  return true
}

function messageOf(json: Uint8Array, beside: Uint8Array): Result<unknown, 'FRAME'> {
  let at = 0
  const bytesNext = (length: unknown, unit: number): ArrayBuffer => {
    const bytes = typeof length === 'number' ? length * unit : Number.NaN
    if (!Number.isSafeInteger(bytes) || bytes < 0 || at + bytes > beside.length)
      throw new Unreadable('bytes that are not there')
    at += bytes
    return Uint8Array.from(beside.subarray(at - bytes, at)).buffer
  }
  const read = (value: unknown, depth: number): unknown => {
    if (depth > NESTING_MAX) throw new Unreadable(`nesting > NESTING_MAX ${NESTING_MAX}`)
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map((part) => read(part, depth + 1))
    const [[key, content] = []] = Object.entries(value)
    switch (key) {
      case '$bytes':
        return new Uint8Array(bytesNext(content, 1))
      case '$words':
        return new Uint32Array(bytesNext(content, 4))
      case '$floats':
        return new Float64Array(bytesNext(content, 8))
      case '$whole':
        return wholeOf(content)
      case '$number':
        return Number(content)
      case '$map':
        return new Map(read(content, depth + 1) as [unknown, unknown][])
      default:
        return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, read(part, depth + 1)]))
    }
  }
  try {
    const message = read(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json)), 0)
    return at === beside.length ? accept(message) : refuse('FRAME', 'bytes beside that no part of the message is')
  } catch (error) {
    return refuse('FRAME', error instanceof Error ? error.message : 'unreadable')
  }
}

class Unreadable extends Error {
  override readonly name = 'Unreadable'
}

/** Digits of a number that a message may have; turning long texts into numbers takes time with their square. */
const DIGITS_MAX = 20

function wholeOf(content: unknown): bigint {
  if (typeof content !== 'string' || !/^-?\d{1,20}$/.test(content))
    throw new Unreadable(`a whole number of over ${DIGITS_MAX} digits`)
  return BigInt(content)
}
