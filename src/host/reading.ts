import { type AgentId, homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Fault } from './events.ts'
import { isAdmitted } from './inic.ts'
import type { HostState } from './state.ts'

/**
 * Who may be told what an agent is, says and has in its memory: those who had it in their hands or will, those whose it
 * is, and those to whom this host belongs. Nobody has a right for being in the cluster. What these do with it is theirs.
 */
export function mayRead(state: HostState, who: Did, agent: AgentId, wallMs: number): boolean {
  return namesOf(state, who, wallMs).some((did) => isOwn(state, did) || isParty(state, did, agent))
}

/** The host itself, and whom it speaks for. */
function namesOf({ nodes }: HostState, who: Did, wallMs: number): readonly Did[] {
  const mandate = nodes.meetings.get(who)?.speaksFor
  return mandate && mandate.untilMs >= wallMs ? [who, mandate.did] : [who]
}

/** Why blocks are not served: null means of bundles, which are nobody's secret to who was let in. */
export function fetchFault(state: HostState, who: Did, agent: AgentId | null, wallMs: number): Fault | null {
  if (!isAdmitted(state, who)) return { code: 'NOT_ADMITTED', reason: 'INIC comes first' }
  if (agent === null || mayRead(state, who, agent, wallMs)) return null
  return { code: 'NOT_AUTHORISED', reason: `${who} may not read ${agent}` }
}

const isOwn = ({ self, operators, administrators, nodes }: HostState, did: Did): boolean =>
  did === self || operators.has(did) || administrators.has(did) || nodes.statics.has(did)

function isParty(state: HostState, did: Did, agent: AgentId): boolean {
  if (homeOf(agent) === did) return true
  const row = state.rows.get(agent)
  if (row && (row.holder === did || row.author === did || row.launcher === did)) return true
  const register = state.registers.get(agent)
  if (register && (register.witnesses.includes(did) || register.accepted?.holding.holder === did)) return true
  const resident = state.residents.get(agent)
  if (resident && (resident.author === did || resident.departure?.to === did)) return true
  if (state.seen.get(agent)?.author === did) return true
  return state.forwards.get(agent)?.to === did || isAuditor(state, did, agent)
}

/** Home has asked it to run a segment of the agent again. */
function isAuditor({ audits }: HostState, did: Did, agent: AgentId): boolean {
  for (const { auditor, busy, receipt } of audits.segments.values())
    if (busy && auditor === did && receipt.statement.agent === agent) return true
  return false
}
