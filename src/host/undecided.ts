import { RELEASE_PATIENCE_MS } from './limits.ts'
import { propose } from './proposer.ts'
import type { Departure, Resident } from './state.ts'
import type { Turn } from './turn.ts'

/**
 * Witnesses that have promised more to somebody who was not heard of again, or lack what is logged, never vote for a RELEASE. A
 * ballot of our own finds out what may have been decided, brings them what they lack, and has this decided, or something else.
 */
export function decideAnew(turn: Turn, { agent, epoch, checkpoint, brief }: Resident, { releasedMs }: Departure): void {
  const { self } = turn.state
  if (releasedMs === null || turn.nowMs - releasedMs < RELEASE_PATIENCE_MS) return
  propose(turn, agent, epoch + 1, brief, { holder: self, checkpoint, witnesses: brief.witnesses, history: null })
}
