import type { Bytes } from './bytes.ts'

/**
 * Canonical DAG-CBOR of what nearly everything is made of: maps with text keys, lists, texts, bytes, whole numbers, 64-bit
 * floats, true, false, null. One pass and no tokens, some five times as quick as the library. Whatever is anything else, or
 * not certainly canonical, is not decided here: then both answer `null`, and the library has the word (codec.ts).
 */

/** Nesting up to which it is done here. */
const DEPTH_MAX = 32

/** What does not fit grows; larger buffers than this are not kept. */
const KEPT_BYTES_MAX = 1024 * 1024

let buffer = new Uint8Array(16 * 1024)
let view = new DataView(buffer.buffer)
let at = 0

/** Null for what is not plain. */
export function encodePlain(value: unknown): Bytes | null {
  at = 0
  const isPlain = write(value, 0)
  const bytes = isPlain ? buffer.slice(0, at) : null
  if (buffer.length > KEPT_BYTES_MAX) grow(16 * 1024)
  return bytes
}

function grow(size: number): void {
  const next = new Uint8Array(size)
  next.set(buffer.subarray(0, Math.min(at, size)))
  buffer = next
  view = new DataView(buffer.buffer)
}

function room(bytes: number): void {
  if (at + bytes > buffer.length) grow(2 * (at + bytes))
}

function write(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      return writeText(value)
    case 'number':
      return writeNumber(value)
    case 'boolean':
      return writeSimple(value ? 0xf5 : 0xf4)
    case 'object':
      if (value === null) return writeSimple(0xf6)
      if (depth >= DEPTH_MAX) return false
      if (value instanceof Uint8Array) return writeBytes(value)
      if (Array.isArray(value)) return writeList(value, depth)
      return Object.getPrototypeOf(value) === Object.prototype && writeMap(value as Record<string, unknown>, depth)
    default:
      return false
  }
}

function writeSimple(byte: number): true {
  room(1)
  buffer[at++] = byte
  return true
}

function writeHead(major: number, argument: number): void {
  room(9)
  if (argument < 24) buffer[at++] = major | argument
  else if (argument < 0x100) {
    buffer[at++] = major | 24
    buffer[at++] = argument
  } else if (argument < 0x10000) {
    buffer[at++] = major | 25
    buffer[at++] = argument >> 8
    buffer[at++] = argument & 255
  } else if (argument < 0x100000000) {
    buffer[at++] = major | 26
    view.setUint32(at, argument)
    at += 4
  } else {
    buffer[at++] = major | 27
    view.setUint32(at, Math.floor(argument / 0x100000000))
    view.setUint32(at + 4, argument % 0x100000000)
    at += 8
  }
}

function writeNumber(value: number): boolean {
  if (Number.isSafeInteger(value)) {
    if (value >= 0) writeHead(0x00, value)
    else writeHead(0x20, -1 - value)
    return true
  }
  // Whole numbers beyond the safe ones have forms of their own.
  if (!Number.isFinite(value) || Number.isInteger(value)) return false
  room(9)
  buffer[at++] = 0xfb
  view.setFloat64(at, value)
  at += 8
  return true
}

function writeText(text: string): boolean {
  const { length } = text
  // Most are short and ASCII: then their length in bytes is known before.
  const from = at
  writeHead(0x60, length)
  room(length)
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x80) {
      at = from
      return writeWideText(text)
    }
    buffer[at++] = unit
  }
  return true
}

function writeWideText(text: string): boolean {
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    // Pairs may be broken.
    if (unit >= 0xd800 && unit < 0xe000) return false
    bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3
  }
  writeHead(0x60, bytes)
  room(bytes)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) buffer[at++] = unit
    else if (unit < 0x800) {
      buffer[at++] = 0xc0 | (unit >> 6)
      buffer[at++] = 0x80 | (unit & 63)
    } else {
      buffer[at++] = 0xe0 | (unit >> 12)
      buffer[at++] = 0x80 | ((unit >> 6) & 63)
      buffer[at++] = 0x80 | (unit & 63)
    }
  }
  return true
}

function writeBytes(bytes: Uint8Array): true {
  writeHead(0x40, bytes.length)
  room(bytes.length)
  buffer.set(bytes, at)
  at += bytes.length
  return true
}

function writeList(list: readonly unknown[], depth: number): boolean {
  writeHead(0x80, list.length)
  for (let i = 0; i < list.length; i++) if (!write(list[i], depth + 1)) return false
  return true
}

function writeMap(map: Record<string, unknown>, depth: number): boolean {
  const keys = Object.keys(map)
  if (!sortKeys(keys)) return false
  writeHead(0xa0, keys.length)
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string
    writeText(key)
    if (!write(map[key], depth + 1)) return false
  }
  return true
}

/** By length, then by bytes. False where a key is not ASCII: then its length is another one. */
function sortKeys(keys: string[]): boolean {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string
    for (let k = 0; k < key.length; k++) if (key.charCodeAt(k) >= 0x80) return false
    let place = i
    while (place > 0 && isAfter(keys[place - 1] as string, key)) {
      keys[place] = keys[place - 1] as string
      place -= 1
    }
    keys[place] = key
    if (i > SORTED_MAX) return false
  }
  return true
}

/** So many keys are sorted by insertion. */
const SORTED_MAX = 64

