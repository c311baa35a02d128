import type { Cid } from '../base/digest.ts'
import { accept, refuse } from '../base/result.ts'
import { BLOCK_BYTES_MAX } from '../bundle/limits.ts'
import { bundleBlocks } from '../bundle/open.ts'
import { ROOT_BYTES_MAX } from '../checkpoint/limits.ts'
import type { GetBlock } from '../checkpoint/open.ts'
import { Counterparts, type Placed, placesOf } from '../checkpoint/places.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { StoreFullError } from '../storage/port.ts'
import type { Pack } from '../wire/pack.ts'
import { borrowBlocks } from './borrow.ts'
import { type Fault, NOTHING_PUSHED, type Pushed } from './events.ts'
import { type AddBlocks, type Outcome, Pull, type PullPowers, type Wanted } from './pull.ts'
import { Seats } from './seats.ts'
import {
  FETCH_NAMES,
  PARCEL_BYTES,
  PART_KEPT_MS,
  PUSHED_BLOCKS_MAX,
  TRANSFERS_PER_NEIGHBOUR_MAX,
} from './transfer-limits.ts'
import type { Parcel, Vault } from './vault.ts'

/**
 * Makes bundles and checkpoints whole here. What came with the message itself is taken first, then what is missing is
 * asked of the host that has it, and what came is kept even where the rest does not: the next attempt brings the rest.
 */
export interface TransfersOptions extends PullPowers {
  readonly vault: Vault
}

export class Transfers {
  readonly #options: TransfersOptions
  readonly #seats = new Seats<Did>(TRANSFERS_PER_NEIGHBOUR_MAX)
  /** Of checkpoints that are not whole here, when the last transfer broke off. */
  readonly #parts = new Map<Cid, number>()
  #next = 1

  constructor(options: TransfersOptions) {
    this.#options = options
  }

