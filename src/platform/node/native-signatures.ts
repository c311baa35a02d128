import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { Bytes } from '../../base/bytes.ts'
import { lendSign } from '../../identity/ed25519.ts'
import type { SubtlePort } from '../../identity/verifier.ts'

/**
 * Node's own Ed25519, for the core. The same OpenSSL as behind WebCrypto, but called at once: WebCrypto hands each of its
 * steps to another thread and back, which takes longer than the curve, and on a busy machine much longer.
 */
export function lendNativeSignatures(): void {
  const keys = new WeakMap<Uint8Array, KeyObject>()
  lendSign((message, seed) => {
    const key = keys.get(seed) ?? createPrivateKey({ key: der(PRIVATE_HEAD, seed), format: 'der', type: 'pkcs8' })
    keys.set(seed, key)
    return Uint8Array.from(sign(null, message, key)) as Bytes
  })
}

/** Keys that are kept ready; a host talks with fewer. The oldest goes first. */
const KEYS_MAX = 256

export function createNativeSubtle(): SubtlePort {
  const keys = new Map<string, KeyObject>()
  return {
    async importKey(_format, raw) {
      const name = Buffer.from(raw).toString('latin1')
      const key = keys.get(name) ?? createPublicKey({ key: der(PUBLIC_HEAD, raw), format: 'der', type: 'spki' })
      keys.set(name, key)
      if (keys.size > KEYS_MAX) keys.delete(keys.keys().next().value ?? name)
      return key
    },
    verify: async (_algorithm, key, signature, message) => verify(null, message, key as KeyObject, signature),
  }
}

/** What stands before the 32 bytes of an Ed25519 key in DER (RFC 8410, sections 4 and 7). */
const PRIVATE_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_HEAD = Buffer.from('302a300506032b6570032100', 'hex')

const der = (head: Buffer, key: Uint8Array): Buffer => Buffer.concat([head, key])
