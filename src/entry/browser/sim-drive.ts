import type { Clock } from '../../base/clock.ts'
import type { Timers } from '../../base/timers.ts'
import type { SimFault, SimFrame, SimSetup } from '../../ui/sim/sim-view.ts'
import { SIM_FRAME_MS, SIM_RATE_MS, SIM_STEP_MS, SIM_TURN_MS } from './limits.ts'
import type { Deed, SimOrder, SimReport } from './sim-orders.ts'

/**
 * Drives a simulated cluster at the pace that the page asks for, and sends it a picture now and then. Works in short
 * turns, so that orders are heard; what a slow machine cannot catch up with is let go. One thing at a time: an order
 * waits until the step that is under way has ended.
 */
export interface SimRun {
  readonly faults: readonly SimFault[]
  advance(ms: number): Promise<void>
  obey(deed: Deed): Promise<void>
  /** The cluster as it stands, and what happened since the last call. */
  frame(): SimFrame
}

export interface DriveParts {
  readonly clock: Clock
  readonly timers: Timers
  build(setup: SimSetup): Promise<SimRun>
  report(report: SimReport): void
}

export class Drive {
  readonly #parts: DriveParts
  readonly #orders: SimOrder[] = []
  #run: SimRun | null = null
  #playing = false
  #hidden = false
  #speed = 1
  /** Virtual time that should have passed and has not. */
  #owedMs = 0
  #lastMs = 0
  #shownMs = Number.NEGATIVE_INFINITY
  #turning = false
  #rate = new Rate()

  constructor(parts: DriveParts) {
    this.#parts = parts
  }

  order(order: SimOrder): void {
    this.#orders.push(order)
    this.#wake()
  }

  #wake(): void {
    if (this.#turning) return
    this.#turning = true
    this.#turn().then(
      () => this.#rest(),
      (error: unknown) => {
        this.#playing = false
        this.#turning = false
        this.#parts.report({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) })
      },
    )
  }

  #rest(): void {
    this.#turning = false
    if (this.#orders.length > 0) this.#wake()
    else if (this.#goes) {
      const { clock, timers } = this.#parts
      const isBehind = this.#owedMs > 0 || this.#speed === Number.POSITIVE_INFINITY
      // A turn that took longer than it should have leaves nothing to wait for.
      const restMs = isBehind ? 0 : Math.max(0, SIM_TURN_MS / 2 - (clock.nowMs() - this.#lastMs))
      timers.after(restMs, () => this.#wake())
    }
  }

  get #goes(): boolean {
    return this.#playing && !this.#hidden && this.#run !== null
  }

  async #turn(): Promise<void> {
    const { clock } = this.#parts
    for (const order of this.#orders.splice(0)) await this.#obey(order)
    const run = this.#run
    if (!run || !this.#goes) return
    const startMs = clock.nowMs()
    this.#owe(startMs)
    while (this.#owedMs > 0 && clock.nowMs() - startMs < SIM_TURN_MS && this.#orders.length === 0) {
      const stepMs = Math.min(SIM_STEP_MS, Math.max(1, Math.floor(this.#owedMs)))
      await run.advance(stepMs)
      this.#owedMs -= stepMs
      this.#rate.count(clock.nowMs(), stepMs)
    }
    if (clock.nowMs() - this.#shownMs >= SIM_FRAME_MS) this.#show(run)
  }

  /** Not more than two turns' worth: a machine that is too slow runs slower, and does not hurry after. */
  #owe(nowMs: number): void {
    const mostMs = 2 * SIM_TURN_MS * this.#speed
    const owedMs = this.#owedMs + Math.max(1, nowMs - this.#lastMs) * this.#speed
    this.#owedMs = Math.min(owedMs, mostMs)
    this.#lastMs = nowMs
  }

  #show(run: SimRun): void {
    const nowMs = this.#parts.clock.nowMs()
    this.#shownMs = nowMs
    const frame = run.frame()
    // Whatever went wrong is to be seen as it stood.
    if (frame.violation) this.#playing = false
    this.#parts.report({ kind: 'frame', frame, rate: this.#rate.at(nowMs) })
  }

  async #obey(order: SimOrder): Promise<void> {
    const nowMs = this.#parts.clock.nowMs()
    switch (order.kind) {
      case 'start':
        return this.#start(order.setup)
      case 'play':
        this.#playing = order.playing
        return this.#setOff(nowMs)
      case 'hidden':
        this.#hidden = order.hidden
        return this.#setOff(nowMs)
      case 'speed':
        this.#speed = order.speed
        return this.#setOff(nowMs)
      case 'step':
        await this.#run?.advance(SIM_STEP_MS)
        break
      default:
        await this.#run?.obey(order)
    }
    if (this.#run) this.#show(this.#run)
  }

  /** What stood still owes nothing. */
  #setOff(nowMs: number): void {
    this.#lastMs = nowMs
    this.#owedMs = 0
    this.#rate = new Rate()
  }

  async #start(setup: SimSetup): Promise<void> {
    this.#run = null
    this.#run = await this.#parts.build(setup)
    this.#setOff(this.#parts.clock.nowMs())
    this.#parts.report({ kind: 'built', faults: this.#run.faults, frame: this.#run.frame() })
  }
}

/** Virtual time that passes in one of ours, over the last second or so. */
class Rate {
  #steps: { readonly atMs: number; readonly ms: number }[] = []
  #fromMs: number | null = null

  count(atMs: number, ms: number): void {
    this.#fromMs ??= atMs
    this.#steps.push({ atMs, ms })
    if (this.#steps.length > 4_096) this.#steps = this.#steps.slice(-2_048)
  }

  at(nowMs: number): number {
    this.#steps = this.#steps.filter(({ atMs }) => nowMs - atMs < SIM_RATE_MS)
    const spanMs = Math.min(SIM_RATE_MS, nowMs - (this.#fromMs ?? nowMs))
    return spanMs <= 0 ? 0 : this.#steps.reduce((sum, { ms }) => sum + ms, 0) / spanMs
  }
}
