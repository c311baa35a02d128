/** Numbers of the host machine: what each bounds, why this value, and the attack or accident it stops. */
import { DEPTH_MAX, DEPTH_STANDARD } from '../bundle/limits.ts'
import { CALLS } from '../permit/calls.ts'
import type { Quota } from '../permit/quota.ts'
import type { HostKind } from './snapshot.ts'

/** The host looks at its leases, reports and plans this often. A hidden tab's timers still run once a second. */
export const TICK_MS = 250

/** A holder reports what it holds to each home this often; must be well under the lease. */
export const HOLD_MS = 1_000

/** Loads are told to acquaintances this often (the paper's load vector; MOSIX tells once a second). */
export const LOAD_MS = 1_000

/**
 * The most work that an agent loses with a host that dies without a word, milliseconds; checkpoints are as close to each other
 * as this asks for, unless they would take more of the agent's time than CHECKPOINT_SHARE_MAX. A tab is closed at any moment.
 */
export const WORK_LOST_MS_MAX: Readonly<Record<HostKind, number>> = { edge: 2_000, launcher: 2_000, tab: 1_000 }

/** Of that, what the way home takes of a small agent's checkpoint, beside the look that finds it due. */
export const CHECKPOINT_WAY_MS = 250

/** How much the newest checkpoint changes what one is believed to cost: about the last eight count. */
export const COST_SMOOTHING = 0.25

/** A host writes down this often how long it has lived: what a death hides of a life, beside one small write. */
export const LIFE_WRITE_MS = 30_000

/** Lives remembered, a small record each, for how long this host lives on average: what was long ago says little. */
export const LIVES_KEPT_MAX = 16

/**
 * Silence of a holder after which home may propose a new one. Only permits a proposal, safety never uses it. Hosts report each
 * second, a hidden tab too (platform/browser/steady-timers.ts), so 5 s are four lost reports; a tab shares its thread with a
 * page and its machine with whatever its owner does, and gets seven. One that its browser has frozen says nothing until its
 * owner looks at it again, hours later perhaps: its agents go on elsewhere.
 */
export const LEASE_EDGE_MS = 5_000
export const LEASE_TAB_MS = 8_000

/**
 * Two looks at the leases further apart than this: the host itself was away, asleep or too busy, and what holders said
 * meanwhile may still wait to be heard. That time is not counted as theirs. Hidden tabs look once a second.
 */
export const AWAY_MS = 1_500

/** Once the channel to a holder is down and does not come back, waiting longer than this helps nobody. */
export const LEASE_AFTER_LOSS_MS = 2_500

/** A destination keeps a place free this long between its yes and the frozen agent's arrival (THREATS 32). */
export const RESERVATION_MS = 30_000

/** A destination that has said READY keeps the thawed agent this long for the certificate, then only its record. */
export const READY_MS = 60_000

/**
 * An agent of at least so many bytes is brought over while it runs, and stopped for the rest. Below, all of it is over in
 * some 50 ms: an image more and a round trip more would cost the move what they save the agent.
 */
export const STAGE_BYTES_MIN = 4 * 1_048_576

/** Once so little is left it is stopped: some 20 ms of a channel between two edge hosts. */
export const STAGE_REST_BYTES = 1_048_576

/**
 * Images brought ahead of one agent; then it is stopped, however much it goes on changing. A destination refuses one
 * more: each may leave as many new blocks there as the agent has memory (THREATS 32).
 */
export const STAGES_MAX = 4

/**
 * An agent that is being brought over takes no checkpoints for home for so long: they would travel beside its images. Over
 * a slower line they do, or a crash in the middle would cost more than it does otherwise.
 */
export const STAGING_UNDISTURBED_MS = 4_000

/** A move that finds no willing host tries this many before it gives up. */
export const CANDIDATES_MAX = 4

/**
 * An owner who gives up his host waits this long for its agents to leave. Longer means that homes or destinations do not
 * answer: then homes have the agents' checkpoints, and what ended here unheard stands in the records.
 */
export const DRAIN_MS_MAX = 15_000

/**
 * A host that let an agent down is not preferred for so long, twice as long each time, and at the most; as many are
 * remembered. The first is about what a crashed host takes to come back; the longest keeps a hostage taker, who costs an
 * agent a lease each time, under a tenth of its time (THREATS 24).
 */
