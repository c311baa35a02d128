import { describe, expect, it } from 'vitest'
import { MUTANTS } from './mutants.ts'
import { control, hunt, huntInWalks } from './mutation.ts'

/** The measure of simulator and model: each rule of the hand-over that is broken is noticed, by the oracle that should. */
describe('with one rule of the hand-over broken', { timeout: 300_000 }, () => {
  it.each(MUTANTS)('$name: $names, within $seeds.length seeds', async (mutant) => {
    const { caughtBy, text } = await hunt(mutant)
    expect(mutant.names, text).toContain(caughtBy)
  })

  it.each(MUTANTS.filter(({ isWalked }) => isWalked))(
    '$name: production does not do what the model does',
    async (mutant) => {
      expect((await huntInWalks(mutant)).caughtBy).toBe('conformance')
    },
  )

  it('and with none, the same seeds end well', async () => {
    const reports = await control(MUTANTS)
    expect(reports.filter(({ ok }) => !ok)).toEqual([])
  })
})
