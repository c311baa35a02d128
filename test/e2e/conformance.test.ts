import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Place } from '../../src/conformance/place.ts'
import { isHere, openPlaces, REALM_NAMES } from '../../src/conformance/places.ts'
import { type ConformanceProgram, PROGRAM_FOLDERS, readPrograms } from '../../src/conformance/programs.ts'
import { conform } from '../../src/conformance/tour.ts'

/**
 * The fast part of `npm run conformance`: every program straight in every engine that is here, and hopping through them
 * with one freeze and with a few. The whole has hundreds of freezes a program.
 */
const here = REALM_NAMES.filter(isHere)
for (const name of REALM_NAMES) if (!here.includes(name)) console.warn(`skipped: no ${name} on this machine`)

const programs = await readPrograms(PROGRAM_FOLDERS)

describe(`a program that hops through ${here.join(', ')}`, () => {
  let places: Place[] = []
  beforeAll(async () => {
    places = await openPlaces(here)
  })
  afterAll(() => Promise.all(places.map(({ realm }) => realm.close())))

  for (const program of programs) {
    it(`ends as it does in one piece: ${program.name}`, async () => {
      const verdict = await conform(program, places, [1, 7])
      expect(verdict.difference).toBeNull()
      expect(verdict.ended).toMatch(endOf(program))
      expect(verdict.tours.map(({ freezes }) => freezes >= 1)).toEqual([true, true])
    })
  }
})

const endOf = ({ name }: ConformanceProgram): RegExp => (name.startsWith('fails-') ? /^failed/ : /^(finished|idle)$/)
