import { describe, expect, it } from 'vitest'
import { DEFAULT_OPTIONS, type SimOptions } from '../../src/sim/options.ts'
import { bundleSimulator } from './bundle.ts'
import { runSeeds } from './workers.ts'

/**
 * Whatever happens to its hosts, an author has the results of a failure-free run. Each seed is ten simulated minutes of
 * five hosts with a random choice among all kinds of fault, every one is run twice, and every invariant is looked at
 * after every step of every host.
 */
const SEEDS = 4
const TEST_MS_MAX = 300_000

const optionsOf = (seed: number): SimOptions => ({ ...DEFAULT_OPTIONS, seed })

describe('an author gets the results of a failure-free run', () => {
  it(
    `under the faults of ${SEEDS} seeds`,
    async () => {
      const all = Array.from({ length: SEEDS }, (_, i) => optionsOf(i + 1))
      const reports = await runSeeds(await bundleSimulator(), all)
      expect(reports.filter(({ ok }) => !ok)).toEqual([])
      expect(reports).toHaveLength(SEEDS)
    },
    TEST_MS_MAX,
  )
})

describe('a patched simulator', () => {
  it('is refused where what is to be replaced is not there, or more than once', async () => {
    const file = 'src/host/witness.ts'
    await expect(bundleSimulator([{ file, find: 'no such text', replace: '' }])).rejects.toThrow(/0 times/)
    await expect(bundleSimulator([{ file, find: 'register', replace: '' }])).rejects.toThrow(/times, not once/)
    const patch = { file: 'src/rendezvous/limits.ts', find: 'export const LIST', replace: '' }
    await expect(bundleSimulator([patch])).rejects.toThrow()
  })
})
