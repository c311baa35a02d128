import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Claim, Receipt, Sealed, Verdict } from './statements.ts'

/** What hosts say to each other about what they have run: vouchers, and running a segment again. */

/** What a holder says of a segment: its receipt, and the log that lets others run it again; null where it is too long. */
export interface Voucher {
  readonly receipt: Sealed<Receipt>
  readonly log: Uint8Array | null
}

/** Everything but blocks that it takes to run a segment again. */
export interface Rerun {
  readonly receipt: Sealed<Receipt>
  readonly log: Uint8Array
  readonly inputJson: string
  readonly seed: number
  readonly launchedMs: number
}

/** Inputs of a segment by who says so: nobody but these can tell whether they were true. */
export interface InputCounts {
  /** Answers that the maker gave of itself. */
  readonly host: number
  /** Answers that home has decided: it can compare. */
  readonly home: number
  readonly clock: number
}

export interface SegmentLine {
  readonly receipt: Cid
  readonly agent: AgentId
  readonly epoch: number
  readonly number: number
  readonly host: Did
  readonly fuelFrom: number
  readonly fuelTo: number
  /** The agent ended with it. */
  readonly ended: boolean
  /** Null where its log never came. */
  readonly inputs: InputCounts | null
  /** What it takes to run it again is still at home. */
  readonly here: boolean
  readonly state: 'kept' | 'due' | 'good' | 'fraud' | 'lapsed'
  readonly auditor: Did | null
  readonly note: string
}

/** What home thinks of a host: one in `every` of its segments is run again. */
export interface RateLine {
  readonly host: Did
  readonly good: number
  readonly streak: number
  readonly audited: number
  /** Passed over by lot. */
  readonly unaudited: number
  /** Could not be run again: no log, no checkpoint, nobody to do it. */
  readonly lapsed: number
  readonly strikes: number
  readonly every: number
}

export interface ProofRequests {
  /** Home to any other host than the maker: run this segment again, its blocks from here, and sign what comes of it. */
  audit: { ask: Rerun; answer: { verdict: Sealed<Verdict> } }
  /** To the maker of a receipt, by its home: where did it stand after so much fuel each? Ascending. */
  claim: {
    ask: { agent: AgentId; receipt: Cid; fuels: readonly number[] }
    answer: { claims: readonly Sealed<Claim>[] }
  }
  /** What home knows of segments of an agent, or made by a host, or of all, a page of them after the first so many. */
  segments: {
    ask: { agent: AgentId | null; host: Did | null; after: number }
    answer: { segments: readonly SegmentLine[]; hosts: readonly RateLine[]; next: number | null }
  }
  /** The evidence of one segment that home still has. Its blocks are fetched. */
  segment: {
    ask: { agent: AgentId; receipt: Cid }
    answer: { rerun: Rerun; claims: readonly Sealed<Claim>[] }
  }
}
