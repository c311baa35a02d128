import type { Cid } from '../base/digest.ts'
import { accept, type Result } from '../base/result.ts'
import { PAGE_BYTES, QUEUE_CHUNK_BYTES, TABLES_KNOWN_MAX } from './limits.ts'
import { entriesOfLeaf, type GetBlock } from './open.ts'
import { type CheckpointFault, decodeRoot, type Memory } from './root.ts'

/**
 * Every block of a checkpoint with its place in it. Two checkpoints of one agent have most places in common, so the block
 * at the same place of the one is what a block of the other differs little from.
 */
export interface Placed {
  readonly place: string
  readonly cid: Cid
  /** Its length; 0 where it is not here and its length is not known by its place. */
  readonly bytes: number
}

/** Tables of one root that a walk of it has already taken apart, for the next walk of the same root. */
export type KnownTables = Map<string, readonly Placed[]>

/**
 * The root first, then tables, pages and queues, in an order that depends on the root alone. Of a table that is not here
 * nothing but its own name is known: the list is whole when every table is here. Does not hash: an open does.
 */
export async function placesOf(
  root: Cid,
  getBlock: GetBlock,
  tables: KnownTables = new Map(),
): Promise<Result<readonly Placed[], CheckpointFault>> {
  const rootBytes = await getBlock(root)
  if (!rootBytes) return accept([{ place: 'root', cid: root, bytes: 0 }])
  const decoded = decodeRoot(rootBytes)
  if (!decoded.ok) return decoded
  const placed: Placed[] = [{ place: 'root', cid: root, bytes: rootBytes.length }]
  const { kernels, queues } = decoded.value
  for (const [number, memory] of [decoded.value, ...kernels].entries()) {
    const fault = await placePages(`${number}`, memory, getBlock, tables, placed)
    if (!fault.ok) return fault
  }
  if (queues.kind === 'chunks')
    for (const [i, cid] of queues.chunks.entries()) {
      const bytes = Math.min(QUEUE_CHUNK_BYTES, queues.byteLength - i * QUEUE_CHUNK_BYTES)
      placed.push({ place: `queues ${i}`, cid, bytes })
    }
  return accept(placed)
}

async function placePages(
  memory: string,
  { pages }: Memory,
  getBlock: GetBlock,
  tables: KnownTables,
  placed: Placed[],
): Promise<Result<void, CheckpointFault>> {
  if (pages.kind === 'inline') {
    for (const { index, cid } of pages.entries)
      if (cid) placed.push({ place: `${memory} 0 ${index}`, cid, bytes: PAGE_BYTES })
    return accept(undefined)
  }
  for (const leaf of pages.leaves) {
    const place = `${memory} ${leaf.index}`
    const name = `${place} ${leaf.cid}`
    const known = tables.get(name)
    const table = known ? accept(known) : await placeLeaf(place, leaf.cid, getBlock)
    if (!table.ok) return table
    // Not with a spread: a table is long.
    for (const one of table.value) placed.push(one)
    if (known || table.value.length < 2) continue
    tables.set(name, table.value)
    for (const oldest of tables.keys()) {
      if (tables.size <= TABLES_KNOWN_MAX) break
      tables.delete(oldest)
    }
  }
  return accept(undefined)
}

/** The table itself, then its pages; the table alone where it is not here. */
async function placeLeaf(place: string, cid: Cid, getBlock: GetBlock): Promise<Result<Placed[], CheckpointFault>> {
  const leafBytes = await getBlock(cid)
  const placed: Placed[] = [{ place, cid, bytes: leafBytes?.length ?? 0 }]
  if (!leafBytes) return accept(placed)
  const entries = entriesOfLeaf(leafBytes)
  if (!entries.ok) return entries
  for (const { index, cid: page } of entries.value)
    if (page) placed.push({ place: `${place} ${index}`, cid: page, bytes: PAGE_BYTES })
  return accept(placed)
}
