import { seededRandom } from '../../base/random.ts'
import { accept, type Result } from '../../base/result.ts'
import { didOf, parseDid } from '../../identity/did.ts'
import { createSigner, generateSecretKey } from '../../identity/signer.ts'
import { createVerifier } from '../../identity/verifier.ts'
import { createAuthority, resolveMessage } from '../../wire/authority.ts'
import { correspondent, type Decoded, decodeMessage, type MessageFault } from '../../wire/codec.ts'
import { createAssembler } from '../../wire/framing.ts'
import { shakeHands } from '../../wire/handshake.ts'
import { readHeader } from '../../wire/header.ts'
import { FRAME_BYTES_MAX, MESSAGE_BYTES_MAX } from '../../wire/limits.ts'
import { parseIncomingSignal, parseOutgoingSignal } from '../../wire/signals.ts'
import { mustHold, type Target, verdictOf } from '../target.ts'
import type { Traffic } from '../traffic.ts'

/** What comes over a channel, and over the rendezvous, from whoever dials. */
const verifier = createVerifier()
const signer = createSigner(generateSecretKey(seededRandom(5)))
const authority = createAuthority(signer, verifier)
const still = { nowMs: () => 0, wallMs: () => 0 }

/** A stream of frames, each behind its length in two bytes. */
export const framesTarget = ({ messages }: Traffic): Target => ({
  name: 'frames',
  about: 'the cutting of messages into frames (wire/framing.ts)',
  cost: 1,
  seeds: messages.filter(({ length }) => length < 2_000).map((message) => concatFrames([message])),
  judge(input) {
    const assembler = createAssembler(still)
    let verdict = 'nothing'
    for (let at = 0; at + 2 <= input.length; ) {
      const length = ((input[at] ?? 0) << 8) | (input[at + 1] ?? 0)
      // A length of all ones stands for a full frame, which no input has room for.
      const frame =
        length === 0xffff
          ? new Uint8Array(FRAME_BYTES_MAX).fill(input[0] ?? 0)
          : input.subarray(at + 2, at + 2 + length)
      at += 2 + length
      const added = assembler.add(frame)
      if (!added.ok) return verdictOf(added)
      mustHold((added.value?.length ?? 0) <= MESSAGE_BYTES_MAX, 'a message longer than a message may be')
      verdict = added.value ? 'taken' : 'more to come'
    }
    return verdict
  },
})

const concatFrames = (frames: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(frames.flatMap((frame) => [frame.length >> 8, frame.length & 0xff, ...frame]))

/** A message as whoever its header names would send it: who holds the session is not what is tried here. */
export function readMessage(input: Uint8Array): Result<Decoded, MessageFault | 'DID'> {
  const header = readHeader(input)
  if (!header.ok) return header
  const did = parseDid(didOf(Uint8Array.from(header.value.hostKey)))
  return did.ok ? decodeMessage(input, correspondent(did.value, header.value.age)) : did
}

/** Whole messages, with the signatures in them. */
export const messagesTarget = ({ messages }: Traffic): Target => ({
  name: 'messages',
  about: 'header, body and signed statements of messages (wire/codec.ts, schemas.ts, authority.ts)',
  cost: 4,
  seeds: messages.filter(({ length }) => length < 16_000),
  async judge(input) {
    const decoded = readMessage(input)
    if (!decoded.ok) return verdictOf(decoded)
    return `${decoded.value.message.kind} ${decoded.value.message.name} ${verdictOf(await resolveMessage(authority, decoded.value.message))}`
  },
})

export const handshakesTarget = ({ handshakes }: Traffic): Target => ({
  name: 'handshakes',
  about: 'the words before a session (wire/handshake.ts)',
  cost: 40,
  seeds: handshakes.map((frame) => concatFrames([frame])),
  async judge(input) {
    const frames: Uint8Array[] = []
    for (let at = 0; at + 2 <= input.length; ) {
      const length = ((input[at] ?? 0) << 8) | (input[at + 1] ?? 0)
      frames.push(input.subarray(at + 2, at + 2 + length))
      at += 2 + length
    }
    const outcome = await shakeHands(
      {
        send: () => undefined,
        next: async () =>
          frames.length > 0 ? accept(frames.shift() ?? input) : { ok: false, code: 'CLOSED', reason: 'no more' },
      },
      {
        role: 'acceptor',
        self: { did: signer.did, age: 1 },
        expect: null,
        fingerprints: { local: new Uint8Array(32), remote: new Uint8Array(32) },
        authority,
        random: seededRandom(1),
      },
    )
    mustHold(!outcome.ok, 'hands were shaken with nobody')
    return verdictOf(outcome)
  },
})

const connection = { type: 'data', connectionId: 'dc_1' }
const SIGNALS = [
  { type: 'HEARTBEAT' },
  { type: 'OPEN' },
  {
    type: 'OFFER',
    dst: 'z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
    payload: {
      sdp: { type: 'offer', sdp: 'v=0\r\n' },
      label: 'a',
      reliable: true,
      serialization: 'raw',
      ...connection,
    },
  },
  {
    type: 'ANSWER',
    src: 'z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
    payload: { sdp: { type: 'answer', sdp: 'v=0\r\n' }, ...connection },
  },
  {
    type: 'CANDIDATE',
    dst: 'z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
    payload: {
      candidate: { candidate: 'candidate:1 1 UDP 1 127.0.0.1 1 typ host', sdpMid: '0', sdpMLineIndex: 0 },
      ...connection,
    },
  },
  { type: 'ERROR', payload: { msg: 'no' } },
]

export const signalsTarget = (): Target => ({
  name: 'signals',
  about: 'what goes through the rendezvous (wire/signals.ts)',
  cost: 1,
  seeds: SIGNALS.map((signal) => new TextEncoder().encode(JSON.stringify(signal))),
  judge(input) {
    const text = new TextDecoder().decode(input)
    const outgoing = parseOutgoingSignal(text)
    let value: unknown = null
    try {
      value = JSON.parse(text)
    } catch {
      return verdictOf(outgoing)
    }
    const incoming = parseIncomingSignal(value)
    return outgoing.ok || incoming.ok ? 'taken' : `${verdictOf(outgoing)} / ${verdictOf(incoming)}`
  },
})
