import type { Clock } from '../../base/clock.ts'
import type { Delivery } from '../../engine/image.ts'
import type { Machine, Stop } from '../../engine/machine.ts'
import { TIMER_MS_MAX } from '../../sandbox/limits.ts'

/**
 * When answers and timers reach a program. In real pace, when they are there: the virtual clock keeps up with the real
 * one while the program is idle. In virtual pace, in an order that depends on the program alone: answers in the order of
 * their calls, a synchronous call's first, each when the program is idle, and sleep takes no time; so a run is the same
 * however it was sliced, frozen and moved.
 */
export interface Pace {
  deliver(delivery: Delivery): void
  /** Before a slice: brings what is due. `wait`: nothing is; `forMs: null` where only an answer can help. */
  begin(): { readonly kind: 'run' } | { readonly kind: 'wait'; readonly forMs: number | null }
  stopped(stop: Stop): void
  /** Before a freeze: the clock of an idle program is brought up to now and stands still, until the program goes on. */
  rest(): void
  goOn(): void
}

export const createPace = (pace: 'real' | 'virtual', machine: Machine, clock: Clock): Pace =>
  pace === 'real' ? new RealPace(machine, clock) : new VirtualPace(machine)

const RUN = { kind: 'run' } as const

class RealPace implements Pace {
  readonly #machine: Machine
  readonly #clock: Clock
  /** Since when, in real and in virtual time, and until when, in virtual time, the program is idle. */
  #idle: { readonly sinceMs: number; readonly clockMs: number; readonly wakeMs: number | null } | null = null
  #resting = false

  constructor(machine: Machine, clock: Clock) {
    this.#machine = machine
    this.#clock = clock
  }

  deliver(delivery: Delivery): void {
    this.#catchUp()
    this.#machine.deliver(delivery)
    this.#idle = null
  }

  begin(): ReturnType<Pace['begin']> {
    if (!this.#idle) return RUN
    this.#catchUp()
    const { wakeMs } = this.#idle
    if (wakeMs === null) return { kind: 'wait', forMs: null }
    const leftMs = wakeMs - this.#machine.clockMs
    if (leftMs > 0) return { kind: 'wait', forMs: Math.min(Math.ceil(leftMs), TIMER_MS_MAX) }
    this.#idle = null
    return RUN
  }

  stopped(stop: Stop): void {
    if (stop.kind !== 'idle') return
    this.#idle = { sinceMs: this.#clock.nowMs(), clockMs: this.#machine.clockMs, wakeMs: stop.wakeMs }
  }

  rest(): void {
    this.#catchUp()
    this.#resting = true
  }

  goOn(): void {
    this.#resting = false
    if (this.#idle) this.#idle = { ...this.#idle, sinceMs: this.#clock.nowMs(), clockMs: this.#machine.clockMs }
  }

  #catchUp(): void {
    if (!this.#idle || this.#resting) return
    const { sinceMs, clockMs } = this.#idle
    this.#machine.advanceTo(clockMs + Math.floor(this.#clock.nowMs() - sinceMs))
  }
}

class VirtualPace implements Pace {
  readonly #machine: Machine
  readonly #answers = new Map<number, Delivery>()
  #idle: { readonly wakeMs: number | null } | null = null

  constructor(machine: Machine) {
    this.#machine = machine
  }

  deliver(delivery: Delivery): void {
    this.#answers.set(delivery.request, delivery)
  }

  begin(): ReturnType<Pace['begin']> {
    if (!this.#idle) return RUN
    const next = this.#machine.awaitedRequest ?? this.#machine.pendingCalls[0]?.request
    if (next !== undefined) {
      const answer = this.#answers.get(next)
      if (!answer) return { kind: 'wait', forMs: null }
      this.#answers.delete(next)
      this.#machine.deliver(answer)
    } else {
      if (this.#idle.wakeMs === null) return { kind: 'wait', forMs: null }
      this.#machine.advanceTo(this.#idle.wakeMs)
    }
    this.#idle = null
    return RUN
  }

  stopped(stop: Stop): void {
    this.#idle = stop.kind === 'idle' ? { wakeMs: stop.wakeMs } : null
  }

  rest(): void {}

  goOn(): void {}
}
