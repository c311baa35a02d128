import * as v from 'valibot'
import { type Bytes, concatBytes, equalBytes } from '../base/bytes.ts'
import { decode, encode } from '../base/codec.ts'
import type { Random } from '../base/random.ts'
import { accept, type Refusal, type Result, refuse } from '../base/result.ts'
import type { Did } from '../identity/did.ts'
import type { Authority } from './authority.ts'
import { type Correspondent, correspondent } from './codec.ts'
import * as f from './fields.ts'
import { KIND_ABORT, KIND_HELLO, KIND_PROOF, PREAMBLE_BYTES, readPreamble, writePreamble } from './header.ts'
import { FINGERPRINT_BYTES, HANDSHAKE_FRAME_BYTES_MAX, NONCE_BYTES } from './limits.ts'

/**
 * Who is at the other end of this very channel. Both hosts say HELLO at once, then each signs everything both have
 * said, with the two DTLS certificate fingerprints in it: a rendezvous that swaps ids or stands in the middle with
 * certificates of its own makes the signatures disagree (PROTOCOL.md, "Handshake"). Nothing else travels before.
 * Encrypts nothing: DTLS does. Decides nothing about trust: any key may come in.
 */
export type Role = 'dialler' | 'acceptor'

export const HANDSHAKE_FAULTS = [
  'IDENTITY', // not the host that was dialled, or not a usable key
  'FINGERPRINT', // the two ends see different certificates: somebody stands in between
  'VERSION',
  'REPLAY', // words of another session, or our own words reflected
  'SIGNATURE',
  'TIMEOUT',
  'MALFORMED',
  'CLOSED', // the channel ended first
  'REFUSED', // the other end refused us; the reason has its code
] as const
export type HandshakeFault = (typeof HANDSHAKE_FAULTS)[number]
export type HandshakeRefusal = Refusal<HandshakeFault>

/** The frames of a channel, one at a time. */
export interface Line {
  send(frame: Uint8Array): void
  next(): Promise<Result<Uint8Array, 'TIMEOUT' | 'CLOSED'>>
}

export interface HandshakeOptions {
  readonly role: Role
  readonly self: { readonly did: Did; readonly age: number }
  /** The host that was dialled, or that the rendezvous names as who comes in; null where nobody is named. */
  readonly expect: Did | null
  readonly fingerprints: { readonly local: Uint8Array; readonly remote: Uint8Array }
  readonly authority: Authority
  readonly random: Random
}

const HELLO = v.strictObject({
  role: v.picklist(['dialler', 'acceptor']),
  did: f.did,
  age: f.age,
  nonce: f.bytesUpTo(NONCE_BYTES),
  local: f.bytesUpTo(FINGERPRINT_BYTES),
  remote: f.bytesUpTo(FINGERPRINT_BYTES),
})
type Hello = v.InferOutput<typeof HELLO>

/** `answers` is the nonce of the HELLO that this proof answers. */
const PROOF = v.strictObject({ answers: f.bytesUpTo(NONCE_BYTES), signature: f.bytesUpTo(64) })
const ABORT = v.strictObject({ code: v.picklist(HANDSHAKE_FAULTS) })

export async function shakeHands(
  line: Line,
  options: HandshakeOptions,
): Promise<Result<Correspondent, HandshakeFault>> {
  const outcome = await converse(line, options)
  if (!outcome.ok && outcome.code !== 'CLOSED' && outcome.code !== 'REFUSED') {
    line.send(handshakeFrame(KIND_ABORT, { code: outcome.code }))
  }
  return outcome
}

async function converse(line: Line, options: HandshakeOptions): Promise<Result<Correspondent, HandshakeFault>> {
  const { role, self, authority } = options
  const ours: Hello = {
    role,
    did: self.did,
    age: self.age,
    nonce: options.random.bytes(NONCE_BYTES),
    local: options.fingerprints.local,
    remote: options.fingerprints.remote,
  }
  line.send(handshakeFrame(KIND_HELLO, ours))
  const theirs = await read(line, KIND_HELLO, HELLO)
  if (!theirs.ok) return theirs
  const fault = helloFault(ours, theirs.value, options.expect)
  if (fault) return fault

  const proof = await authority.prove(transcriptOf(role, ours, theirs.value))
  line.send(handshakeFrame(KIND_PROOF, { answers: theirs.value.nonce, signature: proof }))
  const answer = await read(line, KIND_PROOF, PROOF)
  if (!answer.ok) return answer
  if (!equalBytes(answer.value.answers, ours.nonce)) return refuse('REPLAY', 'proof answers another nonce than ours')
  const transcript = transcriptOf(theirs.value.role, ours, theirs.value)
  if (!(await authority.proves(theirs.value.did, transcript, answer.value.signature))) {
    return refuse('SIGNATURE', `signature is not ${theirs.value.did}'s over this handshake`)
  }
  return accept(correspondent(theirs.value.did, theirs.value.age))
}

