import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Estate } from '../wire/decisions.ts'
import type { Offer, Requests } from '../wire/messages.ts'
import type { History, License } from '../wire/statements.ts'
import type { BundleFacts } from './events.ts'
import type { SealWaiting } from './receipts.ts'
import type { AuditWaiting } from './vouchers.ts'

/** Why we asked: data, so that the whole state can be looked at, and a lost answer is only a forgotten entry. */
export type Waiting =
  | { readonly for: 'inic'; readonly host: Did }
  | {
      readonly for: 'invitation'
      readonly host: Did
      readonly handle: number
      readonly inic: Requests['inic']['ask']
    }
  | { readonly for: 'description' }
  | { readonly for: 'reconcile'; readonly host: Did; readonly from: number }
  | {
      readonly for: 'evidence'
      readonly host: Did
      readonly asked: readonly Cid[]
      readonly left: readonly Cid[]
      readonly next: number | null
    }
  | { readonly for: 'offer'; readonly agent: AgentId; readonly to: Did }
  | { readonly for: 'stage'; readonly agent: AgentId; readonly to: Did }
  | { readonly for: 'send'; readonly agent: AgentId; readonly to: Did }
  | {
      readonly for: 'vote'
      readonly agent: AgentId
      readonly epoch: number
      readonly witness: Did
      readonly proposer: boolean
    }
  | {
      readonly for: 'promise'
      readonly agent: AgentId
      readonly epoch: number
      readonly witness: Did
      readonly round: number
    }
  | { readonly for: 'effect'; readonly agent: AgentId }
  | {
      readonly for: 'checkpoint'
      readonly agent: AgentId
      readonly checkpoint: Cid
      readonly history: History | null
    }
  | { readonly for: 'log'; readonly agent: AgentId; readonly epoch: number; readonly witness: Did }
  | { readonly for: 'relive'; readonly agent: AgentId }
  | { readonly for: 'fork'; readonly agent: AgentId; readonly request: number }
  | { readonly for: 'seal-ready'; readonly agent: AgentId; readonly handle: number }
  | { readonly for: 'seal-release'; readonly agent: AgentId }
  | { readonly for: 'seal-founded'; readonly agent: AgentId }
  | SealWaiting
  | {
      readonly for: 'seal-vote'
      readonly agent: AgentId
      readonly handle: number
      readonly proposer: Did
      readonly ask: Requests['accept']['ask']
    }
  | {
      readonly for: 'bundle-offer'
      readonly agent: AgentId
      readonly handle: number
      readonly offer: Offer
      readonly from: Did
    }
  | { readonly for: 'bundle-launch'; readonly launch: LaunchPlan }
  | { readonly for: 'bundle-restore'; readonly agent: AgentId }
  | {
      readonly for: 'home-checkpoint'
      readonly agent: AgentId
      readonly handle: number
      readonly ask: Requests['checkpoint']['ask']
    }
  | { readonly for: 'mirror'; readonly agent: AgentId; readonly witness: Did }
  | {
      readonly for: 'mirrored-checkpoint'
      readonly agent: AgentId
      readonly from: Did
      readonly handle: number
      readonly told: Requests['mirror']['ask']
    }
  | { readonly for: 'estate'; readonly agent: AgentId; readonly epoch: number; readonly from: Did }
  | { readonly for: 'hops'; readonly agent: AgentId }
  | { readonly for: 'former'; readonly agent: AgentId; readonly from: Did }
  | { readonly for: 'gathered'; readonly agent: AgentId; readonly epoch: number; readonly estate: Estate }
  /** `first`: who its first witnesses were to be, as it was asked. */
  | { readonly for: 'enrol'; readonly agent: AgentId; readonly to: Did; readonly first: readonly Did[] }
  | EnrolWaiting
  | (Omit<EnrolWaiting, 'for'> & { readonly for: 'enrol-checkpoint'; readonly facts: BundleFacts })
  | { readonly for: 'prepare'; readonly agent: AgentId }
  /** Home without slots takes an agent back: its blocks are fetched, nothing is thawed. */
  | { readonly for: 'parked'; readonly agent: AgentId }
  | AuditWaiting
  | { readonly for: 'mail'; readonly agent: AgentId; readonly request: number; readonly host: Did }
  /** Has this sender ended? */
  | { readonly for: 'sweep'; readonly agent: AgentId; readonly sender: AgentId }
  /** Where is the recipient of this letter? */
  | { readonly for: 'seek'; readonly agent: AgentId; readonly request: number; readonly host: Did }
  | { readonly for: 'register'; readonly agent: AgentId; readonly request: number }
  | { readonly for: 'names'; readonly host: Did; readonly from: number }
  | { readonly for: 'seal-name'; readonly handle: number | null }

interface EnrolWaiting {
  readonly for: 'bundle-enrol'
  readonly agent: AgentId
  readonly from: Did
  readonly handle: number
  readonly file: Requests['enrol']['ask']
}

export interface LaunchPlan {
  readonly license: License
  readonly inputJson: string
  /** How to answer: a request from another host, or the embedder's own launch. */
  readonly answer: { readonly handle: number } | { readonly token: number }
}
