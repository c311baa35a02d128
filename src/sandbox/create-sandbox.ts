import { assert } from '../base/assert.ts'
import type { Timer } from '../base/timers.ts'
import type { EngineCode, EngineModules } from '../engine/machine.ts'
import { SPARE_DELAY_MS } from './limits.ts'
import type { Guest, GuestEvent, GuestOrder, Sandbox } from './port.ts'
import { isPrepared } from './protocol.ts'
import { Warden, type WardenPowers, type WorkerEvents, type WorkerLink } from './warden.ts'

/**
 * A sandbox over any kind of worker: one worker for each guest, never used again, and some spares that have already
 * prepared the engine, so that a thaw does not wait for a worker to start. How a worker starts, the realm's adapter says.
 */
export interface SandboxRealm extends WardenPowers {
  startWorker(events: WorkerEvents): WorkerLink
  /** Engines that guests can run on, compiled once and shared where workers can share them; spares prepare the first. */
  readonly engines: ReadonlyMap<string, Engine>
  /** How many spares to keep; what runs one agent in its life needs none. */
  readonly spares: number
}

type Engine = EngineModules | EngineCode

export interface ClosableSandbox extends Sandbox {
  /** Ends every worker; the guests end without an event. */
  close(): void
}

export function createSandbox(realm: SandboxRealm): ClosableSandbox {
  const live = new Set<WaitingWorker>()
  const spares = new Set<WaitingWorker>()
  let refill: Timer | null = null
  let closed = false

  const start = (engineId: string, engine: Engine): WaitingWorker => {
    const worker = new WaitingWorker(realm, engineId, engine, {
      // One spare after the other: each takes the processor from the guests that run.
      onPrepared: () => refillSoon(),
      onEnd: () => {
        live.delete(worker)
        spares.delete(worker)
      },
    })
    live.add(worker)
    return worker
  }
  const prepareSpare = (): void => {
    const [first] = realm.engines
    if (closed || !first || spares.size >= realm.spares || [...spares].some(({ prepared }) => !prepared)) return
    try {
      spares.add(start(...first))
    } catch {
      // A realm without room for one more worker says so to the next guest; a spare is only a convenience.
    }
  }
  /** A spare costs processor time that the guest that has just come up, and the hop that it ends, are waiting for. */
  const refillSoon = (): void => {
    if (refill !== null || closed || spares.size >= realm.spares) return
    refill = realm.timers.after(SPARE_DELAY_MS, () => {
      refill = null
      prepareSpare()
    })
  }
  const takeWorker = (engineId: string, engine: Engine): WaitingWorker => {
    for (const spare of spares) {
      if (spare.engineId !== engineId) continue
      spares.delete(spare)
      return spare
    }
    return start(engineId, engine)
  }

  prepareSpare()
  return {
    spawn(order, onEvent) {
      const engine = realm.engines.get(order.engineId)
      if (!engine || closed)
        return refuseOrder(realm, order, closed ? 'the sandbox is closed' : 'this engine is not here', onEvent)
      const whenUp = (event: GuestEvent): void => {
        onEvent(event)
        if (event.kind === 'ready' || event.kind === 'failed') refillSoon()
      }
      try {
        return takeWorker(order.engineId, engine).admit(order, whenUp)
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'no reason given'
        return refuseOrder(realm, order, `no worker starts (${reason})`, onEvent)
      }
    },
    close() {
      closed = true
      refill?.cancel()
      for (const worker of [...live]) worker.terminate()
    },
  }
}

interface Watch {
  onPrepared(): void
  onEnd(): void
}

/**
 * A worker that holds an engine ready, or is about to, and has no guest yet. The first that it says is that the engine is ready;
 * whatever else it says before its order is a breach.
 */
class WaitingWorker implements WorkerEvents, WorkerLink {
  readonly engineId: string
  readonly #link: WorkerLink
  readonly #powers: WardenPowers
  readonly #watch: Watch
  #heard = false
  #prepared = false
  #warden: Warden | null = null

  constructor(realm: SandboxRealm, engineId: string, engine: Engine, watch: Watch) {
    this.engineId = engineId
    this.#powers = realm
    this.#watch = watch
    this.#link = realm.startWorker(this)
    this.#link.post({ kind: 'prepare', engineId, engine }, [])
  }

  get prepared(): boolean {
    return this.#prepared
  }

  admit(order: GuestOrder, onEvent: (event: GuestEvent) => void): Guest {
    assert(this.#warden === null, 'a worker is given a second agent')
    this.#warden = new Warden(this, order, onEvent, this.#powers)
    return this.#warden
  }

  post(...message: Parameters<WorkerLink['post']>): void {
    this.#link.post(...message)
  }

  terminate(): void {
    this.#link.terminate()
    this.#watch.onEnd()
  }

  message(message: unknown): void {
    const isFirst = !this.#heard
    this.#heard = true
    if (isFirst && isPrepared(message)) {
      this.#prepared = true
      this.#watch.onPrepared()
    } else if (this.#warden) this.#warden.message(message)
    else this.terminate()
  }

  died(reason: string): void {
    if (this.#warden) this.#warden.died(reason)
    else this.terminate()
  }
}

/** Later, because whoever spawns does not have the guest yet. */
function refuseOrder(
  { timers }: WardenPowers,
  order: GuestOrder,
  reason: string,
  onEvent: (event: GuestEvent) => void,
): Guest {
  const timer = timers.after(0, () =>
    onEvent({ kind: 'failed', code: 'LOAD', reason: `${reason}: engine ${order.engineId}`, fuelUsed: 0 }),
  )
  const nothing = (): void => undefined
  return {
    run: nothing,
    freeze: nothing,
    deliver: nothing,
    limit: nothing,
    patch: nothing,
    terminate: () => timer.cancel(),
  }
}
