import type { Bytes } from '../base/bytes.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { appendVarint, readVarint } from './varint.ts'

/**
 * A block as its difference to another: (skip, length, bytes) runs over the other's bytes, cut or filled with zeros to the
 * block's own length. Pages of a program that goes on differ in some ten bytes, so this is what makes a hop back small.
 * Knows nothing of pages; whether the result is the block that was wanted, its hash tells.
 */

/** Equal bytes between two runs that are cheaper to repeat than to skip: two varints, most often of one byte each. */
const GAP_BYTES = 3

/** Null where the difference is no shorter than half the block: then the block itself compresses about as well. */
export function writeDelta(before: Uint8Array, after: Uint8Array): Uint8Array | null {
  const delta: number[] = []
  const bytesMax = after.length / 2
  let end = 0
  let at = nextDifference(before, after, 0)
  while (at < after.length) {
    let last = at
    for (let i = at + 1; i < after.length && i - last <= GAP_BYTES + 1; i++) if (after[i] !== (before[i] ?? 0)) last = i
    const length = last + 1 - at
    if (delta.length + length > bytesMax) return null
    appendVarint(delta, at - end)
    appendVarint(delta, length)
    for (let i = at; i <= last; i++) delta.push(after[i] ?? 0)
    end = last + 1
    at = nextDifference(before, after, end)
  }
  return delta.length > bytesMax ? null : Uint8Array.from(delta)
}

function nextDifference(before: Uint8Array, after: Uint8Array, from: number): number {
  let at = from
  while (at < after.length && after[at] === (before[at] ?? 0)) at++
  return at
}

export function applyDelta(before: Uint8Array, delta: Uint8Array, afterBytes: number): Result<Bytes, 'DELTA'> {
  const after = new Uint8Array(afterBytes)
  after.set(before.subarray(0, Math.min(before.length, afterBytes)))
  const reader = { bytes: delta, at: 0 }
  let end = 0
  while (reader.at < delta.length) {
    const skip = readVarint(reader)
    const length = readVarint(reader)
    if (skip === null || length === null || length === 0) return refuse('DELTA', 'a run of a delta is malformed')
    const from = end + skip
    end = from + length
    if (end > afterBytes) return refuse('DELTA', `a run of a delta ends at ${end} > ${afterBytes}`)
    if (reader.at + length > delta.length) return refuse('DELTA', 'a delta ends in the middle of a run')
    after.set(delta.subarray(reader.at, reader.at + length), from)
    reader.at += length
  }
  return accept(after)
}
