import { sha256 } from '@noble/hashes/sha2.js'
import { type Bytes, concatBytes } from './bytes.ts'

/** What computes SHA-256: a platform may have a faster one than the library. */
export type Hash = (bytes: Uint8Array) => Uint8Array

/** HMAC-SHA-256 (RFC 2104) under one key, of the parts one after another; with the platform's SHA-256 where it has one. */
export function hmacSha256(key: Uint8Array, hash: Hash = sha256): (...parts: readonly Uint8Array[]) => Bytes {
  const block = new Uint8Array(BLOCK_BYTES)
  block.set(key.length > BLOCK_BYTES ? hash(key) : key)
  const inner = block.map((byte) => byte ^ 0x36)
  const outer = block.map((byte) => byte ^ 0x5c)
  return (...parts) => Uint8Array.from(hash(concatBytes(outer, hash(concatBytes(inner, ...parts)))))
}

/** Of SHA-256. */
const BLOCK_BYTES = 64
