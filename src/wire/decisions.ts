import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Quota } from '../permit/quota.ts'
import type { LogShown } from './histories.ts'
import type { Mail } from './mail.ts'
import type { Brief, Effect, EffectKind, Row, StoryLine } from './messages.ts'
import type { Voucher } from './proofs.ts'
import type { Accepted, Ballot, Certificate, History, License, Sealed, Vote } from './statements.ts'

/** What the witnesses of an agent say to each other and are asked: who holds it, who keeps its row, and what is in that. */

/**
 * What the keeper of a row has written down since a witness heard of it last: lines of its story from `from` up to `next`, and
 * all else as it stands. `tenure`: the epoch since which this host keeps it; `since`: the first line that is its own.
 */
export interface Estate {
  readonly tenure: number
  readonly since: number
  /** Its first witnesses are settled: they may decide. */
  readonly isFounded: boolean
  readonly from: number
  readonly next: number
  /** No line follows: all else is as of these. Otherwise more is to come before it counts. */
  readonly isWhole: boolean
  readonly lines: readonly MirroredLine[]
  readonly state: Row['state']
  /** JSON of why it was killed, which no line tells. */
  readonly killed: string | null
  readonly checkpoint: Cid | null
  readonly checkpointBytes: number
  readonly consoleLines: number
  readonly sentBytes: number
  readonly messages: number
  readonly fuelUsed: number
  readonly hops: number
  readonly allowance: Quota
  readonly seen: Readonly<Record<EffectKind, number>>
  readonly forks: readonly ForkLine[]
  /** As of the checkpoint; of a durable agent also what it has behind it. */
  readonly mail: Mail
  readonly history: History | null
  /** Changes of holder that the witness may not know, oldest first. */
  readonly itinerary: readonly HopLine[]
}

/** A line of a story, and what it is of: whoever keeps the row next knows the effect again. Null of other lines, and of sealed words. */
export type MirroredLine = StoryLine & { readonly of: HeardEffect | null }

/** An effect by kind, number, and a hash of what it was. */
export type HeardEffect = Pick<Effect, 'kind' | 'number'> & { readonly hash: string }

/** The evidence of one change of holder. */
export interface HopLine extends Pick<Accepted, 'release' | 'ready'> {
  readonly certificate: Certificate
}

/** One `fork` that was carried out: the same call asked again finds the same agents. */
export interface ForkLine {
  readonly request: number
  readonly agents: readonly AgentId[]
}

/** How far a witness has a row: the first line that it has not, and the newest hop that it has all hops up to. */
export interface Stand {
  readonly next: number
  readonly epoch: number
}

export interface DecisionRequests {
  /**
   * Paxos phase 1 for (agent, epoch). `next`: the first line of the agent's story that the witness has not, of the row as it was
   * kept since `tenure`; `log`: what it has of a durable agent's history, which is added to no more.
   */
  prepare: {
    ask: { agent: AgentId; epoch: number; ballot: Ballot }
    answer: { accepted: Accepted | null; tenure: number; next: number; log: LogShown | null }
  }
  /**
   * Paxos phase 2. At ballot 0 with the RELEASE that owns it, and the READY that the next host has signed before. `log`: what
   * a witness may lack of the history that is decided with it; it votes for none that it has not.
   */
  accept: {
    ask: Accepted & { agent: AgentId; epoch: number; previous: Cid; voucher: Voucher | null; log: LogShown | null }
    answer: { vote: Sealed<Vote> }
  }
  /**
   * Keeper to a host that shall be a witness of this agent: everything that it must know to vote, and to take the keeper's
   * place. `certificate` and `charters` as in `send`. Answered when its bundle and newest checkpoint are there.
   */
  enrol: {
    ask: {
      brief: Brief
      license: License
      epoch: number
      holder: Did
      certificate: Certificate | null
      charters: readonly Certificate[]
      estate: Estate
    }
    answer: Stand
  }
  /** Keeper to a witness: what it lacks of the row. The answer: what it has. */
  mirror: { ask: { agent: AgentId; epoch: number; estate: Estate }; answer: Stand }
  /** Witness to witness, before it takes the keeper's place, or after long silence: the row, from this line on. Also to one that was one. */
  estate: { ask: { agent: AgentId; after: Stand }; answer: { epoch: number; estate: Estate } }
}
