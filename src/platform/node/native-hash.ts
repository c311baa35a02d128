import { createHash } from 'node:crypto'
import type { Bytes } from '../../base/bytes.ts'
import { lendSha256 } from '../../base/digest.ts'

/** Node's own SHA-256 for the core: pages of checkpoints are hashed by the hundred. Called once, before a host starts. */
export const lendNativeHash = (): void =>
  lendSha256((bytes) => Uint8Array.from(createHash('sha256').update(bytes).digest()) as Bytes)
