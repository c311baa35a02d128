import type { Clock } from '../base/clock.ts'
import type { Deflate } from '../base/deflate.ts'
import type { Cid } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import type { Timers } from '../base/timers.ts'
import type { GetBlock } from '../checkpoint/open.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Requests } from '../wire/messages.ts'
import { writeNames } from '../wire/names.ts'
import { openPack, type Pack, type Unpacked } from '../wire/pack.ts'
import type { Answer, Fault } from './events.ts'
import { Pace } from './pace.ts'
import { FETCH_LANES, FETCH_NAMES, RESUME_AGAIN_MS, RESUME_MS_MAX } from './transfer-limits.ts'

/**
 * Blocks of one transfer asked of another host: several requests at once, so that nobody waits for a round trip, and no
 * more, so that what is under way is bounded. Every block is named by its own hash before it counts as come, and all of
 * them together have a budget of bytes and a least pace. A connection that breaks is waited for: then the rest is asked
 * for, and nothing that came before. Keeps nothing: `add` is told what came.
 */
export type AskBlocks = (from: Did, body: Requests['fetch']['ask']) => Promise<Answer>

export type Outcome<T> = Result<T, Fault['code']>

export interface Wanted {
  readonly cid: Cid
  /** A block that is here and that it probably differs little from. */
  readonly against: Cid | null
}

export type AddBlocks = (blocks: ReadonlyMap<Cid, Uint8Array>) => Promise<Outcome<void>>

/** What every transfer needs of its host. */
export interface PullPowers {
  readonly deflate: Deflate
  readonly ask: AskBlocks
  /** Bytes that the present session with a host has brought. */
  readonly received: (from: Did) => number
  readonly clock: Clock
  readonly timers: Timers
}

export interface PullBounds {
  /** Null where nobody has more than is here. */
  readonly from: Did | null
  /** Whose checkpoint it is; null for a bundle. */
  readonly agent: AgentId | null
  /** Tells this transfer from others between the two hosts, so that they share fairly. */
  readonly transfer: number
  readonly blockBytesMax: number
  readonly bytesMax: number
  readonly get: GetBlock
}

export class Pull {
  readonly #powers: PullPowers
  readonly #bounds: PullBounds
  readonly #pace: Pace
  #room: number

  constructor(powers: PullPowers, bounds: PullBounds) {
    this.#powers = powers
    this.#bounds = bounds
    const { from } = bounds
    this.#pace = new Pace(powers.clock, powers.timers, () => (from === null ? 0 : powers.received(from)))
    this.#room = bounds.bytesMax
  }

  /** Until all of them have come, or one cannot. */
  async run(wanted: readonly Wanted[], add: AddBlocks): Promise<Outcome<void>> {
    const { from } = this.#bounds
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
    const slow = await this.#pace.watch(Promise.all(Array.from({ length: lanes }, lane)))
    if (slow !== null) end = refuse('TIMEOUT', slow)
    return end
  }

  /** One request and its answer; returns what did not fit into it. */
  async #fetch(from: Did, wanted: readonly Wanted[], add: AddBlocks): Promise<Outcome<readonly Wanted[]>> {
    const answer = await this.#askAgain(from, wanted)
    if (!answer.ok) return answer
    if (this.#pace.isOver) return refuse('TIMEOUT', 'the transfer is over')
    const { pack } = answer.body as Requests['fetch']['answer']
    const unpacked = await this.unpack(pack, wanted.length, async (index) => {
      const against = wanted[index]?.against
      return against ? this.#bounds.get(against) : null
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
    // Too late: what is kept has been settled.
    if (this.#pace.isOver) return refuse('TIMEOUT', 'the transfer is over')
    const added = await add(blocks)
    return added.ok ? accept(wanted.slice(unpacked.value.length)) : added
  }

  /** Asks until there is an answer, while the connection may come back. */
  async #askAgain(from: Did, wanted: readonly Wanted[]): Promise<Answer> {
    const { ask, clock, timers } = this.#powers
    const body = {
      transfer: this.#bounds.transfer,
      agent: this.#bounds.agent,
      names: writeNames(wanted.map(({ cid }) => cid)),
      against: wanted.some(({ against }) => against)
        ? writeNames(wanted.map(({ against }) => against))
        : new Uint8Array(),
    }
    let lostMs: number | null = null
    for (;;) {
      const answer = await ask(from, body)
      if (answer.ok || answer.code !== 'CLOSED' || this.#pace.isOver) return answer
      lostMs ??= clock.nowMs()
      if (clock.nowMs() - lostMs > RESUME_MS_MAX) return answer
      await new Promise<void>((resolve) => timers.after(RESUME_AGAIN_MS, resolve))
    }
  }

  /** Takes a pack apart within what the transfer may still bring. */
  async unpack(
    pack: Pack,
    entriesMax: number,
    before: (index: number) => Promise<Uint8Array | null>,
  ): Promise<Outcome<readonly (Unpacked | null)[]>> {
    const { blockBytesMax, bytesMax } = this.#bounds
    const bounds = { blockBytesMax, entriesMax, bytesMax: this.#room }
    const unpacked = await openPack(pack, before, bounds, this.#powers.deflate)
    if (!unpacked.ok)
      return unpacked.code === 'ROOM'
        ? refuse('QUOTA', `bytes of the transfer > ${bytesMax}`)
        : refuse('REFUSED', `${unpacked.code}: ${unpacked.reason}`)
    for (const block of unpacked.value) this.#room -= block?.bytes.length ?? 0
    return this.#room < 0 ? refuse('QUOTA', `bytes of the transfer > ${bytesMax}`) : unpacked
  }
}
