import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { headOf } from '../wire/chain.ts'
import type { Certificate } from '../wire/statements.ts'
import { SEEN_MAX } from './limits.ts'
import { forgetSeen, writeSeen } from './records.ts'
import type { Resident } from './state.ts'
import { persist, type Turn } from './turn.ts'

/**
 * What a host has seen of agents of other homes that were here: the newest decision, for good as far as there is room. An
 * older state of the agent is not taken in again, however well it is signed; and the head tells what the past of the agent
 * is, should its home tell another one. Of its own agents a home has the register.
 */
export interface Seen {
  readonly agent: AgentId
  readonly author: Did
  readonly epoch: number
  readonly head: Cid
  readonly certificate: Certificate
  readonly atMs: number
}

export function noteSeen(turn: Turn, { author }: Pick<Resident, 'author'>, certificate: Certificate): void {
  const { seen, registers } = turn.state
  const { agent, epoch } = certificate
  if (registers.has(agent) || epoch <= (seen.get(agent)?.epoch ?? 0)) return
  const entry: Seen = { agent, author, epoch, head: headOf(certificate), certificate, atMs: turn.wallMs }
  // The one heard of last stands last; the first gives way.
  seen.delete(agent)
  seen.set(agent, entry)
  persist(turn, writeSeen(entry))
  const [oldest] = seen.keys()
  if (seen.size <= SEEN_MAX || oldest === undefined) return
  seen.delete(oldest)
  persist(turn, forgetSeen(oldest))
}

/** The highest epoch of an agent that is known here to be decided; 0 where none is. */
export const epochSeen = ({ state }: Turn, agent: AgentId): number =>
  Math.max(
    state.registers.get(agent)?.epoch ?? 0,
    state.seen.get(agent)?.epoch ?? 0,
    state.forwards.get(agent)?.epoch ?? 0,
  )
