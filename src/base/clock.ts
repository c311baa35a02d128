/** Time is an argument. The core never reads a clock of its own; the simulator's clock is virtual. */
export interface Clock {
  /** Milliseconds that only grow, from an arbitrary origin: for intervals, leases and deadlines. */
  nowMs(): number
  /** Whole milliseconds since 1970-01-01 UTC: for expiry dates that people write and for display. May jump. */
  wallMs(): number
}
