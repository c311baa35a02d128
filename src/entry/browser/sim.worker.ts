/// <reference lib="webworker" />
import type { Timers } from '../../base/timers.ts'
import { browserClock, browserTimers } from '../../platform/browser/time.ts'
import { createTurns } from './event-loop-turns.ts'
import { buildCluster } from './sim-cluster.ts'
import { Drive } from './sim-drive.ts'
import type { SimOrder } from './sim-orders.ts'

/** The simulated cluster lives here, so that the page stays free to draw. */
const scope = globalThis as unknown as DedicatedWorkerGlobalScope
const nextTurn = createTurns()

/** What is to be done at once is done in the next turn: a browser's own timers make it wait for milliseconds. */
const timers: Timers = { after: (ms, run) => (ms > 0 ? browserTimers.after(ms, run) : inNextTurn(run)) }

function inNextTurn(run: () => void): { cancel(): void } {
  let isCancelled = false
  void nextTurn().then(() => isCancelled || run())
  return {
    cancel: () => {
      isCancelled = true
    },
  }
}

const drive = new Drive({
  clock: browserClock,
  timers,
  build: (setup) => buildCluster(setup, nextTurn),
  report: (report) => scope.postMessage(report),
})
scope.onmessage = ({ data }: MessageEvent<SimOrder>) => drive.order(data)
