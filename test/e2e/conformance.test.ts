import { afterAll, beforeAll, describe, it, vi } from 'vitest'
import type { Place } from '../../src/conformance/place.ts'
import { isHere, openPlaces, type RealmName } from '../../src/conformance/places.ts'
import { type ConformanceProgram, readPrograms } from '../../src/conformance/programs.ts'
import { conform } from '../../src/conformance/tour.ts'

/**
 * The fast part of `npm run conformance`: every program straight in Node and both browsers, and hopping through them with
 * one freeze and with a few; some of them through JavaScriptCore, where it is. The whole has hundreds of freezes a program.
 */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

const IN_JSC = [
  'async-generators',
  'errors-and-stacks',
  'kernel-frozen',
  'math-bit-exact',
  'recursion-deep',
  'strings-unicode',
]

const programs = await readPrograms()

hopping(['node', 'chromium', 'firefox'], programs)
hopping(
  ['jsc', 'node'],
  programs.filter(({ name }) => IN_JSC.includes(name)),
)

function hopping(names: readonly RealmName[], chosen: readonly ConformanceProgram[]): void {
  const here = names.filter(isHere)
  for (const name of names) if (!here.includes(name)) console.warn(`skipped: no ${name} on this machine`)
  // At once, so that a realm works while another program is on its way.
  describe
    .skipIf(here.length === 1 && names.includes('jsc'))
    .concurrent(`a program that hops through ${here.join(', ')}`, () => {
      let places: Place[] = []
      beforeAll(async () => {
        places = await openPlaces(here)
      })
      afterAll(() => Promise.all(places.map(({ realm }) => realm.close())))

      for (const program of chosen) {
        it(`ends as it does in one piece: ${program.name}`, async ({ expect }) => {
          const verdict = await conform(program, places, [1, 7])
          expect(verdict.difference).toBeNull()
          expect(verdict.ended).toMatch(endOf(program))
          expect(verdict.tours.slice(0, 2).map(({ freezes }) => freezes >= 1)).toEqual([true, true])
        })
      }
    })
}

function endOf({ name }: ConformanceProgram): RegExp {
  return name.startsWith('fails-') ? /^failed/ : /^(finished|idle)$/
}
