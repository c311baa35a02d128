import { assert } from '../base/assert.ts'
import { type Bytes, concatBytes, equalBytes, utf8 } from '../base/bytes.ts'

/**
 * What a signature is about. The tag is signed with the payload, so a signature over one kind of statement is worth
 * nothing over another, whatever the bytes (THREATS 36). Everything that Sojourn ever signs is in this list.
 */
export const DOMAINS = [
  'bundle', // a manifest, by its author
  'checkpoint', // an agent's state, by its holder
  'handshake', // a session, by both hosts
  'rendezvous', // the challenge of the rendezvous, by a host
  'ready',
  'release',
  'vote',
  'launch',
  'founded', // what an agent's chain begins with, by its home
  'command',
  'ucan', // a permit, or an invocation of one: other people's format, which says itself what it is
  'description', // of a host, by itself
  'mandate', // of a host, by whom it speaks for
  'ban', // of a host or author, by an administrator
  'revocation', // of a permit, by one of its issuers
  'receipt', // a segment of an agent's run, by its holder
  'verdict', // what came of running a segment again, by an auditor
  'claim', // where a segment stood at so much fuel, by its holder
  'name', // what a registered name means, by the keeper of the agent that has it
] as const
export type Domain = (typeof DOMAINS)[number]

/**
 * How the bytes of every permit begin: a map of two, `h`, and the eight bytes of its signature's kind (Ed25519, SHA-512,
 * DAG-CBOR); then comes the format's own name. Permits are UCANs, which other tools read, so nothing of ours stands before
 * what they sign. Nothing else that a key of ours signs begins with such a byte (0xa2): it begins with the "s" of "sojourn"
 * (0x73). So no signature over the one is one over the other, and this key signs nothing that begins with neither.
 */
export const UCAN_HEAD: Bytes = Uint8Array.of(0xa2, 0x61, 0x68, 0x48, 0x34, 0x01, 0xed, 0x01, 0xed, 0x01, 0x13, 0x71)

export const beginsAsUcan = (payload: Uint8Array): boolean =>
  equalBytes(payload.subarray(0, UCAN_HEAD.length), UCAN_HEAD)

/** The bytes under a signature: utf8("sojourn/v1/" + domain), a zero byte, the payload's length as u32 big-endian, the payload. A permit's: the payload. */
export function signedMessage(domain: Domain, payload: Uint8Array): Bytes {
  assert(payload.length <= 0xffffffff, `payloadBytes ${payload.length} > u32`)
  if (domain === 'ucan') {
    assert(beginsAsUcan(payload), 'a permit begins with its head')
    return Uint8Array.from(payload)
  }
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, payload.length)
  return concatBytes(utf8(`sojourn/v1/${domain}`), Uint8Array.of(0), length, payload)
}
