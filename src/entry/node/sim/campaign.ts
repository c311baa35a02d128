import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { SimOptions } from '../../../sim/options.ts'
import type { Report } from '../../../sim/report.ts'

/** Many seeds in worker threads, each of which takes the next when it is done with the one before. */
export interface Campaign {
  /** The worker's module (worker.ts), or another build of it. */
  readonly module: string | URL
  readonly workers?: number
  /** The simulated agent's code (simulated-program.ts), where guests are real. */
  readonly agent?: string
  /** As they come. */
  onReport?(report: Report, options: SimOptions): void
}

/** A worker's young generation, MiB: a simulated second is much that lives a millisecond. */
const YOUNG_MIB = 32

/** The instrumented interpreter has large frames (sandbox/limits.ts). */
const STACK_MB = 16

export async function runCampaign(all: Iterable<SimOptions>, campaign: Campaign): Promise<void> {
  const { module, workers = availableParallelism(), agent, onReport } = campaign
  const left = all[Symbol.iterator]()
  const work = async (): Promise<void> => {
    const worker = new Worker(module, {
      workerData: agent,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB, stackSizeMb: STACK_MB },
    })
    try {
      for (let next = left.next(); !next.done; next = left.next())
        onReport?.(await runIn(worker, next.value), next.value)
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
}

function runIn(worker: Worker, options: SimOptions): Promise<Report> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject)
    worker.once('message', (report: Report) => {
      worker.off('error', reject)
      resolve(report)
    })
    worker.postMessage(options)
  })
}
