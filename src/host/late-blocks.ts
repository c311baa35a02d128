import type { AgentId } from '../directory/agent-id.ts'
import type { Turn } from './turn.ts'

/**
 * Blocks of a checkpoint have become whole here, for whatever it was that they were fetched, thawed or made for. Where nobody
 * of those who wanted them is here any more, nobody else would let go of them. What is kept for a row, and is not what the
 * row has come to, goes with its next checkpoint; an agent that is here lets go of what it leaves behind.
 */
export function letGoOfLate({ state, effects }: Turn, agent: AgentId): void {
  if (state.residents.has(agent)) return
  const row = state.rows.get(agent) ?? state.mirrors.get(agent)
  if (!row) effects.push({ kind: 'forget', agent, keep: null })
  else if (row.outcome) effects.push({ kind: 'forget', agent, keep: null, ended: true })
}
