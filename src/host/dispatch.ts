import type { Deflate } from '../base/deflate.ts'
import { type Cid, CODEC_RAW, codecOf } from '../base/digest.ts'
import { Counterparts, type Placed } from '../checkpoint/places.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { FETCH_BYTES_MAX, PACK_BLOCKS_BYTES_MAX } from '../wire/limits.ts'
import type { Requests } from '../wire/messages.ts'
import { readNames } from '../wire/names.ts'
import { encodeEntry, type Pack, type PackEntry, sealPack } from '../wire/pack.ts'
import {
  PACKS_UNCOMPRESSED,
  PUSHED_BLOCKS_MAX,
  PUSHED_BYTES_MAX,
  TRIAL_BYTES_MIN,
  WORTH_DEFLATING,
} from './transfer-limits.ts'
import { Turns } from './turns.ts'
import type { Vault } from './vault.ts'

/**
 * Blocks on their way out. Each neighbour is served one pack at a time, its transfers in turn, so that a small agent does
 * not wait behind a large one; and only when the channel has taken what was given to it before, so that what waits is
 * what was asked for and not what was packed.
 */
type Ask = Requests['fetch']['ask']

/** The line to a neighbour over which it has asked. */
export interface AskedOver {
  /** Resolves when it has taken all that was given to it. */
  drained(): Promise<void>
  /** What is asked over one that has ended is not waited for any more. */
  isOpen(): boolean
}

interface Order {
  readonly ask: Ask
  readonly line: AskedOver
  readonly resolve: (pack: Pack) => void
  readonly reject: (error: unknown) => void
}

/** A neighbour being served: what it has ordered, and its newest line. */
interface Neighbour {
  readonly turns: Turns<Order>
  line: AskedOver
}

const NOTHING: Pack = { byteLength: 0, deflated: false, bytes: new Uint8Array() }

export class Dispatch {
  readonly #vault: Vault
  readonly #deflate: Deflate
  /** Packs that are not compressed before it is tried again. */
  #uncompressed = 0
  readonly #neighbours = new Map<Did, Neighbour>()

  constructor(vault: Vault, deflate: Deflate) {
    this.#vault = vault
    this.#deflate = deflate
  }

  serve(to: Did, ask: Ask, line: AskedOver): Promise<Pack> {
    return new Promise((resolve, reject) => {
      const present = this.#neighbours.get(to)
      const neighbour = present ?? { turns: new Turns<Order>(), line }
      neighbour.line = line
      neighbour.turns.add(ask.transfer, { ask, line, resolve, reject })
      if (present) return
      this.#neighbours.set(to, neighbour)
      void this.#serveAll(to, neighbour)
    })
  }

  async #serveAll(to: Did, neighbour: Neighbour): Promise<void> {
    while (!neighbour.turns.isEmpty) {
      // First the line, then whose turn it is: whoever came while it was busy has one.
      await neighbour.line.drained()
      const order = neighbour.turns.take()
      if (!order) continue
      try {
        // Nothing is packed for who has hung up: or who asks and hangs up, again and again, would be worked for without end.
        order.resolve(order.line.isOpen() ? await this.#pack(order.ask) : NOTHING)
      } catch (error) {
        order.reject(error)
      }
    }
    this.#neighbours.delete(to)
  }

