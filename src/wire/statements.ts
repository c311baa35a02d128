import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { HopReason, HostKind } from '../host/snapshot.ts'
import type { Did } from '../identity/did.ts'
import type { Delegation } from '../permit/delegation.ts'
import type { Quota } from '../permit/quota.ts'
import type { Decision } from './chain.ts'
import type { NameRecord } from './mail.ts'

/**
 * What a host or an author puts its name to. A statement travels as a sealed envelope: the bytes that were signed, the
 * signature, the signer (identity/envelope.ts). Inside the core it is a value that has been verified; `Sealed` can only
 * be made by the authority at the rim, from bytes that verified or from our own key.
 */
export interface Sealed<S> {
  readonly statement: S
  readonly signer: Did
  /** The envelope as it travels, for passing on as evidence. */
  readonly envelope: Uint8Array
}

/** Rounds of one decision; compared field by field. Ballot 0 belongs to the value in the holder's RELEASE. */
export interface Ballot {
  readonly round: number
  readonly host: Did
  readonly age: number
}

/** What the witnesses decide for an epoch: who holds the agent, from which checkpoint, and who decides the epoch after. */
export interface Holding {
  readonly holder: Did
  /** Root of the checkpoint; null for an agent that has not run yet: it starts from the top of its program. */
  readonly checkpoint: Cid | null
  /** The witnesses of the epoch after this one, an odd number; the first is the keeper. */
  readonly witnesses: readonly Did[]
  /** What of the agent's history is decided with it; null for a fast agent, which has none. */
  readonly history: History | null
}

/** A durable agent's history: how many pieces, and the head of their hash chain (null before the first). */
export interface History {
  readonly length: number
  readonly head: Cid | null
}

export const sameHolding = (a: Holding, b: Holding): boolean =>
  a.holder === b.holder &&
  a.checkpoint === b.checkpoint &&
  sameWitnesses(a.witnesses, b.witnesses) &&
  a.history?.length === b.history?.length &&
  a.history?.head === b.history?.head

/** Pieces of a history one behind the other, the first of them after `from` others, of which `head` is the head. */
export interface Stretch {
  readonly from: number
  readonly head: Cid | null
  readonly pieces: readonly Uint8Array[]
}

/** The same hosts in the same order. */
export const sameWitnesses = (a: readonly Did[], b: readonly Did[]): boolean =>
  a.length === b.length && a.every((did, rank) => did === b[rank])

/** D to S: I hold this checkpoint whole, verified, thawed dry and durable; and I have seen the chain up to `previous`. */
export interface Ready {
  readonly type: 'ready'
  readonly agent: AgentId
  readonly epoch: number
  readonly holding: Holding
  /** The head of the chain before this hop (chain.ts). */
  readonly previous: Cid
}

/** S: epoch `epoch` shall be this holding; at most one such statement for an epoch, ever. */
export interface Release {
  readonly type: 'release'
  readonly agent: AgentId
  readonly epoch: number
  readonly holding: Holding
  readonly reason: HopReason
  readonly previous: Cid
  /** The READY of the host that it is given to. */
  readonly ready: Cid
}

/** W: I accepted this holding for this epoch at this ballot. f+1 of one (epoch, ballot, holding) are a certificate. */
export interface Vote extends Decision {
  readonly type: 'vote'
  readonly ballot: Ballot
  /** How many witnesses there are to decide this epoch: the vote of an only one decides. */
  readonly of: number
  /** The witness's clock: its word, for people. Not part of what is decided. */
  readonly atMs: number
}

export interface Certificate extends Decision {
  readonly ballot: Ballot
  readonly votes: readonly Sealed<Vote>[]
}

/** What a witness has accepted: a value and, where the holder before gave the agent away, both hosts' words for it. */
export interface Accepted {
  readonly ballot: Ballot
  readonly holding: Holding
  readonly release: Sealed<Release> | null
  readonly ready: Sealed<Ready> | null
}

/**
 * A launcher to a home, and to every host that the agent comes to: run this bundle with this input, within this quota.
 * `nonce` makes a repeated order one agent. It can be given until `expiresMs`; the agent lives as its quota and permit say.
 */
export interface LaunchOrder {
  readonly type: 'launch'
  readonly home: Did
  readonly bundle: Cid
  /** Of the input's JSON text, as a raw block. */
  readonly input: Cid
  /** Together with what the permit gives: the lesser of both holds. */
  readonly quota: Quota
  /** The chain by which the launcher may, root first; none where it is the root itself. */
  readonly permits: readonly Cid[]
  /** Whose key everything that the agent says is sealed to; null leaves it readable. */
  readonly resultTo: Did | null
  /** How many hosts shall decide about the agent, its home among them: an odd number. */
  readonly witnesses: number
  readonly nonce: string
  readonly expiresMs: number
}

/**
 * H: the chain of this agent's hops begins with this root, which names the order that launched it and who decides its first
 * epoch (chain.ts).
 */
export interface Founded {
  readonly type: 'founded'
  readonly agent: AgentId
  readonly root: Cid
}

