import type { Clock } from '../../base/clock.ts'
import type { Timers } from '../../base/timers.ts'

/**
 * Timers that go on in a hidden tab. A browser lets a hidden page's own timers run once a second, after some minutes once a
 * minute (https://developer.chrome.com/blog/timer-throttling-in-chrome-88); those of a dedicated web worker it leaves alone,
 * and messages from there too. So a host of a page has one alarm, set to whatever is due first, that a worker rings and the
 * page's own timer as well: whichever comes first counts, and where there is no worker, or it died, the other one is left.
 */
export interface Alarm {
  /** Ring in `ms` milliseconds, or later, instead of when it was set to ring before; not at all for null. */
  set(ms: number | null): void
}

/** `alarms` are given what to call when they ring; a ring too many is harmless. */
export function createSteadyTimers(clock: Clock, alarms: readonly ((ring: () => void) => Alarm)[]): Timers {
  const waiting = new Map<number, { readonly dueMs: number; readonly run: () => void }>()
  let next = 0
  let setForMs = Number.POSITIVE_INFINITY
  let ringing = false

  const setFor = (dueMs: number): void => {
    setForMs = dueMs
    const ms = Number.isFinite(dueMs) ? Math.max(0, Math.ceil(dueMs - clock.nowMs())) : null
    for (const alarm of opened) alarm.set(ms)
  }

  const ring = (): void => {
    const nowMs = clock.nowMs()
    if (ringing) return
    // Browsers round, some of them down.
    if (nowMs < setForMs) return setFor(setForMs)
    ringing = true
    // What a timer starts while it runs waits for its own turn, also when it is due at once: others must come in between.
    const due = [...waiting].filter(([, { dueMs }]) => dueMs <= nowMs)
    try {
      for (const [id, { run }] of due.sort(([, one], [, other]) => one.dueMs - other.dueMs))
        if (waiting.delete(id)) run()
    } finally {
      ringing = false
      let firstMs = Number.POSITIVE_INFINITY
      for (const { dueMs } of waiting.values()) firstMs = Math.min(firstMs, dueMs)
      setFor(firstMs)
    }
  }

  const opened = alarms.map((open) => open(ring))
  return {
    after(ms, run) {
      const id = next++
      const dueMs = clock.nowMs() + Math.max(0, ms)
      waiting.set(id, { dueMs, run })
      if (dueMs < setForMs && !ringing) setFor(dueMs)
      return { cancel: () => void waiting.delete(id) }
    },
  }
}
