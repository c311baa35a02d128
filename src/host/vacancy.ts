import type { Did } from '../identity/did.ts'
import type { Load } from '../wire/messages.ts'
import { place } from './departure.ts'
import { inTurn } from './fair.ts'
import { isHeld, mayRunHere } from './residence.ts'
import type { Resident } from './state.ts'
import type { Turn } from './turn.ts'

/**
 * Places that become free, and agents that wait for one: they meet at once. Waiting for the next load report and the next
 * tick would leave a place empty for most of a second after every agent that ends. Only asks; hosts still say no.
 */

/** Held here, and running nowhere: it waits for a host that takes it. Also one that came as the owner came back. */
export const isParked = (turn: Turn, resident: Resident): boolean =>
  isHeld(resident) &&
  !resident.ended &&
  !turn.state.founding.has(resident.agent) &&
  !resident.departure &&
  resident.reliving === null &&
  (resident.guest === 'none' ||
    resident.guest === 'frozen' ||
    (resident.guest === 'ready' && !mayRunHere(turn, resident)))

/** An agent of ours has ended at `holder`, who lets go of it when it has our answer: before our next offer. */
export function onEndedAt(turn: Turn, holder: Did): void {
  const acquaintance = turn.state.acquaintances.get(holder)
  if (!acquaintance) return
  const { load } = acquaintance
  acquaintance.load = { ...load, agents: Math.max(0, load.agents - 1) }
  placeParked(turn)
}

/** Keeps the picture of the other's load true between its reports, also when the agent itself has ended meanwhile. */
export function noteOfferAnswered(turn: Turn, to: Did, taken: boolean): void {
  const acquaintance = turn.state.acquaintances.get(to)
  if (!acquaintance) return
  acquaintance.offered = Math.max(0, acquaintance.offered - 1)
  const { load } = acquaintance
  if (taken) acquaintance.load = { ...load, agents: load.agents + 1 }
}

export function onRoom(turn: Turn, { agents, slots, accepting }: Load): void {
  if (accepting && agents < slots) placeParked(turn)
}

/** Owner by owner, the longest waiting of each first, until one finds no room. */
function placeParked(turn: Turn): void {
  const parked = [...turn.state.residents.values()].filter((resident) => isParked(turn, resident))
  for (const resident of inTurn(turn.state, parked)) {
    place(turn, resident)
    if (isParked(turn, resident)) return
  }
}
