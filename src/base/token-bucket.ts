import type { Clock } from './clock.ts'

/** A rate with a burst: how floods are told from work. Holds no timer; whoever is refused asks again later. */
export interface TokenBucket {
  /** Takes `count` tokens when there are any at all; the level may go below zero. */
  take(count: number): boolean
  /** Takes more for work that turned out to cost more. */
  charge(count: number): void
  /** Milliseconds until `take` can succeed; 0 when it can now. */
  waitMs(): number
}

export function createTokenBucket(clock: Clock, burst: number, perSecond: number): TokenBucket {
  let level = burst
  let atMs = clock.nowMs()
  const refill = (): void => {
    const nowMs = clock.nowMs()
    level = Math.min(burst, level + ((nowMs - atMs) / 1000) * perSecond)
    atMs = nowMs
  }
  return {
    take(count) {
      refill()
      if (level <= 0) return false
      level -= count
      return true
    },
    charge(count) {
      level -= count
    },
    waitMs() {
      refill()
      return level > 0 ? 0 : Math.ceil(((1 - level) / perSecond) * 1000)
    },
  }
}
