import { checkPermit } from '../permit/chain.ts'
import type { Requests } from '../wire/messages.ts'
import type { Fault } from './events.ts'
import { revocations } from './license.ts'
import { noteIssuers } from './notices.ts'
import type { Turn } from './turn.ts'

/**
 * Who may command: an agent its author, its launcher and who operates the host, a host who operates it; and whom one of
 * these has given a permit to, for `/agent/command` or `/host/operate`. A policy can bind the verb, the host, the agent.
 */
export function authorityFault(turn: Turn, { order, permits }: Requests['command']['ask']): Fault | null {
  const { state } = turn
  const { statement, signer } = order
  const { agent, verb, host } = statement
  if (agent === null && verb !== 'evict' && verb !== 'resume')
    return { code: 'BAD_MESSAGE', reason: `${verb} needs an agent` }
  const roots = new Set(state.operators)
  if (agent !== null) {
    const row = state.rows.get(agent)
    const resident = state.residents.get(agent)
    const forward = state.forwards.get(agent)
    if (!row && !resident)
      return forward
        ? { code: 'MIGRATED', reason: forward.to }
        : { code: 'UNKNOWN_AGENT', reason: `${agent} is not known here` }
    for (const one of [row, resident]) if (one) roots.add(one.author).add(one.license.order.signer)
  }
  const may = checkPermit(
    permits.map((link) => link.statement),
    {
      roots,
      audience: signer,
      command: agent === null ? '/host/operate' : '/agent/command',
      argument: { verb, host, ...(agent !== null && { agent }) },
      nowMs: turn.wallMs,
      isRevoked: revocations(state),
    },
  )
  if (may.ok) {
    noteIssuers(turn, may.value.issuers)
    return null
  }
  if (permits.length > 0) return { code: 'NOT_AUTHORISED', reason: `${may.code}: ${may.reason}` }
  const what = agent === null ? 'does not operate this host' : 'is neither author, launcher nor operator'
  return { code: 'NOT_AUTHORISED', reason: `${signer} ${what}` }
}
