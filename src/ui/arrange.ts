import type { AgentSnapshot, HostSnapshot } from '../host/snapshot.ts'

/** In which order and how many: pure arrangements of snapshots for the lists. */

/** Places shown as cards even when nobody is in them, so that the page does not jump as agents come and go. */
export const FREE_PLACES_SHOWN = 4

/** Who came first stands first and keeps its place; the id decides between two that came together. */
export function agentsInOrder(agents: readonly AgentSnapshot[]): readonly AgentSnapshot[] {
  return [...agents].sort((a, b) => a.sinceMs - b.sinceMs || (a.id < b.id ? -1 : 1))
}

/** Free places as cards, and those beyond as a number. */
export function freePlaces(agentsHere: number, slots: number): { readonly shown: number; readonly more: number } {
  const free = Math.max(0, slots - agentsHere)
  const shown = Math.min(free, Math.max(0, FREE_PLACES_SHOWN - agentsHere))
  return { shown, more: free - shown }
}

type Acquaintance = HostSnapshot['acquaintances'][number]

/** Hosts with work first, then by name. */
export function hostsInOrder(hosts: readonly Acquaintance[]): readonly Acquaintance[] {
  return [...hosts].sort((a, b) => b.agents - a.agents || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1))
}