/** A link of a permit. It has a form of its own, which others' tools read (permit/token.ts), and is never sealed here. */
export type PermitLink = Delegation & { readonly type: 'permit' }

/** By whose leave an agent runs: the order that launched it, and the chain that the order names. */
export interface License {
  readonly order: Sealed<LaunchOrder>
  readonly permits: readonly Sealed<PermitLink>[]
}

/** An author or operator to a home or holder. */
export interface CommandOrder {
  readonly type: 'command'
  readonly host: Did
  /** `resume` takes an `evict` of the whole host back: its owner has left again. */
  readonly verb: 'move' | 'kill' | 'evict' | 'resume'
  /** The agent; null for `evict` of everything on the host. */
  readonly agent: AgentId | null
  readonly to: Did | null
  readonly nonce: string
  readonly expiresMs: number
}

/** A host of itself, at INIC. Signed, so that it can be shown to a third one. */
export interface Description {
  readonly type: 'description'
  readonly kind: HostKind
  readonly name: string
  readonly engineIds: readonly string[]
  /** How deep agents may go here, in segments. */
  readonly depth: number
  /** The most memory that one agent may have here. */
  readonly memoryBytes: number
  /** Agents that the host is willing to have. */
  readonly slots: number
  /** Whom it lets in, in words (host/admission.ts). */
  readonly admission: string
  readonly age: number
  /**
   * A mark for each of the newest lives of this host, BIRTH_BYTES of chance each, this one's first. Whoever has met one of
   * them sees whether this host is its continuation, or that of a backup from before.
   */
  readonly births: Uint8Array
  readonly issuedMs: number
}

/** A person to everybody: this host, which has a key for once, asks in my name. */
export interface Mandate {
  readonly type: 'mandate'
  readonly host: Did
  readonly expiresMs: number
}

/** An administrator to everybody: this key is not to be dealt with any more. Nothing takes it back. */
export interface Ban {
  readonly type: 'ban'
  readonly subject: Did
  readonly reason: string
  readonly issuedMs: number
}

/** An issuer of a permit's chain to everybody: what hangs on this delegation is worth nothing from now on. */
export interface Revocation {
  readonly type: 'revocation'
  readonly permit: Cid
  readonly reason: string
  readonly issuedMs: number
}

/** Where a segment ended: at a checkpoint, or with the agent's end, by the name of its JSON text. */
export type SegmentEnd =
  | { readonly kind: 'checkpoint'; readonly checkpoint: Cid }
  | { readonly kind: 'result'; readonly value: Cid }
  | { readonly kind: 'failure'; readonly code: string; readonly value: Cid }

/**
 * S: I ran this agent from there to here, with these inputs. With the bundle it fixes everything: whoever runs it again
 * comes to the same end, or the signer has lied (src/audit). What a host was told from outside it cannot be caught lying
 * about: `inputs` only fixes what it says it was.
 */
export interface Receipt {
  readonly type: 'receipt'
  readonly agent: AgentId
  readonly epoch: number
  /** From 1 in each epoch. A receipt of the same number that goes further from the same start takes the other's place. */
  readonly number: number
  /** Name of the receipt before in this epoch; null for the first, which goes on from what the epoch's certificate says. */
  readonly previous: Cid | null
  readonly bundle: Cid
  /** Name of what the program began with (input, seed, time of launch). */
  readonly start: Cid
  readonly engine: string
  /** Null: from the top of the program. */
  readonly from: Cid | null
  readonly to: SegmentEnd
  readonly fuelFrom: number
  readonly fuelTo: number
  /** Where in a turn it stood at the end, or that the agent ended; null where nothing was recorded. */
  readonly standing: 'turn' | 'interrupt' | 'kernel' | 'call' | 'end' | null
  readonly limits: SegmentLimits
  /** Name of the canonical input log, and its length. */
  readonly inputs: Cid
  readonly inputBytes: number
  /** Digests of all that its guest had let out, at the beginning and at the end. */
  readonly effectsFrom: string
  readonly effects: string
}

/** What the agent may use, as its guest had it at the beginning; of what it may send, what that guest had sent by then. */
export interface SegmentLimits {
  readonly fuelMax: number
  readonly memoryBytesMax: number
  readonly sentBytesMax: number
  readonly sentBytes: number
}

/** An auditor: I ran the segment of this receipt again, and came to this. */
export interface Verdict {
  readonly type: 'verdict'
  readonly receipt: Cid
  readonly to: SegmentEnd
  readonly fuelTo: number
  readonly effects: string
}

/** S, asked where the segment of its receipt stood: at this root, after so much fuel. */
export interface Claim {
  readonly type: 'claim'
  readonly receipt: Cid
  readonly fuel: number
  readonly root: Cid
}

export type Statement =
  | Ready
  | Release
  | Vote
  | LaunchOrder
  | Founded
  | CommandOrder
  | Description
  | Mandate
  | PermitLink
  | Ban
  | Revocation
  | Receipt
  | Verdict
  | Claim
  | NameRecord
