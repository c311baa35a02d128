import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Delivery, PendingCall } from '../engine/image.ts'
import type { Did } from '../identity/did.ts'
import type { SealedValue } from '../identity/sealed-value.ts'
import type { Delegation } from '../permit/delegation.ts'
import type { Quota } from '../permit/quota.ts'
import type { GuestFailure } from '../sandbox/port.ts'
import type { Trace } from '../sandbox/trace.ts'
import type { ErrorCode } from '../wire/error-codes.ts'
import type { AsyncName, Asyncs, Brief, RequestName, Requests } from '../wire/messages.ts'
import type { Notice } from '../wire/notices.ts'
import type { Pack } from '../wire/pack.ts'
import type { Rerun } from '../wire/proofs.ts'
import type { Description, License, PermitLink, Sealed, Statement } from '../wire/statements.ts'
import type { RerunOutcome, Seen } from './auditor.ts'
import type { RunPiece } from './pieces.ts'
import type { Past, Relived } from './relive.ts'

/**
 * The host machine's whole world: events in, effects out. An event is something that has happened and been verified;
 * an effect is something the rim shall do. Nothing here is a promise, a handle or a callback, so that a run is a list.
 */
export type HostEvent =
  | { readonly kind: 'tick' }
  /** What was kept from the life before; the first event ever. */
  | { readonly kind: 'restored'; readonly records: ReadonlyMap<string, unknown> }
  | { readonly kind: 'connected'; readonly host: Did; readonly age: number }
  | { readonly kind: 'disconnected'; readonly host: Did }
  | {
      [N in RequestName]: {
        readonly kind: 'asked'
        readonly from: Did
        readonly handle: number
        readonly name: N
        readonly body: Requests[N]['ask']
      }
    }[RequestName]
  | {
      readonly kind: 'answered'
      readonly token: number
      readonly from: Did
      readonly name: RequestName
      readonly answer: Answer
    }
  | {
      [N in AsyncName]: { readonly kind: 'told'; readonly from: Did; readonly name: N; readonly body: Asyncs[N] }
    }[AsyncName]
  /** What this host says of itself, signed: before anybody comes. */
  | { readonly kind: 'described'; readonly description: Sealed<Description> }
  /** The end of an `openPermit` effect: delegations by who says they are, or why not. */
  | { readonly kind: 'permit'; readonly token: number; readonly permit: readonly Delegation[] | Fault }
  /** The end of a `seal` effect. */
  | { readonly kind: 'sealed'; readonly token: number; readonly sealed: Sealed<Statement> }
  /** The end of an `openBundle` effect. */
  | { readonly kind: 'bundle'; readonly token: number; readonly bundle: BundleFacts | Fault }
  /** The end of a `prepare` effect: a guest stands ready, thawed dry, its blocks durable; or why not. */
  | {
      readonly kind: 'prepared'
      readonly token: number
      readonly fault: Fault | null
      readonly stateBytes: number
      readonly fuelUsed: number
    }
  /** The end of `fetchCheckpoint`: all blocks of a checkpoint are here and durable. */
  | { readonly kind: 'fetched'; readonly token: number; readonly fault: Fault | null }
  /** The end of a `rerun` effect: what came of a segment, or why nothing did. */
  | { readonly kind: 'rerun'; readonly token: number; readonly outcome: RerunOutcome; readonly seen: readonly Seen[] }
  /** What has reached a durable agent's program, before what it says because of it. */
  | { readonly kind: 'piece'; readonly agent: AgentId; readonly piece: RunPiece }
  /** The end of a `relive` effect. */
  | { readonly kind: 'relived'; readonly token: number; readonly outcome: Relived | Fault }
  /** What is being recorded of it has become long. */
  | { readonly kind: 'full'; readonly agent: AgentId }
  | { readonly kind: 'call'; readonly agent: AgentId; readonly call: PendingCall; readonly again: boolean }
  /** The end of an `unseal` effect; null where the value does not open. */
  | { readonly kind: 'unsealed'; readonly agent: AgentId; readonly request: number; readonly valueJson: string | null }
  | { readonly kind: 'console'; readonly agent: AgentId; readonly level: string; readonly text: string }
  | { readonly kind: 'pulse'; readonly agent: AgentId; readonly fuelUsed: number }
  /** The guest stands still and its checkpoint is sealed and durable here. */
  | {
      readonly kind: 'frozen'
      readonly agent: AgentId
      readonly checkpoint: Cid
      readonly fuelUsed: number
      readonly stateBytes: number
      readonly freshBytes: number
      /** What the program was told since the last one; null where that was not recorded. */
      readonly trace: Trace | null
    }
  /** The end of an `image` effect: the agent runs on, and hosts can fetch what it was at that moment for a while. */
  | {
      readonly kind: 'imaged'
      readonly agent: AgentId
      readonly checkpoint: Cid
      readonly stateBytes: number
      /** Of it, pages that the image before did not have. */
      readonly freshBytes: number
      readonly trace: Trace | null
    }
  | {
      readonly kind: 'finished'
      readonly agent: AgentId
      readonly resultJson: string
      readonly fuelUsed: number
      readonly trace: Trace | null
    }
  | {
      readonly kind: 'failed'
      readonly agent: AgentId
      readonly code: GuestFailure | 'STORE_FULL'
      readonly reason: string
      readonly fuelUsed: number
      readonly trace: Trace | null
    }
  /** The embedder's own wishes. */
  | {
      readonly kind: 'launch'
      readonly token: number
      readonly license: License
      readonly inputJson: string
    }
  | { readonly kind: 'wish'; readonly wish: Wish }

