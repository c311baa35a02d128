import type { Hop } from '../audit/itinerary.ts'
import type { Vouched } from '../audit/receipt.ts'
import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { NameBook } from '../directory/name-book.ts'
import type { Did } from '../identity/did.ts'
import type { SealedValue, Sealer, SealerTo } from '../identity/sealed-value.ts'
import type { Quota } from '../permit/quota.ts'
import type { Origin } from '../wire/chain.ts'
import type { Birth, Mail, NameEntry } from '../wire/mail.ts'
import type { Brief, ForkedFrom, Requests, Row, StoryLine } from '../wire/messages.ts'
import type {
  Accepted,
  Ballot,
  Certificate,
  History,
  Holding,
  License,
  Ready,
  Release,
  Sealed,
  Vote,
} from '../wire/statements.ts'
import type { Acquaintance } from './acquaintance.ts'
import type { Again } from './again.ts'
import type { CheckpointPace } from './checkpoint-pace.ts'
import type { Recording } from './durable.ts'
import type { BundleFacts } from './events.ts'
import type { Queue } from './fair.ts'
import type { Forking } from './fork.ts'
import type { Founding } from './founding.ts'
import type { Heard } from './heard.ts'
import type { LetDown } from './let-downs.ts'
import { BUNDLES_KNOWN_MAX } from './limits.ts'
import type { Lives } from './lives.ts'
import type { KeptLog } from './logbook.ts'
import type { Mailbox } from './mailbox.ts'
import type { Mirroring } from './mirror.ts'
import type { Lookup, Registering, Settling } from './names.ts'
import type { NodeBook } from './nodes.ts'
import type { NoticeBook } from './notice-book.ts'
import type { Outgoing } from './post.ts'
import type { Proposal } from './proposal.ts'
import type { Pace } from './quotas.ts'
import type { Segment, Told } from './receipts.ts'
import type { Seen } from './seen.ts'
import type { HopReason, HopSnapshot, HostKind } from './snapshot.ts'
import type { Proven } from './standing.ts'
import type { VersionMark } from './versions.ts'
import type { Audits } from './vouchers.ts'
import type { Waiting } from './waiting.ts'

/**
 * What a host knows. Plain data that the machine's parts read and change in turn, never at once; what must outlive the
 * process is written through records.ts. An agent can appear here in four parts that share its id and nothing else:
 * `rows` (we are its home), `registers` (we are its witness), `residents` (it is here) and `forwards` (it was here).
 */
