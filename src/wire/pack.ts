import { concatBytes } from '../base/bytes.ts'
import type { Deflate } from '../base/deflate.ts'
import { type Cid, CODEC_DAG_CBOR, CODEC_RAW, cidOfDigest, sha256 } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { applyDelta, writeDelta } from './block-delta.ts'
import { PACK_BLOCKS_BYTES_MAX, PACK_BYTES_MAX, PACK_RATIO_MAX } from './limits.ts'
import { appendVarint, readVarint } from './varint.ts'

/**
 * Blocks on their way, compressed together. Inside, one entry a block: its bytes, or its difference to a block that the
 * receiver has, or a note that it is not there. Names do not travel: the receiver makes them by hashing what it got, so a
 * block that is not what was wanted is simply another block. The hash is over the block, not over what travelled.
 */
export interface Pack {
  /** Length of the entries before compression: what the receiver lets come out, and not a byte more. */
  readonly byteLength: number
  readonly deflated: boolean
  readonly bytes: Uint8Array
}

/** One block to be packed; `before` is one that the receiver has and knows under that number. Null: it is not here. */
export type PackEntry = {
  readonly codec: number
  readonly bytes: Uint8Array
  readonly before: { readonly index: number; readonly bytes: Uint8Array } | null
} | null

/** Kinds of entries. */
const ABSENT = 0
const RAW = 1
const CBOR = 2
const RAW_DELTA = 3
const CBOR_DELTA = 4

/** Below this nothing is gained by compressing. */
const DEFLATE_BYTES_MIN = 64

/** The bytes of one entry; whoever fills a pack keeps their sum within PACK_BYTES_MAX, and the blocks' within PACK_BLOCKS_BYTES_MAX. */
export function encodeEntry(entry: PackEntry): readonly Uint8Array[] {
  if (!entry) return [Uint8Array.of(ABSENT)]
  const { codec, bytes, before } = entry
  const delta = before && writeDelta(before.bytes, bytes)
  const head: number[] = []
  if (before && delta) {
    head.push(codec === CODEC_RAW ? RAW_DELTA : CBOR_DELTA)
    appendVarint(head, before.index)
    appendVarint(head, bytes.length)
    appendVarint(head, delta.length)
    return [Uint8Array.from(head), delta]
  }
  head.push(codec === CODEC_RAW ? RAW : CBOR)
  appendVarint(head, bytes.length)
  return [Uint8Array.from(head), bytes]
}

/** `deflate` null: as they are. */
export async function sealPack(entries: readonly (readonly Uint8Array[])[], deflate: Deflate | null): Promise<Pack> {
  const plain = concatBytes(...entries.flat())
  const stored: Pack = { byteLength: plain.length, deflated: false, bytes: plain }
  if (!deflate || plain.length < DEFLATE_BYTES_MIN) return stored
  const bytes = await deflate.deflate(plain)
  // What shrinks by more than a receiver believes goes as it is.
  const worthIt = bytes.length < plain.length && plain.length <= bytes.length * PACK_RATIO_MAX
  return worthIt ? { byteLength: plain.length, deflated: true, bytes } : stored
}

export interface PackBounds {
  /** Bytes of one block. */
  readonly blockBytesMax: number
  /** Entries, and bytes of all blocks together once they are made whole again. */
  readonly entriesMax: number
  readonly bytesMax: number
}

export interface Unpacked {
  readonly cid: Cid
  readonly bytes: Uint8Array
}

/**
 * The blocks in the order of the entries, named by what they are; null where an entry says that it is not there. Their
 * bytes may be views of one another's buffer: thousands of buffers of a page each are what collecting garbage is slow at.
 */
