import type { Deflate } from '../base/deflate.ts'
import type { Cid } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import type { GetBlock } from '../checkpoint/open.ts'
import type { Did } from '../identity/did.ts'
import type { Requests } from '../wire/messages.ts'
import { writeNames } from '../wire/names.ts'
import { openPack, type Pack, type Unpacked } from '../wire/pack.ts'
import type { Answer, Fault } from './events.ts'
import { FETCH_LANES, FETCH_NAMES } from './limits.ts'

/**
 * Blocks of one transfer asked of another host: several requests at once, so that nobody waits for a round trip, and no
 * more, so that what is under way is bounded. Every block is named by its own hash before it counts as come, and all of
 * them together have a budget of bytes. Keeps nothing: `add` is told what came.
 */
export type AskBlocks = (from: Did, body: Requests['fetch']['ask']) => Promise<Answer>

export type Outcome<T> = Result<T, Fault['code']>

export interface Wanted {
  readonly cid: Cid
  /** A block that is here and that it probably differs little from. */
  readonly against: Cid | null
}

export type AddBlocks = (blocks: ReadonlyMap<Cid, Uint8Array>) => Promise<Outcome<void>>

export interface PullOptions {
  /** Null where nobody has more than is here. */
  readonly from: Did | null
  /** Tells this transfer from others between the two hosts, so that they share fairly. */
  readonly transfer: number
  readonly blockBytesMax: number
  readonly bytesMax: number
  readonly get: GetBlock
  readonly deflate: Deflate
  readonly ask: AskBlocks
}

export class Pull {
  readonly #options: PullOptions
  #room: number

  constructor(options: PullOptions) {
    this.#options = options
    this.#room = options.bytesMax
  }

  /** Until all of them have come, or one cannot. */
  async run(wanted: readonly Wanted[], add: AddBlocks): Promise<Outcome<void>> {
    const { from } = this.#options
    if (from === null) return refuse('NOT_FOUND', `block ${wanted[0]?.cid} is not here`)
    const queue = [...wanted]
    let end: Outcome<void> = accept(undefined)
    const lane = async (): Promise<void> => {
      while (end.ok && queue.length > 0) {
        const left = await this.#fetch(from, queue.splice(0, FETCH_NAMES), add)
        if (!left.ok) end = left
        else queue.unshift(...left.value)
      }
    }
    const lanes = Math.min(FETCH_LANES, Math.ceil(wanted.length / FETCH_NAMES))
    await Promise.all(Array.from({ length: lanes }, lane))
    return end
  }

  /** One request and its answer; returns what did not fit into it. */
  async #fetch(from: Did, wanted: readonly Wanted[], add: AddBlocks): Promise<Outcome<readonly Wanted[]>> {
    const { transfer, ask, get } = this.#options
    const answer = await ask(from, {
      transfer,
      names: writeNames(wanted.map(({ cid }) => cid)),
      against: wanted.some(({ against }) => against)
        ? writeNames(wanted.map(({ against }) => against))
        : new Uint8Array(),
    })
    if (!answer.ok) return answer
    const { pack } = answer.body as Requests['fetch']['answer']
    const unpacked = await this.unpack(pack, wanted.length, async (index) => {
      const against = wanted[index]?.against
      return against ? get(against) : null
    })
    if (!unpacked.ok) return unpacked
    const blocks = new Map<Cid, Uint8Array>()
    for (const [i, block] of unpacked.value.entries()) {
      const cid = wanted[i]?.cid
      if (!block) return refuse('NOT_FOUND', `block ${cid} is not there`)
      if (block.cid !== cid) return refuse('REFUSED', `block ${block.cid} was not asked for`)
      blocks.set(cid, block.bytes)
    }
    if (blocks.size === 0) return refuse('NOT_FOUND', 'the answer has no block')
    const added = await add(blocks)
    return added.ok ? accept(wanted.slice(unpacked.value.length)) : added
  }

  /** Takes a pack apart within what the transfer may still bring. */
  async unpack(
    pack: Pack,
    entriesMax: number,
    before: (index: number) => Promise<Uint8Array | null>,
  ): Promise<Outcome<readonly (Unpacked | null)[]>> {
    const { blockBytesMax, bytesMax, deflate } = this.#options
    const unpacked = await openPack(pack, before, { blockBytesMax, entriesMax, bytesMax: this.#room }, deflate)
    if (!unpacked.ok)
      return unpacked.code === 'ROOM'
        ? refuse('QUOTA', `bytes of the transfer > ${bytesMax}`)
        : refuse('REFUSED', `${unpacked.code}: ${unpacked.reason}`)
    for (const block of unpacked.value) this.#room -= block?.bytes.length ?? 0
    return this.#room < 0 ? refuse('QUOTA', `bytes of the transfer > ${bytesMax}`) : unpacked
  }
}
