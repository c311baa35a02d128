import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Ballot } from '../wire/statements.ts'
import { ROUND_LEAP_MAX, ROUND_STEEP_MAX } from './limits.ts'
import type { HostState, Register } from './state.ts'

/**
 * How high proposers bid. Whoever promises a round keeps everybody below it away, so a round that nobody can bid above would
 * keep the agent where it is for ever. A holder that is no witness, which may be anybody's machine, climbs in small steps
 * only; a witness knows what it has promised itself, and climbs fast where it is outbid.
 */
export function roundFault({ promised, witnesses }: Register, from: Did, { round }: Ballot): string | null {
  if (witnesses.includes(from)) return null
  const most = (promised?.round ?? 0) + ROUND_LEAP_MAX
  return round > most ? `round ${round} > ${most}, ROUND_LEAP_MAX above the last` : null
}

/** The round after the one that did not come to a decision; the first where there was none. */
export function nextRound({ registers }: HostState, agent: AgentId, round: number, isOutbid: boolean): number {
  const above = Math.max(round, registers.get(agent)?.promised?.round ?? 0)
  return isOutbid && above < ROUND_STEEP_MAX ? 2 * above + 1 : above + 1
}
