import { concatBytes, equalBytes, toHex } from '../base/bytes.ts'
import { decode } from '../base/codec.ts'
import { type Cid, CODEC_RAW, parseCid, sha256 } from '../base/digest.ts'
import { accept, type Refusal, type Result, refuse } from '../base/result.ts'
import { reading } from '../base/shape.ts'
import type { MachineImage } from '../engine/image.ts'
import type { HashedLeaf, HashedMemory, HashedPage, HashedPages } from './hashed.ts'
import { PAGE_BYTES, PAGES_PER_WASM_PAGE, QUEUE_CHUNK_BYTES, ROOT_BYTES_MAX, TABLE_ENTRIES_MAX } from './limits.ts'
import { type Entry, type NameBefore, readTable } from './page-table.ts'
import { decodeQueues, type Queued } from './queues.ts'
import { type CheckpointFault, decodeRoot, type Memory, type Queues, type Root } from './root.ts'

/**
 * Blocks back to an image. Every block is checked against its name and every field against its range, however it came
 * here; what passes is well-formed, and still a stranger's program: only its own instance will ever obey it.
 * Whether the engine knows the globals, and whether the memory fits the permit, thaw and admission decide.
 */
export type GetBlock = (cid: Cid) => Promise<Uint8Array | null>

export async function openCheckpoint(root: Cid, getBlock: GetBlock): Promise<Result<MachineImage, CheckpointFault>> {
  const opened = await openAfter(root, getBlock)
  return opened.ok ? accept(opened.value.image) : opened
}

/** A block whose bytes are what its name says. */
type ReadBlock = (cid: Cid) => Promise<Result<Uint8Array, CheckpointFault>>

/** What need not be done again. */
export interface Remembered {
  /** From the checkpoint before. */
  readonly known?: HashedPages | undefined
  /** Blocks that were named by their hash a moment ago: they are not hashed again. */
  readonly checked?: ReadonlyMap<Cid, Uint8Array>
}

/**
 * The same for one of several checkpoints of an agent: what is known from the last one, sealed or opened, is not read
 * again, and its pages are the same objects. `hashed` is what the next seal or open knows.
 */
export async function openAfter(
  root: Cid,
  getBlock: GetBlock,
  { known, checked }: Remembered = {},
): Promise<Result<{ readonly image: MachineImage; readonly hashed: HashedPages }, CheckpointFault>> {
  const read: ReadBlock = async (cid) => {
    const block = checked?.get(cid)
    return block && block.length <= ROOT_BYTES_MAX ? accept(block) : getChecked(cid, getBlock)
  }
  const rootBytes = await read(root)
  if (!rootBytes.ok) return rootBytes
  const decoded = decodeRoot(rootBytes.value)
  if (!decoded.ok) return decoded
  const { queues, kernels, ...state } = decoded.value
  const hashed = new Map<string, HashedMemory>()
  const pages = await openMemory(state, read, known?.get(''))
  if (!pages.ok) return pages
  hashed.set('', pages.value)
  const queued = await openQueues(queues, read)
  if (!queued.ok) return queued
  const { kernelFrames, ...rest } = queued.value
  const opened: MachineImage['kernels'][number][] = []
  for (const kernel of kernels) {
    const kernelPages = await openMemory(kernel, read, known?.get(`kernel ${kernel.id}`))
    if (!kernelPages.ok) return kernelPages
    const suspended = kernel.suspended === null ? null : { ...kernel.suspended, frames: kernelFrames }
    hashed.set(`kernel ${kernel.id}`, kernelPages.value)
    opened.push({ ...kernel, suspended, pages: bytesOf(kernelPages.value) })
  }
  return accept({ image: { ...state, pages: bytesOf(pages.value), ...rest, kernels: opened }, hashed })
}

function bytesOf({ pages }: HashedMemory): Map<number, Uint8Array> {
  const all = new Map<number, Uint8Array>()
  for (const { index, bytes } of pages.values()) all.set(index, bytes)
  return all
}

