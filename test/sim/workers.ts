import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { SimOptions } from '../../src/sim/options.ts'
import type { Report } from '../../src/sim/report.ts'

/** Runs many seeds in worker threads, each of which takes the next one when it is done with the one before. */
export async function runSeeds(
  module: string,
  all: readonly SimOptions[],
  workers = availableParallelism(),
  onReport: (report: Report) => void = () => {},
): Promise<readonly Report[]> {
  const left = [...all]
  const reports: Report[] = []
  const work = async (): Promise<void> => {
    const worker = new Worker(module)
    try {
      for (let options = left.shift(); options; options = left.shift()) {
        const report = await ask(worker, options)
        reports.push(report)
        onReport(report)
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(workers, all.length) }, work))
  return reports.sort((a, b) => a.seed - b.seed)
}

function ask(worker: Worker, options: SimOptions): Promise<Report> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject)
    worker.once('message', (report: Report) => {
      worker.off('error', reject)
      resolve(report)
    })
    worker.postMessage(options)
  })
}
