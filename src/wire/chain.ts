import { encode } from '../base/codec.ts'
import { type Cid, cborCid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Holding, Statement } from './statements.ts'

/**
 * The chain of an agent's hops, as digests. A head names the newest hop and, through `previous`, all hops before it. What
 * the next host signs before it has the agent (READY), the holder (RELEASE) and the witnesses (VOTE) name the head that the
 * hop follows, so that none of the three fits anywhere else. The epoch is the length of the chain.
 */

/** What an agent began with, beside its name and bundle. */
export interface Origin {
  /** The author's LAUNCH; null where its home launched it of its own accord. */
  readonly order: Cid | null
  /** For an agent made by a fork: the head that the one which it was made of had then. */
  readonly after: Cid | null
  /** Who decides its first epoch, its home first. */
  readonly witnesses: readonly Did[]
}

/** The head before the first hop. */
export const rootOf = (agent: AgentId, bundle: Cid, { order, after, witnesses }: Origin): Cid =>
  cborCid(encode({ agent, bundle, order, after, witnesses }))

/** What is decided for an epoch, at whatever ballot. */
export interface Decision {
  readonly agent: AgentId
  readonly epoch: number
  readonly holding: Holding
  /** The head that this hop follows. */
  readonly previous: Cid
  /** The RELEASE by which the holder before gave the agent away; null where it was decided without that host. */
  readonly release: Cid | null
}

export const headOf = ({ agent, epoch, holding, previous, release }: Decision): Cid => {
  const { holder, checkpoint, witnesses, history } = holding
  return cborCid(encode({ agent, epoch, holding: { holder, checkpoint, witnesses, history }, previous, release }))
}

/** The evidence of a hop, to be saved and shown: envelopes, and nothing beside them that could say something else. */
export interface HopRecord {
  readonly votes: readonly Uint8Array[]
  readonly release: Uint8Array | null
  readonly ready: Uint8Array | null
}

/** The name of a statement: of the bytes that are signed, not of the signature. */
export const statementCid = (statement: Statement): Cid => cborCid(encode(statement))
