import { decode, encode } from '../base/codec.ts'
import type { Cid } from '../base/digest.ts'
import type { Placed } from '../checkpoint/places.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { BlockCounts } from '../storage/block-counts.ts'
import type { Store, Write } from '../storage/port.ts'
import { CACHED_HOPS_MAX, CACHED_OTHERS_MAX } from './transfer-limits.ts'

/**
 * Checkpoints of agents that have left, least recently used first, within a budget of bytes: an agent that comes back
 * brings only what is new, and an interrupted transfer only the rest. Bytes are counted as stored, and only those that no
 * agent here needs. Knows which blocks; the vault keeps and deletes them.
 */
export interface Kept {
  readonly agent: AgentId
  readonly root: Cid
  readonly blocks: readonly Placed[]
  /** The agent hopped with it: other hosts may have it too, and the next hop back is best told against it. */
  readonly hopped: boolean
}

const CACHED_PREFIX = 'cached/'

export class Cache {
  readonly #counts: BlockCounts
  readonly #bytesMax: number
  readonly #kept = new Map<Cid, Kept>()
  /** Of checkpoints that are not whole here, what there is. Not recorded: a restart sweeps it. */
  readonly #parts = new Map<Cid, Kept>()
  /** Records of what has been let go of since the last `takeGone`. */
  #gone: Write[] = []
  #next = 1

  constructor(counts: BlockCounts, bytesMax: number) {
    this.#counts = counts
    this.#bytesMax = bytesMax
  }

  has = (root: Cid): boolean => this.#kept.has(root)
  get = (root: Cid): Kept | null => this.#kept.get(root) ?? null

  touch(root: Cid): void {
    const kept = this.#kept.get(root)
    if (!kept) return
    this.#kept.delete(root)
    this.#kept.set(root, kept)
  }

  /** Whole ones. */
  of = (agent: AgentId): Kept[] => [...this.#kept.values()].filter((kept) => kept.agent === agent)

  newestOf(agent: AgentId): Cid | null {
    let newest: Cid | null = null
    for (const kept of this.#kept.values()) if (kept.agent === agent) newest = kept.root
    return newest
  }

  /** Returns the blocks that nobody needs any more for it. Whether all fits, `shrink` sees, when others have let go. */
  add(kept: Kept, isPart: boolean): Cid[] {
    const into = isPart ? this.#parts : this.#kept
    const before = into.get(kept.root)
    for (const { cid, bytes } of kept.blocks) this.#counts.add(cid, bytes, 'cached')
    into.delete(kept.root)
    into.set(kept.root, before && isPart ? { ...kept, blocks: [...before.blocks, ...kept.blocks] } : kept)
    const dead = before && !isPart ? this.#release(before) : []
    return [...dead, ...this.#trim(kept.agent)]
  }

  /** A record for the store, so that the next life knows the order too. */
  record = (root: Cid): Write => {
    const kept = this.#kept.get(root)
    const value = kept ? encode({ agent: kept.agent, hopped: kept.hopped, order: this.#next++ }) : null
    return { key: `${CACHED_PREFIX}${root}`, value }
  }

  async recall(store: Store): Promise<Pick<Kept, 'agent' | 'root' | 'hopped'>[]> {
    const recalled: (Pick<Kept, 'agent' | 'root' | 'hopped'> & { order: number })[] = []
    for (const key of await store.list(CACHED_PREFIX)) {
      const bytes = await store.read(key)
      const value = bytes && decode(bytes)
      const root = key.slice(CACHED_PREFIX.length) as Cid
      if (value?.ok) recalled.push({ root, ...(value.value as { agent: AgentId; hopped: boolean; order: number }) })
    }
    recalled.sort((a, b) => a.order - b.order)
    this.#next = (recalled.at(-1)?.order ?? 0) + 1
    return recalled
  }

  /** Lets go of parts first, then of the least recently used, until no more than so many bytes are only cached. */
  shrink(bytesMax = this.#bytesMax): Cid[] {
    const dead: Cid[] = []
    for (const kept of [...this.#parts.values(), ...this.#kept.values()]) {
      if (this.#counts.cachedBytes <= bytesMax) break
      dead.push(...this.#forget(kept))
    }
    return dead
  }

  /** Of one agent few are of use: the last of each kind. */
  #trim(agent: AgentId): Cid[] {
    const own = [...this.#kept.values()].filter((kept) => kept.agent === agent)
    const surplus = [
      ...own.filter(({ hopped }) => hopped).slice(0, -CACHED_HOPS_MAX),
      ...own.filter(({ hopped }) => !hopped).slice(0, -CACHED_OTHERS_MAX),
    ]
    return surplus.flatMap((kept) => this.#forget(kept))
  }

  forgetAgent(agent: AgentId): Cid[] {
    return [...this.#kept.values(), ...this.#parts.values()]
      .filter((kept) => kept.agent === agent)
      .flatMap((kept) => this.#forget(kept))
  }

  forgetRoot = (root: Cid): Cid[] => {
    const kept = this.#kept.get(root)
    return kept ? this.#forget(kept) : []
  }

  forgetPart(root: Cid): Cid[] {
    const part = this.#parts.get(root)
    return part ? this.#forget(part) : []
  }

  takeGone(): Write[] {
    const gone = this.#gone
    this.#gone = []
    return gone
  }

  #forget(kept: Kept): Cid[] {
    if (this.#kept.get(kept.root) === kept) {
      this.#kept.delete(kept.root)
      this.#gone.push({ key: `${CACHED_PREFIX}${kept.root}`, value: null })
    } else this.#parts.delete(kept.root)
    return this.#release(kept)
  }

  #release({ blocks }: Kept): Cid[] {
    return blocks.filter(({ cid }) => this.#counts.remove(cid, 'cached')).map(({ cid }) => cid)
  }
}
