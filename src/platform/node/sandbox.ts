import type { EngineModules } from '../../engine/machine.ts'
import { type ClosableSandbox, createSandbox } from '../../sandbox/create-sandbox.ts'
import type { WorkerEvents, WorkerLink } from '../../sandbox/warden.ts'
import { findCage } from './cage.ts'
import { allowHugeFunctions } from './engine-files.ts'
import { readGuestScript } from './guest-script.ts'
import { startGuestThread } from './guest-thread.ts'
import { readProcessScripts, startGuestProcess } from './process-guest.ts'
import { nodeClock, nodeTimers } from './time.ts'

/**
 * Guests in Node: one worker thread each, without environment, arguments, input or output of the process; or, where the owner
 * wants a wall of the operating system's around each, a caged process each (cage.ts) with that thread in it.
 */
export type Isolation = 'thread' | 'process'

export interface NodeSandboxOptions {
  /** The engines to run on, by id; the first is the one that spare workers hold ready. */
  readonly engines: ReadonlyMap<string, EngineModules>
  /** How many workers to hold ready; 0 where hardly anybody arrives. */
  readonly spares?: number
  readonly isolate?: Isolation
  /** Another script than the guest's, for tests of what a compromised worker could do. */
  readonly script?: string
}

export function createNodeSandbox({
  engines,
  spares = 1,
  isolate = 'thread',
  script = readGuestScript(),
}: NodeSandboxOptions): ClosableSandbox {
  allowHugeFunctions()
  return createSandbox({
    clock: nodeClock,
    timers: nodeTimers,
    engines,
    spares,
    startWorker: isolate === 'process' ? processStarter(script) : (events) => startWorker(script, events),
  })
}

function processStarter(script: string): (events: WorkerEvents) => WorkerLink {
  const cage = findCage()
  const scripts = readProcessScripts(script)
  return (events) => startGuestProcess(cage, scripts, events)
}

function startWorker(script: string, events: WorkerEvents): WorkerLink {
  const worker = startGuestThread(script)
  // What it may print is nobody's; a guest speaks through its port. A waiting worker does not keep the process alive.
  worker.stdout.resume()
  worker.stderr.resume()
  worker.unref()
  let ended = false
  worker.on('message', (message: unknown) => {
    if (!ended) events.message(message)
  })
  worker.on('messageerror', (error) => events.died(error.message))
  worker.on('error', (error) =>
    events.died(error instanceof Error ? error.message : 'threw something that is no Error'),
  )
  worker.on('exit', (code) => events.died(`exit code ${code}`))
  return {
    post(message, transfer) {
      worker.postMessage(message, transfer)
    },
    terminate() {
      ended = true
      void worker.terminate()
    },
  }
}
