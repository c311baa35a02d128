import type { Result } from '../../base/result.ts'
import { type AgentId, shortAgentId } from '../../directory/agent-id.ts'
import type { Did } from '../../identity/did.ts'
import { type AgentView, type ClusterView, findAgent, findHost, hasEnded } from './cluster-view.ts'
import { CommandError } from './output.ts'

/** Whom a word on the command line means, or a sentence about why that cannot be said. */
export const agentNamed = (view: ClusterView, text: string): AgentId => the(findAgent(view, text), view)
export const hostNamed = (view: ClusterView, text: string): Did => the(findHost(view, text), view)

/** For commands that take either. */
export function agentOrHostNamed(view: ClusterView, text: string): { agent: AgentId } | { host: Did } {
  const agent = findAgent(view, text)
  const host = findHost(view, text)
  if (agent.ok && host.ok)
    throw new CommandError('AMBIGUOUS', `"${text}" can mean an agent or a host: say the whole id`)
  if (agent.ok) return { agent: agent.value }
  if (host.ok) return { host: host.value }
  const told = agent.code === 'AMBIGUOUS' ? agent : host.code === 'AMBIGUOUS' ? host : null
  throw new CommandError(
    told?.code ?? 'UNKNOWN',
    told?.reason ?? withSilent(`no agent and no host here is called "${text}"`, view),
  )
}

function the<T>(found: Result<T>, view: ClusterView): T {
  if (found.ok) return found.value
  throw new CommandError(found.code, found.code === 'UNKNOWN' ? withSilent(found.reason, view) : found.reason)
}

/** The row of an agent that can still be given orders. */
export function workingRow(view: ClusterView, agent: AgentId): AgentView {
  const row = view.agents.find((known) => known.agent === agent)
  if (!row) throw new CommandError('UNKNOWN', withSilent(`nobody here knows the agent ${agent}`, view))
  if (hasEnded(row.state)) throw new CommandError('ENDED', `${shortAgentId(agent)} has ended already: ${row.state}`)
  return row
}

/** What is not found may be with somebody who did not answer. */
const withSilent = (reason: string, { silent, hidden }: ClusterView): string =>
  [
    reason,
    ...(silent.length === 0 ? [] : [`${silent.length} of the hosts on line did not answer`]),
    ...(hidden ? ['there are agents that you may not read (see --identity)'] : []),
  ].join('; ')
