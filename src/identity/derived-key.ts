import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { type Bytes, utf8 } from '../base/bytes.ts'

/**
 * A symmetric key that belongs to an identity, 32 bytes, by HKDF-SHA-256 (RFC 5869) from its secret: it needs no keeping of
 * its own, and says nothing of the secret or of keys for other purposes.
 */
export const derivedKey = (secretKey: Uint8Array, purpose: 'store'): Bytes =>
  Uint8Array.from(hkdf(sha256, secretKey, undefined, utf8(`sojourn/v1/${purpose}`), 32))
