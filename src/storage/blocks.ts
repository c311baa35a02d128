import { equalBytes } from '../base/bytes.ts'
import { type Cid, parseCid, sha256 } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import type { Write } from './port.ts'

/**
 * Content-addressed bytes in a store: `block/<cid>`. What comes from a stranger is verified before it is kept; what is
 * read back is checked by whoever opens it (checkpoint, bundle). Which blocks are kept, and which go first, is not decided
 * here.
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

export const dropBlocks = (cids: Iterable<Cid>): readonly Write[] =>
  Array.from(cids, (cid) => ({ key: blockKey(cid), value: null }))