/** What a root names: leaf tables (blocksOfTable tells what they name) and raw bytes. A destination fetches both. */
export interface NamedBlocks {
  readonly tables: readonly Cid[]
  readonly raw: readonly Cid[]
}

/** Of the root's bytes; each name once, in order of first mention. Walks nothing: the caller has the blocks or not. */
export function blocksOfRoot(rootBytes: Uint8Array): Result<NamedBlocks, CheckpointFault> {
  const root = decodeRoot(rootBytes)
  if (!root.ok) return root
  const tables = new Set<Cid>()
  const raw = new Set<Cid>()
  for (const { pages } of memoriesOf(root.value)) {
    if (pages.kind === 'leaves') for (const { cid } of pages.leaves) tables.add(cid)
    else for (const { cid } of pages.entries) if (cid) raw.add(cid)
  }
  const { queues } = root.value
  if (queues.kind === 'chunks') for (const cid of queues.chunks) raw.add(cid)
  return accept({ tables: [...tables], raw: [...raw] })
}

export function blocksOfTable(tableBytes: Uint8Array): Result<readonly Cid[], CheckpointFault> {
  const entries = entriesOfLeaf(tableBytes)
  if (!entries.ok) return entries
  return accept([...new Set(entries.value.flatMap(({ cid }) => (cid ? [cid] : [])))])
}

/** Every block that an open of this root would read and `has` does not know; empty means that it can be opened here. */
export async function missingBlocks(
  root: Cid,
  getBlock: GetBlock,
  has: (cid: Cid) => boolean | Promise<boolean>,
): Promise<Result<readonly Cid[], CheckpointFault>> {
  if (!(await has(root))) return accept([root])
  const rootBytes = await getChecked(root, getBlock)
  if (!rootBytes.ok) return rootBytes
  const named = blocksOfRoot(rootBytes.value)
  if (!named.ok) return named
  const wanted = new Set(named.value.raw)
  const missing: Cid[] = []
  for (const table of named.value.tables) {
    if (!(await has(table))) {
      missing.push(table)
      continue
    }
    const tableBytes = await getChecked(table, getBlock)
    if (!tableBytes.ok) return tableBytes
    const pages = blocksOfTable(tableBytes.value)
    if (!pages.ok) return pages
    for (const cid of pages.value) wanted.add(cid)
  }
  for (const cid of wanted) if (!(await has(cid))) missing.push(cid)
  return accept(missing)
}

const memoriesOf = (root: Root): readonly Memory[] => [root, ...root.kernels]

async function getChecked(cid: Cid, getBlock: GetBlock): Promise<Result<Uint8Array, CheckpointFault>> {
  const block = await getBlock(cid)
  if (!block) return refuse('MISSING', `block ${cid} is not here`)
  // Before hashing: nothing that a checkpoint names is longer than a root.
  if (block.length > ROOT_BYTES_MAX)
    return refuse('CHECKPOINT', `blockBytes ${block.length} > ROOT_BYTES_MAX ${ROOT_BYTES_MAX}`)
  const parsed = parseCid(cid)
  if (!parsed.ok) return refuse('CHECKPOINT', parsed.reason)
  const actual = sha256(block)
  return equalBytes(actual, parsed.value.digest)
    ? accept(block)
    : refuse('CORRUPT', `block ${cid} hashes to ${toHex(actual)}`)
}

/** What a leaf table names, by index within the leaf. */
export function entriesOfLeaf(tableBytes: Uint8Array, before?: NameBefore): Result<Entry[], CheckpointFault> {
  if (tableBytes.length > ROOT_BYTES_MAX)
    return refuse('CHECKPOINT', `tableBytes ${tableBytes.length} > ${ROOT_BYTES_MAX}`)
  const decoded = decode(tableBytes)
  if (!decoded.ok) return decoded
  const bounds = { entriesMax: TABLE_ENTRIES_MAX, indexEnd: TABLE_ENTRIES_MAX, codec: CODEC_RAW }
  return reading('CHECKPOINT', () => readTable(decoded.value, 'leaf', bounds, before))
}

