import type { Anchor, Itinerary } from '../../audit/itinerary.ts'
import { ITINERARY_MAX } from '../../audit/limits.ts'
import { type AgentId, homeOf } from '../../directory/agent-id.ts'
import type { Did } from '../../identity/did.ts'
import type { HopRecord } from '../../wire/chain.ts'
import { AnswerError, type ClusterClient } from './cluster-client.ts'
import { type AsksKeepers, askKeeper } from './keepers.ts'
import { CommandError } from './output.ts'

/**
 * An agent's way as its home shows it, and what others have seen of it. The others are asked first: whatever they have seen by
 * then, an honest home shows, for it has decided it.
 */
export interface SeenBy extends Anchor {
  readonly host: Did
}

type Asks = Pick<ClusterClient, 'ask'>

/** From epochs beyond all: no hops, only what has been seen. */
const NONE = Number.MAX_SAFE_INTEGER

export async function askAround(client: Asks, agent: AgentId, hosts: readonly Did[]): Promise<readonly SeenBy[]> {
  const home = homeOf(agent)
  const heads = await Promise.all(
    hosts
      .filter((host) => host !== home)
      .map(async (host): Promise<readonly SeenBy[]> => {
        try {
          const { seen } = await client.ask(host, 'itinerary', { agent, from: NONE })
          return seen ? [{ host, ...seen }] : []
        } catch (error) {
          // Most have never seen it; and who is silent has said nothing against it.
          if (error instanceof AnswerError) return []
          throw error
        }
      }),
  )
  return heads.flat()
}

/** Page by page. An agent that hops while it is asked for only makes it longer. */
export async function fetchItinerary(client: AsksKeepers, agent: AgentId): Promise<Itinerary> {
  const hops: HopRecord[] = []
  let from = 0
  for (;;) {
    const { kept } = await askKeeper(client, agent, 'itinerary', { agent, from })
    if (!kept) throw new CommandError('UNKNOWN', `nobody has kept the way of ${agent}`)
    if (hops.length > 0 && kept.first !== from && kept.hops.length > 0)
      throw new CommandError('LENGTH', `home skips from hop ${from} to hop ${kept.first}`)
    hops.push(...kept.hops)
    from = kept.first + kept.hops.length
    if (kept.hops.length === 0 || hops.length >= ITINERARY_MAX)
      return { agent, bundle: kept.bundle, origin: kept.origin, hops }
  }
}
