import { describe, expect, it } from 'vitest'
import { type Alarm, createSteadyTimers } from '../../src/platform/browser/steady-timers.ts'

/** A clock and alarms that ring when they are told to. */
function bench(alarmCount = 2) {
  let nowMs = 0
  const sets: (number | null)[][] = Array.from({ length: alarmCount }, () => [])
  const rings: (() => void)[] = []
  const timers = createSteadyTimers(
    { nowMs: () => nowMs, wallMs: () => nowMs },
    sets.map((set) => (ring: () => void): Alarm => {
      rings.push(ring)
      return { set: (ms) => void set.push(ms) }
    }),
  )
  const ran: string[] = []
  const start = (ms: number, name: string) => timers.after(ms, () => void ran.push(name))
  const ringAt = (ms: number, alarm = 0): void => {
    nowMs = ms
    rings[alarm]?.()
  }
  return { timers, start, ran, sets, ringAt }
}

describe('timers with two alarms', () => {
  it('run what is due, in the order it is due, whichever alarm rings', () => {
    for (const alarm of [0, 1]) {
      const { start, ran, ringAt } = bench()
      start(30, 'c')
      start(10, 'a')
      start(20, 'b')
      ringAt(25, alarm)
      expect(ran).toEqual(['a', 'b'])
      ringAt(30, 1 - alarm)
      expect(ran).toEqual(['a', 'b', 'c'])
    }
  })

  it('never run anything early or twice, however often an alarm rings', () => {
    const { start, ran, sets, ringAt } = bench()
    start(10, 'a')
    ringAt(9.1)
    expect(ran).toEqual([])
    // It rang too early and is set again.
    expect(sets[0]).toEqual([10, 1])
    ringAt(10)
    ringAt(10, 1)
    ringAt(11)
    expect(ran).toEqual(['a'])
  })

  it('set both alarms for what is due first, and are silent when nothing waits', () => {
    const { start, sets, ringAt } = bench()
    start(50, 'b')
    start(80, 'c')
    start(20, 'a')
    ringAt(20)
    ringAt(80)
    for (const set of sets) expect(set).toEqual([50, 20, 30, null])
  })

  it('do not run what was cancelled, also by what ran just before it', () => {
    const { timers, start, ran, ringAt } = bench()
    start(10, 'a').cancel()
    const second = start(30, 'second')
    timers.after(20, () => second.cancel())
    ringAt(40)
    expect(ran).toEqual([])
  })

  it('let others in between when a timer starts the next one at once', () => {
    const { timers, ran, sets, ringAt } = bench()
    const again = (): void => {
      ran.push('again')
      timers.after(0, again)
    }
    timers.after(0, again)
    ringAt(0)
    expect(ran).toEqual(['again'])
    expect(sets[0]?.at(-1)).toBe(0)
    ringAt(0)
    expect(ran).toEqual(['again', 'again'])
  })

  it('go on with one alarm alone', () => {
    const { start, ran, ringAt } = bench(1)
    start(5, 'a')
    ringAt(1_000)
    expect(ran).toEqual(['a'])
  })
})
