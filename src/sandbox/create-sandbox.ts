import type { Guest, GuestEvent, GuestOrder, Sandbox } from './port.ts'
import { Warden, type WardenPowers, type WorkerEvents, type WorkerLink } from './warden.ts'

/**
 * A sandbox over any kind of worker: one worker for each guest, never used again, and one spare that has already
 * prepared the engine, so that a thaw does not wait for a worker to start. How a worker starts, the realm's adapter says.
 */
export interface SandboxRealm extends WardenPowers {
  startWorker(events: WorkerEvents): WorkerLink
  /** Engines that guests can run on, compiled once and shared by all workers; the spare prepares the first. */
  readonly engines: ReadonlyMap<string, WebAssembly.Module>
  /** Whether to keep a spare; what runs one agent in its life need not. */
  readonly keepSpare: boolean
}

export interface ClosableSandbox extends Sandbox {
  /** Ends every worker; the guests end without an event. */
  close(): void
}

export function createSandbox(realm: SandboxRealm): ClosableSandbox {
  const live = new Set<WaitingWorker>()
  let spare: WaitingWorker | null = null
  let closed = false

  const start = (engineId: string, module: WebAssembly.Module): WaitingWorker => {
    const worker = new WaitingWorker(realm, engineId, module, () => {
      live.delete(worker)
      if (spare === worker) spare = null
    })
    live.add(worker)
    return worker
  }
  const prepareSpare = (): void => {
    const [first] = realm.engines
    if (closed || spare || !realm.keepSpare || !first) return
    try {
      spare = start(...first)
    } catch {
      // A realm without room for one more worker says so to the next guest; a spare is only a convenience.
    }
  }
  const takeWorker = (engineId: string, module: WebAssembly.Module): WaitingWorker => {
    if (spare?.engineId !== engineId) return start(engineId, module)
    const ready = spare
    spare = null
    return ready
  }

  prepareSpare()
  return {
    spawn(order, onEvent) {
      const module = realm.engines.get(order.engineId)
      if (!module || closed)
        return refuseOrder(realm, order, closed ? 'the sandbox is closed' : 'this engine is not here', onEvent)
      // Starting the next worker costs the processor that the new guest is waiting for: it comes after the guest is up.
      const whenUp = (event: GuestEvent): void => {
        onEvent(event)
        if (event.kind === 'ready' || event.kind === 'failed') prepareSpare()
      }
      try {
        return takeWorker(order.engineId, module).admit(order, whenUp)
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'no reason given'
        return refuseOrder(realm, order, `no worker starts (${reason})`, onEvent)
      }
    },
    close() {
      closed = true
      for (const worker of [...live]) worker.terminate()
    },
  }
}

/** A worker that holds an engine ready and has no guest yet. Whatever it says before its order is a breach. */
class WaitingWorker implements WorkerEvents, WorkerLink {
  readonly engineId: string
  readonly #link: WorkerLink
  readonly #powers: WardenPowers
  readonly #onEnd: () => void
  #warden: Warden | null = null

  constructor(realm: SandboxRealm, engineId: string, module: WebAssembly.Module, onEnd: () => void) {
    this.engineId = engineId
    this.#powers = realm
    this.#onEnd = onEnd
    this.#link = realm.startWorker(this)
    this.#link.post({ kind: 'prepare', engineId, module }, [])
  }

  admit(order: GuestOrder, onEvent: (event: GuestEvent) => void): Guest {
    this.#warden = new Warden(this, order, onEvent, this.#powers)
    return this.#warden
  }

  post(...message: Parameters<WorkerLink['post']>): void {
    this.#link.post(...message)
  }

  terminate(): void {
    this.#link.terminate()
    this.#onEnd()
  }

  message(message: unknown): void {
    if (this.#warden) this.#warden.message(message)
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
  return { run: nothing, freeze: nothing, deliver: nothing, limit: nothing, terminate: () => timer.cancel() }
}
