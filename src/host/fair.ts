import { Lately } from '../base/lately.ts'
import type { Did } from '../identity/did.ts'
import type { Offer } from '../wire/messages.ts'
import { occupied } from './acquaintance.ts'
import type { Fault } from './events.ts'
import { launcherOf } from './license.ts'
import { FAIR_MS, OWNERS_MAX, VISITOR_SLOTS } from './limits.ts'
import type { HostState, Resident } from './state.ts'
import type { Turn } from './turn.ts'

/**
 * Whose turn it is at a place. Nobody waits while places are free; once they are all taken, one that becomes free goes to the
 * owner who holds the fewest, and of several to whom was given one the longest time ago: turns by owner, whatever crowd one
 * of them sends. An owner is the author of a trusted author's agents, however many keys it lets launch, and of others the
 * launcher. Agents that are here are not driven out, so a turn comes when somebody's agent ends or leaves. What is shared so
 * are places, and with them the messages of an agent and a worker; how much of a core a worker gets is the operating
 * system's to say.
 */
export interface Queue {
  /** Owners who found no place, and when they asked last. */
  readonly asked: Map<Did, number>
  /** When each was given a place last. */
  readonly served: Lately<Did, number>
}

export const newQueue = (): Queue => ({ asked: new Map(), served: new Lately(OWNERS_MAX) })

/** Why there is no place for an agent that is offered; null where there is one, and it is its owner's turn. */
export function roomFault({ state, nowMs }: Turn, { license, reason }: Offer): Fault | null {
  const owner = launcherOf(state, license)
  const { asked, served } = state.queue
  for (const [other, atMs] of asked) if (nowMs - atMs > FAIR_MS) asked.delete(other)
  // A program that asks for this very host waits for those who hold less, not for their turn.
  const isVisit = reason === 'move'
  const free = state.slots + (isVisit ? VISITOR_SLOTS : 0) - occupied(state)
  const held = placesBy(state)
  const mine = held.get(owner) ?? 0
  const servedMs = served.get(owner) ?? 0
  const ahead = [...asked.keys()].filter((other) => {
    const theirs = held.get(other) ?? 0
    return other !== owner && (theirs < mine || (!isVisit && theirs === mine && (served.get(other) ?? 0) < servedMs))
  })
  if (free > ahead.length) {
    asked.delete(owner)
    served.set(owner, nowMs)
    return null
  }
  asked.set(owner, nowMs)
  const reasonText =
    free <= 0 ? `agents ${occupied(state)} >= slots ${state.slots}` : `it is the turn of ${ahead.length} others`
  return { code: 'NO_SLOT', reason: reasonText }
}

function placesBy(state: HostState): Map<Did, number> {
  const held = new Map<Did, number>()
  for (const { ended, license } of state.residents.values()) {
    const owner = launcherOf(state, license)
    if (!ended) held.set(owner, (held.get(owner) ?? 0) + 1)
  }
  return held
}

/** A home's agents that wait for a place anywhere: in turn by owner, whoever has the fewest under way first, then as they came. */
export function inTurn(state: HostState, waiting: readonly Resident[]): readonly Resident[] {
  const underWay = new Map<Did, number>()
  for (const { license, state: phase } of state.rows.values()) {
    const owner = launcherOf(state, license)
    if (phase === 'running') underWay.set(owner, (underWay.get(owner) ?? 0) + 1)
  }
  return waiting
    .map((resident) => {
      const owner = launcherOf(state, resident.license)
      const rank = underWay.get(owner) ?? 0
      underWay.set(owner, rank + 1)
      return { resident, rank }
    })
    .sort((a, b) => a.rank - b.rank)
    .map(({ resident }) => resident)
}
