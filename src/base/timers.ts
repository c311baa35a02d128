/** Waiting is an argument, like time and chance: real in a platform's adapter, virtual in the simulator and in tests. */
export interface Timers {
  /** Calls `run` once, not before `ms` milliseconds have passed, unless cancelled. `run` must not throw. */
  after(ms: number, run: () => void): Timer
}

export interface Timer {
  /** Harmless when the timer has fired or has been cancelled. */
  cancel(): void
}
