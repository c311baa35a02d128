import * as v from 'valibot'
import { accept, type Result, refuse } from '../base/result.ts'
import { violation } from './fields.ts'
import { CANDIDATE_CHARS_MAX, SDP_CHARS_MAX, SIGNAL_BYTES_MAX } from './limits.ts'

/**
 * What hosts and the rendezvous say to each other: PeerJS's messages (peerjs 1.5.5, `ServerMessageType`), as far as
 * data channels need them. Both ends decode with this file, because PeerJS itself dies of an OFFER without a payload.
 * Fields that are not named here are dropped on the way through.
 */
const connectionId = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_-]{1,64}$/, 'connectionId is not 1..64 of A-Z a-z 0-9 _ -'),
)
const address = v.pipe(
  v.string(),
  v.regex(/^z[1-9A-HJ-NP-Za-km-z]{40,60}$/, 'address is not the multibase part of a did:key'),
)

const description = <Type extends 'offer' | 'answer'>(type: Type) =>
  v.object({ type: v.literal(type), sdp: v.pipe(v.string(), v.minLength(1), v.maxLength(SDP_CHARS_MAX)) })

const candidate = v.object({
  candidate: v.pipe(v.string(), v.maxLength(CANDIDATE_CHARS_MAX)),
  sdpMid: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(16)))),
  sdpMLineIndex: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(16)))),
  usernameFragment: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(256)))),
})

const OFFER = v.object({
  type: v.literal('OFFER'),
  payload: v.object({
    sdp: description('offer'),
    type: v.literal('data'),
    connectionId,
    label: v.pipe(v.string(), v.maxLength(64)),
    reliable: v.boolean(),
    serialization: v.picklist(['raw', 'json', 'binary', 'binary-utf8']),
  }),
})
const ANSWER = v.object({
  type: v.literal('ANSWER'),
  payload: v.object({ sdp: description('answer'), type: v.literal('data'), connectionId }),
})
const CANDIDATE = v.object({
  type: v.literal('CANDIDATE'),
  payload: v.object({ candidate, type: v.literal('data'), connectionId }),
})

const to = v.object({ dst: address })
const from = v.object({ src: address })

/** From a host: something for another host, or a sign of life. */
const OUTGOING = v.variant('type', [
  v.object({ type: v.literal('HEARTBEAT') }),
  v.object({ ...OFFER.entries, ...to.entries }),
  v.object({ ...ANSWER.entries, ...to.entries }),
  v.object({ ...CANDIDATE.entries, ...to.entries }),
])
export type OutgoingSignal = v.InferOutput<typeof OUTGOING>

const said = v.object({ msg: v.pipe(v.string(), v.maxLength(512)) })

/** To a host. LEAVE is not among them: a rendezvous must not be able to end a data channel. */
const INCOMING = v.variant('type', [
  v.object({ type: v.literal('OPEN') }),
  v.object({ type: v.literal('ERROR'), payload: said }),
  v.object({ type: v.literal('ID-TAKEN'), payload: v.optional(said) }),
  v.object({ type: v.literal('EXPIRE'), ...from.entries }),
  v.object({ ...OFFER.entries, ...from.entries }),
  v.object({ ...ANSWER.entries, ...from.entries }),
  v.object({ ...CANDIDATE.entries, ...from.entries }),
])
export type IncomingSignal = v.InferOutput<typeof INCOMING>

export type SignalFault = 'SIZE' | 'JSON' | 'SIGNAL'

/** At the rendezvous: one WebSocket text from a host. */
export function parseOutgoingSignal(text: string): Result<OutgoingSignal, SignalFault> {
  if (text.length > SIGNAL_BYTES_MAX)
    return refuse('SIZE', `signalBytes ${text.length} > SIGNAL_BYTES_MAX ${SIGNAL_BYTES_MAX}`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return refuse('JSON', 'signal is not JSON')
  }
  return check(OUTGOING, value)
}

/** At a host: what PeerJS has parsed from the rendezvous' text. */
export const parseIncomingSignal = (value: unknown): Result<IncomingSignal, SignalFault> => check(INCOMING, value)

function check<T>(schema: v.GenericSchema<unknown, T>, value: unknown): Result<T, 'SIGNAL'> {
  const result = v.safeParse(schema, value, { abortEarly: true })
  return result.success ? accept(result.output) : refuse('SIGNAL', violation(result.issues, 'signal'))
}
