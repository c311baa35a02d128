import { describe, expect, it } from 'vitest'
import { runCampaign } from '../../src/entry/node/sim/campaign.ts'
import { commandLine } from '../../src/sim/command-line.ts'
import { DEFAULT_OPTIONS, type SimOptions } from '../../src/sim/options.ts'
import type { Report } from '../../src/sim/report.ts'
import { SOMETIMES } from '../../src/sim/sometimes.ts'
import { bundleSimulator } from './bundle.ts'

/**
 * Whatever happens to its hosts, an author has the results of a failure-free run. Each seed is ten simulated minutes of
 * five hosts with a random choice among all kinds of fault, every one is run twice, and every invariant is looked at
 * after every step of every host. `SEEDS=n` tries more of them, or fewer.
 */
const SEEDS = Number(process.env.SEEDS ?? 8)
const TEST_MS_MAX = 1_800_000

/** What cannot happen in the world of these seeds: an agent's home alone decides about it, and nobody duels with it. */
const NOT_HERE: readonly string[] = ['outbid']

/** Below this many seeds what is rare need not have happened. */
const SEEDS_FOR_RARE = 60

describe('an author gets the results of a failure-free run', () => {
  it(
    `under the faults of ${SEEDS} seeds, and what should happen sometimes has happened`,
    async () => {
      const all = Array.from({ length: SEEDS }, (_, i): SimOptions => ({ ...DEFAULT_OPTIONS, seed: i + 1 }))
      const failed: unknown[] = []
      const happened = new Map<string, number>()
      const startedMs = performance.now()
      const note = ({ ok, violations, sometimes }: Report, options: SimOptions): void => {
        if (!ok) failed.push({ replay: commandLine(options), violations })
        for (const [name, n] of Object.entries(sometimes)) happened.set(name, (happened.get(name) ?? 0) + n)
      }
      await runCampaign(all, { module: await bundleSimulator(), onReport: note })
      const seconds = (performance.now() - startedMs) / 1_000
      const ratio = Math.round((2 * SEEDS * DEFAULT_OPTIONS.seconds) / seconds)
      process.stderr.write(`${SEEDS} seeds in ${Math.round(seconds)} s: ${ratio} simulated seconds a second\n`)
      expect(failed).toEqual([])
      const missing = Object.keys(SOMETIMES).filter((name) => !happened.get(name) && !NOT_HERE.includes(name))
      if (SEEDS >= SEEDS_FOR_RARE) expect(missing).toEqual([])
    },
    TEST_MS_MAX,
  )
})

describe('a patched simulator', () => {
  it('is refused where what is to be replaced is not there, or more than once', async () => {
    const file = 'src/host/witness.ts'
    await expect(bundleSimulator([{ file, find: 'no such text', replace: '' }])).rejects.toThrow(/0 times/)
    await expect(bundleSimulator([{ file, find: 'register', replace: '' }])).rejects.toThrow(/times, not once/)
    const elsewhere = { file: 'src/rendezvous/limits.ts', find: 'what bounds', replace: '' }
    await expect(bundleSimulator([elsewhere])).rejects.toThrow()
  })

  it('whose home writes each effect down twice violates what it must, and says so by name', async () => {
    const line = '  tellEffect(turn, row, effect)\n'
    const module = await bundleSimulator([{ file: 'src/host/home.ts', find: line, replace: line + line }])
    const options: SimOptions = { ...DEFAULT_OPTIONS, seed: 1, agents: 3, seconds: 60, faults: [] }
    const reports: Report[] = []
    await runCampaign([options], { module, workers: 1, onReport: (report) => reports.push(report) })
    expect(reports[0]?.ok).toBe(false)
    expect(reports[0]?.violations.map(({ invariant }) => invariant)).toContain('effects-once')
  })
})
