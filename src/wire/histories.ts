import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Brief } from './messages.ts'
import type { History, Stretch } from './statements.ts'

/** What hosts say to each other of the histories of durable agents. */
/** What of a durable agent's history an effect comes of: so many pieces, of which these may still be unknown. */
export interface Grounds {
  readonly after: number
  readonly stretch: Stretch | null
}

/** What an agent has said and used up to a checkpoint. */
export type Counts = Pick<Brief, 'consoleLines' | 'sentBytes' | 'messages' | 'mail'>

/** What a witness has of a durable agent: the newest checkpoint that is whole there, and the pieces since. */
export interface LogShown {
  readonly checkpoint: Cid | null
  readonly counts: Counts
  readonly base: History
  readonly pieces: readonly Uint8Array[]
}

export interface HistoryRequests {
  /**
   * Holder to witness: pieces of a durable agent's history. The answer says what the witness has by now: less where it
   * lacks some before these. Refused once it has promised or accepted anything for the next epoch.
   */
  log: { ask: { agent: AgentId; epoch: number } & Stretch; answer: History }
}
