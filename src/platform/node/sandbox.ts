import { Worker } from 'node:worker_threads'
import { type ClosableSandbox, createSandbox } from '../../sandbox/create-sandbox.ts'
import { HEAP_MB, STACK_MB, YOUNG_HEAP_MB } from '../../sandbox/limits.ts'
import type { WorkerEvents, WorkerLink } from '../../sandbox/warden.ts'
import { allowHugeFunctions } from './engine-files.ts'
import { nodeClock, nodeTimers } from './time.ts'

/** Guests in Node: one worker thread each, without environment, arguments, input or output of the process. */
export interface NodeSandboxOptions {
  /** The engines to run on, by id; the first is the one a spare worker holds ready. */
  readonly engines: ReadonlyMap<string, WebAssembly.Module>
  readonly keepSpare?: boolean
  /** Another entry than the guest's, for tests of what a compromised worker could do. */
  readonly entry?: URL
}

export function createNodeSandbox({
  engines,
  keepSpare = true,
  entry = GUEST_ENTRY,
}: NodeSandboxOptions): ClosableSandbox {
  allowHugeFunctions()
  return createSandbox({
    clock: nodeClock,
    timers: nodeTimers,
    engines,
    keepSpare,
    startWorker: (events) => startWorker(entry, events),
  })
}

const GUEST_ENTRY = new URL('./sandbox-worker.js', import.meta.url)

function startWorker(entry: URL, events: WorkerEvents): WorkerLink {
  const worker = new Worker(entry, {
    name: 'sojourn guest',
    env: {},
    argv: [],
    execArgv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    trackUnmanagedFds: true,
    resourceLimits: { stackSizeMb: STACK_MB, maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
  })
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
