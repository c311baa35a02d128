import { beforeAll, describe, expect, it } from 'vitest'
import { ATTACKS, tryAttack } from '../../src/attacks/trial.ts'
import type { EngineBuild } from '../../src/engine/machine.ts'
import { engine } from '../engine/drive.ts'

/** `npm run depth` makes the same attacks in browsers, with more fuel and optimised. */
const FUEL_MAX = 8_000_000n
/** Programs with less fuel than this are frozen and thawed all along. */
const HOPPING_FUEL_MAX = 1_000_000n
const SLICE_FUEL = 100_003n
/** What no error inside the program can tell: the parser's second pass over 3,000 functions has no check of its own. */
const ENDED_BY_DEPTH = ['async arrows']

let build: EngineBuild
beforeAll(async () => {
  build = await engine()
})

describe('going as deep as it can', () => {
  it('is tried in more than a hundred and fifty ways', () => {
    expect(ATTACKS.size).toBeGreaterThan(150)
  })

  for (const [name, code] of ATTACKS) {
    it(`by ${name} ends inside the program, or by a quota, the same on both builds and when it is moved on the way`, () => {
      const straight = tryAttack(build, code, { fuelMax: FUEL_MAX })
      const quotas = ENDED_BY_DEPTH.includes(name) ? 'fuel|memory|depth' : 'fuel|memory'
      expect(straight.stop).toMatch(new RegExp(`^finished$|^QUOTA (${quotas}):`))
      expect(tryAttack(build, code, { fuelMax: FUEL_MAX, tier: 'plain' })).toEqual(straight)
      if (BigInt(straight.fuel) > HOPPING_FUEL_MAX) return
      expect(tryAttack(build, code, { fuelMax: FUEL_MAX, sliceFuel: SLICE_FUEL })).toEqual(straight)
    })
  }
})
