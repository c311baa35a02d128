import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { LogShown } from '../wire/histories.ts'
import type { Accepted, Ballot, Holding, Sealed, Vote } from '../wire/statements.ts'

/** We propose ourselves as the next holder: after a lease ended, or after our own restart. */
export interface Proposal {
  readonly agent: AgentId
  readonly epoch: number
  readonly witnesses: readonly Did[]
  ballot: Ballot
  /** The head that the epoch follows, as the proposer knows it. */
  readonly previous: Cid
  own: Holding
  value: Omit<Accepted, 'ballot'>
  /** `gather`: the proposer, a witness, asks one that has promised for what it lacks of the row. */
  phase: 'prepare' | 'gather' | 'accept'
  /** Of those that have promised, who has most of the row, and up to which line. */
  richest: { readonly witness: Did; readonly tenure: number; readonly next: number } | null
  readonly promises: Map<Did, Accepted | null>
  /** What those who have promised have of a durable agent, and of it what the value is decided with. */
  readonly logs: Map<Did, LogShown>
  log: LogShown | null
  readonly votes: Map<Did, Sealed<Vote>>
  /** Somebody has promised more to somebody else since the last try. */
  isOutbid: boolean
  /** How often in a row too few have answered at all. */
  tries: number
  retryMs: number
}