  async #pack({ agent, names, against }: Ask): Promise<Pack> {
    const bases = readNames(against)
    const wanted = readNames(names)
    const entries = new Entries(FETCH_BYTES_MAX)
    for (const [index, cid] of wanted.entries()) {
      const bytes = cid && (await this.#vault.getOf(agent, cid))
      const base = bytes ? (bases[index] ?? null) : null
      // The difference to a block that the asker may not have would tell of that one.
      const before = base && (await this.#vault.getOf(agent, base))
      if (
        !entries.add(
          cid && bytes ? { codec: codecOf(cid), bytes, before: before ? { index, bytes: before } : null } : null,
        )
      )
        break
    }
    return this.#seal(entries.parts)
  }

  /**
   * What has just not become smaller will not either: then the next packs go as they are, and one is tried again. On a line
   * that is quicker than the compressor that is most of the time of a transfer.
   */
  async #seal(parts: readonly (readonly Uint8Array[])[]): Promise<Pack> {
    if (this.#uncompressed > 0) {
      this.#uncompressed -= 1
      return sealPack(parts, null)
    }
    const pack = await sealPack(parts, this.#deflate)
    if (pack.byteLength >= TRIAL_BYTES_MIN && pack.bytes.length > pack.byteLength * WORTH_DEFLATING)
      this.#uncompressed = PACKS_UNCOMPRESSED
    return pack
  }

  /**
   * How long a checkpoint is, and what a host needs of it beside what it has of `known`, as far as one message holds it;
   * null where it is not here. `known` null: the host has nothing. Not here, nor anything that would do instead: only the
   * tables are told, for the host to see what it lacks. `besideBytes`: of the agent's mail, in the same message.
   */
  async push(
    agent: AgentId,
    root: Cid,
    known: Cid | null,
    besideBytes = 0,
  ): Promise<{ base: Cid | null; pack: Pack; checkpointBytes: number } | null> {
    const places = await this.#vault.offered(root)
    if (!places) return null
    const checkpointBytes = places.reduce((sum, { bytes }) => sum + bytes, 0)
    // What the other host is known to have may not be here; what the agent last left here with, it may well have too.
    let base = known
    let basePlaces = base === null ? [] : await this.#vault.offered(base)
    const left = this.#vault.cachedBase(agent)
    if (!basePlaces && left !== null) {
      base = left
      basePlaces = await this.#vault.places(left)
    }
    const entries = new Entries(PUSHED_BYTES_MAX - besideBytes)
    const told = new Set<Cid>()
    for (const { cid, alike } of lacked(places, basePlaces)) {
      if (told.has(cid)) continue
      told.add(cid)
      const bytes = await this.#vault.get(cid)
      if (!bytes) return null
      const other = alike ? await this.#vault.get(alike.cid) : null
      const entry: PackEntry = {
        codec: codecOf(cid),
        bytes,
        before: alike && other ? { index: alike.index, bytes: other } : null,
      }
      if (told.size > PUSHED_BLOCKS_MAX || !entries.add(entry)) break
    }
    return { base, pack: await sealPack(entries.parts, this.#deflate), checkpointBytes }
  }
}

interface Lacked {
  readonly cid: Cid
  /** What the other host has at the same place. */
  readonly alike: { readonly index: number; readonly cid: Cid } | null
}

/**
 * What a host lacks that has the base. Tables first: with them the receiver knows what it lacks, where not all fits. Without
 * a base only those.
 */
function lacked(places: readonly Placed[], base: readonly Placed[] | null): readonly Lacked[] {
  const before = new Counterparts(base ?? [])
  const there = new Set<Cid>()
  for (const { cid } of base ?? []) there.add(cid)
  const tables: Lacked[] = []
  const pages: Lacked[] = []
  for (const { place, cid } of places) {
    const index = before.at(place)
    const known = index === null ? undefined : base?.[index]
    if (known?.cid === cid || there.has(cid)) continue
    const alike = index === null || !known ? null : { index, cid: known.cid }
    if (codecOf(cid) !== CODEC_RAW) tables.push({ cid, alike })
    else if (base) pages.push({ cid, alike })
  }
  return [...tables, ...pages]
}

/** Entries up to a sum of bytes, and of the blocks that they make; the first always fits. */
class Entries {
  readonly parts: (readonly Uint8Array[])[] = []
  #room: number
  #blocksRoom = PACK_BLOCKS_BYTES_MAX

  constructor(bytesMax: number) {
    this.#room = bytesMax
  }

  add(entry: PackEntry): boolean {
    const parts = encodeEntry(entry)
    this.#room -= parts.reduce((sum, { length }) => sum + length, 0)
    this.#blocksRoom -= entry?.bytes.length ?? 0
    if ((this.#room < 0 || this.#blocksRoom < 0) && this.parts.length > 0) return false
    this.parts.push(parts)
    return true
  }
}
