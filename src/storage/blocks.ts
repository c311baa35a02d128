import { equalBytes } from '../base/bytes.ts'
import { type Cid, parseCid, sha256 } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import type { Store, Write } from './port.ts'

/**
 * Content-addressed bytes in a store: `block/<cid>`. A block is verified when it comes in and again when it comes out,
 * so that neither a stranger nor a failing disk can put other bytes under a name. Who may keep how many blocks, and
 * which go first, is not decided here.
 */
export interface Block {
  readonly cid: Cid
  readonly bytes: Uint8Array
}

export const BLOCK_PREFIX = 'block/'

export const blockKey = (cid: Cid): string => `${BLOCK_PREFIX}${cid}`

/** Whether the bytes are what the name says. */
export function verifyBlock({ cid, bytes }: Block): Result<Block, 'CID' | 'HASH'> {
  const parsed = parseCid(cid)
  if (!parsed.ok) return parsed
  if (!equalBytes(sha256(bytes), parsed.value.digest)) return refuse('HASH', `block ${cid} has another hash`)
  return accept({ cid, bytes })
}

/** The writes that keep these blocks, to be committed together with the records that name them. One bad block refuses all. */
export function blockWrites(blocks: readonly Block[]): Result<readonly Write[], 'CID' | 'HASH'> {
  const writes: Write[] = []
  for (const block of blocks) {
    const verified = verifyBlock(block)
    if (!verified.ok) return verified
    writes.push({ key: blockKey(block.cid), value: block.bytes })
  }
  return accept(writes)
}

/** Durable when it resolves; rejects with StoreFullError when there is no room. */
export async function putBlocks(store: Store, blocks: readonly Block[]): Promise<Result<void, 'CID' | 'HASH'>> {
  const writes = blockWrites(blocks)
  if (!writes.ok) return writes
  await store.commit(writes.value)
  return accept(undefined)
}

/** NOT_FOUND when it was never kept; HASH when the medium has changed it, which callers treat as lost. */
export async function getBlock(store: Store, cid: Cid): Promise<Result<Uint8Array, 'NOT_FOUND' | 'CID' | 'HASH'>> {
  const bytes = await store.read(blockKey(cid))
  if (bytes === null) return refuse('NOT_FOUND', `block ${cid} is not here`)
  const verified = verifyBlock({ cid, bytes })
  return verified.ok ? accept(bytes) : verified
}

/** Of these names, in their order, the ones that are not kept here. */
export async function missingBlocks(store: Store, cids: readonly Cid[]): Promise<readonly Cid[]> {
  const kept = new Set(await store.list(BLOCK_PREFIX))
  return cids.filter((cid) => !kept.has(blockKey(cid)))
}

export const dropBlocks = (cids: Iterable<Cid>): readonly Write[] =>
  Array.from(cids, (cid) => ({ key: blockKey(cid), value: null }))
