import { base58btc } from 'multiformats/bases/base58'
import type { Bytes } from '../base/bytes.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { publicKeyFault } from './public-key.ts'

/** An Ed25519 public key as did:key text (https://w3c-ccg.github.io/did-key-spec/). Names hosts and authors alike. */
export type Did = string & { readonly brand: 'Did' }

/** Multicodec ed25519-pub, as a varint. */
const ED25519_PUB = [0xed, 0x01] as const

export const didOf = (publicKey: Uint8Array): Did =>
  `did:key:${base58btc.encode(Uint8Array.of(...ED25519_PUB, ...publicKey))}` as Did

/**
 * Dids that have passed, so that the same key is not looked for on the curve (90 µs) each time a message names it. A
 * did is good or not for ever; a stranger who makes up many only costs the others their short cut.
 */
const passed = new Set<string>()
const PASSED_MAX = 4096

/** Parses and checks once; inside, a Did is a usable key. Small-order keys are refused: one signature of theirs fits all. */
export function parseDid(text: unknown): Result<Did, 'DID'> {
  if (typeof text !== 'string' || text.length > 80) return refuse('DID', 'did is not a text of at most 80 characters')
  if (passed.has(text)) return accept(text as Did)
  if (!text.startsWith('did:key:z')) return refuse('DID', `"${text}" does not start with did:key:z`)
  let bytes: Uint8Array
  try {
    bytes = base58btc.decode(text.slice('did:key:'.length))
  } catch {
    return refuse('DID', `"${text}" is not base58btc`)
  }
  if (bytes[0] !== ED25519_PUB[0] || bytes[1] !== ED25519_PUB[1])
    return refuse('DID', `"${text}" is not an Ed25519 key`)
  if (bytes.length !== 34) return refuse('DID', `keyBytes ${bytes.length - 2} != 32`)
  const fault = publicKeyFault(bytes.subarray(2))
  if (fault) return refuse('DID', fault)
  if (passed.size >= PASSED_MAX) passed.clear()
  passed.add(text)
  return accept(text as Did)
}

export const publicKeyOf = (did: Did): Bytes =>
  Uint8Array.from(base58btc.decode(did.slice('did:key:'.length)).subarray(2))

/** The rendezvous address of a host: the multibase part, which is all PeerJS allows in an id. */
export const addressOf = (did: Did): string => did.slice('did:key:'.length)

/** For people: enough of the key to tell hosts apart on one screen. */
export const shortDid = (did: Did): string => did.slice(-6)
