import { assert } from '../../base/assert.ts'
import type { Clock } from '../../base/clock.ts'
import type { Timers } from '../../base/timers.ts'
import { BUFFERED_BYTES_HIGH, BUFFERED_BYTES_LOW, FRAME_BYTES_MAX, HELD_FRAMES_MAX } from '../../wire/limits.ts'
import { type Channel, ChannelClosedError } from '../../wire/transport.ts'

/** One end of a channel of the memory network: frames arrive at the other end after the latency, in order. */
export interface ChannelPowers {
  readonly clock: Clock
  readonly timers: Timers
  latencyMs(): number
}

export class MemoryChannel implements Channel {
  readonly remoteAddress: string
  readonly networkAddress: string
  readonly fingerprints: Channel['fingerprints']
  readonly closed: Promise<{ readonly reason: string }>
  readonly #powers: ChannelPowers
  readonly #early: Uint8Array[] = []
  readonly #waiting: (() => void)[] = []
  /** What was sent and has not arrived, oldest first; the first `#due` of them may arrive when the link is whole. */
  readonly #underWay: (() => void)[] = []
  #due = 0
  #isHeld = false
  #other: MemoryChannel | null = null
  #onFrame: ((frame: Uint8Array) => void) | null = null
  #arrivesMs = 0
  #bufferedBytes = 0
  #isClosed = false
  #resolveClosed: (end: { readonly reason: string }) => void = () => {}

  constructor(
    { address, networkAddress }: { readonly address: string; readonly networkAddress: string },
    fingerprints: Channel['fingerprints'],
    powers: ChannelPowers,
  ) {
    this.remoteAddress = address
    this.networkAddress = networkAddress
    this.fingerprints = fingerprints
    this.#powers = powers
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
  }

  join(other: MemoryChannel): void {
    this.#other = other
    other.#other = this
  }

  async send(frame: Uint8Array): Promise<void> {
    assert(frame.length <= FRAME_BYTES_MAX, `frameBytes ${frame.length} > FRAME_BYTES_MAX ${FRAME_BYTES_MAX}`)
    if (this.#isClosed) throw new ChannelClosedError(`channel to ${this.remoteAddress} is closed`)
    const copy = new Uint8Array(frame)
    this.#bufferedBytes += copy.length
    this.#arriveLater(() => {
      this.#bufferedBytes -= copy.length
      if (this.#bufferedBytes <= BUFFERED_BYTES_LOW) for (const resolve of this.#waiting.splice(0)) resolve()
      this.#other?.take(copy)
    })
    if (this.#bufferedBytes > BUFFERED_BYTES_HIGH) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    if (this.#isClosed) throw new ChannelClosedError(`channel to ${this.remoteAddress} closed while sending`)
  }

  receive(onFrame: (frame: Uint8Array) => void): void {
    assert(this.#onFrame === null, 'receive is set once')
    this.#onFrame = onFrame
    for (const frame of this.#early.splice(0)) if (!this.#isClosed) onFrame(frame)
  }

  close(): void {
    if (this.#isClosed) return
    this.#arriveLater(() => this.#other?.end('closed by the other end'))
    this.end('closed here')
  }

  /** This end closes after the latency; what is under way may still arrive before. */
  break(reason: string): void {
    this.#powers.timers.after(this.#powers.latencyMs(), () => this.end(reason))
  }

  hold(): void {
    this.#isHeld = true
  }

  resume(): void {
    this.#isHeld = false
    this.#powers.timers.after(this.#powers.latencyMs(), () => this.#arrive())
  }

  take(frame: Uint8Array): void {
    if (this.#isClosed) return
    if (this.#onFrame) this.#onFrame(frame)
    else if (this.#early.length < HELD_FRAMES_MAX) this.#early.push(frame)
    else this.close()
  }

  end(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#early.length = 0
    for (const resolve of this.#waiting.splice(0)) resolve()
    this.#resolveClosed({ reason })
  }

  #arriveLater(run: () => void): void {
    const { clock, timers } = this.#powers
    this.#underWay.push(run)
    this.#arrivesMs = Math.max(this.#arrivesMs, clock.nowMs() + this.#powers.latencyMs())
    timers.after(this.#arrivesMs - clock.nowMs(), () => {
      this.#due++
      this.#arrive()
    })
  }

  #arrive(): void {
    while (this.#due > 0 && !this.#isHeld) {
      this.#due--
      this.#underWay.shift()?.()
    }
  }
}
