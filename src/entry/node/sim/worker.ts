import { parentPort, workerData } from 'node:worker_threads'
import type { SimOptions } from '../../../sim/options.ts'
import { runSeed } from '../../../sim/run-seed.ts'
import type { WorldPowers } from '../../../sim/world.ts'
import { nodePowers } from './powers.ts'
import { realGuests } from './real-guests.ts'

/** A worker thread that runs one seed after another, as it is told: SimOptions in, a Report out. */
const cheap = nodePowers()
let real: Promise<WorldPowers> | null = null

/** Its data is the simulated agent's code, where real guests are wanted. */
async function powersFor({ guests }: SimOptions): Promise<WorldPowers> {
  if (guests === 'cheap') return cheap
  real ??= realGuests(workerData as string).then((loaded) => ({ ...cheap, guests: loaded }))
  return real
}

parentPort?.on('message', (options: SimOptions) => {
  void powersFor(options)
    .then((powers) => runSeed(options, powers))
    .then((report) => parentPort?.postMessage(report))
})
