import { assert } from '../base/assert.ts'
import type { Bytes } from '../base/bytes.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { MESSAGE_BYTES_MAX } from './limits.ts'

/**
 * The paper's header, in bytes: magic, version, kind, total length, host, age, sequence number, message id, and in
 * replies the sequence replied to and an error code. Big-endian, fixed offsets; PROTOCOL.md has the table.
 * Knows numbers only: which names they stand for is the codec's business.
 */
export const MAGIC = 0x534a // "SJ"
export const VERSION = 1

export const KIND_REQUEST = 1
export const KIND_REPLY = 2
export const KIND_ASYNC = 3
export const KIND_HELLO = 16
export const KIND_PROOF = 17
export const KIND_ABORT = 18

export const HEADER_BYTES = 54
export const REPLY_HEADER_BYTES = 64

const HOST_KEY_OFFSET = 8
export const HOST_KEY_BYTES = 32

/** Magic, version and kind: what every frame that begins something starts with, in a handshake too. */
export const PREAMBLE_BYTES = 4

export interface RawHeader {
  readonly kind: typeof KIND_REQUEST | typeof KIND_REPLY | typeof KIND_ASYNC
  /** The sender's public key, 32 bytes. */
  readonly hostKey: Uint8Array
  readonly age: number
  readonly sequence: number
  readonly messageId: number
  /** Replies only; 0 otherwise. */
  readonly to: number
  /** Replies only; 0 = no error. */
  readonly errorId: number
}

export type HeaderFault = 'MAGIC' | 'VERSION' | 'KIND' | 'LENGTH' | 'HEADER'

export const headerBytes = (kind: number): number => (kind === KIND_REPLY ? REPLY_HEADER_BYTES : HEADER_BYTES)

export function writePreamble(bytes: Uint8Array, kind: number): void {
  put16(bytes, 0, MAGIC)
  bytes[2] = VERSION
  bytes[3] = kind
}

/** The kind of a frame that begins something. Version before anything else, so that a newer host is told so by name. */
export function readPreamble(frame: Uint8Array): Result<number, 'MAGIC' | 'VERSION'> {
  if (frame.length < PREAMBLE_BYTES)
    return refuse('MAGIC', `frameBytes ${frame.length} < PREAMBLE_BYTES ${PREAMBLE_BYTES}`)
  const magic = get16(frame, 0)
  if (magic !== MAGIC) return refuse('MAGIC', `magic 0x${magic.toString(16)} != 0x${MAGIC.toString(16)}`)
  const version = frame[2]
  if (version !== VERSION) return refuse('VERSION', `version ${version} != ${VERSION}`)
  return accept(frame[3] ?? 0)
}

/** The header and room for the body behind it, which the caller fills. */
export function writeHeader(header: RawHeader, bodyBytes: number): Bytes {
  const size = headerBytes(header.kind)
  const total = size + bodyBytes
  assert(total <= MESSAGE_BYTES_MAX, `messageBytes ${total} > MESSAGE_BYTES_MAX ${MESSAGE_BYTES_MAX}`)
  assert(header.hostKey.length === HOST_KEY_BYTES, `hostKeyBytes ${header.hostKey.length} != ${HOST_KEY_BYTES}`)
  const message = new Uint8Array(total)
  writePreamble(message, header.kind)
  put32(message, 4, total)
  message.set(header.hostKey, HOST_KEY_OFFSET)
  put32(message, 40, header.age)
  writeWhole(message, 44, header.sequence)
  put16(message, 52, header.messageId)
  if (header.kind === KIND_REPLY) {
    writeWhole(message, 54, header.to)
    put16(message, 62, header.errorId)
  }
  return message
}

/**
 * The length a message announces in its first frame, checked against the limit before anything is allocated for it.
 * Needs no more than the fixed part; the rest of the header is read when the message is whole.
 */
export function announcedBytes(firstFrame: Uint8Array): Result<number, HeaderFault> {
  const preamble = readPreamble(firstFrame)
  if (!preamble.ok) return preamble
  const kind = preamble.value
  if (kind !== KIND_REQUEST && kind !== KIND_REPLY && kind !== KIND_ASYNC)
    return refuse('KIND', `kind ${kind} is not a message`)
  const least = headerBytes(kind)
  if (firstFrame.length < least) return refuse('LENGTH', `frameBytes ${firstFrame.length} < header ${least}`)
  const announced = get32(firstFrame, 4)
  if (announced > MESSAGE_BYTES_MAX)
    return refuse('LENGTH', `announcedBytes ${announced} > MESSAGE_BYTES_MAX ${MESSAGE_BYTES_MAX}`)
  if (announced < least) return refuse('LENGTH', `announcedBytes ${announced} < header ${least}`)
  return accept(announced)
}

/** The header of a whole message. The announced length must be the real one. */
export function readHeader(message: Uint8Array): Result<RawHeader, HeaderFault> {
  const announced = announcedBytes(message)
  if (!announced.ok) return announced
  if (announced.value !== message.length)
    return refuse('LENGTH', `announcedBytes ${announced.value} != messageBytes ${message.length}`)
  const kind = message[3] as RawHeader['kind']
  const hostKey = message.subarray(HOST_KEY_OFFSET, HOST_KEY_OFFSET + HOST_KEY_BYTES)
  const age = get32(message, 40)
  if (age === 0) return refuse('HEADER', 'age 0 < 1')
  const sequence = readWhole(message, 44)
  if (sequence === 0 || !Number.isSafeInteger(sequence))
    return refuse('HEADER', `sequence ${sequence} is not in 1..2^53-1`)
  const reply = kind === KIND_REPLY
  const to = reply ? readWhole(message, 54) : 0
  if (reply && (to === 0 || !Number.isSafeInteger(to))) return refuse('HEADER', `reply to ${to} is not in 1..2^53-1`)
  return accept({
    kind,
    hostKey,
    age,
    sequence,
    messageId: get16(message, 52),
    to,
    errorId: reply ? get16(message, 62) : 0,
  })
}

/** The sequence number of a message of which nothing but its length has been looked at: whether it is worth reading. */
export const sequenceOf = (message: Uint8Array): number => readWhole(message, 44)

/** 64 bits that are a safe integer; what is none comes out as some number that is none either. */
const readWhole = (bytes: Uint8Array, at: number): number => get32(bytes, at) * 2 ** 32 + get32(bytes, at + 4)

function writeWhole(bytes: Uint8Array, at: number, value: number): void {
  put32(bytes, at, Math.floor(value / 2 ** 32))
  put32(bytes, at + 4, value % 2 ** 32)
}

// Byte by byte: a DataView for each message costs more than all that is read and written through it.

const get16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)

const get32 = (bytes: Uint8Array, at: number): number => get16(bytes, at) * 0x10000 + get16(bytes, at + 2)

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

function put32(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, value >>> 16)
  put16(bytes, at + 2, value)
}
