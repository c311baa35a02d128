import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { Timers } from '../../base/timers.ts'
import { type Alarm, createSteadyTimers } from './steady-timers.ts'

/** The page's clock, timers and cryptographic chance, as the core's ports. */
export const browserClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
}

/** The realm's own: a hidden page's run once a second, so its host has others (openSteadyTimers). */
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

/** Timers of this page that go on while it is hidden; nothing rings any more after `close`. */
export interface OpenTimers {
  readonly timers: Timers
  close(): void
}

export function openSteadyTimers(): OpenTimers {
  let worker: Worker | null = null
  try {
    worker = new Worker(new URL('./alarm.worker.ts', import.meta.url), { type: 'module', name: 'alarm' })
  } catch {
    // A page that may have no worker still has its own timers.
  }
  const inPage = (ring: () => void): Alarm => {
    let timer: ReturnType<typeof setTimeout> | undefined
    return {
      set(ms) {
        clearTimeout(timer)
        if (ms !== null) timer = setTimeout(ring, ms)
      },
    }
  }
  const inWorker = (ring: () => void): Alarm => {
    if (worker) worker.onmessage = ring
    return { set: (ms) => worker?.postMessage(ms) }
  }
  const alarms = [inPage, inWorker]
  let closed = false
  const timers = createSteadyTimers(
    browserClock,
    alarms.map((open) => (ring) => open(() => (closed ? undefined : ring()))),
  )
  return {
    timers,
    close() {
      closed = true
      worker?.terminate()
    },
  }
}
