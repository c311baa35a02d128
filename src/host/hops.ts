import { HOPS_SHOWN } from './limits.ts'
import type { HopSnapshot } from './snapshot.ts'
import type { Turn } from './turn.ts'

/** The list of hops that people see; evidence of hops is the chain of certificates, not this. */
export function recordHop(turn: Turn, hop: Omit<HopSnapshot, 'atMs'>): void {
  turn.state.hops.unshift({ ...hop, atMs: turn.wallMs })
  turn.state.hops.length = Math.min(turn.state.hops.length, HOPS_SHOWN)
}
