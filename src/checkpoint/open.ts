import { concatBytes, equalBytes, toHex } from '../base/bytes.ts'
import { decode } from '../base/codec.ts'
import { type Cid, CODEC_RAW, parseCid, sha256 } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { reading } from '../base/shape.ts'
import type { MachineImage } from '../engine/image.ts'
import { PAGE_BYTES, PAGES_PER_WASM_PAGE, QUEUE_CHUNK_BYTES, ROOT_BYTES_MAX, TABLE_ENTRIES_MAX } from './limits.ts'
import { type Entry, readTable } from './page-table.ts'
import { decodeQueues, type Queued } from './queues.ts'
import { type CheckpointFault, decodeRoot, type Memory, type Queues, type Root } from './root.ts'

/**
 * Blocks back to an image. Every block is checked against its name and every field against its range, however it came
 * here; what passes is well-formed, and still a stranger's program: only its own instance will ever obey it.
 * Whether the engine knows the globals, and whether the memory fits the permit, thaw and admission decide.
 */
export type GetBlock = (cid: Cid) => Promise<Uint8Array | null>

export async function openCheckpoint(root: Cid, getBlock: GetBlock): Promise<Result<MachineImage, CheckpointFault>> {
  const rootBytes = await getChecked(root, getBlock)
  if (!rootBytes.ok) return rootBytes
  const decoded = decodeRoot(rootBytes.value)
  if (!decoded.ok) return decoded
  const { queues, kernels, ...state } = decoded.value
  const pages = await openMemory(state, getBlock)
  if (!pages.ok) return pages
  const queued = await openQueues(queues, getBlock)
  if (!queued.ok) return queued
  const { kernelFrames, ...rest } = queued.value
  const opened: MachineImage['kernels'][number][] = []
  for (const kernel of kernels) {
    const kernelPages = await openMemory(kernel, getBlock)
    if (!kernelPages.ok) return kernelPages
    const suspended = kernel.suspended === null ? null : { ...kernel.suspended, frames: kernelFrames }
    opened.push({ ...kernel, suspended, pages: kernelPages.value })
  }
  return accept({ ...state, pages: pages.value, ...rest, kernels: opened })
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
export function entriesOfLeaf(tableBytes: Uint8Array): Result<Entry[], CheckpointFault> {
  if (tableBytes.length > ROOT_BYTES_MAX)
    return refuse('CHECKPOINT', `tableBytes ${tableBytes.length} > ${ROOT_BYTES_MAX}`)
  const decoded = decode(tableBytes)
  if (!decoded.ok) return decoded
  const bounds = { entriesMax: TABLE_ENTRIES_MAX, indexEnd: TABLE_ENTRIES_MAX, codec: CODEC_RAW }
  return reading('CHECKPOINT', () => readTable(decoded.value, 'leaf', bounds))
}

async function openMemory(
  memory: Memory,
  getBlock: GetBlock,
): Promise<Result<Map<number, Uint8Array>, CheckpointFault>> {
  const entries = await openTables(memory, getBlock)
  if (!entries.ok) return entries
  const pages = new Map<number, Uint8Array>()
  for (const { index, cid } of entries.value) {
    if (cid === null) {
      pages.set(index, new Uint8Array(PAGE_BYTES))
      continue
    }
    const page = await getChecked(cid, getBlock)
    if (!page.ok) return page
    if (page.value.length !== PAGE_BYTES)
      return refuse('CHECKPOINT', `page ${index} has ${page.value.length} bytes, not ${PAGE_BYTES}`)
    pages.set(index, page.value)
  }
  return accept(pages)
}

async function openTables(
  { memoryPages, pages }: Memory,
  getBlock: GetBlock,
): Promise<Result<readonly Entry[], CheckpointFault>> {
  if (pages.kind === 'inline') return accept(pages.entries)
  const indexEnd = memoryPages * PAGES_PER_WASM_PAGE
  const entries: Entry[] = []
  for (const leaf of pages.leaves) {
    const block = await getChecked(leaf.cid, getBlock)
    if (!block.ok) return block
    const read = entriesOfLeaf(block.value)
    if (!read.ok) return read
    if (read.value.length === 0) return refuse('CHECKPOINT', `leaf ${leaf.index} is empty`)
    for (const { index, cid } of read.value) entries.push({ index: leaf.index * TABLE_ENTRIES_MAX + index, cid })
    const last = entries.at(-1)
    if (last && last.index >= indexEnd)
      return refuse('CHECKPOINT', `page ${last.index} is beyond the memory's ${indexEnd} pages`)
  }
  if (entries.length !== pages.count) return refuse('CHECKPOINT', `pages ${entries.length} != count ${pages.count}`)
  return accept(entries)
}

async function openQueues(queues: Queues, getBlock: GetBlock): Promise<Result<Queued, CheckpointFault>> {
  if (queues.kind === 'inline') return decodeQueues(queues.bytes)
  const chunks: Uint8Array[] = []
  for (const [i, cid] of queues.chunks.entries()) {
    const chunk = await getChecked(cid, getBlock)
    if (!chunk.ok) return chunk
    const expected = Math.min(QUEUE_CHUNK_BYTES, queues.byteLength - i * QUEUE_CHUNK_BYTES)
    if (chunk.value.length !== expected)
      return refuse('CHECKPOINT', `queues chunk ${i} has ${chunk.value.length} bytes, not ${expected}`)
    chunks.push(chunk.value)
  }
  return decodeQueues(concatBytes(...chunks))
}
