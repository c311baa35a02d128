import type { Cid } from '../base/digest.ts'
import { Lately } from '../base/lately.ts'
import { bundleBlocks } from '../bundle/open.ts'
import { KnownTables, type Placed, placesOf } from '../checkpoint/places.ts'
import type { AgentId } from '../directory/agent-id.ts'
import { BlockCounts, type Need } from '../storage/block-counts.ts'
import { BLOCK_PREFIX, blockKey, dropBlocks } from '../storage/blocks.ts'
import { type Store, StoreFullError, type Write } from '../storage/port.ts'
import { Cache, type Kept } from './cache.ts'
import { RecentBlocks } from './recent.ts'
import { OWN_BLOCKS_MAX } from './transfer-limits.ts'

/**
 * The rim's blocks: which are here and who needs them. An agent's checkpoints are held while it lives here; those it left
 * behind are cached, for it may come back, and go when room is wanted. What nobody needs is deleted. Fetching blocks from
 * other hosts is transfers.ts, giving them away dispatch.ts.
 */
export class Vault {
  readonly #store: Store
  readonly #here = new Set<Cid>()
  readonly #counts = new BlockCounts()
  /** For each agent, its checkpoints that are held here. */
  readonly #held = new Map<AgentId, Map<Cid, Kept>>()
  /** Evidence that is kept for its own sake. */
  readonly #pinned = new Map<Cid, Pinned>()
  readonly #bundled = new Set<Cid>()
  readonly #cache: Cache
  readonly tables = new KnownTables()
  /** The blocks of each agent's newest checkpoint, which are in memory anyway: they are what is sent next. */
  readonly #fresh = new Map<AgentId, ReadonlyMap<Cid, Uint8Array>>()
  readonly #recent = new RecentBlocks()
  /** Of the agents whose blocks were asked for lately, the names of all of them; made anew when there are others. */
  readonly #own = new Lately<AgentId, ReadonlySet<Cid>>(OWN_BLOCKS_MAX)
  /** For each agent, blocks of an image of it that others may fetch and that need not outlive this process. */
  readonly #lent = new Map<AgentId, ReadonlyMap<Cid, Uint8Array>>()
  /** Keys that shall go, and have not gone yet. */
  readonly #doomed = new Set<string>()
  /** What has come into the cache since its records were written last. */
  readonly #unrecorded = new Set<Cid>()
  #last: Promise<unknown> = Promise.resolve()

  private constructor(store: Store, cacheBytesMax: number) {
    this.#store = store
    this.#cache = new Cache(this.#counts, cacheBytesMax)
  }

  static async open(store: Store, cacheBytesMax: number): Promise<Vault> {
    const vault = new Vault(store, cacheBytesMax)
    for (const key of await store.list(BLOCK_PREFIX)) vault.#here.add(key.slice(BLOCK_PREFIX.length) as Cid)
    await vault.#recallCache()
    return vault
  }

  /** Gives blocks to whoever asks, without keeping them; null ends it. They are in memory anyway, with the agent. */
  lend(agent: AgentId, blocks: ReadonlyMap<Cid, Uint8Array> | null): void {
    if (blocks) this.#lent.set(agent, blocks)
    else this.#lent.delete(agent)
  }

