import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkpointCostMs, checkpointIntervalMs, meanSurvivalMs } from '../../src/allocator/checkpoint-interval.ts'
import { CHECKPOINT_INTERVAL_MS_MIN, CHECKPOINT_SHARE_MAX, SURVIVAL_MS } from '../../src/allocator/limits.ts'

const ms = (max: number) => fc.double({ min: 0, max, noNaN: true })
const terms = fc.record({
  costMs: ms(60_000),
  survivalMs: fc.double({ min: 1, max: 1e12, noNaN: true }),
  mostMs: fc.double({ min: CHECKPOINT_INTERVAL_MS_MIN, max: 1e7, noNaN: true }),
})

describe('the interval between two checkpoints', () => {
  it('is where what they cost and what a death costs are least together, within its bounds', () => {
    // A checkpoint of 20 ms on a host that lives 100 s: the sum is least at 2 s, by Young's formula.
    expect(checkpointIntervalMs({ costMs: 20, survivalMs: 100_000, mostMs: 60_000 })).toBe(2_000)
    const expense = (everyMs: number): number => 20 / everyMs + everyMs / 2 / 100_000
    for (const other of [500, 1_000, 1_900, 2_100, 4_000, 60_000]) expect(expense(2_000)).toBeLessThan(expense(other))
  })

  it('never takes more of the agent’s time than CHECKPOINT_SHARE_MAX, and is never shorter than its least', () => {
    fc.assert(
      fc.property(terms, (given) => {
        const every = checkpointIntervalMs(given)
        expect(every).toBeGreaterThanOrEqual(CHECKPOINT_INTERVAL_MS_MIN)
        expect(given.costMs / every).toBeLessThanOrEqual(CHECKPOINT_SHARE_MAX + 1e-9)
      }),
    )
  })

  it('keeps what was promised to authors wherever the agent can afford it', () => {
    fc.assert(
      fc.property(terms, (given) => {
        if (given.costMs <= given.mostMs * CHECKPOINT_SHARE_MAX)
          expect(checkpointIntervalMs(given)).toBeLessThanOrEqual(given.mostMs)
      }),
    )
  })

  it('grows with the cost of a checkpoint and with how long the host lives, and with nothing else', () => {
    fc.assert(
      fc.property(terms, ms(60_000), ms(1e12), (given, moreCost, moreLife) => {
        const every = checkpointIntervalMs(given)
        expect(checkpointIntervalMs({ ...given, costMs: given.costMs + moreCost })).toBeGreaterThanOrEqual(every)
        expect(checkpointIntervalMs({ ...given, survivalMs: given.survivalMs + moreLife })).toBeGreaterThanOrEqual(
          every,
        )
      }),
    )
  })

  it('counts all of the time that the agent stands, and a part of the time that its checkpoint travels', () => {
    expect(checkpointCostMs(30, 0)).toBe(30)
    expect(checkpointCostMs(30, 100)).toBe(40)
  })
})

describe('how long a host lives on average', () => {
  it('is what is usual for its kind until it has died', () => {
    for (const kind of ['edge', 'tab', 'launcher'] as const) {
      expect(meanSurvivalMs(kind, { totalMs: 0, deaths: 0 })).toBe(SURVIVAL_MS[kind])
      expect(meanSurvivalMs(kind, { totalMs: 3_600_000, deaths: 0 })).toBeGreaterThan(SURVIVAL_MS[kind])
    }
  })

  it('comes close to what was seen when much was seen', () => {
    const lives = { totalMs: 1_000 * 60_000, deaths: 1_000 }
    expect(meanSurvivalMs('edge', lives)).toBeCloseTo(60_000, -5)
    expect(meanSurvivalMs('tab', lives)).toBeGreaterThan(60_000)
  })
})
