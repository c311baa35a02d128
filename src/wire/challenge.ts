import { base64url } from 'multiformats/bases/base64'
import { type Bytes, concatBytes } from '../base/bytes.ts'
import { encode } from '../base/codec.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { addressOf, type Did, parseDid } from '../identity/did.ts'
import type { Signer } from '../identity/signer.ts'
import type { Verifier } from '../identity/verifier.ts'

/**
 * How a host shows the rendezvous that an address is its own: a signature over the rendezvous' nonce, the rendezvous'
 * name and the address, carried in the `token` that PeerJS sends anyway. The name is the `host[:port]` that the host
 * connects to, so that a rendezvous cannot use the answer at another one.
 */
export const CHALLENGE_NONCE_BYTES = 40
const SIGNATURE_BYTES = 64

const transcript = (nonce: Uint8Array, rendezvous: string, address: string): Bytes =>
  encode(['sojourn/rendezvous/1', nonce, rendezvous.toLowerCase(), address])

/** The token: base64url of nonce ‖ signature. */
export async function answerChallenge(signer: Signer, nonce: Uint8Array, rendezvous: string): Promise<string> {
  const signature = await signer.sign('rendezvous', transcript(nonce, rendezvous, addressOf(signer.did)))
  return base64url.baseEncode(concatBytes(nonce, signature))
}

export const nonceText = (nonce: Uint8Array): string => base64url.baseEncode(nonce)

/** Null where the text is no nonce. */
export function parseNonce(text: unknown): Bytes | null {
  if (typeof text !== 'string' || text.length > 80) return null
  const bytes = decodeBase64url(text)
  return bytes?.length === CHALLENGE_NONCE_BYTES ? bytes : null
}

export interface ChallengeAnswer {
  readonly did: Did
  readonly address: string
  readonly nonce: Bytes
  /** Whether the owner of the address has signed. Costs a signature check: look at the nonce first. */
  isSigned(verifier: Verifier, rendezvous: string): Promise<boolean>
}

/** Reads what a host sends as PeerJS's `id` and `token`. Nothing is verified yet. */
export function parseChallengeAnswer(address: unknown, token: unknown): Result<ChallengeAnswer, 'ADDRESS' | 'TOKEN'> {
  if (typeof address !== 'string') return refuse('ADDRESS', 'no id')
  const did = parseDid(`did:key:${address}`)
  if (!did.ok) return refuse('ADDRESS', did.reason)
  if (typeof token !== 'string' || token.length > 200)
    return refuse('TOKEN', 'token is not a text of at most 200 characters')
  const bytes = decodeBase64url(token)
  if (bytes?.length !== CHALLENGE_NONCE_BYTES + SIGNATURE_BYTES) {
    return refuse('TOKEN', 'token is not base64url of a nonce and a signature')
  }
  const nonce = bytes.slice(0, CHALLENGE_NONCE_BYTES)
  const signature = bytes.slice(CHALLENGE_NONCE_BYTES)
  return accept({
    did: did.value,
    address,
    nonce,
    isSigned: (verifier, rendezvous) =>
      verifier.verify(did.value, 'rendezvous', transcript(nonce, rendezvous, address), signature),
  })
}

function decodeBase64url(text: string): Bytes | null {
  try {
    return Uint8Array.from(base64url.baseDecode(text))
  } catch {
    return null
  }
}
