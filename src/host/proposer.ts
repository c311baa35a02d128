import type { Cid } from '../base/digest.ts'
import { uniform } from '../base/random.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Estate } from '../wire/decisions.ts'
import type { Requests } from '../wire/messages.ts'
import type { Accepted, Certificate, Holding, Sealed, Vote } from '../wire/statements.ts'
import { sameHolding } from '../wire/statements.ts'
import { againMs } from './again.ts'
import { compareBallots, quorumOf } from './ballots.ts'
import { learn } from './certificates.ts'
import { estateFault } from './estates.ts'
import { type Answer, NOTHING_PUSHED } from './events.ts'
import { BACKOFF_MAX_MS, BACKOFF_MIN_MS } from './limits.ts'
import { mailFault } from './mailbox.ts'
import { inherit, standOf } from './mirror.ts'
import { isShort, logReaching, noteOwnLog, ownValue } from './promised.ts'
import type { Proposal } from './proposal.ts'
import { nextRound } from './rounds.ts'
import type { HomeRow } from './state.ts'
import { ask, begin, type Turn, tell } from './turn.ts'
import type { Waiting } from './waiting.ts'

/**
 * The proposer: asks the witnesses to decide that we hold an agent in its next epoch; used by home after a lease, and by
 * any holder after its own restart. It re-proposes the highest value it sees, so it may well decide for somebody else.
 */
export function propose(
  turn: Turn,
  agent: AgentId,
  epoch: number,
  { witnesses, head }: { readonly witnesses: readonly Did[]; readonly head: Cid },
  own: Holding,
): void {
  const { state } = turn
  if (state.proposals.has(agent)) return
  const proposal: Proposal = {
    agent,
    epoch,
    witnesses,
    ballot: { round: nextRound(state, agent, 0, false), host: state.self, age: state.age },
    previous: head,
    own,
    value: { holding: own, release: null, ready: null },
    phase: 'prepare',
    richest: null,
    promises: new Map(),
    logs: new Map(),
    log: null,
    votes: new Map(),
    isOutbid: false,
    tries: 0,
    retryMs: 0,
  }
  state.proposals.set(agent, proposal)
  prepare(turn, proposal)
}

function prepare(turn: Turn, proposal: Proposal): void {
  const { agent, epoch, ballot } = proposal
  proposal.phase = 'prepare'
  // Where others only answer that they have promised more, chance decides who waits; where too few answer, nobody is helped by haste.
  if (proposal.isOutbid) proposal.tries = 0
  proposal.retryMs = turn.nowMs + againMs(proposal.tries++, backoffMs(turn))
  proposal.promises.clear()
  proposal.richest = null
  proposal.logs.clear()
  proposal.votes.clear()
  proposal.isOutbid = false
  for (const witness of proposal.witnesses)
    ask(
      turn,
      witness,
      'prepare',
      { agent, epoch, ballot },
      { for: 'promise', agent, epoch, witness, round: ballot.round },
    )
}

/** A promise counts for the ballot that it was given for: since an earlier one the witness may have voted for another's value. */
export function onPromise(
  turn: Turn,
  { agent, epoch, witness, round }: Extract<Waiting, { for: 'promise' }>,
  outcome: Answer,
): void {
  const proposal = turn.state.proposals.get(agent)
  if (!proposal || proposal.epoch !== epoch || proposal.phase !== 'prepare' || proposal.ballot.round !== round) return
  if (!outcome.ok) {
    proposal.isOutbid ||= outcome.code === 'OUTBID'
    return
  }
  const { accepted, tenure, next, log } = outcome.body as Requests['prepare']['answer']
  proposal.promises.set(witness, accepted)
  const { richest } = proposal
  if (!richest || tenure > richest.tenure || (tenure === richest.tenure && next > richest.next))
    proposal.richest = { witness, tenure, next }
  if (log) proposal.logs.set(witness, log)
  if (proposal.promises.size < quorumOf(proposal.witnesses)) return
  gather(turn, proposal)
}

/**
 * A witness that may come to keep the row has first what a majority of them has of it: all that any holder was ever answered.
 * They have promised, so nothing is added to it meanwhile.
 */
function gather(turn: Turn, proposal: Proposal): void {
  const { agent, epoch, richest, own } = proposal
  const mirror = turn.state.mirrors.get(agent)
  if (mirror && richest && isRicher(richest, mirror) && richest.witness !== turn.state.self) {
    proposal.phase = 'gather'
    return ask(
      turn,
      richest.witness,
      'estate',
      { agent, after: afterOf(richest, mirror) },
      { for: 'estate', agent, epoch, from: richest.witness },
    )
  }
  // It has ended meanwhile, as a majority knows: there is nothing left to go on with, and no log either.
  if (mirror?.outcome) return void turn.state.proposals.delete(agent)
  if (mirror) proposal.own = { ...own, checkpoint: mirror.checkpoint }
  choose(turn, proposal)
}

/** Rows are compared as they are continued: by who keeps it last, then by how far. */
const isRicher = (richest: { tenure: number; next: number }, { tenure, storyNext }: HomeRow): boolean =>
  richest.tenure > tenure || (richest.tenure === tenure && richest.next > storyNext)