export const LET_DOWN_MS = 2_000
export const LET_DOWN_MS_MAX = 60_000
export const LET_DOWNS_KNOWN_MAX = 4_096

/** Home tries to place a parked agent again after this long when nobody wanted it. */
export const PLACE_AGAIN_MS = 500

/**
 * A RELEASE that is not decided so long after it was said has its holder ask for a ballot; ordinary ones take a round trip.
 * Stops: a witness that promises the next epoch and is silent, so that an agent stands frozen for ever.
 */
export const RELEASE_PATIENCE_MS = 10_000

/** Lines of a story in one message to a witness; fewer where they are long (LIST_BYTES_MAX). */
export const ESTATE_LINES_MAX = 64

/**
 * What waits for hosts that are away is tried again no more rarely than this, and not much more often once they have been away
 * for as long: an effect, a piece of history, a RELEASE, a ballot. An agent whose majority is away says two messages a second to those
 * that are there; ten thousand of them must leave a home's machine room for the others (THREATS 31).
 */
export const AGAIN_MS_MAX = 5_000

/** A RELEASE that not enough witnesses have voted for is said to the others again after this long, later less often. */
export const RELEASE_AGAIN_MS = 2_000

/**
 * A witness that has heard nothing of an agent for so long asks after it: it may have been replaced while it was away. So many at one
 * look: those that wait long without a word are many, and nothing hangs on it but room.
 */
export const FORMER_AGAIN_MS = 60_000
export const FORMER_ASKS_MAX = 8

/** What a witness did not take is sent to it again after this long. */
export const MIRROR_AGAIN_MS = 500

/** A host that shall be a witness is asked again after this long, and given up for another after so many times. */
export const ENROL_AGAIN_MS = 1_000
export const ENROL_TRIES_MAX = 3

/**
 * The keeper of a row has been silent for its lease, and for this long more for each witness before: then a witness proposes
 * itself in its place. One after the other, since proposers that begin at once only outbid each other.
 */
export const TAKEOVER_STAGGER_MS = 2_000

/** A witness that has been away for so long is replaced by another host, where there is one: restarts take less. */
export const WITNESS_GONE_MS = 30_000

/** A fork waits for home so long before it is refused: a restart, and a volunteer's break, change nothing of what comes out. */
export const FORK_PATIENCE_MS = 600_000

/** How often a keeper looks whether the witnesses of its agents are the right ones. */
export const WITNESSES_AGAIN_MS = 5_000

/**
 * A holder that is no witness bids at most so far above what a witness has promised: more than two hours of tries that nobody
 * heard. Stops: one message with the highest number there is, after which nobody ever decides about that agent again.
 */
export const ROUND_LEAP_MAX = 4_096

/** Below this a witness that is outbid doubles its round, and so is soon above whoever climbed by ROUND_LEAP_MAX a message. */
export const ROUND_STEEP_MAX = 2 ** 40

/** Proposers that lose to another back off between these, drawn at random: duelling proposers must not starve. */
export const BACKOFF_MIN_MS = 200
export const BACKOFF_MAX_MS = 1_500

/**
 * How deep agents may go where the owner says nothing, in segments. Segments take no more of the host's native stack, but of
 * each that waits up to 74 KB of frames lie in the agent's memory, which every freeze seals and every hop sends: a tab that
 * is lent in passing offers the standard, a machine set up for agents all there is. Stops: deep agents that a tab's owner,
 * who comes back, waits for.
 */
export const DEPTH_OFFERED: Readonly<Record<HostKind, number>> = {
  edge: DEPTH_MAX,
  tab: DEPTH_STANDARD,
  launcher: DEPTH_MAX,
}

/** Agents a host has a guest for at most, whatever it is asked: one web worker or worker thread each. */
export const SLOTS_MAX = 256

/** A program that asks for this very host is let in beside the slots, so that it need not wait for a stranger's end. */
export const VISITOR_SLOTS = 1

/** A program that moves to one host is offered there this long while that host is full or just not to be reached. */
export const MOVE_PATIENCE_MS = 15_000

/** Between two such offers. */
export const OFFER_AGAIN_MS = 100

