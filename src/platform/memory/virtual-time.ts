import type { Clock } from '../../base/clock.ts'
import type { Timer, Timers } from '../../base/timers.ts'

/**
 * Time that passes only when told to: a clock and timers for simulations and tests. Timers run in order of their due
 * time, then of their making, so a run is the same each time. Real work between two instants (promises, signatures)
 * takes no virtual time: `settle` lets it finish.
 */
export class VirtualTime implements Clock, Timers {
  readonly #due: Entry[] = []
  readonly #settle: () => Promise<void>
  readonly #originMs: number
  #nowMs = 0
  #made = 0

  /** `settle` resolves when all work that is under way has come to rest, e.g. after a turn of the event loop. */
  constructor(settle: () => Promise<void>, originMs = Date.UTC(2026, 0, 1)) {
    this.#settle = settle
    this.#originMs = originMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  wallMs(): number {
    return this.#originMs + Math.floor(this.#nowMs)
  }

  after(ms: number, run: () => void): Timer {
    const entry: Entry = { atMs: this.#nowMs + Math.max(0, ms), order: this.#made++, run, cancelled: false }
    push(this.#due, entry)
    return {
      cancel: () => {
        entry.cancelled = true
      },
    }
  }

  /** Runs everything that falls due in the next `ms`, and stands at the end of them. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await this.#settle()
    while (this.#runNext(endMs)) await this.#settle()
    this.#nowMs = endMs
  }

  /** Runs until `done` says so; false when it has not within `limitMs`. */
  async runUntil(done: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.#nowMs + limitMs
    await this.#settle()
    while (!done()) {
      if (!this.#runNext(endMs)) return false
      await this.#settle()
    }
    return true
  }

  #runNext(endMs: number): boolean {
    for (;;) {
      const next = this.#due[0]
      if (!next || next.atMs > endMs) return false
      pop(this.#due)
      if (next.cancelled) continue
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.run()
      return true
    }
  }
}

interface Entry {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
  cancelled: boolean
}

const before = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

/** A binary heap: the earliest entry is at 0. */
function push(heap: Entry[], entry: Entry): void {
  let at = heap.length
  heap.push(entry)
  while (at > 0) {
    const above = (at - 1) >> 1
    const parent = heap[above]
    if (!parent || !before(entry, parent)) break
    heap[at] = parent
    at = above
  }
  heap[at] = entry
}

function pop(heap: Entry[]): void {
  const last = heap.pop()
  if (!last || heap.length === 0) return
  let at = 0
  for (;;) {
    const left = 2 * at + 1
    const a = heap[left]
    const b = heap[left + 1]
    const least = a && b && before(b, a) ? left + 1 : left
    const child = heap[least]
    if (!child || !before(child, last)) break
    heap[at] = child
    at = least
  }
  heap[at] = last
}
