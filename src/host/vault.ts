import { type Cid, parseCid } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { BUNDLE_BYTES_MAX } from '../bundle/limits.ts'
import { bundleBlocks } from '../bundle/open.ts'
import { blocksOfRoot, blocksOfTable, missingBlocks } from '../checkpoint/open.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { BLOCK_PREFIX, blockKey, dropBlocks, verifyBlock } from '../storage/blocks.ts'
import { type Store, StoreFullError } from '../storage/port.ts'
import { FETCH_BYTES_MAX, FETCH_CIDS_MAX } from '../wire/limits.ts'
import type { Block, Requests } from '../wire/messages.ts'
import type { Answer, Fault } from './events.ts'
import { LINGERING_BLOCKS_MAX } from './limits.ts'

/**
 * The rim's blocks: which are here, which agent needs them, fetching what is missing from another host. Every block is
 * checked against its name before it is kept, and a transfer has a budget. Blocks that no agent needs are deleted.
 */
export type AskBlocks = (from: Did, cids: readonly Cid[]) => Promise<Answer>

export class Vault {
  readonly #store: Store
  readonly #ask: AskBlocks
  readonly #here = new Set<Cid>()
  /** For each agent, the blocks of each of its checkpoints kept here. */
  readonly #roots = new Map<AgentId, Map<Cid, readonly Cid[]>>()
  readonly #uses = new Map<Cid, number>()
  /** Blocks of agents that have left, least recently left first: an agent that comes back brings only what is new. */
  readonly #lingering = new Set<Cid>()
  #last: Promise<unknown> = Promise.resolve()

  private constructor(store: Store, ask: AskBlocks) {
    this.#store = store
    this.#ask = ask
  }

  static async open(store: Store, ask: AskBlocks): Promise<Vault> {
    const vault = new Vault(store, ask)
    for (const key of await store.list(BLOCK_PREFIX)) vault.#here.add(key.slice(BLOCK_PREFIX.length) as Cid)
    return vault
  }

