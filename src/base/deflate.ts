import type { Result } from './result.ts'

/**
 * DEFLATE (RFC 1951) without a wrapper, lent by the platform: every realm has a native one, and on checkpoints it is as
 * quick as anything else that could be shipped (docs/BENCHMARKS.md). It may work off the caller's thread.
 */
export interface Deflate {
  deflate(bytes: Uint8Array): Promise<Uint8Array>
  /**
   * Refuses what would become longer than `bytesMax` (counted while it comes out, so a bomb costs no more than that), what
   * ends in the middle, what is garbage, and what is followed by anything.
   */
  inflate(bytes: Uint8Array, bytesMax: number): Promise<Result<Uint8Array, 'DEFLATE'>>
}
