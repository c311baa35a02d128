import type { AgentSnapshot, HostSnapshot } from '../host/snapshot.ts'

/** In which order and how many: pure arrangements of snapshots for the lists. */

/** Places shown as cards even when nobody is in them, so that the page does not jump as agents come and go. */
export const PLACES_SHOWN = 4

/**
 * Every agent keeps its place while it is here, so that nobody jumps when a neighbour leaves; who comes takes the first
 * free place, in the order of arrival. Null is a free place with somebody behind it. `before` is the last answer.
 */
export function seatAgents(
  before: readonly (AgentSnapshot | null)[],
  agents: readonly AgentSnapshot[],
): readonly (AgentSnapshot | null)[] {
  const here = new Map(agents.map((agent) => [agent.id, agent]))
  const seats = before.map((seated) => (seated && here.get(seated.id)) ?? null)
  const seated = new Set(seats.map((agent) => agent?.id))
  const fresh = agents.filter(({ id }) => !seated.has(id))
  for (const agent of fresh.sort((a, b) => a.sinceMs - b.sinceMs || (a.id < b.id ? -1 : 1))) {
    const free = seats.indexOf(null)
    if (free < 0) seats.push(agent)
    else seats[free] = agent
  }
  while (seats.length > 0 && seats.at(-1) === null) seats.pop()
  return seats
}

/** Free places behind the last agent: some as cards, and those beyond as a number. */
export function freePlaces(
  seats: number,
  agentsHere: number,
  slots: number,
): { readonly shown: number; readonly more: number } {
  const shown = Math.max(0, Math.min(slots, PLACES_SHOWN) - seats)
  return { shown, more: Math.max(0, slots - Math.max(seats, agentsHere) - shown) }
}

type Acquaintance = HostSnapshot['acquaintances'][number]

/** Hosts with work first, then by name. */
export function hostsInOrder(hosts: readonly Acquaintance[]): readonly Acquaintance[] {
  return [...hosts].sort((a, b) => b.agents - a.agents || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1))
}