/** Everything that can be seen without a signature, cheapest first. */
function helloFault(ours: Hello, theirs: Hello, expect: Did | null): HandshakeRefusal | null {
  if (theirs.nonce.length !== NONCE_BYTES)
    return refuse('MALFORMED', `nonceBytes ${theirs.nonce.length} != ${NONCE_BYTES}`)
  if (equalBytes(theirs.nonce, ours.nonce)) return refuse('REPLAY', 'their nonce is ours: a reflection')
  if (theirs.role === ours.role) return refuse('REPLAY', `both ends are the ${ours.role}: a reflection`)
  if (theirs.did === ours.did) return refuse('REPLAY', 'their did is ours')
  if (expect !== null && theirs.did !== expect) {
    const named = ours.role === 'dialler' ? 'dialled' : 'called by'
    return refuse('IDENTITY', `${named} ${expect}, found ${theirs.did}`)
  }
  if (!equalBytes(theirs.remote, ours.local)) return refuse('FINGERPRINT', 'they see another certificate than ours')
  if (!equalBytes(theirs.local, ours.remote)) return refuse('FINGERPRINT', 'we see another certificate than theirs')
  return null
}

/** What `signer` signs: its role, then both ends' words in role order, so that no signature fits the other end. */
function transcriptOf(signer: Role, ours: Hello, theirs: Hello): Bytes {
  const [dialler, acceptor] = ours.role === 'dialler' ? [ours, theirs] : [theirs, ours]
  return encode([
    'sojourn/handshake/1',
    signer,
    [dialler.did, dialler.age, dialler.nonce, dialler.local],
    [acceptor.did, acceptor.age, acceptor.nonce, acceptor.local],
  ])
}

function handshakeFrame(kind: number, body: unknown): Bytes {
  const preamble = new Uint8Array(PREAMBLE_BYTES)
  writePreamble(preamble, kind)
  return concatBytes(preamble, encode(body))
}

async function read<T>(line: Line, kind: number, schema: f.Schema<T>): Promise<Result<T, HandshakeFault>> {
  const frame = await line.next()
  if (!frame.ok) return frame
  return readHandshakeFrame(frame.value, kind, schema)
}

function readHandshakeFrame<T>(frame: Uint8Array, kind: number, schema: f.Schema<T>): Result<T, HandshakeFault> {
  if (frame.length > HANDSHAKE_FRAME_BYTES_MAX)
    return refuse('MALFORMED', `frameBytes ${frame.length} > HANDSHAKE_FRAME_BYTES_MAX ${HANDSHAKE_FRAME_BYTES_MAX}`)
  const found = readPreamble(frame)
  if (!found.ok) return refuse(found.code === 'VERSION' ? 'VERSION' : 'MALFORMED', found.reason)
  if (found.value === KIND_ABORT) return refuse('REFUSED', abortReason(frame))
  if (found.value !== kind) return refuse('MALFORMED', `kind ${found.value} != ${kind}`)
  const body = decode(frame.subarray(PREAMBLE_BYTES))
  if (!body.ok) return refuse('MALFORMED', body.reason)
  const value = v.safeParse(schema, body.value, { abortEarly: true })
  if (value.success) return accept(value.output)
  const reason = violation(value.issues)
  return refuse(reason.startsWith('handshake.did:') ? 'IDENTITY' : 'MALFORMED', reason)
}

const violation = (issues: readonly v.BaseIssue<unknown>[]): string => f.violation(issues, 'handshake')

/** What the other end says when it does not want us; also behind our own proof, when the session is open here already. */
export function abortReason(frame: Uint8Array): string {
  const body = decode(frame.subarray(PREAMBLE_BYTES, HANDSHAKE_FRAME_BYTES_MAX))
  const value = body.ok ? v.safeParse(ABORT, body.value) : null
  return value?.success ? `the other end refused: ${value.output.code}` : 'the other end refused and gave no code'
}
