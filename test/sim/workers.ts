import { runCampaign } from '../../src/entry/node/sim/campaign.ts'
import type { SimOptions } from '../../src/sim/options.ts'
import type { Report } from '../../src/sim/report.ts'

/** The reports of many seeds, in the order of the seeds. */
export async function runSeeds(
  module: string,
  all: readonly SimOptions[],
  workers?: number,
): Promise<readonly Report[]> {
  const reports: Report[] = []
  await runCampaign(all, {
    module,
    ...(workers === undefined ? {} : { workers }),
    onReport: (report) => reports.push(report),
  })
  return reports.sort((a, b) => a.seed - b.seed)
}