const isAfter = (one: string, other: string): boolean =>
  one.length === other.length ? one > other : one.length > other.length

let source: Uint8Array = new Uint8Array()
let from = 0
/** What could not be read here. */
const STRANGE = Symbol('strange')

/** Null for what is not certainly plain and canonical; otherwise the value, in a box. */
export function decodePlain(bytes: Uint8Array): { readonly value: unknown } | null {
  source = bytes
  from = 0
  const value = read(0)
  const isWhole = from === bytes.length
  source = NOTHING
  return value === STRANGE || !isWhole ? null : { value }
}

const NOTHING = new Uint8Array()

function read(depth: number): unknown {
  const head = source[from++]
  if (head === undefined) return STRANGE
  const major = head >> 5
  if (major === 7) return readSimple(head)
  const argument = readArgument(head & 31)
  if (argument < 0) return STRANGE
  switch (major) {
    case 0:
      return argument
    case 1:
      return -1 - argument
    case 2: {
      const end = from + argument
      if (end > source.length) return STRANGE
      const bytes = new Uint8Array(argument)
      bytes.set(source.subarray(from, end))
      from = end
      return bytes
    }
    case 3:
      return readText(argument)
    case 4:
      return depth >= DEPTH_MAX ? STRANGE : readList(argument, depth)
    case 5:
      return depth >= DEPTH_MAX ? STRANGE : readMap(argument, depth)
    default:
      return STRANGE
  }
}

/** -1 for what is not the shortest form, or too large. */
function readArgument(info: number): number {
  if (info < 24) return info
  if (info === 24) {
    const value = source[from++] ?? 0
    return value < 24 ? -1 : value
  }
  if (info === 25) {
    const value = ((source[from] ?? 0) << 8) | (source[from + 1] ?? 0)
    from += 2
    return value < 0x100 ? -1 : value
  }
  if (info === 26) {
    const value = word()
    return value < 0x10000 ? -1 : value
  }
  if (info !== 27) return -1
  const high = word()
  const value = high * 0x100000000 + word()
  return high === 0 || value >= Number.MAX_SAFE_INTEGER ? -1 : value
}

function word(): number {
  const value =
    (source[from] ?? 0) * 0x1000000 +
    (((source[from + 1] ?? 0) << 16) | ((source[from + 2] ?? 0) << 8) | (source[from + 3] ?? 0))
  from += 4
  return value
}

function readSimple(head: number): unknown {
  if (head === 0xf6) return null
  if (head === 0xf5) return true
  if (head === 0xf4) return false
  if (head !== 0xfb || from + 8 > source.length) return STRANGE
  const value = new DataView(source.buffer, source.byteOffset + from, 8).getFloat64(0)
  from += 8
  return !Number.isFinite(value) || Number.isInteger(value) ? STRANGE : value
}

const LONG_TEXT_CHARS = 48
const decoder = new TextDecoder('utf-8', { fatal: true })

function readText(length: number): unknown {
  const end = from + length
  if (end > source.length) return STRANGE
  for (let i = from; i < end; i++) if ((source[i] as number) >= 0x80) return STRANGE
  const start = from
  from = end
  if (length > LONG_TEXT_CHARS) return decoder.decode(source.subarray(start, end))
  let text = ''
  for (let i = start; i < end; i++) text += String.fromCharCode(source[i] as number)
  return text
}

function readList(length: number, depth: number): unknown {
  // Each entry is a byte at least: or a few bytes would claim a list of millions.
  if (length > source.length - from) return STRANGE
  const list: unknown[] = []
  for (let i = 0; i < length; i++) {
    const entry = read(depth + 1)
    if (entry === STRANGE) return STRANGE
    list.push(entry)
  }
  return list
}

function readMap(length: number, depth: number): unknown {
  if (length > source.length - from) return STRANGE
  const map: Record<string, unknown> = {}
  let before: string | null = null
  for (let i = 0; i < length; i++) {
    const key = readKey()
    if (key === null || (before !== null && !isAfter(key, before))) return STRANGE
    before = key
    const value = read(depth + 1)
    if (value === STRANGE) return STRANGE
    map[key] = value
  }
  return map
}

/** The names of fields are few, and always the same. */
const KEYS = 1_024
const KEY_CHARS_MAX = 32
const keys: (string | undefined)[] = new Array(KEYS)

function readKey(): string | null {
  const head = source[from++] ?? 0
  if (head >> 5 !== 3) return null
  const length = readArgument(head & 31)
  const end = from + length
  if (length < 1 || length > KEY_CHARS_MAX || end > source.length) return null
  let hash = length
  for (let i = from; i < end; i++) {
    const byte = source[i] as number
    if (byte >= 0x80) return null
    hash = (Math.imul(hash, 31) + byte) | 0
  }
  const slot = (hash >>> 0) % KEYS
  const known = keys[slot]
  if (known !== undefined && isHere(known, length)) {
    from = end
    return known
  }
  let key = ''
  for (let i = from; i < end; i++) key += String.fromCharCode(source[i] as number)
  from = end
  // An object's own prototype is no field of it.
  if (key === '__proto__') return null
  keys[slot] = key
  return key
}

function isHere(text: string, length: number): boolean {
  if (text.length !== length) return false
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== source[from + i]) return false
  return true
}
