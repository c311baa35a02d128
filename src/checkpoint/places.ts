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

interface PlacedPage extends Placed {
  readonly digest: Uint8Array
}

/** The table itself, then its pages; these by their index too. */
interface KnownTable {
  readonly place: string
  readonly placed: readonly Placed[]
  readonly pages: ReadonlyMap<number, PlacedPage>
}

/** Tables that were taken apart: for the next walk of the same root, and for the next root, which differs little. */
export class KnownTables {
  readonly #byName = new Map<string, KnownTable>()
  /** The newest at each place, of whichever agent. */
  readonly #newest = new Map<string, KnownTable>()

  get(place: string, cid: Cid): KnownTable | undefined {
    return this.#byName.get(`${place} ${cid}`)
  }

  newestAt(place: string): KnownTable | undefined {
    return this.#newest.get(place)
  }

  add(cid: Cid, table: KnownTable): void {
    this.#byName.set(`${table.place} ${cid}`, table)
    this.#newest.set(table.place, table)
    for (const [name, oldest] of this.#byName) {
      if (this.#byName.size <= TABLES_KNOWN_MAX) break
      this.#byName.delete(name)
      if (this.#newest.get(oldest.place) === oldest) this.#newest.delete(oldest.place)
    }
  }
}

/**
 * The root first, then tables, pages and queues, in an order that depends on the root alone. Of a table that is not here
 * nothing but its own name is known: the list is whole when every table is here. Does not hash: an open does.
 */
export async function placesOf(
  root: Cid,
  getBlock: GetBlock,
  tables: KnownTables = new KnownTables(),
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
    const known = tables.get(place, leaf.cid)
    const table = known ? accept(known) : await placeLeaf(place, leaf.cid, getBlock, tables.newestAt(place))
    if (!table.ok) return table
    // Not with a spread: a table is long.
    for (const one of table.value.placed) placed.push(one)
    if (!known && table.value.pages.size > 0) tables.add(leaf.cid, table.value)
  }
  return accept(undefined)
}

/** The table alone where it is not here. What is as it was in the table before is the same object. */
async function placeLeaf(
  place: string,
  cid: Cid,
  getBlock: GetBlock,
  before: KnownTable | undefined,
): Promise<Result<KnownTable, CheckpointFault>> {
  const leafBytes = await getBlock(cid)
  const placed: Placed[] = [{ place, cid, bytes: leafBytes?.length ?? 0 }]
  const pages = new Map<number, PlacedPage>()
  if (!leafBytes) return accept({ place, placed, pages })
  const entries = entriesOfLeaf(leafBytes, (index) => before?.pages.get(index))
  if (!entries.ok) return entries
  for (const { index, cid: page, digest } of entries.value) {
    if (!page || !digest) continue
    const same = before?.pages.get(index)
    const own = same?.cid === page ? same : { place: `${place} ${index}`, cid: page, bytes: PAGE_BYTES, digest }
    placed.push(own)
    pages.set(index, own)
  }
  return accept({ place, placed, pages })
}

/** Finds the blocks of an earlier checkpoint by their places, asked for in the order of a later one. */
export class Counterparts {
  readonly #placed: readonly Placed[]
  #next = 0
  #indexes: ReadonlyMap<string, number> | null = null

  constructor(placed: readonly Placed[]) {
    this.#placed = placed
  }

  /** The index of what was at this place; null where nothing was. Most often it comes after the one before. */
  at(place: string): number | null {
    if (this.#placed[this.#next]?.place === place) return this.#next++
    this.#indexes ??= new Map(this.#placed.map((placed, index) => [placed.place, index]))
    const index = this.#indexes.get(place)
    if (index === undefined) return null
    this.#next = index + 1
    return index
  }
}