export interface HostState {
  readonly self: Did
  readonly age: number
  readonly kind: HostKind
  readonly name: string
  readonly engineIds: readonly string[]
  /** How deep agents may go here, in segments. */
  readonly depth: number
  readonly policy: Quota
  /** Seals what agents say; null until the rim has lent it, which it does before an agent that wants it begins. */
  sealerTo: SealerTo | null
  slots: number
  accepting: boolean
  /** The owner wants the machine back: residents leave or are parked. */
  evicting: boolean
  /** Authors whose bundles run here; each may launch its own, and let others. */
  readonly trusted: Set<Did>
  /** Whose permits to launch are obeyed, whichever trusted author's the bundle is, and for authors that they name. */
  readonly roots: Set<Did>
  /** Whose orders to give this machine back are obeyed. */
  readonly operators: Set<Did>
  /** Whose bans are obeyed. */
  readonly administrators: Set<Did>
  readonly notices: NoticeBook
  readonly nodes: NodeBook
  /** Who waits for a place here. */
  readonly queue: Queue
  readonly acquaintances: Map<Did, Acquaintance>
  readonly rows: Map<AgentId, HomeRow>
  /** Rows that another host keeps, whose witness this one is (mirror.ts). */
  readonly mirrors: Map<AgentId, HomeRow>
  readonly registers: Map<AgentId, Register>
  readonly residents: Map<AgentId, Resident>
  /** Of durable agents that we are a witness of. */
  readonly logs: Map<AgentId, KeptLog>
  readonly forwards: Map<AgentId, Forward>
  readonly seen: Map<AgentId, Seen>
  readonly letDowns: Map<Did, LetDown>
  /** Where agents of others were last written to. */
  readonly holders: Map<AgentId, Did>
  /** Who has shown that it speaks for an agent. */
  readonly proven: Map<AgentId, Proven>
  readonly names: NameBook<NameEntry>
  settling: Settling[]
  readonly namesDueMs: { renew: number; compare: number }
  readonly proposals: Map<AgentId, Proposal>
  /** When agents were last asked after of which a witness here has heard nothing (former.ts). */
  readonly askedAfterMs: Map<AgentId, number>
  /** Of rows that are kept here: what their other witnesses have of them. */
  readonly mirroring: Map<AgentId, Mirroring>
  /** Agents of this home that wait for their first witnesses (founding.ts). */
  readonly founding: Map<AgentId, Founding>
  /** Bundles opened lately, by id: admission of the second agent of a bundle asks nobody. */
  readonly bundles: Map<Cid, BundleFacts>
  /** What hosts have signed for, and how far they are believed. */
  readonly audits: Audits
  /** What to do when an `ask`, `seal`, `openBundle`, `fetchCheckpoint` or `prepare` comes back. */
  readonly waiting: Map<number, Waiting>
  /** The highest releases seen of each bundle, by author and name, highest first. */
  readonly versions: Map<string, readonly VersionMark[]>
  readonly nonces: Map<string, { readonly agent: AgentId | null; readonly expiresMs: number }>
  readonly hops: HopSnapshot[]
  /** This life and those before it. */
  lives: Lives
  readonly totals: { finished: number; hopsIn: number; hopsOut: number; fuel: number; refused: number }
  nextToken: number
  nextSequence: number
  holdDueMs: number
  witnessesDueMs: number
  /** When this life began. */
  bornMs: number
  /** When this host last looked at its leases: what nobody here could hear is not the silence of others. */
  watchedMs: number | null
  loadDueMs: number
}

/** The paper's reference table: one row for every agent this host launched. */
export interface HomeRow {
  readonly agent: AgentId
  readonly name: string
  readonly author: Did
  /** Who ordered it: whose key is on the order, or this host itself. */
  readonly launcher: Did
  readonly bundle: Cid
  readonly inputJson: string
  readonly seed: number
  readonly launchedMs: number
  /** Less after each fork. */
  allowance: Quota
  readonly license: License
  readonly forkedFrom: ForkedFrom | null
  /** Of one that was made here by a fork: the tenure of that one's row then (founding.ts). */
  readonly madeIn: number | null
  /** Changes until its first witnesses have agreed to be so. */
  origin: Origin
  readonly resultTo: Did | null
  /** What was made of it, by the call that asked for it; a record each. */
  readonly forks: Fork[]
  state: Row['state']
  epoch: number
  holder: Did
  /** Of the chain of hops, at this epoch. */
  head: Cid
  /** The newest checkpoint that is whole in home's own store. */
  checkpoint: Cid | null
  /** Of all its blocks, as its holder said. */
  checkpointBytes: number
  consoleLines: number
  /** Up to the checkpoint; a record of its own, with what ties the agent to its order. */
  mail: Mail
  birth: Birth | null
  /** Up to the checkpoint. */
  sentBytes: number
  messages: number
  fuelUsed: number
  progress: number | null
  note: string
  hops: number
  heardMs: number
  /** Highest number seen of each kind of effect: what is at or below is a repetition. */
  readonly seen: { emit: number; console: number; result: number; failure: number }
  outcome: { readonly ok: boolean; readonly valueJson: string } | null
  /** How far its holders have signed for it. */
  vouched: Vouched
  /** Evidence of every change of holder, oldest first; the newest ITINERARY_MAX. */
  readonly itinerary: Hop[]
  readonly story: StoryLine[]
  /** Of a durable agent: what of its history the checkpoint has behind it. Null for a fast one. */
  history: History | null
  /** What its effects were, to know one again that comes a second time (heard.ts). */
  readonly heard: Heard
  storyNext: number
  /** Lines before this a majority of its witnesses has, as far as was heard; of a row that has only one it says nothing. */
  kept: number
  /** The epoch since which its present keeper keeps it, and the first line that is its own (mirror.ts). */
  tenure: number
  since: number
  /** Its first witnesses are settled: from then on only they decide who comes after them (founding.ts). */
  isFounded: boolean
}

