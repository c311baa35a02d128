import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { HopReason, HostKind } from '../host/snapshot.ts'
import type { Did } from '../identity/did.ts'
import type { Quota } from '../permit/quota.ts'
import type { HopRecord, Origin } from './chain.ts'
import type { DecisionRequests } from './decisions.ts'
import type { ErrorCode } from './error-codes.ts'
import type { Grounds, HistoryRequests } from './histories.ts'
import type { Birth, Mail, MailAsyncs, MailRequests } from './mail.ts'
import type { Notice } from './notices.ts'
import type { Pack } from './pack.ts'
import type { ProofRequests, Voucher } from './proofs.ts'
import type {
  Accepted,
  Certificate,
  CommandOrder,
  Description,
  History,
  License,
  Mandate,
  PermitLink,
  Ready,
  Sealed,
} from './statements.ts'

/**
 * Everything that hosts say to each other, one type a message. PROTOCOL.md beside this file tells the story; the
 * decoders in schemas.ts are the only way in. A request is answered by one reply (or an error code); asynchronous
 * messages are not answered. All are idempotent, or made so by (host, age, sequence).
 */

export interface Load {
  /** Agents here, and how many the host is willing to have. */
  readonly agents: number
  readonly slots: number
  /** False while the owner is there, the host drains or is paused. */
  readonly accepting: boolean
}

/** What a destination needs to know to say yes or no, before a byte of state moves. */
export interface Offer {
  readonly agent: AgentId
  /** The epoch the agent will have at the destination. */
  readonly epoch: number
  readonly bundle: Cid
  readonly reason: HopReason
  readonly hops: number
  readonly fuelUsed: number
  /** Its share of what the order gives, as home has divided it. */
  readonly allowance: Quota
  readonly license: License
  /** Bytes of the whole checkpoint, as an upper bound for the reservation. */
  readonly stateBytes: number
}

/** Home's row for one agent that a new holder needs beside the checkpoint. */
export interface Brief {
  readonly agent: AgentId
  readonly bundle: Cid
  readonly inputJson: string
  readonly seed: number
  readonly launchedMs: number
  readonly allowance: Quota
  readonly witnesses: readonly Did[]
  readonly hops: number
  /** Console lines written up to this checkpoint: the next one has this number. (Emits are numbered by their call.) */
  readonly consoleLines: number
  /** Of the permit's sentBytes and messages, up to this checkpoint. */
  readonly sentBytes: number
  readonly messages: number
  /** The `move` call that this hop answers, null when the agent did not ask. */
  readonly movedBy: number | null
  /** The `fork` call that its going on answers, with its index; null for an agent that was launched. */
  readonly forkedFrom: ForkedFrom | null
  readonly origin: Origin
  /** The head of its chain of hops in the epoch in which its holder sends it: what READY and RELEASE follow. */
  readonly head: Cid
  /** Of a durable agent: what of its history the checkpoint has behind it. Null for a fast one. */
  readonly history: History | null
  /** Who alone may read what the agent says; null where everybody who sees it may. */
  readonly resultTo: Did | null
  /** Up to this checkpoint. */
  readonly mail: Mail
  /** What ties the agent to its order. Null before the first hop of one about which home alone decides. */
  readonly birth: Birth | null
}

/** Whom an agent was made of: it went on from that one's checkpoint, in the middle of that call. */
export interface ForkedFrom {
  readonly agent: AgentId
  readonly request: number
  /** 1 and up; the one that it was made of is 0. */
  readonly index: number
  /** Of its Math.random from the fork on. */
  readonly seed: number
}

export type EffectKind = 'emit' | 'console' | 'result' | 'failure'

/**
 * Something an agent lets out. Numbered within its kind so that a re-executed effect is recognised: an emit by the
 * request number of its call, a console line by its count, a result or failure by 1.
 */
export interface Effect {
  readonly agent: AgentId
  readonly epoch: number
  readonly kind: EffectKind
  readonly number: number
  /** JSON text: the emitted value, `{level, text}`, the result, or `{code, reason}`. */
  readonly valueJson: string
}

export interface HoldingReport {
  readonly agent: AgentId
  readonly epoch: number
  readonly fuelUsed: number
  /** 0..1 as the agent last reported it, null when it never did. */
  readonly progress: number | null
  readonly note: string
}

