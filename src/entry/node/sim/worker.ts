import { parentPort } from 'node:worker_threads'
import type { SimOptions } from '../../../sim/options.ts'
import { runSeed } from '../../../sim/run-seed.ts'
import { nodePowers } from './powers.ts'

/** A worker thread that runs one seed after another, as it is told: SimOptions in, a Report out. */
const powers = nodePowers()

parentPort?.on('message', (options: SimOptions) => {
  void runSeed(options, powers).then((report) => parentPort?.postMessage(report))
})
