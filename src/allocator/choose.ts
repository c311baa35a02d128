import { integerBelow, type Random } from '../base/random.ts'
import type { Did } from '../identity/did.ts'
import type { Ground, Load } from '../wire/messages.ts'
import type { Description } from '../wire/statements.ts'

/**
 * Where an agent goes: the least loaded host that matches its needs. Pure functions over what is known now; information
 * is at most one load interval old, and agents offered and not answered are counted in. No wire, no state.
 */
/** A host tells its load each second; one that has been silent for this long is probably gone, whatever its channel says. */
export const SILENT_MS = 3_500

export interface Candidate {
  readonly description: Pick<Description, 'kind' | 'engineIds' | 'depth'>
  readonly load: Load
  /** Why it was let in; one that anybody could be has no credit. */
  readonly ground: Ground
  readonly connected: boolean
  /** When the host was last heard of, on the same clock as `Needs.nowMs`. */
  readonly heardMs: number
  readonly offered: number
}

export interface Needs {
  readonly kinds: readonly string[] | null
  /** Segments that a host must offer. */
  readonly depth: number
  /** The engine that the agent's state is of. */
  readonly engineId: string | null
  readonly except: readonly Did[]
  readonly nowMs: number
}

/** Share of its slots that is taken, agents under way included; above or equal 1 means full. */
export const fullness = ({ load, offered }: Candidate): number => {
  const { agents, slots } = load
  return slots === 0 ? Number.POSITIVE_INFINITY : (agents + offered) / slots
}

/**
 * The least full host, by lot among equals; null when none fits. Hosts that somebody answers for come before those that
 * anybody could be, as long as they have room: many keys of one owner get what is left (THREATS 38).
 */
export function chooseHost(candidates: ReadonlyMap<Did, Candidate>, needs: Needs, random: Random): Did | null {
  let best: Did[] = []
  let least = 2
  for (const [host, candidate] of candidates) {
    if (needs.except.includes(host) || !fits(candidate, needs)) continue
    const full = fullness(candidate)
    const rank = candidate.ground === 'open' ? full + 1 : full
    if (full >= 1 || rank > least) continue
    if (rank < least) best = []
    least = rank
    best.push(host)
  }
  return best[integerBelow(random, best.length)] ?? null
}

function fits({ description, load, connected, heardMs }: Candidate, needs: Needs): boolean {
  if (!connected || needs.nowMs - heardMs > SILENT_MS || !load.accepting) return false
  if (needs.engineId !== null && !description.engineIds.includes(needs.engineId)) return false
  return (!needs.kinds || needs.kinds.includes(description.kind)) && description.depth >= needs.depth
}
