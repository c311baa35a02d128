import type { Clock } from '../base/clock.ts'
import type { Timer, Timers } from '../base/timers.ts'

/**
 * One life of a host as its own clock and timers show it: they can run fast or slow, show a wrong date, be throttled like
 * a hidden tab's, lag like a machine's that is too busy, or stand still. Ends with the life: then nothing of it fires.
 */
export class HostTime implements Clock, Timers {
  readonly #world: Clock & Timers
  readonly #rate: number
  /** Of the date it shows. */
  offsetMs: number
  /** Timers fire on whole multiples of so much only; 0: when they are due. */
  throttleMs = 0
  /** Everything that happens here is looked at so much later. */
  lagMs = 0
  #asleep: { readonly sinceMs: number; readonly stops: boolean; readonly due: (() => void)[] } | null = null
  #sleptMs = 0
  #lastMs = 0
  #isOver = false

  constructor(world: Clock & Timers, { rate = 1, offsetMs = 0 }: { rate?: number; offsetMs?: number } = {}) {
    this.#world = world
    this.#rate = rate
    this.offsetMs = offsetMs
  }

  nowMs(): number {
    const { stops, sinceMs } = this.#asleep ?? { stops: false, sinceMs: 0 }
    return ((stops ? sinceMs : this.#world.nowMs()) - this.#sleptMs) * this.#rate
  }

  wallMs(): number {
    return this.#world.wallMs() + this.offsetMs
  }

  after(ms: number, run: () => void): Timer {
    return this.#after(ms, this.throttleMs, run)
  }

  /** The clock and timers of a worker, which browsers do not throttle: where guests live. */
  readonly worker: Clock & Timers = {
    nowMs: () => this.nowMs(),
    wallMs: () => this.wallMs(),
    after: (ms, run) => this.#after(ms, 0, run),
  }

  #after(ms: number, throttleMs: number, run: () => void): Timer {
    let afterMs = Math.max(0, ms) / this.#rate
    if (throttleMs > 0 && ms > 0) {
      const dueMs = this.#world.nowMs() + afterMs
      afterMs += Math.ceil(dueMs / throttleMs) * throttleMs - dueMs
    }
    let isCancelled = false
    const timer = this.#world.after(afterMs, () =>
      this.whenAwake(() => {
        if (!isCancelled) run()
      }),
    )
    return {
      cancel: () => {
        isCancelled = true
        timer.cancel()
      },
    }
  }

  /** Now, or as soon as this host looks: what happens to it happens in order. */
  whenAwake(run: () => void): void {
    if (this.#isOver) return
    if (this.#asleep) this.#asleep.due.push(run)
    else if (this.lagMs === 0 && this.#lastMs <= this.#world.nowMs()) run()
    else {
      this.#lastMs = Math.max(this.#lastMs, this.#world.nowMs() + this.lagMs)
      this.#world.after(this.#lastMs - this.#world.nowMs(), () => this.#look(run))
    }
  }

  #look(run: () => void): void {
    if (this.#isOver) return
    if (this.#asleep) this.#asleep.due.push(run)
    else run()
  }

  get isAsleep(): boolean {
    return this.#asleep !== null
  }

  /** `stops`: its clock does as well, as a closed laptop's; otherwise it sees afterwards how long it was. */
  sleep(stops: boolean): void {
    this.#asleep ??= { sinceMs: this.#world.nowMs(), stops, due: [] }
  }

  wake(): void {
    const asleep = this.#asleep
    if (!asleep) return
    this.#asleep = null
    if (asleep.stops) this.#sleptMs += this.#world.nowMs() - asleep.sinceMs
    for (const run of asleep.due) if (!this.#isOver) run()
  }

  end(): void {
    this.#isOver = true
    this.#asleep = null
  }
}