async function openMemory(
  memory: Memory,
  read: ReadBlock,
  known: HashedMemory | undefined,
): Promise<Result<HashedMemory, CheckpointFault>> {
  const { pages: written } = memory
  const pages = new Map<number, HashedPage>()
  if (written.kind === 'inline') {
    const fault = await openPages(pages, { first: 0, entries: written.entries }, read, known)
    return fault ?? accept({ pages, leaves: new Map() })
  }
  const leaves = new Map<number, HashedLeaf>()
  const indexEnd = memory.memoryPages * PAGES_PER_WASM_PAGE
  for (const { index, cid } of written.leaves) {
    const first = index * TABLE_ENTRIES_MAX
    const before = known?.leaves.get(index)
    if (before?.cid === cid) {
      for (const page of before.pages) pages.set(page.index, page)
      leaves.set(index, before)
    } else {
      const leaf = await openLeaf(pages, { first, cid }, read, known)
      if (!leaf.ok) return leaf
      leaves.set(index, leaf.value)
    }
    const last = leaves.get(index)?.pages.at(-1)?.index ?? first
    if (last >= indexEnd) return refuse('CHECKPOINT', `page ${last} is beyond the memory's ${indexEnd} pages`)
  }
  if (pages.size !== written.count) return refuse('CHECKPOINT', `pages ${pages.size} != count ${written.count}`)
  return accept({ pages, leaves })
}

async function openLeaf(
  pages: Map<number, HashedPage>,
  { first, cid }: { readonly first: number; readonly cid: Cid },
  read: ReadBlock,
  known: HashedMemory | undefined,
): Promise<Result<HashedLeaf, CheckpointFault>> {
  const table = await read(cid)
  if (!table.ok) return table
  const entries = entriesOfLeaf(table.value, (index) => known?.pages.get(first + index)?.name)
  if (!entries.ok) return entries
  if (entries.value.length === 0) return refuse('CHECKPOINT', `leaf ${first / TABLE_ENTRIES_MAX} is empty`)
  const fault = await openPages(pages, { first, entries: entries.value }, read, known)
  if (fault) return fault
  const own = entries.value.map(({ index }) => pages.get(first + index) as HashedPage)
  return accept({ pages: own, block: table.value, digest: sha256(table.value), cid })
}

/** Adds the pages of some entries, whose indexes count from `first`; a refusal, or null. */
async function openPages(
  pages: Map<number, HashedPage>,
  { first, entries }: { readonly first: number; readonly entries: readonly Entry[] },
  read: ReadBlock,
  known: HashedMemory | undefined,
): Promise<Refusal<CheckpointFault> | null> {
  for (const { index: at, digest, cid } of entries) {
    const index = first + at
    const before = known?.pages.get(index)
    if (before && (before.name?.cid ?? null) === cid) pages.set(index, before)
    else if (cid === null || digest === null) pages.set(index, { index, bytes: new Uint8Array(PAGE_BYTES), name: null })
    else {
      const page = await read(cid)
      if (!page.ok) return page
      if (page.value.length !== PAGE_BYTES)
        return refuse('CHECKPOINT', `page ${index} has ${page.value.length} bytes, not ${PAGE_BYTES}`)
      pages.set(index, { index, bytes: page.value, name: { digest, cid } })
    }
  }
  return null
}

async function openQueues(queues: Queues, read: ReadBlock): Promise<Result<Queued, CheckpointFault>> {
  if (queues.kind === 'inline') return decodeQueues(queues.bytes)
  const chunks: Uint8Array[] = []
  for (const [i, cid] of queues.chunks.entries()) {
    const chunk = await read(cid)
    if (!chunk.ok) return chunk
    const expected = Math.min(QUEUE_CHUNK_BYTES, queues.byteLength - i * QUEUE_CHUNK_BYTES)
    if (chunk.value.length !== expected)
      return refuse('CHECKPOINT', `queues chunk ${i} has ${chunk.value.length} bytes, not ${expected}`)
    chunks.push(chunk.value)
  }
  return decodeQueues(concatBytes(...chunks))
}
