import { describe, expect, it } from 'vitest'
import { GOOD_BEFORE_LOT, LOT_MAX } from '../../src/audit/limits.ts'
import { afterFinding, chanceFound, type HostRate, isDrawn, lotOf, UNKNOWN_HOST } from '../../src/audit/rate.ts'
import { seededRandom } from '../../src/base/random.ts'

const following = (rate: HostRate, ...findings: Parameters<typeof afterFinding>[1][]): HostRate =>
  findings.reduce(afterFinding, rate)
const trusted = following(UNKNOWN_HOST, ...Array<'good'>(GOOD_BEFORE_LOT).fill('good'))

describe('how often a host is audited', () => {
  it('is every segment, until ten have been run again and were right', () => {
    expect(lotOf(UNKNOWN_HOST)).toBe(1)
    expect(lotOf(following(UNKNOWN_HOST, ...Array<'good'>(GOOD_BEFORE_LOT - 1).fill('good')))).toBe(1)
    expect(lotOf(trusted)).toBe(GOOD_BEFORE_LOT)
  })

  it('falls to one in LOT_MAX and no further', () => {
    expect(lotOf(following(trusted, ...Array<'good'>(1_000).fill('good')))).toBe(LOT_MAX)
  })

  it('is not earned by segments that nobody has looked at', () => {
    expect(lotOf(following(UNKNOWN_HOST, ...Array<'unaudited'>(1_000).fill('unaudited')))).toBe(1)
    expect(lotOf(following(UNKNOWN_HOST, ...Array<'lapsed'>(1_000).fill('lapsed')))).toBe(1)
  })

  it('is every segment again after one that could not be proved, and for ever after a lie', () => {
    expect(lotOf(following(trusted, 'lapsed'))).toBe(1)
    expect(lotOf(following(trusted, 'lapsed', ...Array<'good'>(GOOD_BEFORE_LOT).fill('good')))).toBe(GOOD_BEFORE_LOT)
    expect(lotOf(following(trusted, 'fraud', ...Array<'good'>(1_000).fill('good')))).toBe(1)
  })

  it('is drawn as often as it says', () => {
    const random = seededRandom(5)
    const draws = Array.from({ length: 10_000 }, () => isDrawn(trusted, random)).filter(Boolean).length
    expect(Math.abs(draws - 10_000 / GOOD_BEFORE_LOT)).toBeLessThan(150)
    expect(isDrawn(UNKNOWN_HOST, random)).toBe(true)
  })

  it('finds a lie in one segment of twenty within a hundred, at the initial rate, in 99 cases of 100', () => {
    expect(1 - 0.95 ** 100).toBeGreaterThan(0.99)
    expect(chanceFound(1, 1)).toBe(1)
    expect(chanceFound(5, LOT_MAX)).toBeCloseTo(0.192, 3)
  })
})