/** One `fork` that home has carried out: the same call asked again finds the same agents. */
export interface Fork {
  readonly request: number
  readonly agents: readonly AgentId[]
}

/** A witness's memory of one agent: single-decree Paxos for `epoch + 1` (DESIGN 4.5; Lamport, "Paxos made simple"). */
export interface Register {
  readonly agent: AgentId
  /** Who decides the next epoch, the keeper first; and the decisions by which they became so (charter.ts). */
  witnesses: readonly Did[]
  charters: readonly Certificate[]
  epoch: number
  holder: Did
  /** Of the chain of hops, at this epoch: the next one follows it. */
  head: Cid
  certificate: Certificate | null
  /** What proves that decision beside its votes, where the agent was given away. */
  given: Pick<Accepted, 'release' | 'ready'>
  promised: Ballot | null
  accepted: Accepted | null
}

/** An agent that is here: arriving, running, leaving or parked. */
export interface Resident {
  readonly agent: AgentId
  brief: Brief
  readonly name: string
  readonly author: Did
  /** By whose leave it runs: looked at again at each tick, and shown to the next host. */
  readonly license: License
  /** What it may use here: the least of what its bundle asks, its launcher gives and this host allows. */
  quota: Quota
  /** The program itself asked to be here: its home runs it whatever its slots. */
  wanted: boolean
  epoch: number
  certificate: Certificate | null
  /** The decisions by which its witnesses became those of its brief (charter.ts). */
  charters: readonly Certificate[]
  checkpoint: Cid | null
  /** The highest epoch this host has run it in, this age and earlier: an epoch is never started twice. */
  started: number | null
  /** The epoch that is durably counted as started already, with the READY for it: its start waits for no disk. */
  pledged: number | null
  /** The statement that gives this epoch's successor away: at most one an epoch, repeated but never replaced. */
  release: Sealed<Release> | null
  /** The `prepare` whose end we wait for; an earlier one's end means nothing any more. */
  preparing: number | null
  guest: 'none' | 'preparing' | 'ready' | 'running' | 'freezing' | 'frozen'
  /** The call of the owner or program that stopped the guest for good until it leaves or is parked. */
  departure: Departure | null
  /** Set while the certificate for our holding is not here yet. */
  arrival: {
    readonly from: Did
    readonly offeredMs: number
    untilMs: number
    handle: number | null
    readonly reason: HopReason
    /** `staging` and `staged`: images of the running agent have come ahead of it. */
    state: 'reserved' | 'staging' | 'staged' | 'preparing' | 'ready'
    stages: number
    /** What came or comes last: the checkpoint of the last STAGE or SEND. */
    bringing: Cid | null
    /** What made the sender its holder. */
    certificate: Certificate | null
  } | null
  checkpointing: boolean
  checkpointDueMs: number
  readonly checkpointPace: CheckpointPace
  /** A newer checkpoint is not sent home before the last one is there. */
  checkpointSending: boolean
  /** The checkpoint that is about to be sent home, as of when it was taken. */
  telling: Told | null
  /** The newest checkpoint that home is known to have: what the next one is told against. */
  atHome: Cid | null
  /** Effects older than the newest checkpoint that home has not got yet: it must not have the checkpoint before them. */
  effectsBeforeCheckpoint: number | null
  /** How often in a row it fell silent and was ended (strikes.ts). */
  strikes: number
  fuelUsed: number
  stateBytes: number
  /** When the newest image of it was taken here, and what had changed since the one before in how much time. */
  imagedMs: number | null
  changing: { readonly bytes: number; readonly overMs: number } | null
  progress: number | null
  note: string
  consoleLines: number
  sentBytes: number
  messages: number
  /** What others have sent it. */
  mailbox: Mailbox
  /** What it has sent and nobody has acknowledged, in order; and which hosts have seen who speaks for it, in which epoch. */
  outgoing: Outgoing[]
  readonly shown: Map<Did, number>
  /** Letters whose senders hear when so much of its history is logged. */
  arrivals: { readonly handle: number; readonly after: number }[]
  lookups: Lookup[]
  readonly registering: Registering[]
  /** What it may say just now, by the two rates of its quota. */
  readonly pace: Pace
  /** Effects that home has not acknowledged, oldest first; the first one may be on its way. */
  readonly effects: Requests['effect']['ask'][]
  effectSending: boolean
  effectAgain: Again | null
  placeDueMs: number
  readonly sinceMs: number
  /** Call that asked for a checkpoint and waits until home has it. */
  checkpointCall: number | null
  forking: Forking | null
  /** Seals what it says here, from its first word on. */
  sealer: Sealer | null
  /** It has read sealed data, which stays here (sealing.ts). Never kept: what goes on from a checkpoint has not. */
  confined: boolean
  /** Its `unseal` calls that are not answered yet; `asked`: the rim is opening the value. */
  unsealing: { readonly request: number; readonly value: SealedValue; asked: boolean }[]
  /** What is being recorded for its receipts; null where nobody wants any. */
  segment: Segment | null
  /** Its end is being signed: the last effect is still to come. */
  ending: boolean
  /** What reaches a durable agent here; null for a fast one. */
  history: Recording | null
  /** What it did on the host before is being lived through again, or will be: it runs nowhere. */
  reliving: number | 'again' | null
  /** The epoch whose first segment began with that. */
  relivedIn: number | null
  /** Final: nothing but effects left to send. */
  ended: boolean
}