  /** Makes a bundle whole here, from `from` where blocks are missing. `inspect` sees the root before anything else comes. */
  async fetchBundle(
    root: Cid,
    from: Did | null,
    inspect: (root: Uint8Array) => Promise<Fault | null>,
  ): Promise<Outcome<void>> {
    const { vault } = this.#options
    const got = new Map<Cid, Uint8Array>()
    const add: AddBlocks = async (blocks) => {
      for (const [cid, bytes] of blocks) got.set(cid, bytes)
      return accept(undefined)
    }
    if (!vault.has(root)) {
      const first = await this.#pull(from, null, BLOCK_BYTES_MAX, BLOCK_BYTES_MAX, vault.get).run(
        [{ cid: root, against: null }],
        add,
      )
      if (!first.ok) return first
    }
    const rootBytes = got.get(root) ?? (await vault.get(root))
    if (!rootBytes) return refuse('NOT_FOUND', `block ${root} is not here`)
    const fault = await inspect(rootBytes)
    if (fault) return refuse(fault.code, fault.reason)
    const named = bundleBlocks(rootBytes)
    if (!named.ok) return refuse('REFUSED', `bundle: ${named.code}: ${named.reason}`)
    const { cids, bytes } = named.value
    const missing = cids.filter((cid) => !vault.has(cid))
    if (missing.length > 0) {
      // Not a byte more than the author has signed for.
      const rest = await this.#pull(from, null, BLOCK_BYTES_MAX, bytes, vault.get).run(
        missing.map((cid) => ({ cid, against: null })),
        add,
      )
      if (!rest.ok) return rest
    }
    return stored(() => vault.keepBundle(got, [root, ...cids]))
  }

  /**
   * Makes a checkpoint whole here, for an agent that needs it from now on. What may come is bounded by `quotaBytes`, and by
   * what the sender said before it sent anything. `hopped`: the agent changes hosts with it.
   */
  async fetchCheckpoint(
    agent: AgentId,
    root: Cid,
    from: Did | null,
    quotaBytes: number,
    pushed: Pushed = NOTHING_PUSHED,
    hopped = true,
  ): Promise<Outcome<void>> {
    const brought = await this.bringCheckpoint(agent, root, from, quotaBytes, pushed, hopped)
    return brought.ok ? brought.value.kept : brought
  }

  /** The same, from the moment when every block is in memory: they can be read while they are being written. */
  async bringCheckpoint(
    agent: AgentId,
    root: Cid,
    from: Did | null,
    quotaBytes: number,
    pushed: Pushed,
    hopped = true,
  ): Promise<Outcome<Brought>> {
    const { vault } = this.#options
    const base = vault.base(agent, pushed.base)
    const basePlaces = (base && (await vault.places(base))) ?? []
    const got = new Map<Cid, Uint8Array>()
    const get: GetBlock = async (cid) => got.get(cid) ?? vault.get(cid)
    const bytesMax = Math.min(quotaBytes, pushed.checkpointBytes)
    if (pushed.pack && pushed.checkpointBytes > quotaBytes)
      return refuse('QUOTA', `checkpointBytes ${pushed.checkpointBytes} > ${quotaBytes}`)
    const pull = this.#pull(from, agent, ROOT_BYTES_MAX, bytesMax, get)
    const arriving: Arriving = { root, from, got, get, pull, basePlaces, parcel: vault.parcel(agent, root, hopped) }
    const taken = pushed.pack && pushed.base === base ? await takePushed(arriving, pushed.pack) : accept(undefined)
    const filled = taken.ok ? await this.#fill(arriving) : taken
    if (filled.ok) {
      const kept = this.#settle(arriving, filled.value)
      // It may fail before anybody waits for it: that must not end the process. Who waits then is told all the same.
      kept.catch(() => undefined)
      return accept({ get, checked: got, kept })
    }
    await this.#breakOff(arriving)
    return filled
  }

  /** Every block of a checkpoint, in memory only: for whoever reads it once. */
  borrowCheckpoint(agent: AgentId, root: Cid, from: Did | null, bytesMax: number): Promise<Outcome<GetBlock>> {
    const { vault } = this.#options
    return borrowBlocks(
      async (get) => {
        const placed = await placesOf(root, get, vault.tables)
        return placed.ok
          ? accept(placed.value.map(({ cid }) => cid))
          : refuse('REFUSED', `checkpoint: ${placed.code}: ${placed.reason}`)
      },
      async (cid) => (vault.has(cid) ? vault.get(cid) : null),
      (get) => this.#pull(from, agent, ROOT_BYTES_MAX, bytesMax, get),
    )
  }

  async #settle(arriving: Arriving, filled: Filled): Promise<Outcome<void>> {
    let last = filled
    for (;;) {
      const kept = await last.keep()
      if (kept.ok && (await arriving.parcel.whole(last.placed))) return accept(undefined)
      // A block that was here may have been let go of meanwhile: then once more.
      const again = kept.ok ? await this.#fill(arriving) : kept
      if (!again.ok) {
        await this.#breakOff(arriving)
        return again
      }
      last = again.value
    }
  }

  /** What came lies ready for another attempt. */
  async #breakOff({ root, parcel }: Arriving): Promise<void> {
    await parcel.broken()
    this.#parts.set(root, this.#options.clock.nowMs())
  }

  /** Called each tick: where there was no other attempt, the agent may have gone elsewhere for good. */
  letGoOfParts(): void {
    const { vault, clock } = this.#options
    for (const [root, brokenMs] of this.#parts) {
      if (clock.nowMs() < brokenMs + PART_KEPT_MS) continue
      this.#parts.delete(root)
      // A store that fails by then stops the host with its next record.
      vault.forgetPart(root).catch(() => undefined)
    }
  }

  #pull(from: Did | null, agent: AgentId | null, blockBytesMax: number, bytesMax: number, get: GetBlock): Pull {
    return new Pull(this.#options, { from, agent, transfer: this.#next++, blockBytesMax, bytesMax, get })
  }

  /** Until every block is here or in memory; what the last of them leaves to be written is for the caller to write. */
  async #fill({ root, from, got, get, pull, basePlaces, parcel }: Arriving): Promise<Outcome<Filled>> {
    const { vault } = this.#options
    let unkept = new Map<Cid, Uint8Array>()
    let unkeptBytes = 0
    const keep = (): Promise<Outcome<void>> => {
      const blocks = unkept
      unkept = new Map()
      unkeptBytes = 0
      return blocks.size > 0 ? stored(() => parcel.add(blocks)) : Promise.resolve(accept(undefined))
    }
    const add: AddBlocks = async (blocks) => {
      for (const [cid, bytes] of blocks) {
        got.set(cid, bytes)
        unkept.set(cid, bytes)
        unkeptBytes += bytes.length
      }
      return unkeptBytes >= PARCEL_BYTES ? keep() : accept(undefined)
    }
    for (;;) {
      const placed = await placesOf(root, get, vault.tables)
      if (!placed.ok) return refuse('REFUSED', `checkpoint: ${placed.code}: ${placed.reason}`)
      const wanted = new Map<Cid, Wanted>()
      const before = new Counterparts(basePlaces)
      for (const { place, cid } of placed.value) {
        const alike = before.at(place)
        if (vault.has(cid)) continue
        const bytes = got.get(cid)
        if (bytes) unkept.set(cid, bytes)
        else wanted.set(cid, { cid, against: alike === null ? null : (basePlaces[alike]?.cid ?? null) })
      }
      if (wanted.size === 0) return accept({ placed: placed.value, keep })
      const run = (): Promise<Outcome<void>> => pull.run([...wanted.values()], add)
      const isLarge = from !== null && wanted.size > FETCH_NAMES
      const pulled = await (isLarge ? this.#seats.sit(from, run) : run())
      if (pulled.ok) continue
      await keep()
      return pulled
    }
  }
}

/** A checkpoint of which every block is here or in memory. */
interface Brought {
  /** Reads its blocks, those that have just come from memory. */
  readonly get: GetBlock
  /** What has just come: named by hashing it. */
  readonly checked: ReadonlyMap<Cid, Uint8Array>
  /** Durable and needed when it resolves, or why not. Blocks that were let go of meanwhile have been fetched again. */
  readonly kept: Promise<Outcome<void>>
}

interface Filled {
  readonly placed: readonly Placed[]
  keep(): Promise<Outcome<void>>
}

interface Arriving {
  readonly root: Cid
  readonly from: Did | null
  readonly got: Map<Cid, Uint8Array>
  readonly get: GetBlock
  readonly pull: Pull
  readonly basePlaces: readonly Placed[]
  readonly parcel: Parcel
}

async function takePushed({ got, get, pull, basePlaces }: Arriving, pack: Pack): Promise<Outcome<void>> {
  const unpacked = await pull.unpack(pack, PUSHED_BLOCKS_MAX, async (index) => {
    const placed = basePlaces[index]
    return placed ? get(placed.cid) : null
  })
  if (!unpacked.ok) return unpacked
  // Whether they belong to the checkpoint is seen when its places are known; what does not is never kept.
  for (const block of unpacked.value) if (block) got.set(block.cid, block.bytes)
  return accept(undefined)
}

async function stored(keep: () => Promise<void>): Promise<Outcome<void>> {
  try {
    await keep()
    return accept(undefined)
  } catch (error) {
    if (error instanceof StoreFullError) return refuse('STORE_FULL', error.message)
    throw error
  }
}
