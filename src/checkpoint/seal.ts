import { assert } from '../base/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import { encode } from '../base/codec.ts'
import { type Cid, CODEC_DAG_CBOR, CODEC_RAW, cidOfDigest, sha256 } from '../base/digest.ts'
import type { MachineImage } from '../engine/image.ts'
import type { HashedLeaf, HashedMemory, HashedPage, HashedPages } from './hashed.ts'
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
  /** For the next seal of the same agent: pages and tables that have not changed since need no hashing. */
  readonly hashed: HashedPages
  /** Bytes of pages that were hashed now, because they were not known. */
  readonly freshBytes: number
}

/** Digests of pages that were hashed elsewhere, by the very objects of the image. */
export type Digests = ReadonlyMap<Uint8Array, Uint8Array>

/** The pages that a seal of this image will hash: for whoever has them hashed on another thread first. */
export function pagesToHash(image: MachineImage, previous?: HashedPages): readonly Uint8Array[] {
  const memories = [
    { name: '', pages: image.pages },
    ...image.kernels.map(({ id, pages }) => ({ name: `kernel ${id}`, pages })),
  ]
  return memories.flatMap(({ name, pages }) => {
    const before = previous?.get(name)?.pages
    return [...pages].flatMap(([index, bytes]) => (isKnown(bytes, before?.get(index)) || isZero(bytes) ? [] : [bytes]))
  })
}

export function sealCheckpoint(image: MachineImage, previous?: HashedPages, digests?: Digests): SealedCheckpoint {
  const blocks = new Map<Cid, Uint8Array>()
  const hashed = new Map<string, HashedMemory>()
  let freshBytes = 0
  const sealMemory = (name: string, images: ReadonlyMap<number, Uint8Array>): WrittenPages => {
    const before = previous?.get(name)
    const pages = hashPages(images, before?.pages, digests)
    for (const [index, page] of pages) {
      if (page !== before?.pages.get(index)) freshBytes += PAGE_BYTES
      if (page.name) blocks.set(page.name.cid, page.bytes)
    }
    const leaves = pages.size <= TABLE_ENTRIES_MAX ? new Map<number, HashedLeaf>() : hashLeaves(pages, before?.leaves)
    for (const { block, cid } of leaves.values()) blocks.set(cid, block)
    hashed.set(name, { pages, leaves })
    return writePages(pages, leaves)
  }
  const pages = sealMemory('', image.pages)
  const kernelPages = image.kernels.map((kernel) => sealMemory(`kernel ${kernel.id}`, kernel.pages))
  const queues = writeQueues(encodeQueues({ ...image, kernelFrames: framesOf(image) }), (chunk) => {
    const digest = sha256(chunk)
    blocks.set(cidOfDigest(digest, CODEC_RAW), chunk)
    return digest
  })
  const rootBytes = encodeRoot(image, pages, kernelPages, queues)
  const root = cidOfDigest(sha256(rootBytes), CODEC_DAG_CBOR)
  blocks.set(root, rootBytes)
  return { root, blocks, hashed, freshBytes }
}

const framesOf = ({ kernels }: MachineImage): Uint8Array =>
  kernels.find(({ suspended }) => suspended !== null)?.suspended?.frames ?? new Uint8Array(0)

/**
 * A page that is the very object it was before is known at once; comparing another one with its earlier bytes is still
 * some forty times cheaper than hashing it.
 */
function hashPages(
  pages: ReadonlyMap<number, Uint8Array>,
  previous: ReadonlyMap<number, HashedPage> | undefined,
  digests: Digests | undefined,
): ReadonlyMap<number, HashedPage> {
  const hashed = new Map<number, HashedPage>()
  let last = -1
  for (const [index, bytes] of pages) {
    assert(index > last, `page ${index} does not ascend from ${last}`)
    assert(bytes.length === PAGE_BYTES, `page ${index} has ${bytes.length} bytes`)
    last = index
    const before = previous?.get(index)
    hashed.set(index, isKnown(bytes, before) ? before : { index, bytes, name: nameOfPage(bytes, digests) })
  }
  return hashed
}

const isKnown = (bytes: Uint8Array, before: HashedPage | undefined): before is HashedPage =>
  before !== undefined && (before.bytes === bytes || equalBytes(before.bytes, bytes))

function nameOfPage(bytes: Uint8Array, digests: Digests | undefined): HashedPage['name'] {
  const elsewhere = digests?.get(bytes)
  if (!elsewhere && isZero(bytes)) return null
  const digest = elsewhere ?? sha256(bytes)
  return { digest, cid: cidOfDigest(digest, CODEC_RAW) }
}

function isZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false
  return true
}

/** Tables of a large memory; one whose pages are all as before is as before. */
function hashLeaves(
  pages: ReadonlyMap<number, HashedPage>,
  previous: ReadonlyMap<number, HashedLeaf> | undefined,
): ReadonlyMap<number, HashedLeaf> {
  const spans = new Map<number, HashedPage[]>()
  for (const page of pages.values()) {
    const leaf = Math.floor(page.index / TABLE_ENTRIES_MAX)
    const span = spans.get(leaf) ?? []
    if (span.length === 0) spans.set(leaf, span)
    span.push(page)
  }
  const leaves = new Map<number, HashedLeaf>()
  for (const [leaf, span] of spans) {
    const before = previous?.get(leaf)
    const same = before?.pages.length === span.length && span.every((page, i) => before.pages[i] === page)
    leaves.set(leaf, same ? before : hashLeaf(span))
  }
  return leaves
}

function hashLeaf(pages: HashedLeaf['pages']): HashedLeaf {
  const block = encode(
    writeTable(pages.map(({ index, name }) => ({ index: index % TABLE_ENTRIES_MAX, digest: name?.digest ?? null }))),
  )
  const digest = sha256(block)
  return { pages, block, digest, cid: cidOfDigest(digest, CODEC_DAG_CBOR) }
}

function writePages(pages: ReadonlyMap<number, HashedPage>, leaves: ReadonlyMap<number, HashedLeaf>): WrittenPages {
  if (leaves.size === 0)
    return writeTable([...pages].map(([index, { name }]) => ({ index, digest: name?.digest ?? null })))
  return { count: pages.size, leaves: writeTable([...leaves].map(([index, { digest }]) => ({ index, digest }))) }
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
