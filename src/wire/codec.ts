import * as v from 'valibot'
import { assert } from '../base/assert.ts'
import { type Bytes, equalBytes } from '../base/bytes.ts'
import { decode, encode } from '../base/codec.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { type Did, publicKeyOf } from '../identity/did.ts'
import { type AllegedMessage, isSealed, replaceObjects } from './alleged.ts'
import { type Schema, violation } from './fields.ts'
import {
  type HeaderFault,
  headerBytes,
  KIND_ASYNC,
  KIND_REPLY,
  KIND_REQUEST,
  type RawHeader,
  readHeader,
  writeHeader,
} from './header.ts'
import { NOTE_CHARS_MAX } from './limits.ts'
import { asyncId, asyncName, errorCode, errorId, requestId, requestName } from './message-ids.ts'
import type { Header, Message } from './messages.ts'
import { ASYNC_SCHEMAS, ERROR_BODY, REQUEST_SCHEMAS } from './schemas.ts'

/**
 * Messages to bytes and back. What comes out of `decodeMessage` has the right shape and size and comes from the host
 * of this session, but its envelopes are alleged: their signatures are checked by the authority, not here.
 */

/** One end of a session, with its key ready to be compared and written. */
export interface Correspondent {
  readonly did: Did
  readonly age: number
  readonly key: Uint8Array
}

export const correspondent = (did: Did, age: number): Correspondent => ({ did, age, key: publicKeyOf(did) })

export type MessageFault = HeaderFault | 'UNKNOWN_MESSAGE' | 'ENCODING' | 'BODY'

/** Throws an AssertionError above MESSAGE_BYTES_MAX: whoever fills a message keeps to the limits of limits.ts. */
export function encodeMessage(from: Correspondent, sequence: number, message: Message): Bytes {
  assert(Number.isSafeInteger(sequence) && sequence > 0, `sequence ${sequence} is not in 1..2^53-1`)
  const body = encode(bodyOf(message))
  const { kind, messageId, to, errorId } = numbersOf(message)
  const header = { kind, hostKey: from.key, age: from.age, sequence, messageId, to, errorId }
  const bytes = writeHeader(header, body.length)
  bytes.set(body, bytes.length - body.length)
  return bytes
}

export interface Decoded {
  readonly header: Header
  readonly message: AllegedMessage
}

/** `from` is the host that the handshake has proved: a header that names another is refused. */
export function decodeMessage(bytes: Uint8Array, from: Correspondent): Result<Decoded, MessageFault> {
  const raw = readHeader(bytes)
  if (!raw.ok) return raw
  if (!equalBytes(raw.value.hostKey, from.key))
    return refuse('HEADER', `host is not ${from.did}, who holds this session`)
  if (raw.value.age !== from.age) return refuse('HEADER', `age ${raw.value.age} != ${from.age} of this session`)
  const body = decode(bytes.subarray(headerBytes(raw.value.kind)))
  if (!body.ok) return body
  const message = readBody(raw.value, body.value)
  if (!message.ok) return message
  return accept({ header: { host: from.did, age: from.age, sequence: raw.value.sequence }, message: message.value })
}

type Numbers = Pick<RawHeader, 'kind' | 'messageId' | 'to' | 'errorId'>

function numbersOf(message: Message): Numbers {
  switch (message.kind) {
    case 'request':
      return { kind: KIND_REQUEST, messageId: requestId(message.name), to: 0, errorId: 0 }
    case 'reply':
      return { kind: KIND_REPLY, messageId: requestId(message.name), to: message.to, errorId: 0 }
    case 'error':
      return { kind: KIND_REPLY, messageId: requestId(message.name), to: message.to, errorId: errorId(message.code) }
    case 'async':
      return { kind: KIND_ASYNC, messageId: asyncId(message.name), to: 0, errorId: 0 }
  }
}

/** Sealed statements travel as their envelopes alone: the receiver opens them itself. */
function bodyOf(message: Message): unknown {
  if (message.kind === 'error') return { reason: message.reason.slice(0, NOTE_CHARS_MAX) }
  return replaceObjects(message.body, (part) => (isSealed(part) ? part.envelope : undefined))
}

function readBody(header: RawHeader, body: unknown): Result<AllegedMessage, MessageFault> {
  if (header.kind === KIND_ASYNC) {
    const name = asyncName(header.messageId)
    if (name === null) return unknownMessage(header)
    return parse<unknown>(
      ASYNC_SCHEMAS[name],
      body,
      name,
      (value) => ({ kind: 'async', name, body: value }) as AllegedMessage,
    )
  }
  const name = requestName(header.messageId)
  if (name === null) return unknownMessage(header)
  if (header.kind === KIND_REQUEST) {
    return parse<unknown>(
      REQUEST_SCHEMAS[name].ask,
      body,
      name,
      (value) => ({ kind: 'request', name, body: value }) as AllegedMessage,
    )
  }
  const { to } = header
  if (header.errorId === 0) {
    return parse<unknown>(
      REQUEST_SCHEMAS[name].answer,
      body,
      name,
      (value) => ({ kind: 'reply', name, to, body: value }) as AllegedMessage,
    )
  }
  const code = errorCode(header.errorId)
  if (code === null) return refuse('UNKNOWN_MESSAGE', `error id ${header.errorId} stands for no code`)
  return parse(ERROR_BODY, body, name, ({ reason }) => ({ kind: 'error', name, to, code, reason }))
}

const unknownMessage = (header: RawHeader): Result<never, MessageFault> =>
  refuse('UNKNOWN_MESSAGE', `message id ${header.messageId} of kind ${header.kind} stands for no message`)

function parse<T>(
  schema: Schema<T>,
  body: unknown,
  name: string,
  build: (value: T) => AllegedMessage,
): Result<AllegedMessage, MessageFault> {
  const result = v.safeParse(schema, body, { abortEarly: true })
  if (!result.success) return refuse('BODY', violation(result.issues, name))
  return accept(build(result.output))
}