export type Wish =
  | { readonly kind: 'accepting'; readonly accepting: boolean }
  | { readonly kind: 'slots'; readonly slots: number }
  | { readonly kind: 'trust'; readonly author: Did; readonly trusted: boolean }
  | { readonly kind: 'obey'; readonly root: Did; readonly obeyed: boolean }
  /** Give the machine back: freeze everything here now, hand it over, park what nobody wants. */
  | { readonly kind: 'evict' }
  /** Something may end this host soon: every agent here is checkpointed now. */
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'move'; readonly agent: AgentId; readonly to: Did | null }
  | { readonly kind: 'kill'; readonly agent: AgentId }
  | { readonly kind: 'publish'; readonly notice: Notice }

export type Answer =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly code: ErrorCode; readonly reason: string }

export interface Fault {
  readonly code: ErrorCode
  readonly reason: string
}

/** Blocks that came with a message, as differences to a checkpoint that the sender believes to be here. */
export interface Pushed {
  readonly base: Cid | null
  readonly pack: Pack | null
  /** Of the whole checkpoint, as the sender says: more is not taken. */
  readonly checkpointBytes: number
}

export const NOTHING_PUSHED: Pushed = { base: null, pack: null, checkpointBytes: Number.MAX_SAFE_INTEGER }

export interface BundleFacts {
  readonly id: Cid
  readonly author: Did
  readonly name: string
  readonly version: string
  /** By its author, as milliseconds since 1970; null for never. */
  readonly expiresMs: number | null
  readonly kinds: readonly string[] | null
  readonly depth: number
  /** Its effects leave when what they come of is safe with its witnesses. */
  readonly durable: boolean
  /** What it asks for. */
  readonly quota: Quota
}

