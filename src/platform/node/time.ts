import { randomBytes } from 'node:crypto'
import type { Bytes } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { Timers } from '../../base/timers.ts'

/** Node's clock, timers and cryptographic chance, as the core's ports. */
export const nodeClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
}

export const nodeTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return { cancel: () => clearTimeout(timer) }
  },
}

export const nodeRandom: Random = {
  bytes: (count) => Uint8Array.from(randomBytes(count)) as Bytes,
}
