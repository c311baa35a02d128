import type { Cid } from '../base/digest.ts'
import { RECENT_BYTES_MAX, RECENT_KEPT_BYTES_MAX } from './transfer-limits.ts'

/**
 * Blocks of small checkpoints that were written lately, in memory too: an agent that comes back is a difference to what it
 * was, and a read for each of its pages is a hundred round trips to the disk's thread. Only a copy: whether a block is here
 * the vault says, and who opens it checks it as ever.
 */
export class RecentBlocks {
  /** Oldest first. */
  readonly #blocks = new Map<Cid, Uint8Array>()
  #bytes = 0

  /** Copies them: the bytes may be views of a whole pack. What comes by the megabyte would push all others out. */
  add(blocks: ReadonlyMap<Cid, Uint8Array>): void {
    let bytes = 0
    for (const block of blocks.values()) bytes += block.length
    if (bytes > RECENT_KEPT_BYTES_MAX) return
    for (const [cid, block] of blocks) {
      if (this.#blocks.has(cid)) continue
      this.#blocks.set(cid, block.slice())
      this.#bytes += block.length
    }
    for (const cid of this.#blocks.keys()) {
      if (this.#bytes <= RECENT_BYTES_MAX) return
      this.delete(cid)
    }
  }

  /** One that is used is one of the newest again. */
  get(cid: Cid): Uint8Array | null {
    const block = this.#blocks.get(cid)
    if (!block) return null
    this.#blocks.delete(cid)
    this.#blocks.set(cid, block)
    return block
  }

  delete(cid: Cid): void {
    this.#bytes -= this.#blocks.get(cid)?.length ?? 0
    this.#blocks.delete(cid)
  }
}