/** One line of an agent's story at home, for `logs` and the launcher's events. */
export interface StoryLine {
  readonly number: number
  readonly atMs: number
  readonly kind: EffectKind | 'hop' | 'checkpoint' | 'recover' | 'fork' | 'fraud' | 'keeper' | 'conflict'
  readonly valueJson: string
}

export interface Row {
  readonly agent: AgentId
  readonly name: string
  readonly author: Did
  readonly epoch: number
  readonly holder: Did
  readonly state: 'waiting' | 'running' | 'finished' | 'failed' | 'killed'
  readonly progress: number | null
  readonly note: string
  readonly fuelUsed: number
  readonly hops: number
  readonly forkedFrom: ForkedFrom | null
  /** The head of its chain of hops: whoever has seen it notices when its home tells another past. */
  readonly head: Cid
}

/**
 * Why a host was let in: its owner has named it; it speaks for somebody whose programs run here anyway; it has shown a
 * permit; or everybody is.
 */
export type Ground = 'static' | 'author' | 'invited' | 'open'

export interface KeptHops {
  readonly bundle: Cid
  readonly origin: Origin
  /** The epoch of the first hop here; where there is none, of the next one to come. */
  readonly first: number
  readonly hops: readonly HopRecord[]
}

export interface SeenHead {
  readonly epoch: number
  readonly head: Cid
}

/** One host of another's nodes database, for people. */
export interface NodeLine {
  readonly did: Did
  /** Null of one that was named or banned and has never been here. */
  readonly met: {
    readonly kind: HostKind
    readonly name: string
    readonly age: number
    readonly ground: Ground
    readonly firstMs: number
    readonly heardMs: number
  } | null
  readonly isStatic: boolean
  readonly isHere: boolean
  /** Why; null for most. */
  readonly banned: string | null
}

