import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { checkpointDifference, endDifference } from '../../src/conformance/difference.ts'
import { longProgram, runLong } from '../../src/conformance/long.ts'
import type { Place } from '../../src/conformance/place.ts'
import { openPlaces } from '../../src/conformance/places.ts'
import { programOf, readPrograms } from '../../src/conformance/programs.ts'
import { putSection } from '../../src/conformance/report.ts'
import { readLanguageTests, runLanguageTests } from '../../src/conformance/test262.ts'
import { conform, sliceFor } from '../../src/conformance/tour.ts'

/** The suite itself, between two threads of Node: what it finds, what it counts, what it would not miss. */
// Fuel bounds these tests, not time: a machine may be busy with something else.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let places: Place[] = []
beforeAll(async () => {
  places = await openPlaces(['node', 'node'])
})
afterAll(() => Promise.all(places.map(({ realm }) => realm.close())))

describe('the suite', () => {
  it('has at least sixty programs, each under a name of its own', async () => {
    const names = (await readPrograms()).map(({ name }) => name)
    expect(names.length).toBeGreaterThanOrEqual(60)
    expect(new Set(names).size).toBe(names.length)
  })

  it('counts freezes, and those in the middle of a turn', async () => {
    const program = programOf('loop', 'let sum = 0; for (let i = 0; i < 20000; i++) sum += i; console.log(sum)')
    const verdict = await conform(program, places, [9])
    expect(verdict).toMatchObject({ ended: 'finished', console: ['log: 199990000'], difference: null })
    expect(verdict.tours[0]?.freezes).toBeGreaterThanOrEqual(8)
    expect(verdict.tours[0]?.midTurn).toBe(verdict.tours[0]?.freezes)
  })

  it('freezes every prime number of fuel', () => {
    expect(sliceFor(1_000n, 9)).toBe(101n)
    expect(sliceFor(1n, 300)).toBe(2n)
  })

  it('names the first page and byte in which two states differ', async () => {
    const [home] = places
    const { name, settings, kernels } = programOf('waiting', 'for (;;) if (globalThis.never) break')
    const ask = async (seed: number) => {
      const program = { name, settings: { ...settings, seed }, kernels }
      await home?.load(program)
      return home?.leg(program, null, { until: '50000' })
    }
    const [one, other] = [await ask(1), await ask(2)]
    if (one === undefined || other === undefined) throw new Error('no place')
    expect(await checkpointDifference(one.packed, other.packed)).toMatch(/^page \d+ byte \d+: \d+ \/ \d+$/)
    expect(endDifference(one.leg, { ...other.leg, fuel: '1' })).toBe(`fuel: ${one.leg.fuel} / 1`)
  })

  it('finds a place that answers otherwise', async () => {
    const [home, away] = places
    if (home === undefined || away === undefined) throw new Error('no places')
    const liar = Object.create(away, {
      leg: {
        value: async (...args: Parameters<Place['leg']>) => {
          const answer = await away.leg(...args)
          return { ...answer, leg: { ...answer.leg, fuel: String(BigInt(answer.leg.fuel) + 1n) } }
        },
      },
    }) as Place
    const program = programOf('loop', 'for (let i = 0; i < 5000; i++);')
    expect((await conform(program, [home, liar], [3])).difference).toMatch(/^straight in node, plain tier: fuel: /)
  })

  it('replaces one section of the document and keeps the rest', () => {
    const text = 'a\n<!-- begin x -->\nold\n<!-- end x -->\nb'
    expect(putSection(text, 'x', ' new ')).toBe('a\n<!-- begin x -->\nnew\n<!-- end x -->\nb')
    expect(() => putSection(text, 'y', '')).toThrow('no section y')
  })
})

describe('a long program', () => {
  it('is not changed by a freeze at any of sixty random points (seed 3)', async () => {
    const run = await runLong(longProgram(25), places, 60, 3, () => {})
    expect(run.difference).toBeNull()
    expect(run.freezes).toBeGreaterThan(55)
    expect(run.midTurn).toBeGreaterThan(run.freezes * 0.8)
  })
})

describe('a copy of the language suite', () => {
  it('runs with its harness, flags, negative and asynchronous tests; what agents lack is left out by reason', async () => {
    const folder = fileURLToPath(new URL('language-suite', import.meta.url))
    const { tests, skipped } = await readLanguageTests(folder, null)
    expect([...skipped]).toEqual([
      ['feature SharedArrayBuffer', 1],
      ['flag module', 1],
    ])
    const outcomes: string[] = []
    const run = await runLanguageTests(tests, skipped, places, [1, 5], (name, passed) => {
      outcomes.push(`${passed ? 'passes' : 'fails'} ${name}`)
    })
    expect(outcomes.filter((line) => line.startsWith('fails')).sort()).toEqual([
      'fails language/expressions/async-never-done.js (sloppy)',
      'fails language/expressions/async-never-done.js (strict)',
      'fails language/expressions/wrong.js (sloppy)',
    ])
    expect(run).toMatchObject({ run: 16, passed: 13, differences: 0 })
    expect(run.freezes).toBeGreaterThan(30)
  })

  it('is narrowed by a part of a path', async () => {
    const folder = fileURLToPath(new URL('language-suite', import.meta.url))
    expect((await readLanguageTests(folder, 'statements/only')).tests).toHaveLength(2)
  })
})