  /** As the medium has it: whoever opens a block checks it against its name, here or on another host. */
  readonly get = async (cid: Cid): Promise<Uint8Array | null> => {
    const lent = this.#lentBlock(cid)
    if (lent) return lent
    if (!this.#here.has(cid)) return null
    for (const blocks of this.#fresh.values()) {
      const bytes = blocks.get(cid)
      if (bytes) return bytes
    }
    return this.#recent.get(cid) ?? this.#store.read(blockKey(cid))
  }

  /** A block of a bundle, or of a checkpoint or image of this agent; any other is as if it were not here. */
  async getOf(agent: AgentId | null, cid: Cid): Promise<Uint8Array | null> {
    if (this.#bundled.has(cid)) return this.get(cid)
    if (agent === null || !(this.#lent.get(agent)?.has(cid) || this.#blocksOf(agent).has(cid))) return null
    return this.get(cid)
  }

  #blocksOf(agent: AgentId): ReadonlySet<Cid> {
    return this.#own.ensure(agent, () => {
      const pinned = [...this.#pinned.values()].filter(({ agents }) => agents.includes(agent))
      const kept = [...(this.#held.get(agent)?.values() ?? []), ...this.#cache.of(agent), ...pinned]
      return new Set(kept.flatMap(({ blocks }) => blocks.map(({ cid }) => cid)))
    })
  }

  #lentBlock(cid: Cid): Uint8Array | null {
    for (const blocks of this.#lent.values()) {
      const block = blocks.get(cid)
      if (block) return block
    }
    return null
  }

  readonly has = (cid: Cid): boolean => this.#here.has(cid)

  get cachedBytes(): number {
    return this.#counts.cachedBytes
  }

  /**
   * Keeps blocks of a bundle, whose names were made from their bytes here, and those that are here already. A page of some
   * agent can be the very block of a bundle: it must not go with the agent.
   */
  keepBundle(blocks: ReadonlyMap<Cid, Uint8Array>, all: Iterable<Cid> = blocks.keys()): Promise<void> {
    return this.exclusive(async () => {
      await this.#keep(blocks)
      this.#needBundled(all)
    })
  }

  /** Until the next start: which bundles are wanted then, is known then. */
  #needBundled(cids: Iterable<Cid>): void {
    for (const cid of cids) {
      if (this.#bundled.has(cid) || !this.#here.has(cid)) continue
      this.#bundled.add(cid)
      this.#counts.add(cid, 0, 'held')
    }
  }

  /** Keeps a checkpoint that was sealed here, for as long as the agent needs it. */
  keepCheckpoint(agent: AgentId, root: Cid, blocks: ReadonlyMap<Cid, Uint8Array>): Promise<void> {
    return this.exclusive(async () => {
      await this.#keep(blocks)
      this.#fresh.set(agent, blocks)
      await this.#hold(agent, root)
    })
  }

  /** Notes that an agent needs a checkpoint that is here since the life before. */
  hold(agent: AgentId, root: Cid): Promise<void> {
    return this.exclusive(() => this.#hold(agent, root))
  }

  /** Keeps a checkpoint that is whole here, whoever lets go of it, until it has been unpinned as often. */
  pin(agent: AgentId, root: Cid): Promise<void> {
    return this.exclusive(async () => {
      const pinned = this.#pinned.get(root)
      const blocks = pinned?.blocks ?? (await this.places(root))
      if (!blocks) return
      this.#need(blocks, 'held')
      this.#pinned.set(root, { blocks, times: (pinned?.times ?? 0) + 1, agents: [...(pinned?.agents ?? []), agent] })
      this.#own.delete(agent)
    })
  }

  unpin(root: Cid): Promise<void> {
    return this.exclusive(async () => {
      const pinned = this.#pinned.get(root)
      if (!pinned) return
      if (pinned.times > 1) this.#pinned.set(root, { ...pinned, times: pinned.times - 1 })
      else this.#pinned.delete(root)
      await this.#drop(this.#release(pinned.blocks, 'held'))
    })
  }

  /** One at a time: a block must not be let go of between being found here and being needed. */
  exclusive<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#last.then(run)
    this.#last = done.catch(() => {})
    return done
  }

  async #keep(blocks: ReadonlyMap<Cid, Uint8Array>): Promise<void> {
    try {
      await this.#write(blocks)
    } catch (error) {
      if (!(error instanceof StoreFullError) || this.#counts.cachedBytes === 0) throw error
      // Where the medium is full, what is only cached gives way: also blocks of this very checkpoint that were here so far.
      await this.#drop(this.#cache.shrink(0))
      await this.#write(blocks)
    }
    for (const cid of blocks.keys()) {
      this.#here.add(cid)
      this.#doomed.delete(blockKey(cid))
    }
    this.#recent.add(blocks)
  }

  /** Those that are not here. */
  async #write(blocks: ReadonlyMap<Cid, Uint8Array>): Promise<void> {
    const writes: Write[] = []
    for (const [cid, bytes] of blocks) if (!this.#here.has(cid)) writes.push({ key: blockKey(cid), value: bytes })
    if (writes.length > 0) await this.#store.commit(writes)
  }

  async #hold(agent: AgentId, root: Cid): Promise<void> {
    if (this.#held.get(agent)?.has(root)) return
    const blocks = (await this.places(root)) ?? [{ place: 'root', cid: root, bytes: 0 }]
    this.#holdPlaced({ agent, root, blocks, hopped: false })
  }

  #holdPlaced(kept: Kept): void {
    const roots = this.#held.get(kept.agent) ?? new Map<Cid, Kept>()
    if (roots.has(kept.root)) return
    roots.set(kept.root, kept)
    this.#own.delete(kept.agent)
    this.#held.set(kept.agent, roots)
    this.#need(kept.blocks, 'held')
  }

  #need(blocks: readonly Placed[], need: Need): void {
    for (const { cid, bytes } of blocks) this.#counts.add(cid, bytes, need)
  }

  /** Blocks of one transfer, kept as they come. What came of a transfer that failed is cached for its next attempt. */
  parcel(agent: AgentId, root: Cid, hopped: boolean): Parcel {
    const came: Placed[] = []
    return {
      add: (blocks) =>
        this.exclusive(async () => {
          await this.#keep(blocks)
          const placed = Array.from(blocks, ([cid, bytes]) => ({ place: cid, cid, bytes: bytes.length }))
          this.#need(placed, 'held')
          came.push(...placed)
        }),
      whole: (blocks) =>
        this.exclusive(async () => {
          if (blocks.some(({ cid }) => !this.#here.has(cid))) return false
          this.#holdPlaced({ agent, root, blocks, hopped })
          await this.#drop([...this.#cache.forgetPart(root), ...this.#release(came, 'held')])
          return true
        }),
      broken: () =>
        this.exclusive(async () => {
          const gone = came.length > 0 ? this.#cache.add({ agent, root, blocks: came, hopped }, true) : []
          await this.#drop([...gone, ...this.#release(came, 'held'), ...this.#cache.shrink()])
        }),
    }
  }

  /** Nobody has tried to make this checkpoint whole again. */
  forgetPart(root: Cid): Promise<void> {
    return this.exclusive(() => this.#drop(this.#cache.forgetPart(root)))
  }

  /** An agent's checkpoints are not needed here any more, but for `keep`. They are cached, or dropped when it has ended. */
  forget(agent: AgentId, keep: Cid | null, ended = false): Promise<void> {
    return this.exclusive(() => this.#forget(agent, (root) => root !== keep, ended))
  }

  /** Lets go of what is older than this checkpoint. A newer one may have been sealed that the caller has not heard of. */
  forgetBefore(agent: AgentId, checkpoint: Cid, keep: Cid | null = null): Promise<void> {
    return this.exclusive(async () => {
      const roots = [...(this.#held.get(agent)?.keys() ?? [])]
      const older = new Set(roots.slice(0, Math.max(0, roots.indexOf(checkpoint))))
      if (keep) older.delete(keep)
      await this.#forget(agent, (root) => older.has(root), false)
    })
  }

  async #forget(agent: AgentId, goes: (root: Cid) => boolean, ended: boolean): Promise<void> {
    this.#own.delete(agent)
    const roots = this.#held.get(agent) ?? new Map<Cid, Kept>()
    const dead: Cid[] = ended ? [...this.#cache.forgetAgent(agent)] : []
    for (const [root, kept] of roots) {
      if (!goes(root)) continue
      roots.delete(root)
      const isWhole = kept.blocks.every(({ bytes }) => bytes > 0)
      if (!ended && isWhole) {
        dead.push(...this.#cache.add(kept, false))
        this.#unrecorded.add(root)
      }
      dead.push(...this.#release(kept.blocks, 'held'))
    }
    dead.push(...this.#cache.shrink())
    if (roots.size === 0) {
      this.#held.delete(agent)
      this.#fresh.delete(agent)
    }
    await this.#drop(dead)
  }

  #release(blocks: readonly Placed[], need: Need): Cid[] {
    return blocks.filter(({ cid }) => this.#counts.remove(cid, need)).map(({ cid }) => cid)
  }

  /**
   * Deletes those of the blocks that nobody needs, and the records of checkpoints that the cache has let go of; records what
   * it has taken up. Deletions that a full medium does not take are tried again with the next. What it does not record goes
   * out of the cache: the next life would not know of it, and until then nobody would let go of it.
   */
  async #drop(cids: readonly Cid[]): Promise<void> {
    this.#doom(cids)
    const roots = [...this.#unrecorded].filter(this.#cache.has)
    this.#unrecorded.clear()
    const records = roots.map(this.#cache.record)
    for (const { key } of records) this.#doomed.delete(key)
    if ((await this.#deleted(records)) || roots.length === 0) return
    this.#doom(roots.flatMap(this.#cache.forgetRoot))
    await this.#deleted()
  }

  /** Those that nobody needs any more shall go. */
  #doom(cids: readonly Cid[]): void {
    for (const cid of cids) {
      if (this.#counts.needs(cid) || !this.#here.delete(cid)) continue
      this.#recent.delete(cid)
      this.#doomed.add(blockKey(cid))
    }
    for (const { key } of this.#cache.takeGone()) this.#doomed.add(key)
  }

  /** All that shall go is gone, and these are written; false where the medium took nothing of it. */
  async #deleted(records: readonly Write[] = []): Promise<boolean> {
    const gone = Array.from(this.#doomed, (key): Write => ({ key, value: null }))
    if (!(await this.#took([...records, ...gone]))) return false
    this.#doomed.clear()
    return true
  }

  async #took(writes: readonly Write[]): Promise<boolean> {
    try {
      if (writes.length > 0) await this.#store.commit(writes)
      return true
    } catch (error) {
      if (error instanceof StoreFullError) return false
      throw error
    }
  }

  /** The last checkpoint with which an agent left here, or which it had before. */
  cachedBase = (agent: AgentId): Cid | null => this.#cache.newestOf(agent)

  /** The newest whole checkpoint of an agent that is here, the given one first. */
  base(agent: AgentId, first: Cid | null): Cid | null {
    const held = this.#held.get(agent)
    if (first && (held?.has(first) || this.#cache.has(first))) {
      this.#cache.touch(first)
      return first
    }
    return held ? ([...held.keys()].at(-1) ?? null) : this.#cache.newestOf(agent)
  }

  /** Every block of a checkpoint that others can fetch here, kept or lent; null where one cannot be. */
  async offered(root: Cid): Promise<readonly Placed[] | null> {
    if (!this.#lentBlock(root)) return this.places(root)
    const placed = await placesOf(root, this.get, this.tables)
    return placed.ok && placed.value.every(({ cid }) => this.#here.has(cid) || this.#lentBlock(cid))
      ? placed.value
      : null
  }

  #heldRoot(root: Cid): Kept | null {
    for (const roots of this.#held.values()) {
      const kept = roots.get(root)
      if (kept?.blocks.every(({ bytes }) => bytes > 0)) return kept
    }
    return null
  }

  /** Every block of a checkpoint; null where it is not whole here. */
  async places(root: Cid): Promise<readonly Placed[] | null> {
    const known = this.#heldRoot(root) ?? this.#cache.get(root) ?? this.#pinned.get(root)
    if (known) return known.blocks
    const placed = await placesOf(root, this.get, this.tables)
    return placed.ok && placed.value.every(({ cid }) => this.#here.has(cid)) ? placed.value : null
  }

  /** The checkpoints that were cached in the life before, least recently left first. */
  async #recallCache(): Promise<void> {
    for (const kept of await this.#cache.recall(this.#store)) {
      const blocks = await this.places(kept.root)
      if (blocks) await this.#drop([...this.#cache.add({ ...kept, blocks }, false), ...this.#cache.shrink()])
    }
  }

  /** Deletes every block but those of the given bundles, of held checkpoints and of the cache: what a life before left behind. */
  async sweep(bundles: readonly Cid[]): Promise<void> {
    for (const bundle of bundles) {
      const root = await this.get(bundle)
      const named = root && bundleBlocks(root)
      this.#needBundled([bundle, ...(named?.ok ? named.value.cids : [])])
    }
    const dead = [...this.#here].filter((cid) => !this.#counts.needs(cid))
    for (const cid of dead) {
      this.#here.delete(cid)
      this.#recent.delete(cid)
    }
    if (dead.length > 0) await this.#store.commit(dropBlocks(dead))
  }
}

/** A checkpoint that is kept whatever becomes of its agents: forked ones can begin at the same. */
interface Pinned {
  readonly blocks: readonly Placed[]
  readonly times: number
  readonly agents: readonly AgentId[]
}

export interface Parcel {
  /** Durable when it resolves. Each block once. */
  add(blocks: ReadonlyMap<Cid, Uint8Array>): Promise<void>
  /** All is here: the agent needs the checkpoint from now on. False where something has been let go of meanwhile. */
  whole(blocks: readonly Placed[]): Promise<boolean>
  broken(): Promise<void>
}