export interface Requests extends ProofRequests, DecisionRequests, MailRequests, HistoryRequests {
  /**
   * First message after the handshake in each direction (the paper's INIC): who I am beyond my key. `invitation`: a permit to
   * join, as delegations, the root's own first; empty for none. Before it is answered the asker says nothing else. The answer:
   * on what ground the asker was let in.
   */
  inic: {
    ask: {
      description: Sealed<Description>
      load: Load
      invitation: readonly Uint8Array[]
      mandate: Sealed<Mandate> | null
    }
    answer: { ground: Ground }
  }
  /** May this agent come? `have`: a checkpoint of it that the host still has, from an earlier stay. */
  offer: { ask: Offer; answer: { ttlMs: number; have: Cid | null } }
  /**
   * An image of the agent that still runs at the sender's: D fetches what it lacks and thaws it dry, so that `send` has
   * little to bring. Says nothing about whose the agent is; what is staged goes with the reservation.
   */
  stage: {
    ask: {
      brief: Brief
      epoch: number
      checkpoint: Cid
      base: Cid | null
      pack: Pack | null
      checkpointBytes: number
    }
    answer: { ttlMs: number }
  }
  /**
   * The frozen agent: D takes the pack, which differs from checkpoint `base` (null: from nothing), fetches what it still
   * lacks, thaws dry, keeps it, and answers READY. `certificate`: what makes the sender its holder, null in epoch 0, at its
   * home; D co-signs no chain that does not end there. `charters`: the decisions by which its witnesses changed, oldest first. `atHome`: the newest checkpoint that home has. `checkpointBytes`: of
   * all blocks together; not a byte more is taken.
   */
  send: {
    ask: {
      brief: Brief
      epoch: number
      checkpoint: Cid | null
      reason: HopReason
      certificate: Certificate | null
      charters: readonly Certificate[]
      atHome: Cid | null
      base: Cid | null
      pack: Pack | null
      checkpointBytes: number
    }
    answer: { ready: Sealed<Ready> }
  }
  /**
   * Blocks by name (names.ts), each perhaps as its difference to one that the asker has: `against` is empty, or as long as
   * `names`. The pack has an entry for as many of them as fit, in the order asked. Transfers of one asker share fairly.
   * Blocks of bundles, and of this agent's checkpoints where it is not null and the asker may read it.
   */
  fetch: {
    ask: { transfer: number; agent: AgentId | null; names: Uint8Array; against: Uint8Array }
    answer: { pack: Pack }
  }
  /** Holder to home: a newer checkpoint of a running agent, pushed as in `send`. Home fetches what it lacks, then answers. */
  checkpoint: {
    ask: {
      agent: AgentId
      epoch: number
      checkpoint: Cid
      fuelUsed: number
      consoleLines: number
      sentBytes: number
      messages: number
      mail: Mail
      /** What of a durable agent's history it has behind it. */
      history: History | null
      base: Cid | null
      pack: Pack | null
      checkpointBytes: number
      /** Null where nothing has been run since the last one, or the one it came with. */
      voucher: Voucher | null
    }
    answer: Record<string, never>
  }
  /**
   * Holder to home: make n agents of this one, from the checkpoint that home has just taken, in the middle of that call.
   * Asked again it finds what it made. The answer: the new agents by index from 1, and what is left to the old one.
   */
  fork: {
    ask: {
      agent: AgentId
      epoch: number
      request: number
      n: number
      checkpoint: Cid
      fuelUsed: number
      hops: number
    }
    answer: { agents: readonly AgentId[]; left: Quota }
  }
  /** With the agent's end comes the voucher for its last segment. */
  effect: { ask: Effect & Grounds & { voucher: Voucher | null }; answer: Record<string, never> }
  /** Where is it? Any host that has heard of the agent answers; home is authoritative. */
  locate: { ask: { agent: AgentId }; answer: { epoch: number; holder: Did } }
  launch: { ask: { license: License; inputJson: string }; answer: { agent: AgentId } }
  command: { ask: { order: Sealed<CommandOrder>; permits: readonly Sealed<PermitLink>[] }; answer: { note: string } }
  status: {
    ask: Record<string, never>
    answer: {
      description: Sealed<Description>
      load: Load
      here: readonly HoldingReport[]
      rows: readonly Row[]
      hidden: number
    }
  }
  /** The story of one agent from line `from` on, at most STORY_LINES_PER_REPLY lines. */
  story: { ask: { agent: AgentId; from: number }; answer: { row: Row; lines: readonly StoryLine[] } }
  /**
   * The evidence of an agent's hops, at most HOPS_PER_REPLY from epoch `from` on, and the newest head that this host has
   * seen. Only its home has hops; nothing in them is checked by who passes them on.
   */
  itinerary: {
    ask: { agent: AgentId; from: number }
    answer: { kept: KeptHops | null; seen: SeenHead | null }
  }
  /** Whom has this host met, and who is banned here? For its owner: a page, after the first so many. */
  nodes: { ask: { after: number }; answer: { nodes: readonly NodeLine[]; next: number | null } }
  /** Keep this notice and pass it on; the answer says whether this host does. */
  publish: { ask: { notice: Notice }; answer: Record<string, never> }
  /**
   * Which notices have you that I have not? `marks`: one for each group of their names (NOTICE_GROUPS), from group `from` on.
   * The answer has the names of the groups that differ, as many as fit, and the group to go on from.
   */
  reconcile: { ask: { from: number; marks: Uint8Array }; answer: { names: Uint8Array; next: number | null } }
  /** Notices by name; what is not there is left out. */
  evidence: { ask: { names: Uint8Array }; answer: { notices: readonly Notice[] } }
}

export interface Asyncs extends MailAsyncs {
  load: { load: Load }
  /** Holder to home, each HOLD_MS: I still hold these. Renews the lease; home answers a stale one with `certificate`. */
  holding: { reports: readonly HoldingReport[] }
  /**
   * Witness or home to whom it concerns: this epoch is decided. With what it takes to know whose votes count, and what
   * proves the hop beside them where it was given away.
   */
  certificate: { certificate: Certificate; charters: readonly Certificate[] } & Pick<Accepted, 'release' | 'ready'>
  bye: { reason: string }
  /** Notices that have just become known here. */
  notices: { notices: readonly Notice[] }
}

export type RequestName = keyof Requests
export type AsyncName = keyof Asyncs

export type Message =
  | {
      [N in RequestName]: { readonly kind: 'request'; readonly name: N; readonly body: Requests[N]['ask'] }
    }[RequestName]
  | {
      [N in RequestName]: {
        readonly kind: 'reply'
        readonly name: N
        readonly to: number
        readonly body: Requests[N]['answer']
      }
    }[RequestName]
  | {
      readonly kind: 'error'
      readonly name: RequestName
      readonly to: number
      readonly code: ErrorCode
      readonly reason: string
    }
  | { [N in AsyncName]: { readonly kind: 'async'; readonly name: N; readonly body: Asyncs[N] } }[AsyncName]

/** The paper's header, as the receiver has it. Length and integrity have been checked by then. */
export interface Header {
  readonly host: Did
  readonly age: number
  readonly sequence: number
}
