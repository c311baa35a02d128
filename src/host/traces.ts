import { joinTraces, type Trace } from '../sandbox/trace.ts'

/**
 * Pieces of one run as one trace; null where one of them was not recorded, or where another guest went on: what a past that was
 * lived through again has said is counted by the one that lived it, and the next one begins to count anew.
 */
export function joinedTrace(traces: readonly (Trace | null)[]): Trace | null {
  let joined: Trace | null = null
  for (const trace of traces) {
    if (!trace || (joined && joined.effects !== trace.from.effects)) return null
    joined = joined ? joinTraces(joined, trace) : trace
  }
  return joined
}
