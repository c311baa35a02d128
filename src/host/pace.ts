import type { Clock } from '../base/clock.ts'
import type { Timer, Timers } from '../base/timers.ts'
import { PACE_BYTES_PER_SECOND, PACE_GRACE_MS, PACE_LOOK_MS, TRANSFER_MS_MAX } from './transfer-limits.ts'

/**
 * Whether a transfer comes at a bearable pace (THREATS 32): bytes as they travelled, over the time it has been under way.
 * A host that sends a byte a second would otherwise hold a place, and the frozen agent at the other end, for minutes.
 */
export class Pace {
  readonly #clock: Clock
  readonly #timers: Timers
  /** Time under way before the present `watch`; waiting for a turn between two is not counted. */
  #ranMs = 0
  /** Counts what the neighbour has sent on its present session: it falls when a new one takes its place. */
  readonly #received: () => number
  #seen = 0
  #bytes = 0
  #isOver = false

  constructor(clock: Clock, timers: Timers, received: () => number) {
    this.#received = received
    this.#clock = clock
    this.#timers = timers
  }

  /** It was too slow, and what still comes is of no use. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Null when `run` has ended; what was violated where it was too slow for that. */
  async watch(run: Promise<unknown>): Promise<string | null> {
    const startMs = this.#clock.nowMs() - this.#ranMs
    this.#seen = this.#received()
    let timer: Timer | null = null
    const tooSlow = new Promise<string>((resolve) => {
      const look = (): void => {
        const fault = this.#fault(this.#clock.nowMs() - startMs)
        if (fault === null) timer = this.#timers.after(PACE_LOOK_MS, look)
        else resolve(fault)
      }
      timer = this.#timers.after(PACE_LOOK_MS, look)
    })
    const slow = await Promise.race([run.then(() => null), tooSlow])
    ;(timer as Timer | null)?.cancel()
    this.#ranMs = this.#clock.nowMs() - startMs
    this.#isOver = slow !== null
    return slow
  }

  #fault(ms: number): string | null {
    const seen = this.#received()
    this.#bytes += seen < this.#seen ? seen : seen - this.#seen
    this.#seen = seen
    if (ms > TRANSFER_MS_MAX) return `transferMs > TRANSFER_MS_MAX ${TRANSFER_MS_MAX}`
    const bytesMin = Math.floor(((ms - PACE_GRACE_MS) * PACE_BYTES_PER_SECOND) / 1_000)
    return this.#bytes < bytesMin ? `${this.#bytes} bytes in ${Math.round(ms)} ms < ${bytesMin}: too slow` : null
  }
}
