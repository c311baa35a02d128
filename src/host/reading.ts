import { type AgentId, homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { NODE_LINES_MAX } from '../wire/limits.ts'
import type { NodeLine, Requests } from '../wire/messages.ts'
import type { Fault } from './events.ts'
import { isAdmitted } from './inic.ts'
import { banOf } from './notices.ts'
import type { HostState } from './state.ts'
import { answer, deny, type Turn } from './turn.ts'

/**
 * Who may be told what an agent is, says and has in its memory: those who had it in their hands or will, those whose it
 * is, and those to whom this host belongs. Nobody has a right for being in the cluster. What these do with it is theirs.
 */
export function mayRead(state: HostState, who: Did, agent: AgentId, wallMs: number): boolean {
  return readerOf(state, who, wallMs)(agent)
}

/** The same for many agents: what is looked for in all segments is looked for once. */
export function readerOf(state: HostState, who: Did, wallMs: number): (agent: AgentId) => boolean {
  const names = namesOf(state, who, wallMs)
  if (names.some((did) => isOwn(state, did))) return () => true
  let audited: Set<AgentId> | null = null
  return (agent) => {
    if (names.some((did) => isParty(state, did, agent))) return true
    audited ??= auditedBy(state, names)
    return audited.has(agent)
  }
}

/** The host itself, and whom it speaks for. */
function namesOf({ nodes }: HostState, who: Did, wallMs: number): readonly Did[] {
  const mandate = nodes.meetings.get(who)?.speaksFor
  return mandate && mandate.untilMs >= wallMs ? [who, mandate.did] : [who]
}

/** Who sees everything that is on this host, its nodes database too. */
const maySeeAll = (state: HostState, who: Did, wallMs: number): boolean =>
  namesOf(state, who, wallMs).some((did) => isOwn(state, did))

/** Those that were named or banned and never came stand behind those that did. */
export function onNodes(turn: Turn, from: Did, handle: number, { after }: Requests['nodes']['ask']): void {
  const { state, wallMs } = turn
  if (!maySeeAll(state, from, wallMs))
    return deny(
      turn,
      handle,
      'NOT_AUTHORISED',
      'only its operators, administrators and static hosts may see whom it has met',
    )
  const { nodes, notices } = state
  const all = [...new Set([...nodes.known.keys(), ...nodes.statics, ...notices.banned.keys()])]
  const page = all.slice(after, after + NODE_LINES_MAX).map((did) => lineOf(state, did))
  const next = after + page.length
  answer(turn, handle, 'nodes', { nodes: page, next: next < all.length ? next : null })
}

function lineOf(state: HostState, did: Did): NodeLine {
  const { nodes } = state
  const node = nodes.known.get(did)
  return {
    did,
    met: node
      ? {
          kind: node.description.statement.kind,
          name: node.description.statement.name,
          age: node.age,
          ground: node.ground,
          firstMs: node.firstMs,
          heardMs: node.heardMs,
        }
      : null,
    isStatic: nodes.statics.has(did),
    isHere: isAdmitted(state, did),
    banned: banOf(state, did),
  }
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
  const row = state.rows.get(agent) ?? state.mirrors.get(agent)
  if (row && (row.holder === did || row.author === did || row.launcher === did)) return true
  const register = state.registers.get(agent)
  if (register && (register.witnesses.includes(did) || register.accepted?.holding.holder === did)) return true
  // Whom the keeper has asked to be a witness, and who takes what that needs.
  if (state.rows.has(agent) && state.mirroring.get(agent)?.asked.has(did)) return true
  const resident = state.residents.get(agent)
  if (resident && (resident.author === did || resident.departure?.to === did)) return true
  if (state.seen.get(agent)?.author === did) return true
  return state.forwards.get(agent)?.to === did
}

/** Home has asked them to run a segment of these again, or where they stood in a false one of their own. */
function auditedBy({ audits }: HostState, names: readonly Did[]): Set<AgentId> {
  const agents = new Set<AgentId>()
  for (const { auditor, busy, receipt, state: found } of audits.segments.values())
    if ((busy && auditor && names.includes(auditor)) || (found === 'fraud' && names.includes(receipt.signer)))
      agents.add(receipt.statement.agent)
  return agents
}
