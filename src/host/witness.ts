import { type AgentId, homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { statementCid } from '../wire/chain.ts'
import type { Requests } from '../wire/messages.ts'
import type { Certificate, Sealed, Vote } from '../wire/statements.ts'
import { sameHolding } from '../wire/statements.ts'
import { compareBallots, quorumOf } from './ballots.ts'
import { learn, tellDecided } from './certificates.ts'
import { givenFault } from './chain.ts'
import { successionFault } from './charter.ts'
import { watchRelease } from './doubles.ts'
import type { Fault } from './events.ts'
import { catchUp, loggedHere, showLog } from './logbook.ts'
import { writeRegister, writeRow } from './records.ts'
import { roundFault } from './rounds.ts'
import type { Register } from './state.ts'
import { answer, begin, deny, persist, type Turn, tell } from './turn.ts'
import { noteRelease } from './vouchers.ts'

/**
 * The witness: an acceptor of single-decree Paxos for each (agent, epoch). It promises and votes, never decides alone
 * unless its own vote is a quorum. Everything it says is durable before it is said.
 */
export function onPrepare(turn: Turn, from: Did, handle: number, ask: Requests['prepare']['ask']): void {
  const register = admissible(turn, from, handle, ask.agent, ask.epoch)
  if (!register) return
  if (ask.ballot.round < 1 || ask.ballot.host !== from)
    return deny(turn, handle, 'BAD_MESSAGE', 'a proposer uses ballots of its own, round >= 1')
  if (register.promised && compareBallots(ask.ballot, register.promised) < 0)
    return deny(turn, handle, 'OUTBID', `promised round ${register.promised.round}`)
  const leap = roundFault(register, from, ask.ballot)
  if (leap !== null) return deny(turn, handle, 'REFUSED', leap)
  register.promised = ask.ballot
  persist(turn, writeRegister(register))
  const { accepted } = register
  const row = turn.state.rows.get(ask.agent) ?? turn.state.mirrors.get(ask.agent)
  answer(turn, handle, 'prepare', {
    accepted,
    tenure: row?.tenure ?? 0,
    next: row?.storyNext ?? 1,
    log: showLog(turn.state, ask.agent),
  })
}

export function onAccept(turn: Turn, from: Did, handle: number, ask: Requests['accept']['ask']): void {
  if (!acceptable(turn, from, handle, ask)) return
  const { agent, epoch, ballot, holding, previous } = ask
  const release = ask.release && statementCid(ask.release.statement)
  const of = turn.state.registers.get(agent)?.witnesses.length ?? 1
  const vote: Vote = { type: 'vote', agent, epoch, ballot, holding, previous, release, of, atMs: turn.wallMs }
  begin(turn, { kind: 'seal', statement: vote }, { for: 'seal-vote', agent, handle, proposer: from, ask })
}

/**
 * Our vote is signed, and nobody has it. If it may still be cast, it is durable and said, and where it is a quorum by
 * itself, the decision is known here and now: one commit for all of it.
 */
export function onVoteSealed(
  turn: Turn,
  handle: number,
  proposer: Did,
  ask: Requests['accept']['ask'],
  vote: Sealed<Vote>,
): void {
  const register = acceptable(turn, proposer, handle, ask)
  if (!register) return
  const { agent, epoch, ballot, holding, previous, release } = vote.statement
  register.promised = ballot
  register.accepted = { ballot, holding, release: ask.release, ready: ask.ready }
  persist(turn, writeRegister(register))
  answer(turn, handle, 'accept', { vote })
  noteRelease(turn, proposer, ask)
  if (quorumOf(register.witnesses) > 1) return
  const certificate: Certificate = { agent, epoch, ballot, holding, previous, release, votes: [vote] }
  // The old holder, too, where it is not the one that asks: it stops now instead of after its next report.
  for (const to of new Set([holding.holder, register.holder]))
    if (to !== proposer && to !== turn.state.self)
      tell(turn, to, 'certificate', {
        certificate,
        charters: register.charters,
        release: ask.release,
        ready: ask.ready,
      })
  learn(turn, { certificate, charters: [], release: ask.release, ready: ask.ready })
}

/** The register, if this vote may be cast now; otherwise null, and the ask is denied. What gives the agent away twice is told. */
function acceptable(turn: Turn, from: Did, handle: number, ask: Requests['accept']['ask']): Register | null {
  const known = turn.state.registers.get(ask.agent)
  if (known && ask.release) watchRelease(turn, known, ask.release)
  const register = admissible(turn, from, handle, ask.agent, ask.epoch)
  if (!register) return null
  const fault =
    (ask.ballot.round === 0 || ask.release || ask.ready ? releaseFault(register, ask) : null) ??
    successionFault(from, register, ask.holding.witnesses, register.charters) ??
    roundFault(register, from, ask.ballot)
  if (fault) deny(turn, handle, 'NOT_AUTHORISED', fault)
  else if (ask.previous !== register.head)
    deny(turn, handle, 'NOT_AUTHORISED', `the hop follows ${ask.previous}, not the head ${register.head}`)
  else if (ask.ballot.round > 0 && ask.ballot.host !== from)
    deny(turn, handle, 'BAD_MESSAGE', 'a proposer uses ballots of its own')
  else if (register.promised && compareBallots(ask.ballot, register.promised) < 0)
    deny(turn, handle, 'OUTBID', `promised round ${register.promised.round}`)
  else {
    const behind = logFault(turn, ask)
    if (behind === null) return register
    deny(turn, handle, behind.code, behind.reason)
  }
  return null
}

/** A vote for what is decided of a durable agent's history needs all of it here; and nobody gives away less than is logged. */
function logFault(turn: Turn, { agent, ballot, holding, log }: Requests['accept']['ask']): Fault | null {
  if (ballot.round === 0 && (holding.history?.length ?? 0) < loggedHere(turn.state, agent))
    return { code: 'REFUSED', reason: 'the release leaves out what is logged' }
  return catchUp(turn, agent, holding.history, log)
}

/** The register, if the ask is for its next epoch and from one who may propose; otherwise null, and the ask is denied. */
function admissible(turn: Turn, from: Did, handle: number, agent: AgentId, epoch: number): Register | null {
  const register = turn.state.registers.get(agent)
  if (!register) {
    deny(turn, handle, 'UNKNOWN_AGENT', `no register for ${agent}`)
    return null
  }
  if (epoch <= register.epoch) {
    deny(turn, handle, 'STALE_EPOCH', `epoch ${epoch} <= ${register.epoch}`)
    tellDecided(turn, from, register)
    return null
  }
  if (epoch !== register.epoch + 1) {
    deny(turn, handle, 'REFUSED', `epoch ${epoch} != ${register.epoch} + 1`)
    return null
  }
  if (!register.witnesses.includes(turn.state.self)) {
    deny(turn, handle, 'NOT_AUTHORISED', 'this host is no witness of it any more')
    return null
  }
  if (!mayDecide(turn, from, register)) {
    deny(turn, handle, 'REFUSED', 'its first witnesses are not settled')
    return null
  }
  if (from !== register.holder && !register.witnesses.includes(from)) {
    deny(turn, handle, 'NOT_AUTHORISED', 'neither the holder nor a witness')
    return null
  }
  return register
}

/** Its home has settled who the first witnesses are: it says so, or asks them itself. */
function mayDecide(turn: Turn, from: Did, { agent, epoch }: Register): boolean {
  const mirror = turn.state.mirrors.get(agent)
  if (epoch > 0 || !mirror || mirror.isFounded) return true
  if (from !== homeOf(agent)) return false
  mirror.isFounded = true
  persist(turn, writeRow(mirror))
  return true
}

function releaseFault(register: Register, ask: Requests['accept']['ask']): string | null {
  const fault = givenFault(register, ask)
  if (fault) return fault
  if (register.accepted?.ballot.round === 0 && !sameHolding(register.accepted.holding, ask.holding))
    return 'a second release in one epoch'
  return null
}