/** Carried out in the order given. A `persist` comes first, once a step: the rest waits until all its writes are durable. */
export type HostEffect =
  /** Written with the next commit, in order with all others, but nothing waits for it. */
  | {
      readonly kind: 'persistSoon'
      readonly writes: readonly { readonly key: string; readonly value: unknown | null }[]
    }
  | { readonly kind: 'persist'; readonly writes: readonly { readonly key: string; readonly value: unknown | null }[] }
  | {
      [N in RequestName]: {
        readonly kind: 'ask'
        readonly to: Did
        readonly token: number
        readonly name: N
        readonly body: Requests[N]['ask']
      }
    }[RequestName]
  | {
      [N in RequestName]: {
        readonly kind: 'answer'
        readonly handle: number
        readonly name: N
        readonly body: Requests[N]['answer']
      }
    }[RequestName]
  | { readonly kind: 'deny'; readonly handle: number; readonly code: ErrorCode; readonly reason: string }
  | {
      [N in AsyncName]: { readonly kind: 'tell'; readonly to: Did; readonly name: N; readonly body: Asyncs[N] }
    }[AsyncName]
  /** End the session with a host, after what has been said to it, and do not dial it for so long. */
  | {
      readonly kind: 'hangUp'
      readonly host: Did
      readonly reason: string
      readonly awayMs: number
      readonly isBarred: boolean
    }
  /** Check the signatures of a chain of delegations. */
  | { readonly kind: 'openPermit'; readonly token: number; readonly chain: readonly Uint8Array[] }
  | { readonly kind: 'seal'; readonly token: number; readonly statement: Exclude<Statement, PermitLink> }
  /** Open a bundle from the store, fetching what is missing from `from`: of `authors`, or of one that is trusted. */
  | {
      readonly kind: 'openBundle'
      readonly token: number
      readonly bundle: Cid
      readonly from: Did | null
      readonly authors: readonly Did[]
    }
  /** Fetch what is missing of a checkpoint and its bundle, verify it, keep it. */
  | {
      readonly kind: 'fetchCheckpoint'
      readonly token: number
      readonly agent: AgentId
      readonly checkpoint: Cid
      readonly from: Did
      readonly pushed: Pushed
      /** The agent changed hosts with it. */
      readonly hopped: boolean
    }
  /**
   * Same, then start a guest from it that stands still (dry thaw); one that stands here from an earlier image of the same
   * agent and has not run is brought up to this one.
   */
  | {
      readonly kind: 'prepare'
      readonly token: number
      readonly brief: Brief
      readonly checkpoint: Cid | null
      readonly from: Did | null
      readonly pushed: Pushed
      readonly quota: Quota
      readonly authors: readonly Did[]
    }
  | { readonly kind: 'run'; readonly agent: AgentId }
  | { readonly kind: 'freeze'; readonly agent: AgentId }
  /** Take an image at the next safepoint and go on at once. */
  | { readonly kind: 'image'; readonly agent: AgentId }
  | { readonly kind: 'deliver'; readonly agent: AgentId; readonly delivery: Delivery }
  /** From now on the guest may use so much only. */
  | { readonly kind: 'limit'; readonly agent: AgentId; readonly quota: Quota }
  | { readonly kind: 'terminate'; readonly agent: AgentId }
  /** Live through a durable agent's past again, and keep where it stands then. */
  | ({ readonly kind: 'relive'; readonly token: number } & Past)
  /** Run a segment again; what is missing of it comes from `from`. */
  | {
      readonly kind: 'rerun'
      readonly token: number
      readonly rerun: Rerun
      readonly from: Did | null
      readonly authors: readonly Did[]
      /** Fuel, ascending: where it stands there is told. */
      readonly marks?: readonly number[]
    }
  /** A checkpoint that is here is evidence, and stays until it is let go of as often. */
  | { readonly kind: 'pin'; readonly agent: AgentId; readonly checkpoint: Cid }
  | { readonly kind: 'unpin'; readonly checkpoint: Cid }
  /** This agent needs a checkpoint that is here already. */
  | { readonly kind: 'hold'; readonly agent: AgentId; readonly checkpoint: Cid }
  /** The checkpoints of this agent are no longer needed here, but for `keep`; `ended`: nor will they ever be. */
  | { readonly kind: 'forget'; readonly agent: AgentId; readonly keep: Cid | null; readonly ended?: true }
  /** Older checkpoints of the agent than this one are no longer needed here, but for `keep`. */
  | { readonly kind: 'forgetBefore'; readonly agent: AgentId; readonly checkpoint: Cid; readonly keep?: Cid | null }
  /** Read a shared file or an asset for a call of the agent; the rim delivers the answer itself. */
  | {
      readonly kind: 'read'
      readonly agent: AgentId
      readonly request: number
      readonly what: 'path' | 'asset'
      readonly name: string
    }
  /** Let its trace begin anew, without an image of it. */
  | { readonly kind: 'pass'; readonly agent: AgentId }
  /** Open a value that is sealed to this host. */
  | { readonly kind: 'unseal'; readonly agent: AgentId; readonly request: number; readonly value: SealedValue }
  /** Seal a value for the agent; the rim delivers the answer itself. */
  | {
      readonly kind: 'sealValue'
      readonly agent: AgentId
      readonly request: number
      readonly reader: Did
      readonly valueJson: string
      readonly about: string
    }
  | { readonly kind: 'log'; readonly level: 'info' | 'warn'; readonly text: string; readonly agent?: AgentId }
  /** For the embedder: the answer to its `launch`. */
  | {
      readonly kind: 'launched'
      readonly token: number
      readonly outcome:
        | { readonly ok: true; readonly agent: AgentId }
        | { readonly ok: false; readonly code: ErrorCode; readonly reason: string }
    }
  /** For the embedder: an agent that is here let a value out. */
  | {
      readonly kind: 'emitted'
      readonly agent: AgentId
      readonly name: string
      readonly bundle: Cid
      readonly valueJson: string
    }
