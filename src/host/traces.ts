import { joinTraces, type Trace } from '../sandbox/trace.ts'

/** Pieces of one run as one trace; null where one of them was not recorded. */
export function joinedTrace(traces: readonly (Trace | null)[]): Trace | null {
  let joined: Trace | null = null
  for (const trace of traces) {
    if (!trace) return null
    joined = joined ? joinTraces(joined, trace) : trace
  }
  return joined
}