/** Of a row that another has kept since, nothing is known of where it parts from ours. */
const afterOf = ({ tenure }: { tenure: number }, mirror: HomeRow) =>
  tenure > mirror.tenure ? { next: 1, epoch: standOf(mirror).epoch } : standOf(mirror)

/** Blocks of its newest checkpoint come from whom the row comes from. */
export function onEstateAnswered(turn: Turn, agent: AgentId, epoch: number, from: Did, outcome: Answer): void {
  const proposal = turn.state.proposals.get(agent)
  const mirror = turn.state.mirrors.get(agent)
  if (!proposal || !mirror || proposal.epoch !== epoch || proposal.phase !== 'gather' || !outcome.ok) return
  const { estate } = outcome.body as Requests['estate']['answer']
  // Another ballot may come to somebody else.
  if (mailFault(estate.mail) !== null || estateFault(mirror, estate, epoch - 1) !== null) return
  const { checkpoint } = estate
  if (checkpoint === null || checkpoint === mirror.checkpoint) return onGathered(turn, agent, epoch, estate)
  begin(
    turn,
    { kind: 'fetchCheckpoint', agent, checkpoint, from, pushed: NOTHING_PUSHED, hopped: false },
    { for: 'gathered', agent, epoch, estate },
  )
}

export function onGathered(turn: Turn, agent: AgentId, epoch: number, estate: Estate): void {
  const proposal = turn.state.proposals.get(agent)
  const mirror = turn.state.mirrors.get(agent)
  if (!proposal || !mirror || proposal.epoch !== epoch || proposal.phase !== 'gather') return
  const before = [mirror.tenure, mirror.storyNext].join()
  inherit(turn, mirror, estate)
  // A witness that says it has more than it gives: another ballot asks again.
  if ([mirror.tenure, mirror.storyNext].join() !== before) gather(turn, proposal)
}

/** The highest value that anybody has accepted, or our own. */
function choose(turn: Turn, proposal: Proposal): void {
  const { agent, epoch } = proposal
  let highest: Accepted | null = null
  for (const seen of proposal.promises.values())
    if (seen && (!highest || compareBallots(seen.ballot, highest.ballot) > 0)) highest = seen
  // Another ballot asks again.
  if (highest === null && isShort(turn, proposal)) return
  noteOwnLog(turn, proposal)
  const { holding, release, ready } = highest ?? { holding: ownValue(proposal), release: null, ready: null }
  proposal.log = logReaching(proposal.logs, holding.history)
  proposal.value = { holding, release, ready }
  proposal.phase = 'accept'
  const { ballot, previous } = proposal
  for (const to of proposal.witnesses)
    ask(
      turn,
      to,
      'accept',
      { agent, epoch, ballot, holding, previous, release, ready, voucher: null, log: proposal.log },
      { for: 'vote', agent, epoch, witness: to, proposer: true },
    )
}

export function onProposalVote(turn: Turn, agent: AgentId, epoch: number, vote: Sealed<Vote>): void {
  const proposal = turn.state.proposals.get(agent)
  if (!proposal || proposal.epoch !== epoch || proposal.phase !== 'accept') return
  const { ballot, holding, previous, release } = vote.statement
  if (compareBallots(ballot, proposal.ballot) !== 0 || !sameHolding(holding, proposal.value.holding)) return
  proposal.votes.set(vote.signer, vote)
  if (proposal.votes.size < quorumOf(proposal.witnesses)) return
  const votes = [...proposal.votes.values()]
  spread(turn, { agent, epoch, ballot, holding, previous, release, votes }, proposal.witnesses, proposal.value)
}

/** A certificate that we put together: to the new holder, the old one and the witnesses, then to ourselves. */
export function spread(
  turn: Turn,
  certificate: Certificate,
  witnesses: readonly Did[],
  given: Pick<Accepted, 'release' | 'ready'>,
): void {
  const { self, registers, residents } = turn.state
  const { agent } = certificate
  const before = registers.get(agent)?.holder ?? self
  const charters = registers.get(agent)?.charters ?? residents.get(agent)?.charters ?? []
  for (const to of new Set([certificate.holding.holder, before, ...witnesses]))
    if (to !== self)
      tell(turn, to, 'certificate', { certificate, charters, release: given.release, ready: given.ready })
  learn(turn, { certificate, charters: [], release: given.release, ready: given.ready })
}

/** Tries again under a higher ballot what did not come to a decision in its time. */
export function retryProposals(turn: Turn): void {
  for (const proposal of turn.state.proposals.values()) {
    if (turn.nowMs < proposal.retryMs) continue
    const { agent, ballot, isOutbid } = proposal
    proposal.ballot = { ...ballot, round: nextRound(turn.state, agent, ballot.round, isOutbid) }
    prepare(turn, proposal)
  }
}

const backoffMs = (turn: Turn): number =>
  1_000 + BACKOFF_MIN_MS + uniform(turn.random) * (BACKOFF_MAX_MS - BACKOFF_MIN_MS)