/** Rows a home keeps, some 2 KB each beside input and story; for one more the oldest of an ended agent goes. */
export const ROWS_MAX = 20_000

/** Rows of other keepers that a witness has; for one more the oldest of an ended agent goes, or there is no more. */
export const MIRRORS_MAX = 20_000

/** Lines of one agent's story that home keeps; older console and checkpoint lines go first. */
export const STORY_LINES_MAX = 2_000

/** Lines of one story that tell of a conflict: enough to see it, whatever a holder makes up. */
export const CONFLICTS_TOLD_MAX = 16

/** Lines in one reply to `story`; fewer where they are long. */
export const STORY_LINES_PER_REPLY = 64

/** Agents here, and newest rows, in one reply to `status`: a page of them. */
export const STATUS_ENTRIES_MAX = 500

/** Bytes of one list in a reply, as JSON, which CBOR does not exceed; two of them and the rest fit a message. */
export const LIST_BYTES_MAX = 448 * 1024

/**
 * Bytes of JSON in one effect: an emit above is refused to the agent, a result above is a failure, both with QUOTA. Half
 * a message, so that one agent's words never make a message that cannot be sent.
 */
export const EFFECT_BYTES_MAX = 512 * 1024

/**
 * Between two values that are sealed or opened for one agent, milliseconds. The curve costs a host some 3 ms of its own thread
 * each time: an agent that asks without end gets a twentieth of it, and its calls wait.
 */
export const SEAL_PAUSE_MS = 60

/** Bytes of an agent's input, which is in every SEND; refused at the launch and at the destination. Half a message. */
export const INPUT_BYTES_MAX = 512 * 1024

/** Effects of one agent waiting for home's acknowledgement; the agent is not run while the queue is full. */
export const EFFECTS_WAITING_MAX = 256

/** A step of a fork that did not get through to home is tried again after this long. */
export const FORK_AGAIN_MS = 1_000

/**
 * Agents of other homes of which a host remembers the newest decision after they have gone, a kilobyte and a half each; the
 * one not heard of for longest gives way. Its witness refuses an old state of it in any case (THREATS 21).
 */
export const SEEN_MAX = 4_096

/** A forwarding row lives this long; afterwards a sender asks home. */
export const FORWARD_MS = 10 * 60_000

/** Hops remembered for display. */
export const HOPS_SHOWN = 40

/** Steps that share one commit when events come faster than the disk: a flood of console lines costs few writes. */
export const EVENTS_PER_COMMIT = 64

/** How far apart the clocks of two machines may be where a date of another is believed. */
export const CLOCK_SKEW_MS = 10 * 60_000

/** Nonces of orders remembered against replay; orders expire after at most ORDER_LIFE_MS. */
export const NONCES_MAX = 10_000
export const ORDER_LIFE_MS = 5 * 60_000
/** Bytes of chance in an order of our own. */
export const ORDER_NONCE_BYTES = 16

/**
 * How often in a row an agent may fall silent, be ended and go on from its last checkpoint; then it has failed. An honest one
 * on a machine that is too busy gets on between two of them; one that runs away costs its host a second each time (THREATS 2).
 */
export const STRIKES_MAX = 2

/** What a host allows any one agent unless its owner says otherwise. */
export const DEFAULT_POLICY: Quota = {
  fuel: 1e15,
  memoryBytes: 256 * 1024 * 1024,
  storageBytes: 256 * 1024 * 1024,
  lifetimeMs: 24 * 3600_000,
  messages: 10_000_000,
  sentBytes: 64 * 1024 * 1024,
  messagesPerSecond: 2_000,
  bytesPerSecond: 2 * 1024 * 1024,
  hops: 10_000,
  children: 1_000,
  calls: CALLS,
}

/**
 * Notices kept that somebody answers for, a kilobyte each: 16 MB. Those by others than administrators, whom a permit has made
 * an issuer, have a share of it each (a key that was lent must not fill the disks of all).
 */
export const NOTICES_MAX = 16_384
export const NOTICES_BY_ISSUER_MAX = 512

/** Keys remembered that issue permits which count here; the first known go first. */
export const ISSUERS_MAX = 4_096

