import { type Cid, CODEC_RAW, cidOfDigest } from '../base/digest.ts'
import { bytes, list, misshapen, record, whole } from '../base/shape.ts'

/**
 * One level of a page table: ascending indexes and the digest of the block at each. The same form serves a small
 * memory's whole table, one leaf of a large one, and the root's list of leaves.
 *
 * `digests` is the 32-byte SHA-256 digests one after another, in the order of `at`. Digests rather than IPLD links
 * because a large heap has thousands of them. A page of zeros has no block: its digest field is 32 zero bytes.
 */
export interface Table {
  readonly at: readonly number[]
  readonly digests: Uint8Array
}

export interface Entry {
  readonly index: number
  /** Null, like the name made of it, for a page of zeros. */
  readonly digest: Uint8Array | null
  readonly cid: Cid | null
}

const DIGEST_BYTES = 32

/** Entries come in ascending order of index. */
export function writeTable(entries: readonly { readonly index: number; readonly digest: Uint8Array | null }[]): Table {
  const digests = new Uint8Array(entries.length * DIGEST_BYTES)
  entries.forEach(({ digest }, i) => {
    if (digest) digests.set(digest, i * DIGEST_BYTES)
  })
  return { at: entries.map(({ index }) => index), digests }
}

export interface TableBounds {
  readonly entriesMax: number
  /** Every index lies below this. */
  readonly indexEnd: number
  /** Multicodec of the blocks that the digests name. */
  readonly codec: number
}

export function readTable(value: unknown, what: string, { entriesMax, indexEnd, codec }: TableBounds): Entry[] {
  const table = record(value, what, ['at', 'digests'])
  const at = list(table.at, `${what}.at`, entriesMax)
  const digests = splitDigests(table.digests, `${what}.digests`, at.length)
  let last = -1
  return digests.map((digest, i) => {
    const index = whole(at[i], `${what}.at[${i}]`, 0, indexEnd - 1)
    if (index <= last) misshapen(`${what}.at[${i}] ${index} does not ascend from ${last}`)
    last = index
    if (digest === null && codec !== CODEC_RAW) misshapen(`${what}.digests[${i}] is zero`)
    return { index, digest, cid: digest && cidOfDigest(digest, codec) }
  })
}

/** Cuts `count` digests out of one byte string; null where the field is zero. */
function splitDigests(value: unknown, what: string, count: number): (Uint8Array | null)[] {
  const digests = bytes(value, what, count * DIGEST_BYTES)
  if (digests.length !== count * DIGEST_BYTES) misshapen(`${what} length ${digests.length} != ${count * DIGEST_BYTES}`)
  return Array.from({ length: count }, (_, i) => {
    const digest = digests.subarray(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES)
    return digest.some((byte) => byte !== 0) ? digest : null
  })
}
