import type { Deflate } from '../base/deflate.ts'
import { type Cid, CODEC_RAW, parseCid } from '../base/digest.ts'
import type { Did } from '../identity/did.ts'
import { FETCH_BYTES_MAX } from '../wire/limits.ts'
import type { Requests } from '../wire/messages.ts'
import { readNames } from '../wire/names.ts'
import { encodeEntry, type Pack, type PackEntry, sealPack } from '../wire/pack.ts'
import { PACKS_UNCOMPRESSED, PUSHED_BLOCKS_MAX, PUSHED_BYTES_MAX, TRIAL_BYTES_MIN, WORTH_DEFLATING } from './limits.ts'
import type { Vault } from './vault.ts'

/**
 * Blocks on their way out. Each neighbour is served one pack at a time, its transfers in turn, so that a small agent does
 * not wait behind a large one; and only when the channel has taken what was given to it before, so that what waits is
 * what was asked for and not what was packed.
 */
type Ask = Requests['fetch']['ask']

/** The line to a neighbour: resolves when it has taken all that was given to it. */
export type Drained = () => Promise<void>

interface Order {
  readonly ask: Ask
  readonly drained: Drained
  readonly resolve: (pack: Pack) => void
}

export class Dispatch {
  readonly #vault: Vault
  readonly #deflate: Deflate
  /** Packs that are not compressed before it is tried again. */
  #uncompressed = 0
  /** For each neighbour being served, its orders by transfer; the first transfer is the next one. */
  readonly #orders = new Map<Did, Map<number, Order[]>>()

  constructor(vault: Vault, deflate: Deflate) {
    this.#vault = vault
    this.#deflate = deflate
  }

  serve(to: Did, ask: Ask, drained: Drained): Promise<Pack> {
    return new Promise((resolve) => {
      const transfers = this.#orders.get(to) ?? new Map<number, Order[]>()
      const orders = transfers.get(ask.transfer) ?? []
      orders.push({ ask, drained, resolve })
      transfers.set(ask.transfer, orders)
      if (this.#orders.has(to)) return
      this.#orders.set(to, transfers)
      void this.#serveAll(to, transfers)
    })
  }

  async #serveAll(to: Did, transfers: Map<number, Order[]>): Promise<void> {
    for (let order = takeTurn(transfers); order; order = takeTurn(transfers)) {
      await order.drained()
      order.resolve(await this.#pack(order.ask))
    }
    this.#orders.delete(to)
  }

  async #pack({ names, against }: Ask): Promise<Pack> {
    const bases = readNames(against)
    const wanted = readNames(names)
    const entries = new Entries(FETCH_BYTES_MAX)
    for (const [index, cid] of wanted.entries()) {
      const bytes = cid && (await this.#vault.get(cid))
      const base = bytes ? (bases[index] ?? null) : null
      const before = base && (await this.#vault.get(base))
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
   * What a host needs of a checkpoint beside what it has of `base`, as far as one message holds it; null where it is not
   * here. `base` null: the host has nothing. `base` not here: only the tables are told, for the host to see what it lacks.
   */
  async push(root: Cid, base: Cid | null): Promise<Pack | null> {
    const places = await this.#vault.offered(root)
    if (!places) return null
    const basePlaces = base === null ? [] : await this.#vault.offered(base)
    const there = new Set(basePlaces?.map(({ cid }) => cid))
    const before = new Map(basePlaces?.map(({ place, cid }, index) => [place, { index, cid }]))
    const entries = new Entries(PUSHED_BYTES_MAX)
    const told = new Set<Cid>()
    // Tables first: with them the receiver knows what it lacks, where not all fits.
    const tables = places.filter(({ cid }) => codecOf(cid) !== CODEC_RAW)
    const pages = basePlaces ? places.filter(({ cid }) => codecOf(cid) === CODEC_RAW) : []
    for (const { place, cid } of [...tables, ...pages]) {
      if (there.has(cid) || told.has(cid)) continue
      told.add(cid)
      const bytes = await this.#vault.get(cid)
      if (!bytes) return null
      const alike = before.get(place)
      const other = alike ? await this.#vault.get(alike.cid) : null
      const entry: PackEntry = {
        codec: codecOf(cid),
        bytes,
        before: alike && other ? { index: alike.index, bytes: other } : null,
      }
      if (told.size > PUSHED_BLOCKS_MAX || !entries.add(entry)) break
    }
    return sealPack(entries.parts, this.#deflate)
  }
}

/** The next order, of the transfer whose turn it is; that transfer is the last then. */
function takeTurn(transfers: Map<number, Order[]>): Order | null {
  for (const [transfer, orders] of transfers) {
    const order = orders.shift() ?? null
    transfers.delete(transfer)
    if (orders.length > 0) transfers.set(transfer, orders)
    if (order) return order
  }
  return null
}

/** Entries up to a sum of bytes; the first always fits. */
class Entries {
  readonly parts: (readonly Uint8Array[])[] = []
  #room: number

  constructor(bytesMax: number) {
    this.#room = bytesMax
  }

  add(entry: PackEntry): boolean {
    const parts = encodeEntry(entry)
    this.#room -= parts.reduce((sum, { length }) => sum + length, 0)
    if (this.#room < 0 && this.parts.length > 0) return false
    this.parts.push(parts)
    return true
  }
}

function codecOf(cid: Cid): number {
  const parsed = parseCid(cid)
  return parsed.ok ? parsed.value.codec : CODEC_RAW
}
