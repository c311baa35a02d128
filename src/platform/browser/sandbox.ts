import type { EngineModules } from '../../engine/machine.ts'
import { type ClosableSandbox, createSandbox } from '../../sandbox/create-sandbox.ts'
import type { WorkerEvents, WorkerLink } from '../../sandbox/warden.ts'
import { browserClock, browserTimers } from './time.ts'

/**
 * Guests in the browser: one dedicated web worker each, with nothing left in it but the language, WebAssembly and its
 * port to us. The page's content security policy is the wall behind; an origin of its own for guests is not built yet.
 */
export interface BrowserSandboxOptions {
  /** The engines to run on, by id; the first is the one that spare workers hold ready. */
  readonly engines: ReadonlyMap<string, EngineModules>
  /** How many workers to hold ready. */
  readonly spares?: number
}

export const createBrowserSandbox = ({ engines, spares = 1 }: BrowserSandboxOptions): ClosableSandbox =>
  createSandbox({ clock: browserClock, timers: browserTimers, engines, spares, startWorker })

function startWorker(events: WorkerEvents): WorkerLink {
  const worker = new Worker(new URL('./sandbox-worker.ts', import.meta.url), { type: 'module', name: 'sojourn guest' })
  let ended = false
  worker.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (!ended) events.message(data)
  }
  worker.onmessageerror = () => events.died('a message could not be read')
  worker.onerror = (event) => {
    event.preventDefault()
    events.died(event.message || 'the web worker failed')
  }
  return {
    post(message, transfer) {
      worker.postMessage(message, [...transfer])
    },
    terminate() {
      ended = true
      worker.terminate()
    },
  }
}
