import { assert } from '../base/assert.ts'
import { type Bytes, concatBytes, utf8 } from '../base/bytes.ts'

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
  'command',
] as const
export type Domain = (typeof DOMAINS)[number]

/** The bytes under a signature: utf8("sojourn/v1/" + domain), a zero byte, the payload's length as u32 big-endian, the payload. */
export function signedMessage(domain: Domain, payload: Uint8Array): Bytes {
  assert(payload.length <= 0xffffffff, `payloadBytes ${payload.length} > u32`)
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, payload.length)
  return concatBytes(utf8(`sojourn/v1/${domain}`), Uint8Array.of(0), length, payload)
}
