/// <reference lib="webworker" />
import { browserClock, browserTimers } from '../../platform/browser/time.ts'
import { buildCluster } from './sim-cluster.ts'
import { Drive } from './sim-drive.ts'
import type { SimOrder } from './sim-orders.ts'

/** The simulated cluster lives here, so that the page stays free to draw. */
const scope = globalThis as unknown as DedicatedWorkerGlobalScope

/** One turn of the event loop; timers would wait longer than that. */
const turn = new MessageChannel()
const waiting: (() => void)[] = []
turn.port1.onmessage = () => waiting.shift()?.()
const settle = (): Promise<void> =>
  new Promise((resolve) => {
    waiting.push(resolve)
    turn.port2.postMessage(null)
  })

const drive = new Drive({
  clock: browserClock,
  timers: browserTimers,
  build: (setup) => buildCluster(setup, settle),
  report: (report) => scope.postMessage(report),
})
scope.onmessage = ({ data }: MessageEvent<SimOrder>) => drive.order(data)