export interface Departure {
  /** An order or a move becomes an eviction when the owner wants the machine meanwhile. */
  reason: HopReason
  /** Only this host will do; null lets the allocator choose. */
  readonly only: Did | null
  readonly kinds: readonly string[] | null
  /** The program's `move` call that waits for the other side. */
  readonly call: number | null
  readonly tried: Did[]
  to: Did | null
  /** A checkpoint of the agent that `to` says it has. */
  have: Cid | null
  phase:
    | 'choose'
    | 'offer'
    | 'again'
    | 'image'
    | 'stage'
    | 'freeze'
    | 'send'
    | 'resend'
    | 'drain'
    | 'release'
    | 'decide'
  holding: Holding | null
  /** The next host's word, which goes into the RELEASE. */
  ready: Sealed<Ready> | null
  /** The receipt for what was run up to `holding` is signed, or there is none. */
  vouched: boolean
  readonly votes: Map<Did, Sealed<Vote>>
  /** How many images have been brought to `to` ahead of the agent, and the one that is on its way. */
  stages: number
  staging: Cid | null
  readonly startedMs: number
  frozenMs: number | null
  /** When its RELEASE was said; null up to then. */
  releasedMs: number | null
  /** Since when the connection over which the agent was being sent is gone; null while it is there. */
  lostMs: number | null
  retryMs: number
  votesAsked: number
}

/** An agent that was here: where it went, and the checkpoint it left with, which the cache may still have. */
export interface Forward {
  readonly to: Did
  readonly epoch: number
  readonly checkpoint: Cid | null
  readonly untilMs: number
}

/** The checkpoint of an agent that a row here answers for, ours or one that we witness; null where there is none. */
export const keptCheckpoint = ({ rows, mirrors }: HostState, agent: AgentId): Cid | null =>
  (rows.get(agent) ?? mirrors.get(agent))?.checkpoint ?? null

/** Everything here that has a checkpoint which it cannot do without. */
export const allKept = ({ rows, mirrors, residents }: HostState) => [
  ...rows.values(),
  ...mirrors.values(),
  ...residents.values(),
]

/** Remembers what a bundle asks for; of many, the longest known are forgotten, and opened again when they are wanted. */
export function rememberBundle({ bundles }: HostState, facts: BundleFacts): void {
  bundles.delete(facts.id)
  bundles.set(facts.id, facts)
  for (const oldest of bundles.keys()) {
    if (bundles.size <= BUNDLES_KNOWN_MAX) break
    bundles.delete(oldest)
  }
}
