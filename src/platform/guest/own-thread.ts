import type { Clock } from '../../base/clock.ts'
import type { Timers } from '../../base/timers.ts'
import type { EngineBuild } from '../../engine/machine.ts'
import { type ClosableSandbox, createSandbox } from '../../sandbox/create-sandbox.ts'
import type { GuestMessage, HostMessage, Prepared } from '../../sandbox/protocol.ts'
import type { WorkerEvents, WorkerLink } from '../../sandbox/warden.ts'
import { Guest } from './guest.ts'
import { wordsOf } from './load.ts'
import type { GuestRealm } from './loop.ts'

/**
 * Guests in the caller's own thread and in a time that is given, for simulations: the real engine, guest and warden, and in
 * place of each worker a row of turns. A turn that has used fuel has taken time: what it said is heard, and the next
 * turn begins, when that has passed. So a run depends on nothing but what reaches it. It walls nothing off: a program that
 * had fallen out of its engine would be here; and messages are handed over, not copied.
 */
export interface OwnThread {
  readonly engines: ReadonlyMap<string, EngineBuild>
  /** As whoever has the guests sees time; and as their workers do, which browsers throttle less. */
  readonly host: Clock & Timers
  readonly worker: Clock & Timers
  /** How fast the machine is, units a millisecond. */
  readonly fuelPerMs: number
  /** The longest that a guest does not look at its mail; and how much longer it may be on the plain build. */
  readonly sliceMs: number
  readonly plainTurnMs: number
}

export function createOwnThreadSandbox(thread: OwnThread): ClosableSandbox {
  const { engines, host } = thread
  return createSandbox({
    clock: host,
    timers: host,
    engines: new Map([...engines].map(([id, { modules }]) => [id, modules])),
    spares: 0,
    startWorker: (events) => new Turns(thread, events),
  })
}

/** To load, to thaw or to freeze takes so long at least, milliseconds: longer than nothing, or a hop would be free. */
const IMAGE_MS = 1

class Turns implements WorkerLink {
  readonly #thread: OwnThread
  readonly #events: WorkerEvents
  readonly #realm: GuestRealm
  /** What is to happen here, in order. */
  readonly #row: (() => void)[] = []
  #isWaiting = false
  #busyUntilMs = 0
  /** Fuel whose time is less than a millisecond. */
  #unpaidFuel = 0
  #said: (GuestMessage | Prepared)[] = []
  #engine: EngineBuild | null = null
  #guest: Guest | null = null
  #hasEnded = false

  constructor(thread: OwnThread, events: WorkerEvents) {
    this.#thread = thread
    this.#events = events
    const { worker, fuelPerMs, sliceMs, plainTurnMs } = thread
    this.#realm = {
      clock: { nowMs: () => worker.nowMs() + this.#leftMs, wallMs: () => worker.wallMs() + this.#leftMs },
      timers: { after: (ms, run) => worker.after(ms, () => this.#queue(run)) },
      post: (message) => void this.#said.push(message),
      receive: () => undefined,
      breathe: (then) => this.#queue(then),
      meter: {
        sliceFuel: BigInt(fuelPerMs * sliceMs),
        plainTurnFuel: BigInt(fuelPerMs * plainTurnMs),
        spent: (fuel) => this.#spend(fuel),
      },
    }
  }

  post(message: HostMessage): void {
    this.#queue(() => this.#hear(message))
  }

  terminate(): void {
    this.#hasEnded = true
    this.#guest = null
    this.#row.length = 0
  }

  get #leftMs(): number {
    return Math.max(0, this.#busyUntilMs - this.#thread.worker.nowMs())
  }

  #take(ms: number): void {
    this.#busyUntilMs = this.#thread.worker.nowMs() + this.#leftMs + ms
  }

  /** Whole milliseconds, so that many guests' turns fall due together. */
  #spend(fuel: bigint): void {
    const { fuelPerMs } = this.#thread
    this.#unpaidFuel += Number(fuel)
    const ms = Math.floor(this.#unpaidFuel / fuelPerMs)
    this.#unpaidFuel -= ms * fuelPerMs
    if (ms > 0) this.#take(ms)
  }

  #queue(run: () => void): void {
    if (this.#hasEnded) return
    this.#row.push(run)
    this.#await()
  }

  #await(): void {
    if (this.#isWaiting || this.#row.length === 0) return
    this.#isWaiting = true
    this.#thread.worker.after(this.#leftMs, () => {
      const next = this.#row.shift()
      if (next) this.#turn(next)
      // Only now: what this turn has said is heard before the next one.
      this.#isWaiting = false
      this.#await()
    })
  }

  #turn(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#events.died(wordsOf(error))
    }
    const said = this.#said
    if (said.length === 0) return
    this.#said = []
    const tell = (): void => {
      for (const message of said) if (!this.#hasEnded) this.#events.message(message)
    }
    const leftMs = this.#leftMs
    if (leftMs > 0) this.#thread.worker.after(leftMs, tell)
    else tell()
  }

  #hear(message: HostMessage): void {
    switch (message.kind) {
      case 'prepare':
        // Made once for all.
        this.#engine = this.#thread.engines.get(message.engineId) ?? null
        return this.#realm.post({ kind: 'prepared' }, [])
      case 'start':
        this.#take(IMAGE_MS)
        if (this.#engine) this.#guest = Guest.start(this.#realm, this.#engine, message.order)
        return
      case 'freeze':
      case 'patch':
        this.#take(IMAGE_MS)
    }
    this.#guest?.receive(message)
  }
}
