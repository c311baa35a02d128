import { hash } from 'node:crypto'
import { type Bytes, lendEqualBytes } from '../../base/bytes.ts'
import { lendSha256, lendTextSha256 } from '../../base/digest.ts'

/**
 * Node's own SHA-256 and comparison for the core: a large checkpoint is hashed by the thousand pages, and every message is
 * compared with its canonical form. Called once, before a host starts.
 */
export function lendNativeHash(): void {
  lendSha256((bytes) => new Uint8Array(hash('sha256', bytes, 'buffer')) as Bytes)
  lendTextSha256((text) => hash('sha256', text, 'hex'))
  lendEqualBytes((a, b) => Buffer.compare(a, b) === 0)
}
