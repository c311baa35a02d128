import { resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { run } from '../../src/fuzz/campaign.ts'
import { readCorpus } from '../../src/fuzz/corpus.ts'
import { INPUT_BYTES_MAX } from '../../src/fuzz/limits.ts'
import { mutate } from '../../src/fuzz/mutate.ts'
import { mustHold, type Target } from '../../src/fuzz/target.ts'
import { makeTargets } from '../../src/fuzz/targets.ts'
import { loadEngine } from '../../src/platform/node/engine-files.ts'
import { lendNativeHash } from '../../src/platform/node/native-hash.ts'
import { lendNativeSignatures } from '../../src/platform/node/native-signatures.ts'

lendNativeHash()
lendNativeSignatures()
const targets = await makeTargets(await loadEngine(resolve('dist/engine')))

describe('nothing that a stranger sends breaks', () => {
  it.each(targets.map((target) => [target.about, target] as const))(
    '%s',
    async (_, target) => {
      const corpus = readCorpus(resolve(`test/fuzz/corpus/${target.name}.ndjson`)).map(({ input }) => input)
      const inputs = target.seeds.length + corpus.length + Math.ceil(1_500 / Math.sqrt(target.cost))
      const report = await run({ target, corpus, random: seededRandom(20261126), inputs })
      expect(report.fault).toBe(null)
      expect(report.inputs).toBe(inputs)
      // An input that no decoder lets in says nothing of what lies behind: mutation reaches many refusals, not one.
      expect(report.verdicts.size).toBeGreaterThan(3)
    },
    120_000,
  )
})

describe('the fuzzer', () => {
  const seeds = [Uint8Array.from([0x53, 0x4a, 1, 2, 3, 4])]
  const target = (judge: Target['judge']): Target => ({ name: 'planted', about: '', cost: 1, seeds, judge })
  const campaign = (judge: Target['judge'], inputs = 4_000) =>
    run({ target: target(judge), corpus: [], random: seededRandom(1), inputs })

  it('finds what throws, and says with which input', async () => {
    const { fault } = await campaign((input) => {
      if (input[0] === 0x53 && input[5] === 0xff) throw new RangeError('planted')
      return 'refused'
    })
    expect(fault?.reason).toContain('RangeError: planted')
    expect([fault?.input[0], fault?.input[5]]).toEqual([0x53, 0xff])
  })

  it('finds what is let through and must not be', async () => {
    const { fault } = await campaign((input) => {
      mustHold(input.length < 100, 'longer than is allowed')
      return 'taken'
    })
    expect(fault?.reason).toContain('Violation: longer than is allowed')
  })

  it('goes further where an input is judged in a new way: chance alone would not get that deep', async () => {
    const magic = [0x53, 0x4a, 0x77, 0x99]
    const { fault, fresh } = await campaign((input) => {
      const right = magic.findIndex((byte, at) => input[at] !== byte)
      mustHold(right >= 0, 'found')
      return `right up to ${'x'.repeat(right)}`
    }, 250_000)
    expect(fault?.reason).toContain('found')
    expect(fresh.length).toBeGreaterThan(0)
  })

  it('does the same again from the same seed', async () => {
    const seen = async (seed: number) => {
      const inputs: string[] = []
      const judge = (input: Uint8Array) => String(inputs.push(Buffer.from(input).toString('hex')) % 7)
      await run({ target: target(judge), corpus: [], random: seededRandom(seed), inputs: 200 })
      return inputs
    }
    expect(await seen(5)).toEqual(await seen(5))
    expect(await seen(5)).not.toEqual(await seen(6))
  })

  it('makes no input that is longer than its limit, and leaves its parents alone', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.integer(), (parent, seed) => {
        const before = Uint8Array.from(parent)
        expect(mutate(seededRandom(seed), parent, parent).length).toBeLessThanOrEqual(INPUT_BYTES_MAX)
        expect(parent).toEqual(before)
      }),
      { numRuns: 300 },
    )
  })
})