  /** As the medium has it: whoever opens a block checks it against its name, here or on another host. */
  readonly get = async (cid: Cid): Promise<Uint8Array | null> => {
    if (!this.#here.has(cid)) return null
    return this.#store.read(blockKey(cid))
  }

  readonly has = (cid: Cid): boolean => this.#here.has(cid)

  /** Keeps blocks whose names were made from their bytes here. */
  keep(blocks: ReadonlyMap<Cid, Uint8Array>): Promise<void> {
    return this.#exclusive(() => this.#keep(blocks))
  }

  /** Keeps a checkpoint that was sealed here, for as long as the agent needs it. */
  keepCheckpoint(agent: AgentId, root: Cid, blocks: ReadonlyMap<Cid, Uint8Array>): Promise<void> {
    return this.#exclusive(async () => {
      await this.#keep(blocks)
      await this.#hold(agent, root)
    })
  }

  /** Notes that an agent needs a checkpoint that is here since the life before. */
  hold(agent: AgentId, root: Cid): Promise<void> {
    return this.#exclusive(() => this.#hold(agent, root))
  }

  /** One at a time: a block must not be let go of between being found here and being needed. */
  #exclusive<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#last.then(run)
    this.#last = done.catch(() => {})
    return done
  }

  async #keep(blocks: ReadonlyMap<Cid, Uint8Array>): Promise<void> {
    const writes = []
    for (const [cid, bytes] of blocks) if (!this.#here.has(cid)) writes.push({ key: blockKey(cid), value: bytes })
    if (writes.length > 0) await this.#store.commit(writes)
    for (const cid of blocks.keys()) this.#here.add(cid)
  }

  async #hold(agent: AgentId, root: Cid): Promise<void> {
    const roots = this.#roots.get(agent) ?? new Map<Cid, readonly Cid[]>()
    if (roots.has(root)) return
    const cids = await this.#closure(root)
    roots.set(root, cids)
    this.#roots.set(agent, roots)
    for (const cid of cids) this.#uses.set(cid, (this.#uses.get(cid) ?? 0) + 1)
  }

  /** `linger`: the blocks may be wanted again soon, so they stay while there is room for such. */
  forget(agent: AgentId, keep: Cid | null, linger = false): Promise<void> {
    return this.#exclusive(() => this.#forget(agent, (root) => root !== keep, linger))
  }

  /** Lets go of what is older than this checkpoint. A newer one may have been sealed that the caller has not heard of. */
  forgetBefore(agent: AgentId, checkpoint: Cid): Promise<void> {
    return this.#exclusive(async () => {
      const roots = [...(this.#roots.get(agent)?.keys() ?? [])]
      const older = new Set(roots.slice(0, Math.max(0, roots.indexOf(checkpoint))))
      await this.#forget(agent, (root) => older.has(root), false)
    })
  }

  async #forget(agent: AgentId, goes: (root: Cid) => boolean, linger: boolean): Promise<void> {
    const roots = this.#roots.get(agent)
    if (!roots) return
    const unused: Cid[] = []
    for (const [root, cids] of roots) {
      if (!goes(root)) continue
      roots.delete(root)
      for (const cid of cids) {
        const uses = (this.#uses.get(cid) ?? 1) - 1
        if (uses > 0) this.#uses.set(cid, uses)
        else {
          this.#uses.delete(cid)
          unused.push(cid)
        }
      }
    }
    if (roots.size === 0) this.#roots.delete(agent)
    await this.#drop(linger ? this.#linger(unused) : unused)
  }

  /** Lets blocks linger, and returns those that must go for it. */
  #linger(cids: readonly Cid[]): Cid[] {
    for (const cid of cids) {
      this.#lingering.delete(cid)
      this.#lingering.add(cid)
    }
    const dead: Cid[] = []
    for (const cid of this.#lingering) {
      if (this.#lingering.size <= LINGERING_BLOCKS_MAX) break
      this.#lingering.delete(cid)
      if (!this.#uses.has(cid)) dead.push(cid)
    }
    return dead
  }

  async #drop(cids: readonly Cid[]): Promise<void> {
    const dead = cids.filter((cid) => !this.#lingering.has(cid))
    for (const cid of dead) this.#here.delete(cid)
    if (dead.length > 0) await this.#store.commit(dropBlocks(dead))
  }

  /** Deletes every block but those of the given bundles and of held checkpoints: what a life before left behind. */
  async sweep(bundles: readonly Cid[]): Promise<void> {
    const live = new Set<Cid>(this.#uses.keys())
    for (const bundle of bundles) {
      live.add(bundle)
      const root = await this.get(bundle)
      const named = root && bundleBlocks(root)
      if (named?.ok) for (const cid of named.value) live.add(cid)
    }
    const dead = [...this.#here].filter((cid) => !live.has(cid))
    for (const cid of dead) this.#here.delete(cid)
    if (dead.length > 0) await this.#store.commit(dropBlocks(dead))
  }

  /** As many of the blocks asked for as fit into one answer. */
  readonly serve = async (cids: Requests['fetch']['ask']['cids']): Promise<readonly Block[]> => {
    const blocks: Block[] = []
    let room = FETCH_BYTES_MAX - 64 * 1024
    for (const cid of cids) {
      const bytes = await this.get(cid)
      if (!bytes) continue
      if (bytes.length > room && blocks.length > 0) break
      room -= bytes.length + 80
      blocks.push({ cid, bytes })
    }
    return blocks
  }

  /** Makes a bundle whole here, from `from` where blocks are missing. `inspect` sees the root before anything else comes. */
  async fetchBundle(
    root: Cid,
    from: Did | null,
    inspect: (root: Uint8Array) => Promise<Fault | null>,
  ): Promise<Result<void, Fault['code']>> {
    let inspected = false
    return this.#fetch(
      from,
      BUNDLE_BYTES_MAX,
      async (got) => {
        const rootBytes = got.get(root) ?? (await this.get(root))
        if (!rootBytes) return accept([root])
        const fault = inspected ? null : await inspect(rootBytes)
        inspected = true
        if (fault) return refuse(fault.code, fault.reason)
        const named = bundleBlocks(rootBytes)
        if (!named.ok) return refuse('REFUSED', `bundle: ${named.code}: ${named.reason}`)
        return accept(named.value.filter((cid) => !this.#here.has(cid) && !got.has(cid)))
      },
      (got) => this.#keep(got),
    )
  }

  /** Makes a checkpoint whole here, for an agent that needs it from now on; `bytesMax` bounds what may come. */
  async fetchCheckpoint(
    agent: AgentId,
    root: Cid,
    from: Did | null,
    bytesMax: number,
  ): Promise<Result<void, Fault['code']>> {
    return this.#fetch(
      from,
      bytesMax,
      async (got) => {
        const missing = await missingBlocks(
          root,
          async (cid) => got.get(cid) ?? (await this.get(cid)),
          (cid) => this.#here.has(cid) || got.has(cid),
        )
        return missing.ok ? missing : refuse('REFUSED', `checkpoint: ${missing.code}: ${missing.reason}`)
      },
      async (got) => {
        await this.#keep(got)
        await this.#hold(agent, root)
      },
    )
  }

  async #fetch(
    from: Did | null,
    bytesMax: number,
    missing: (got: ReadonlyMap<Cid, Uint8Array>) => Promise<Result<readonly Cid[], Fault['code']>>,
    finish: (got: ReadonlyMap<Cid, Uint8Array>) => Promise<void>,
  ): Promise<Result<void, Fault['code']>> {
    const got = new Map<Cid, Uint8Array>()
    let room = bytesMax
    for (;;) {
      const wanted = await missing(got)
      if (!wanted.ok) return wanted
      if (wanted.value.length === 0) {
        const whole = await this.#finish(got, missing, finish)
        if (!whole.ok || whole.value) return whole.ok ? accept(undefined) : whole
        continue // a block that was here has been let go of meanwhile
      }
      if (from === null) return refuse('NOT_FOUND', `block ${wanted.value[0]} is not here`)
      const cids = wanted.value.slice(0, FETCH_CIDS_MAX)
      const answer = await this.#ask(from, cids)
      if (!answer.ok) return answer
      const asked = new Set(cids)
      let useful = 0
      for (const block of (answer.body as Requests['fetch']['answer']).blocks) {
        if (!asked.has(block.cid)) return refuse('REFUSED', `block ${block.cid} was not asked for`)
        const verified = verifyBlock(block)
        if (!verified.ok) return refuse('REFUSED', `${verified.code}: ${verified.reason}`)
        room -= block.bytes.length
        if (room < 0) return refuse('QUOTA', `bytes of the transfer > ${bytesMax}`)
        got.set(block.cid, block.bytes)
        useful += 1
      }
      if (useful === 0) return refuse('NOT_FOUND', 'the answer has no block')
    }
  }

  /** Looks once more and keeps, with nobody in between. False where something is missing again. */
  #finish(
    got: ReadonlyMap<Cid, Uint8Array>,
    missing: (got: ReadonlyMap<Cid, Uint8Array>) => Promise<Result<readonly Cid[], Fault['code']>>,
    finish: (got: ReadonlyMap<Cid, Uint8Array>) => Promise<void>,
  ): Promise<Result<boolean, Fault['code']>> {
    return this.#exclusive(async () => {
      const wanted = await missing(got)
      if (!wanted.ok) return wanted
      if (wanted.value.length > 0) return accept(false)
      try {
        await finish(got)
      } catch (error) {
        if (error instanceof StoreFullError) return refuse('STORE_FULL', error.message)
        throw error
      }
      return accept(true)
    })
  }

  /** The root and everything it names. */
  async #closure(root: Cid): Promise<readonly Cid[]> {
    const rootBytes = await this.get(root)
    const named = rootBytes && blocksOfRoot(rootBytes)
    if (!named?.ok || !parseCid(root).ok) return [root]
    const cids = new Set<Cid>([root, ...named.value.tables, ...named.value.raw])
    for (const table of named.value.tables) {
      const bytes = await this.get(table)
      const pages = bytes && blocksOfTable(bytes)
      if (pages?.ok) for (const cid of pages.value) cids.add(cid)
    }
    return [...cids]
  }
}
