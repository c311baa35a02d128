import { integerBelow, type Random } from '../base/random.ts'
import type { Did } from '../identity/did.ts'
import type { Description } from '../wire/messages.ts'

/**
 * Where an agent goes: the least loaded host that matches its needs. Pure functions over what is known now; information
 * is at most one load interval old, and agents offered and not answered are counted in. No wire, no state.
 */
/** A host tells its load each second; one that has been silent for this long is probably gone, whatever its channel says. */
export const SILENT_MS = 3_500

export interface Candidate {
  readonly description: Description
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
export const fullness = ({ description, offered }: Candidate): number => {
  const { agents, slots } = description.load
  return slots === 0 ? Number.POSITIVE_INFINITY : (agents + offered) / slots
}

/** The least full host, by lot among equals; null when none fits. */
export function chooseHost(candidates: ReadonlyMap<Did, Candidate>, needs: Needs, random: Random): Did | null {
  let best: Did[] = []
  let least = 1
  for (const [host, candidate] of candidates) {
    const { description, connected, heardMs } = candidate
    if (!connected || needs.nowMs - heardMs > SILENT_MS || !description.load.accepting || needs.except.includes(host))
      continue
    if (needs.engineId !== null && !description.engineIds.includes(needs.engineId)) continue
    if (needs.kinds && !needs.kinds.includes(description.kind)) continue
    if (description.depth < needs.depth) continue
    const full = fullness(candidate)
    if (full >= 1 || full > least) continue
    if (full < least) best = []
    least = full
    best.push(host)
  }
  return best[integerBelow(random, best.length)] ?? null
}
