import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { Timers } from '../../base/timers.ts'

/** The page's clock, timers and cryptographic chance, as the core's ports. A hidden tab's timers run once a second. */
export const browserClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
}

export const browserTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return { cancel: () => clearTimeout(timer) }
  },
}

export const browserRandom: Random = {
  bytes(count) {
    const bytes = new Uint8Array(count)
    // getRandomValues fills at most 65,536 bytes at once
    for (let at = 0; at < count; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
    return bytes
  },
}
