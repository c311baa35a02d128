import { SILENT_MS } from '../allocator/choose.ts'
import { uniform } from '../base/random.ts'
import type { Did } from '../identity/did.ts'
import { isBanned } from './notices.ts'
import type { Turn } from './turn.ts'
import { isStruck } from './vouchers.ts'

/**
 * Hosts that would make good witnesses, best first: machines that are meant to stay before tabs, hosts that somebody answers
 * for before those that anybody could be; by lot among equals, so that no few of them carry all agents.
 */
export function candidates(turn: Turn, count: number, except: readonly Did[]): readonly Did[] {
  const { state, nowMs, random } = turn
  const ranked: { did: Did; rank: number }[] = []
  for (const [did, { connected, heardMs, description, ground }] of state.acquaintances) {
    if (!connected || nowMs - heardMs > SILENT_MS || except.includes(did)) continue
    if (description.kind === 'launcher' || isBanned(state, did) || isStruck(state, did)) continue
    ranked.push({ did, rank: (description.kind === 'edge' ? 0 : 2) + (ground === 'open' ? 1 : 0) + uniform(random) })
  }
  return ranked
    .sort((one, other) => one.rank - other.rank)
    .slice(0, count)
    .map(({ did }) => did)
}

/** Who shall decide an agent's first epoch, home first: as many as were ordered, or home alone where there are not so many. */
export function firstWitnesses(turn: Turn, count: number): readonly Did[] {
  const others = candidates(turn, count - 1, [])
  return others.length < count - 1 ? [turn.state.self] : [turn.state.self, ...others]
}
