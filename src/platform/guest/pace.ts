import type { Clock } from '../../base/clock.ts'
import type { Delivery } from '../../engine/image.ts'
import type { Machine, Stop } from '../../engine/machine.ts'
import { TIMER_MS_MAX } from '../../sandbox/limits.ts'
import type { Intake } from './intake.ts'

/** What comes next. */
export type Moment =
  /** A slice; or up to that much fuel (engine/machine.ts, `runTo`). */
  | { readonly kind: 'run'; readonly to?: { readonly fuelUsed: bigint; readonly exactly: boolean } }
  /** Nothing is due; `forMs: null` where only an answer can help. */
  | { readonly kind: 'wait'; readonly forMs: number | null }
  /** Of a program that repeats a trace: an image is to be shown, it stands where the trace ends, or nowhere in it. */
  | { readonly kind: 'show' }
  | { readonly kind: 'arrived' }
  | { readonly kind: 'astray'; readonly reason: string }
  /** What the program has said is taken now, and nothing else happens. */
  | { readonly kind: 'drain' }

/**
 * When answers and timers reach a program. In real pace, when they are there: the virtual clock keeps up with the real
 * one while the program is idle. In virtual pace, in an order that depends on the program alone: answers in the order of
 * their calls, a synchronous call's first, each when the program is idle, and sleep takes no time; so a run is the same
 * however it was sliced, frozen and moved.
 */
export interface Pace {
  deliver(delivery: Delivery): void
  /** Before a slice: brings what is due. */
  begin(): Moment
  stopped(stop: Stop): void
  /** Before a freeze: the clock of an idle program is brought up to now and stands still, until the program goes on. */
  rest(): void
  goOn(): void
  /** The guest itself answers a call so. */
  refuse(refusal: Delivery): void
  /** Whether what the program says is left with it for now. */
  readonly isSilent: boolean
  /** Why the program may not have ended here, or null. */
  faultOfEnd(): string | null
}

export const createPace = (pace: 'real' | 'virtual', machine: Machine, intake: Intake, clock: Clock): Pace =>
  pace === 'real' ? new RealPace(machine, intake, clock) : new VirtualPace(machine, intake)

abstract class LivePace {
  readonly isSilent = false
  protected readonly machine: Machine
  protected readonly intake: Intake

  constructor(machine: Machine, intake: Intake) {
    this.machine = machine
    this.intake = intake
  }

  abstract deliver(delivery: Delivery): void

  refuse(refusal: Delivery): void {
    this.intake.refuses(refusal.request)
    this.deliver(refusal)
  }

  faultOfEnd(): null {
    return null
  }
}

const RUN = { kind: 'run' } as const

class RealPace extends LivePace implements Pace {
  readonly #clock: Clock
  /** Since when, in real and in virtual time, and until when, in virtual time, the program is idle. */
  #idle: { readonly sinceMs: number; readonly clockMs: number; readonly wakeMs: number | null } | null = null
  #resting = false

  constructor(machine: Machine, intake: Intake, clock: Clock) {
    super(machine, intake)
    this.#clock = clock
  }

  deliver(delivery: Delivery): void {
    this.#catchUp()
    this.intake.deliver(delivery)
    this.#idle = null
  }

  begin(): ReturnType<Pace['begin']> {
    if (!this.#idle) return RUN
    this.#catchUp()
    const { wakeMs } = this.#idle
    if (wakeMs === null) return { kind: 'wait', forMs: null }
    const leftMs = wakeMs - this.machine.clockMs
    if (leftMs > 0) return { kind: 'wait', forMs: Math.min(Math.ceil(leftMs), TIMER_MS_MAX) }
    this.#idle = null
    return RUN
  }

  stopped(stop: Stop): void {
    if (stop.kind !== 'idle') return
    this.#idle = { sinceMs: this.#clock.nowMs(), clockMs: this.machine.clockMs, wakeMs: stop.wakeMs }
  }

  rest(): void {
    this.#catchUp()
    this.#resting = true
  }

  goOn(): void {
    this.#resting = false
    if (this.#idle) this.#idle = { ...this.#idle, sinceMs: this.#clock.nowMs(), clockMs: this.machine.clockMs }
  }

  #catchUp(): void {
    if (!this.#idle || this.#resting) return
    const { sinceMs, clockMs } = this.#idle
    this.intake.advanceTo(clockMs + Math.floor(this.#clock.nowMs() - sinceMs))
  }
}

class VirtualPace extends LivePace implements Pace {
  readonly #answers = new Map<number, Delivery>()
  #idle: { readonly wakeMs: number | null } | null = null

  deliver(delivery: Delivery): void {
    this.#answers.set(delivery.request, delivery)
  }

  begin(): ReturnType<Pace['begin']> {
    if (!this.#idle) return RUN
    const next = this.machine.awaitedRequest ?? this.machine.pendingCalls[0]?.request
    if (next !== undefined) {
      const answer = this.#answers.get(next)
      if (!answer) return { kind: 'wait', forMs: null }
      this.#answers.delete(next)
      this.intake.deliver(answer)
    } else {
      if (this.#idle.wakeMs === null) return { kind: 'wait', forMs: null }
      this.intake.advanceTo(this.#idle.wakeMs)
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
