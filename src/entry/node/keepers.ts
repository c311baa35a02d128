import { type AgentId, homeOf } from '../../directory/agent-id.ts'
import { type Did, parseDid } from '../../identity/did.ts'
import type { Requests } from '../../wire/messages.ts'
import { AnswerError, type ClusterClient } from './cluster-client.ts'

/**
 * Who keeps the row of an agent: its home, unless that has fallen silent and another of its witnesses has taken its place.
 * Home, if it is back, says who; otherwise whoever shows the row. What is told is the word of who tells it.
 */
export type AsksKeepers = Pick<ClusterClient, 'ask' | 'look'>

/** A keeper names the next one at most so often in a row; more is a circle. */
const REDIRECTS_MAX = 4

const known = new WeakMap<AsksKeepers, Map<AgentId, Did>>()

export async function askKeeper<N extends 'story' | 'itinerary'>(
  client: AsksKeepers,
  agent: AgentId,
  name: N,
  body: Requests[N]['ask'],
): Promise<Requests[N]['answer']> {
  const keepers = known.get(client) ?? new Map<AgentId, Did>()
  known.set(client, keepers)
  for (let redirects = 0; ; redirects++) {
    const keeper = keepers.get(agent) ?? homeOf(agent)
    try {
      return await client.ask(keeper, name, body)
    } catch (error) {
      if (!(error instanceof AnswerError) || redirects >= REDIRECTS_MAX) throw error
      const next = error.answer === 'MIGRATED' ? didIn(error.reason) : await shown(client, agent, error)
      if (!next || next === keeper) throw error
      keepers.set(agent, next)
    }
  }
}

function didIn(reason: string): Did | null {
  const did = parseDid(reason)
  return did.ok ? did.value : null
}

/** Where there was no answer: who else shows the row. */
async function shown(client: AsksKeepers, agent: AgentId, { answer }: AnswerError): Promise<Did | null> {
  if (answer !== 'CLOSED' && answer !== 'TIMEOUT' && answer !== 'UNKNOWN_AGENT') return null
  const row = (await client.look()).agents.find((one) => one.agent === agent)
  return row && row.state !== 'away' ? row.home : null
}
