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

/** Of one block. Null in both forms for a page of zeros. */
interface Name {
  readonly digest: Uint8Array | null
  readonly cid: Cid | null
}

export interface Entry extends Name {
  readonly index: number
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

/**
 * What an earlier table had at this index. Most of a table is as it was: a name is made of a digest only where it differs,
 * since a text of 59 characters costs more than all else there is to do for an entry.
 */
export type NameBefore = (index: number) => Name | null | undefined

export function readTable(
  value: unknown,
  what: string,
  { entriesMax, indexEnd, codec }: TableBounds,
  before?: NameBefore,
): Entry[] {
  const table = record(value, what, ['at', 'digests'])
  const at = list(table.at, `${what}.at`, entriesMax)
  const digests = bytes(table.digests, `${what}.digests`, at.length * DIGEST_BYTES)
  if (digests.length !== at.length * DIGEST_BYTES)
    misshapen(`${what}.digests length ${digests.length} != ${at.length * DIGEST_BYTES}`)
  let last = -1
  return at.map((alleged, i) => {
    // Thousands of entries: what is said of a bad one is put into words only for a bad one.
    const index = isIndex(alleged, indexEnd) ? alleged : whole(alleged, `${what}.at[${i}]`, 0, indexEnd - 1)
    if (index <= last) misshapen(`${what}.at[${i}] ${index} does not ascend from ${last}`)
    last = index
    const known = before?.(index)
    if (known?.digest && isDigest(digests, i, known.digest)) return { index, digest: known.digest, cid: known.cid }
    const digest = isDigest(digests, i, ZEROS) ? null : digests.slice(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES)
    if (digest === null && codec !== CODEC_RAW) misshapen(`${what}.digests[${i}] is zero`)
    return { index, digest, cid: digest && cidOfDigest(digest, codec) }
  })
}

/** 0 is left to `whole`, which knows the two that there are. */
const isIndex = (value: unknown, end: number): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value < end

const ZEROS = new Uint8Array(DIGEST_BYTES)

/** Whether the digest is the one at this place of many. */
function isDigest(digests: Uint8Array, place: number, digest: Uint8Array): boolean {
  const start = place * DIGEST_BYTES
  for (let i = 0; i < DIGEST_BYTES; i++) if (digests[start + i] !== digest[i]) return false
  return true
}
