import { assert } from '../base/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import { encode } from '../base/codec.ts'
import { type Cid, CODEC_DAG_CBOR, CODEC_RAW, cidOfDigest, sha256 } from '../base/digest.ts'
import type { MachineImage } from '../engine/image.ts'
import { PAGE_BYTES, QUEUE_CHUNK_BYTES, QUEUES_INLINE_BYTES_MAX, TABLE_ENTRIES_MAX } from './limits.ts'
import { type Table, writeTable } from './page-table.ts'
import { encodeQueues } from './queues.ts'
import { encodeRoot, type WrittenPages, type WrittenQueues } from './root.ts'

/**
 * Turns an image into content-addressed blocks. One image has one root, whatever was sealed before; the same page under
 * two agents is one block. Sealing hashes, so it belongs to the rim, not into `step`. Does not sign, store or send.
 */
export interface SealedCheckpoint {
  readonly root: Cid
  /** The root and every block it names, itself included; page blocks are views of the image's bytes, not copies. */
  readonly blocks: ReadonlyMap<Cid, Uint8Array>
  /** For the next seal of the same agent: pages that have not changed since need no hashing. */
  readonly hashed: HashedPages
}

/** Digests of pages by memory ('' is the engine's, else the kernel's name) and page index, with the bytes they are of. */
export type HashedPages = ReadonlyMap<
  string,
  ReadonlyMap<number, { readonly bytes: Uint8Array; readonly digest: Uint8Array | null }>
>

export function sealCheckpoint(image: MachineImage, previous?: HashedPages): SealedCheckpoint {
  const blocks = new Map<Cid, Uint8Array>()
  const hashed = new Map<string, ReadonlyMap<number, HashedPage>>()
  const add = (block: Uint8Array, codec: number, digest: Uint8Array = sha256(block)): Uint8Array => {
    blocks.set(cidOfDigest(digest, codec), block)
    return digest
  }
  const sealMemory = (name: string, pages: ReadonlyMap<number, Uint8Array>): WrittenPages => {
    const digests = hashPages(pages, previous?.get(name))
    hashed.set(name, digests)
    for (const { bytes, digest } of digests.values()) if (digest) add(bytes, CODEC_RAW, digest)
    return writePages(digests, (leaf) => add(leaf, CODEC_DAG_CBOR))
  }
  const pages = sealMemory('', image.pages)
  const kernelPages = image.kernels.map((kernel) => sealMemory(kernel.name, kernel.pages))
  const queues = writeQueues(encodeQueues(image), (chunk) => add(chunk, CODEC_RAW))
  const rootBytes = encodeRoot(image, pages, kernelPages, queues)
  const root = cidOfDigest(add(rootBytes, CODEC_DAG_CBOR), CODEC_DAG_CBOR)
  return { root, blocks, hashed }
}

interface HashedPage {
  readonly bytes: Uint8Array
  readonly digest: Uint8Array | null
}

/** Comparing with the page's earlier bytes is some forty times cheaper than hashing it. */
function hashPages(
  pages: ReadonlyMap<number, Uint8Array>,
  previous: ReadonlyMap<number, HashedPage> | undefined,
): ReadonlyMap<number, HashedPage> {
  const hashed = new Map<number, HashedPage>()
  let last = -1
  for (const [index, bytes] of pages) {
    assert(index > last, `page ${index} does not ascend from ${last}`)
    assert(bytes.length === PAGE_BYTES, `page ${index} has ${bytes.length} bytes`)
    last = index
    const before = previous?.get(index)
    if (before && equalBytes(before.bytes, bytes)) hashed.set(index, { bytes, digest: before.digest })
    else hashed.set(index, { bytes, digest: bytes.every((byte) => byte === 0) ? null : sha256(bytes) })
  }
  return hashed
}

function writePages(pages: ReadonlyMap<number, HashedPage>, addLeaf: (leaf: Uint8Array) => Uint8Array): WrittenPages {
  if (pages.size <= TABLE_ENTRIES_MAX) return writeTable([...pages].map(([index, { digest }]) => ({ index, digest })))
  const leaves = new Map<number, { index: number; digest: Uint8Array | null }[]>()
  for (const [page, { digest }] of pages) {
    const leaf = Math.floor(page / TABLE_ENTRIES_MAX)
    const entries = leaves.get(leaf) ?? []
    entries.push({ index: page % TABLE_ENTRIES_MAX, digest })
    leaves.set(leaf, entries)
  }
  const written = [...leaves].map(([index, entries]) => ({ index, digest: addLeaf(encode(writeTable(entries))) }))
  return { count: pages.size, leaves: writeTable(written) }
}

function writeQueues(queues: Uint8Array, addChunk: (chunk: Uint8Array) => Uint8Array): WrittenQueues {
  if (queues.length <= QUEUES_INLINE_BYTES_MAX) return queues
  const chunks: { index: number; digest: Uint8Array }[] = []
  for (let at = 0; at < queues.length; at += QUEUE_CHUNK_BYTES) {
    chunks.push({ index: chunks.length, digest: addChunk(queues.subarray(at, at + QUEUE_CHUNK_BYTES)) })
  }
  const table: Table = writeTable(chunks)
  return { byteLength: queues.length, chunks: table }
}
