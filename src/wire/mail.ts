import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Origin } from './chain.ts'
import type { Certificate, Founded, LaunchOrder, Sealed, Vote } from './statements.ts'

/** What agents say to each other, as hosts pass it on, and the names by which they find each other. */

/** One message of an agent to another, numbered by its sender's call: the same call made again is the same letter. */
export interface Letter {
  readonly from: AgentId
  /** In which the sender said it: who held it then vouches for it. */
  readonly epoch: number
  readonly number: number
  readonly to: AgentId
  readonly dataJson: string
}

/**
 * Home's word for the root of an agent's chain, and so for the order that launched it. Where several hosts decide about the
 * agent, home has signed FOUNDED before the first of them knew of it: then they can decide its first hop without home. Where
 * home alone decides, its vote for that hop says as much.
 */
export type Birth = { readonly founded: Sealed<Founded> } | { readonly vote: Sealed<Vote> }

/**
 * What shows that a host speaks for an agent, and whose agent that is: the order that launched it, home's word for the root that
 * names the order, and the certificate of its present holder. The last two are null in epoch 0, at home, whose word the order
 * makes good.
 */
export interface Standing {
  readonly order: Sealed<LaunchOrder>
  readonly bundle: Cid
  readonly origin: Origin
  readonly birth: Birth | null
  readonly certificate: Certificate | null
  /** The decisions by which its witnesses changed, oldest first. */
  readonly charters: readonly Certificate[]
}

/** A letter in its recipient's mailbox. */
export type KeptLetter = Pick<Letter, 'from' | 'number' | 'dataJson'>

/** How far a sender's letters have come: its highest epoch and number here, and digests of the last few, oldest first. */
export interface Mark {
  readonly from: AgentId
  readonly epoch: number
  readonly recent: readonly { readonly number: number; readonly hash: string }[]
}

/**
 * What an agent's mail is at a checkpoint. Letters have places, 0 and up, in the order of their coming; the program asks by
 * place, so that it is given the same one when it asks again. `first` is the place of `letters[0]`: what is before it, the
 * program has had.
 */
export interface Mail {
  readonly first: number
  readonly letters: readonly KeptLetter[]
  readonly marks: readonly Mark[]
  /** Agents of others may write to it: its program has said so. */
  readonly open: boolean
}

export const NO_MAIL: Mail = { first: 0, letters: [], marks: [], open: false }

/**
 * K: this is what the name of this owner means, until then. By the keeper of the agent, which the owner's order names;
 * `number` grows with each record of one (name, owner, agent), and one that ends when it was made gives the name up.
 */
export interface NameRecord {
  readonly type: 'name'
  readonly name: string
  readonly agent: AgentId
  readonly owner: Did
  /** Since when without a gap: of two agents the one that has had it longer keeps it. */
  readonly sinceMs: number
  readonly untilMs: number
  readonly number: number
}

/** With what shows that the agent is the owner's, and, where home is not the keeper, who is. */
export interface NameEntry {
  readonly record: Sealed<NameRecord>
  readonly order: Sealed<LaunchOrder>
  readonly succession: Omit<Standing, 'order' | 'certificate'> | null
}

export interface MailRequests {
  /**
   * A letter, from the host that holds its sender. `standing` is shown once to each host in each epoch, or when that answers
   * UNPROVEN. The answer says that the letter is in the mailbox, now or from before.
   */
  mail: { ask: { letter: Letter; standing: Standing | null }; answer: Record<string, never> }
  /** Holder to keeper: the agent wants to have this name, or to give it up. */
  register: {
    ask: { agent: AgentId; epoch: number; name: string; held: boolean }
    answer: Record<string, never>
  }
  /** Which names have you that I have not, or older? As `reconcile` for notices; the answer has the records themselves. */
  names: {
    ask: { from: number; marks: Uint8Array }
    answer: { entries: readonly NameEntry[]; next: number | null }
  }
}

export interface MailAsyncs {
  /** Names that have just become known here. */
  named: { entries: readonly NameEntry[] }
}
