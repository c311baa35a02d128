import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Budget, splitBudget } from '../../src/permit/split.ts'

const FIELDS = ['fuel', 'messages', 'sentBytes', 'messagesPerSecond', 'bytesPerSecond', 'hops', 'children'] as const
const NONE: Budget = {
  fuel: 0,
  messages: 0,
  sentBytes: 0,
  messagesPerSecond: 0,
  bytesPerSecond: 0,
  hops: 0,
  children: 0,
}
const EVEN = { messages: 400, messagesPerSecond: 40, bytesPerSecond: 4_000 }
const QUARTER = { messages: 100, messagesPerSecond: 10, bytesPerSecond: 1_000 }
const budget = fc.record({
  fuel: fc.nat(1e9),
  messages: fc.nat(1e4),
  sentBytes: fc.nat(1e6),
  messagesPerSecond: fc.nat(500),
  bytesPerSecond: fc.nat(1e5),
  hops: fc.nat(200),
  children: fc.nat(60),
})

describe('a budget that is split', () => {
  it('is the same for all, and the first keeps what does not divide', () => {
    expect(splitBudget({ ...NONE, ...EVEN, fuel: 1003, sentBytes: 40, hops: 10, children: 15 }, 4)).toEqual({
      ok: true,
      value: [
        { ...QUARTER, fuel: 253, sentBytes: 10, hops: 4, children: 3 },
        ...Array.from({ length: 3 }, () => ({ ...QUARTER, fuel: 250, sentBytes: 10, hops: 2, children: 3 })),
      ],
    })
  })

  it.each([
    ['more than it may become', { children: 2 }, 'children 3 > 2'],
    ['less fuel than agents', { fuel: 3 }, 'fuel 3 < 4, one for each'],
    ['less to say than agents', { sentBytes: 0 }, 'sentBytes 0 < 4, one for each'],
    ['fewer hops than agents, who could not be placed', { hops: 3 }, 'hops 3 < 4, one for each'],
    ['less than a message for each', { messages: 3 }, 'messages 3 < 4, one for each'],
    ['a pace that does not divide', { bytesPerSecond: 3 }, 'bytesPerSecond 3 < 4, one for each'],
    ['a number that is overdrawn', { fuel: -5 }, 'fuel -5 < 4, one for each'],
  ])('is refused where there is %s', (_, some, reason) => {
    const left = { ...EVEN, fuel: 100, sentBytes: 100, hops: 100, children: 100, ...some }
    expect(splitBudget(left, 4)).toEqual({ ok: false, code: 'QUOTA', reason })
  })

  it('adds up to what there was, however often all that come of it fork and use some', () => {
    const turn = fc.record({ who: fc.nat(), n: fc.integer({ min: 2, max: 7 }), burn: fc.nat(100) })
    fc.assert(
      fc.property(budget, fc.array(turn, { maxLength: 60 }), (original, turns) => {
        const alive: Budget[] = [original]
        const used = { ...NONE }
        for (const { who, n, burn } of turns) {
          const at = who % alive.length
          const now = alive[at] ?? original
          const rest = { ...now, fuel: now.fuel - Math.min(burn, now.fuel), hops: now.hops - Math.min(1, now.hops) }
          used.fuel += now.fuel - rest.fuel
          used.hops += now.hops - rest.hops
          const shares = splitBudget(rest, n)
          alive.splice(at, 1, ...(shares.ok ? shares.value : [rest]))
          if (shares.ok) used.children += n - 1
          for (const field of FIELDS) {
            expect(alive.every((one) => one[field] >= 0)).toBe(true)
            const sum = alive.reduce((total, one) => total + one[field], used[field])
            expect(sum, field).toBe(original[field])
          }
        }
        expect(alive.length).toBeLessThanOrEqual(1 + original.children)
      }),
      { numRuns: 200 },
    )
  })

  it('ends a bomb that forks wherever it can: no more agents than were granted', () => {
    const alive: Budget[] = [
      {
        ...EVEN,
        fuel: 1e12,
        messages: 1e9,
        sentBytes: 1e9,
        messagesPerSecond: 1e3,
        bytesPerSecond: 1e6,
        hops: 1e6,
        children: 100,
      },
    ]
    let refused = 0
    for (let at = 0; at < alive.length; ) {
      const shares = splitBudget(alive[at] ?? NONE, 2)
      if (shares.ok) alive.splice(at, 1, ...shares.value)
      else {
        refused += 1
        at += 1
      }
    }
    expect(alive).toHaveLength(101)
    expect(refused).toBe(101)
  })
})
