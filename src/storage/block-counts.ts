import { assert } from '../base/assert.ts'
import type { Cid } from '../base/digest.ts'

/**
 * Who needs which block: `held` by something that lives here, or only `cached` in case it is wanted again. Counts the
 * bytes that nothing but the cache needs, since those are what its budget bounds.
 */
export type Need = 'held' | 'cached'

interface Count {
  readonly bytes: number
  held: number
  cached: number
}

export class BlockCounts {
  readonly #counts = new Map<Cid, Count>()
  #cachedBytes = 0

  /** Bytes of blocks that are cached and not held. */
  get cachedBytes(): number {
    return this.#cachedBytes
  }

  needs = (cid: Cid): boolean => this.#counts.has(cid)

  add(cid: Cid, bytes: number, need: Need): void {
    let count = this.#counts.get(cid)
    if (!count) {
      count = { bytes, held: 0, cached: 0 }
      this.#counts.set(cid, count)
    }
    this.#change(count, need, 1)
  }

  /** True where nobody needs the block any more. */
  remove(cid: Cid, need: Need): boolean {
    const count = this.#counts.get(cid)
    assert(count !== undefined && count[need] > 0, `block ${cid} is let go of by who did not need it`)
    this.#change(count, need, -1)
    if (count.held + count.cached > 0) return false
    this.#counts.delete(cid)
    return true
  }

  #change(count: Count, need: Need, by: 1 | -1): void {
    const before = count.held === 0 && count.cached > 0
    count[need] += by
    const after = count.held === 0 && count.cached > 0
    if (after !== before) this.#cachedBytes += after ? count.bytes : -count.bytes
  }
}
