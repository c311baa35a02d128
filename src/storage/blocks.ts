import type { Cid } from '../base/digest.ts'
import type { Write } from './port.ts'

/**
 * Content-addressed bytes in a store: `block/<cid>`. What comes from a stranger is named by its own hash before it is kept
 * (wire/pack.ts); what is read back is checked by whoever opens it (checkpoint, bundle). Which blocks are kept, and which
 * go first, is not decided here.
 */
export const BLOCK_PREFIX = 'block/'

export const blockKey = (cid: Cid): string => `${BLOCK_PREFIX}${cid}`

export const dropBlocks = (cids: Iterable<Cid>): readonly Write[] =>
  Array.from(cids, (cid) => ({ key: blockKey(cid), value: null }))