export async function openPack(
  pack: Pack,
  before: (index: number) => Promise<Uint8Array | null>,
  bounds: PackBounds,
  deflate: Deflate,
): Promise<Result<readonly (Unpacked | null)[], 'PACK' | 'DEFLATE' | 'DELTA' | 'ROOM'>> {
  const plain = await inflatePack(pack, deflate)
  if (!plain.ok) return plain
  const reader = { bytes: plain.value, at: 0 }
  const blocks: (Unpacked | null)[] = []
  let room = bounds.bytesMax
  let packRoom = PACK_BLOCKS_BYTES_MAX
  while (reader.at < plain.value.length) {
    if (blocks.length >= bounds.entriesMax) return refuse('PACK', `entries > ${bounds.entriesMax}`)
    const head = readHead(reader)
    if (!head.ok) return head
    if (head.value === null) {
      blocks.push(null)
      continue
    }
    const { codec, index, blockBytes, entryBytes } = head.value
    if (blockBytes > bounds.blockBytesMax) return refuse('PACK', `blockBytes ${blockBytes} > ${bounds.blockBytesMax}`)
    room -= blockBytes
    if (room < 0) return refuse('ROOM', `bytes of the blocks > ${bounds.bytesMax}`)
    packRoom -= blockBytes
    if (packRoom < 0) return refuse('PACK', `bytes of the blocks > PACK_BLOCKS_BYTES_MAX ${PACK_BLOCKS_BYTES_MAX}`)
    const end = reader.at + entryBytes
    if (end > plain.value.length) return refuse('PACK', `entry ${blocks.length} ends beyond the pack`)
    const part = plain.value.subarray(reader.at, end)
    reader.at = end
    const whole = index === null ? accept(part) : await rebuild(await before(index), index, part, blockBytes)
    if (!whole.ok) return whole
    blocks.push({ cid: cidOfDigest(sha256(whole.value), codec), bytes: whole.value })
  }
  return accept(blocks)
}

async function inflatePack(
  { byteLength, deflated, bytes }: Pack,
  deflate: Deflate,
): Promise<Result<Uint8Array, 'PACK' | 'DEFLATE'>> {
  if (byteLength > PACK_BYTES_MAX) return refuse('PACK', `byteLength ${byteLength} > PACK_BYTES_MAX ${PACK_BYTES_MAX}`)
  if (deflated && byteLength > bytes.length * PACK_RATIO_MAX)
    return refuse('PACK', `byteLength ${byteLength} > PACK_RATIO_MAX ${PACK_RATIO_MAX} times ${bytes.length}`)
  const plain = deflated ? await deflate.inflate(bytes, byteLength) : accept(bytes)
  if (!plain.ok) return plain
  return plain.value.length === byteLength
    ? plain
    : refuse('PACK', `byteLength ${byteLength} != ${plain.value.length} that came`)
}

interface EntryHead {
  readonly codec: number
  /** Of the block that this one differs from; null where it is whole. */
  readonly index: number | null
  readonly blockBytes: number
  readonly entryBytes: number
}

function readHead(reader: { readonly bytes: Uint8Array; at: number }): Result<EntryHead | null, 'PACK'> {
  const kind = reader.bytes[reader.at++]
  if (kind === ABSENT) return accept(null)
  const isDelta = kind === RAW_DELTA || kind === CBOR_DELTA
  if (!isDelta && kind !== RAW && kind !== CBOR) return refuse('PACK', `entry kind ${kind} is none`)
  const index = isDelta ? readVarint(reader) : null
  const blockBytes = readVarint(reader)
  const entryBytes = isDelta ? readVarint(reader) : blockBytes
  if (blockBytes === null || entryBytes === null || (isDelta && index === null))
    return refuse('PACK', 'the head of an entry is malformed')
  return accept({
    codec: kind === RAW || kind === RAW_DELTA ? CODEC_RAW : CODEC_DAG_CBOR,
    index,
    blockBytes,
    entryBytes,
  })
}

async function rebuild(
  before: Uint8Array | null,
  index: number,
  delta: Uint8Array,
  blockBytes: number,
): Promise<Result<Uint8Array, 'PACK' | 'DELTA'>> {
  return before ? applyDelta(before, delta, blockBytes) : refuse('PACK', `a delta to block ${index}, which is not here`)
}
