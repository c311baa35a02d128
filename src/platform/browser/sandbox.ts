import type { Timers } from '../../base/timers.ts'
import type { EngineCode } from '../../engine/machine.ts'
import { type ClosableSandbox, createSandbox } from '../../sandbox/create-sandbox.ts'
import type { WorkerEvents, WorkerLink } from '../../sandbox/warden.ts'
import { openFrame } from './frame.ts'
import { browserClock, browserTimers } from './time.ts'

/**
 * Guests in the browser: one dedicated web worker each, in a frame of its own whose origin is nobody's and whose policy
 * allows no connection, with nothing left in it but the language, WebAssembly and its port to us. Chromium gives such
 * frames a process apart from the page's, which all guests of a page share; compiled modules cannot go there, so each
 * worker compiles the engine itself, and a browser that knows the bytes already does not do it twice.
 */
export interface BrowserSandboxOptions {
  /** The engines to run on, by id; the first is the one that spare workers hold ready. */
  readonly engines: ReadonlyMap<string, EngineCode>
  /** The guest's script (guest-worker.ts with all that it imports, bundled at build time), or another's for tests. */
  readonly script: string
  /** How many workers to hold ready. */
  readonly spares?: number
  /** The page's own where nothing is said, which are slow while it is hidden. */
  readonly timers?: Timers
}

export function createBrowserSandbox({
  engines,
  script,
  timers = browserTimers,
  spares = 1,
}: BrowserSandboxOptions): ClosableSandbox {
  const file = new Blob([script], { type: 'text/javascript' })
  return createSandbox({
    clock: browserClock,
    timers,
    engines,
    spares,
    startWorker: (events) => startWorker(file, events),
  })
}

/** Newer than the types of the DOM; where a browser does not have it, the watchdog notices instead. */
interface ClosingPort extends MessagePort {
  onclose: (() => void) | null
}

function startWorker(script: Blob, events: WorkerEvents): WorkerLink {
  const { port1, port2 } = new MessageChannel()
  const port = port1 as ClosingPort
  const frame = openFrame(script, port2)
  let ended = false
  port.onmessage = ({ data, ports }: MessageEvent<unknown>) => {
    // A guest has one port and nothing to hand over; `undefined` is no message of its protocol.
    if (!ended) events.message(ports.length === 0 ? data : undefined)
  }
  port.onmessageerror = () => {
    if (!ended) events.died('a message could not be read')
  }
  port.onclose = () => {
    if (!ended) events.died('the web worker has gone')
  }
  return {
    // What is sent before the worker is there waits in the channel.
    post(message, transfer) {
      port.postMessage(message, [...transfer])
    },
    terminate() {
      ended = true
      port.close()
      frame.remove()
    },
  }
}
