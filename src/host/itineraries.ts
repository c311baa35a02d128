import { type Itinerary, recordOf } from '../audit/itinerary.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { HOPS_PER_REPLY } from '../wire/limits.ts'
import type { Requests, SeenHead } from '../wire/messages.ts'
import { mayRead } from './reading.ts'
import type { HomeRow, HostState } from './state.ts'
import { rowTold } from './told.ts'
import { answer, deny, type Turn } from './turn.ts'

/** What a host shows of the ways of agents: home all that it keeps, any other the newest head that it has seen. */
export const itineraryOf = ({ agent, bundle, origin, itinerary }: HomeRow): Itinerary => ({
  agent,
  bundle,
  origin,
  hops: itinerary.map(recordOf),
})

export function onItinerary(
  turn: Turn,
  reader: Did,
  handle: number,
  { agent, from }: Requests['itinerary']['ask'],
): void {
  // Who may not read it does not hear whether it has been here.
  if (!mayRead(turn.state, reader, agent, turn.wallMs))
    return deny(turn, handle, 'NOT_AUTHORISED', `${reader} may not read ${agent}`)
  const row = rowTold(turn.state, agent)
  const seen = seenOf(turn.state, agent)
  if (!row && !seen) return deny(turn, handle, 'UNKNOWN_AGENT', `${agent} has not been seen here`)
  if (!row) return answer(turn, handle, 'itinerary', { kept: null, seen })
  const { bundle, origin } = row
  const hops = row.itinerary.filter(({ certificate }) => certificate.epoch >= from).slice(0, HOPS_PER_REPLY)
  const first = hops[0]?.certificate.epoch ?? row.epoch + 1
  answer(turn, handle, 'itinerary', { kept: { bundle, origin, first, hops: hops.map(recordOf) }, seen })
}

function seenOf({ rows, residents, seen }: HostState, agent: AgentId): SeenHead | null {
  const row = rows.get(agent)
  if (row) return { epoch: row.epoch, head: row.head }
  const resident = residents.get(agent)
  if (resident?.certificate) return { epoch: resident.epoch, head: resident.brief.head }
  const before = seen.get(agent)
  return before ? { epoch: before.epoch, head: before.head } : null
}
