import type { Cid } from '../base/digest.ts'

/**
 * The pages and tables of an agent's last checkpoint with their names, as sealing or opening found them: the next one
 * costs what has changed. Costs as much memory as the agent's image.
 *
 * By memory: '' is the engine's, else `kernel ` and the number of the kernel's instance.
 */
export type HashedPages = ReadonlyMap<string, HashedMemory>

export interface HashedMemory {
  readonly pages: ReadonlyMap<number, HashedPage>
  readonly leaves: ReadonlyMap<number, HashedLeaf>
}

/** The same object for as long as the page at this index is the same. */
export interface HashedPage {
  readonly index: number
  readonly bytes: Uint8Array
  /** Null for a page of zeros, which has no block. */
  readonly name: { readonly digest: Uint8Array; readonly cid: Cid } | null
}

export interface HashedLeaf {
  readonly pages: readonly HashedPage[]
  readonly block: Uint8Array
  readonly digest: Uint8Array
  readonly cid: Cid
}
