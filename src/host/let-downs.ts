import { chooseHost, type Needs } from '../allocator/choose.ts'
import type { Did } from '../identity/did.ts'
import { LET_DOWN_MS, LET_DOWN_MS_MAX, LET_DOWNS_KNOWN_MAX } from './limits.ts'
import type { Turn } from './turn.ts'

/**
 * Hosts that have let an agent down: took it and fell silent, or let its hand-over run out. Each time the pause in which others
 * are preferred doubles, until an agent ends well there. Nobody is shut out by it: where there is no other host, it is still
 * better than none, and an honest host that crashed is forgiven soon. Not kept over a restart.
 */
export interface LetDown {
  readonly count: number
  readonly untilMs: number
}

export function noteLetDown({ state, nowMs }: Turn, host: Did): void {
  const count = (state.letDowns.get(host)?.count ?? 0) + 1
  state.letDowns.delete(host)
  state.letDowns.set(host, { count, untilMs: nowMs + Math.min(LET_DOWN_MS * 2 ** (count - 1), LET_DOWN_MS_MAX) })
  const [oldest] = state.letDowns.keys()
  if (state.letDowns.size > LET_DOWNS_KNOWN_MAX && oldest !== undefined) state.letDowns.delete(oldest)
}

export const forgive = ({ state }: Turn, host: Did): boolean => state.letDowns.delete(host)

/** The best host by the allocator, among those that have let nobody down lately first. */
export function choosePlace({ state, nowMs, random }: Turn, needs: Needs): Did | null {
  const lately = [...state.letDowns].flatMap(([host, { untilMs }]) => (nowMs < untilMs ? [host] : []))
  const found =
    lately.length > 0
      ? chooseHost(state.acquaintances, { ...needs, except: [...needs.except, ...lately] }, random)
      : null
  return found ?? chooseHost(state.acquaintances, needs, random)
}