/**
 * Notices kept that prove themselves, two kilobytes each: 8 MB. Anybody can make a key and prove it guilty; for one more
 * the oldest goes that is against a key nobody here has met.
 */
export const PROOFS_MAX = 4_096

/** Names of notices that are not kept here, remembered so that they are not fetched again at each comparison. */
export const UNWANTED_MAX = 8_192

/** Notices are compared with one neighbour by lot this often, beside when two hosts meet; 1 KB where nothing differs. */
export const NOTICES_AGAIN_MS = 30_000

/** A policy of admission in words, UTF-16 code units (it fits a note), and its rules. */
export const ADMISSION_CHARS_MAX = 1_000
export const ADMISSION_RULES_MAX = 16

/** A session over which nobody has said INIC for so long ends: a stranger must not hold a place by silence (THREATS 31). */
export const INIC_MS_MAX = 10_000

/** A host that was turned away, or has turned us away, is not dialled again for this long. */
export const TURNED_AWAY_MS = 60_000

/** The last words to a host that is hung up on have this long to get there. */
export const LAST_WORDS_MS = 1_000

/**
 * Hosts remembered that were let in, a kilobyte each: 4 MB. For one more the one goes that was not heard of for longest,
 * those that were let in as anybody is before those with an invitation (THREATS 38). Static hosts are no part of it.
 */
export const NODES_MAX = 4_096

/** A host heard of again is written down again no more often than this: coming and going costs no writes. */
export const NODE_WRITE_MS = 3_600_000

/** A person may speak through another host's mouth for at most so long. */
export const MANDATE_LIFE_MS = 31 * 24 * 3_600_000

/** Hosts remembered that have turned this one away, for people to see why. */
export const REFUSALS_SHOWN_MAX = 32

/** Sessions held at once; a browser page may open 500 connections in its life and 100 at a time is plenty (THREATS 31). */
export const LINKS_MAX = 64

/** Of them, sessions of hosts that are not acquaintances yet: the rest is kept for those who are (THREATS 31). */
export const STRANGER_LINKS_MAX = 48

/** Dials under way at once, whoever the rendezvous says is there: each is a peer connection (THREATS 28). */
export const DIALS_MAX = 8

/** How often the host asks who is on line. */
export const MEMBERS_MS = 2_000

/** A host that could not be dialled is not dialled again for this long. */
export const REDIAL_MS = 1_000

/** Two sessions between the same hosts opened within this were dialled by both at once: the smaller address's stays. */
export const CROSSED_DIALS_MS = 5_000

/** Requests from one session that wait for our answer; more is a flood and ends it. */
export const HANDLES_PER_SESSION_MAX = 1_024

/** Time for an answer before the asker gives up, by how much work the answer is. */
export const ANSWER_MS = 5_000
export const ANSWER_SEND_MS = 60_000
/** The pace of a transfer is watched by itself (pace.ts): on a slow line many answers wait for one another. */
export const ANSWER_FETCH_MS = 60_000

/** Bundles whose demands are remembered; a few hundred bytes each. */
export const BUNDLES_KNOWN_MAX = 4_096

/** Bundles held open in memory; the least recently used goes first. */
export const BUNDLES_OPEN_MAX = 64

/** Roots of bundles whose author, or whose fault, is remembered by name: the same one is not verified twice (THREATS 31). */
export const ROOTS_KNOWN_MAX = 4_096

/**
 * Names of bundles whose newest release is remembered, and of each the highest releases: only authors whom this host
 * trusts can add one, some 200 bytes.
 */
export const VERSIONS_MAX = 10_000
export const VERSION_MARKS_MAX = 8

/** Offers of one neighbour whose bundle is being fetched and verified; one more is answered BUSY (THREATS 31). */
export const OFFERS_OPENING_MAX = 16

/** An agent may say so many seconds' worth of its two rates at once: results come in bursts, floods do not end. */
export const PACE_BURST_SECONDS = 10

/**
 * Who found no place is waited for so long: a home offers its waiting agents again each PLACE_AGAIN_MS, and when it hears of
 * room. Longer would keep a place empty for somebody who has gone.
 */
export const FAIR_MS = 2_000

/** Owners whose turns a host remembers; of more the one that came the longest time ago is a stranger again. */
export const OWNERS_MAX = 1_024
