import { INPUT_BYTES_MAX } from './limits.ts'

/**
 * One campaign in a thread of its own, which can be ended when an input hangs it. What it works on stands in memory that is
 * shared with whoever started it: the number of the input, its length, its bytes.
 */
export interface Assignment {
  readonly target: string
  readonly corpus: readonly Uint8Array[]
  readonly seed: number
  readonly inputs: number
  readonly board: SharedArrayBuffer
}

/** What comes back. */
export interface Found {
  readonly inputs: number
  readonly verdicts: ReadonlyMap<string, number>
  readonly fresh: readonly { readonly input: Uint8Array; readonly verdict: string }[]
  readonly fault: { readonly input: Uint8Array; readonly reason: string } | null
  readonly grownBytes: number
}

export const BOARD_BYTES = 8 + INPUT_BYTES_MAX
