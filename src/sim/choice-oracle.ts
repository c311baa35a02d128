import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Accepted, Ballot, Certificate, Holding, Vote } from '../wire/statements.ts'
import { Book, ballotText, isAbove, majorityOf, valueText } from './ballots.ts'
import type { Invariant } from './report.ts'

/**
 * What a majority has voted for is chosen, whether anybody knows it or not: every later ballot carries it. So a proposer
 * carries on with the highest vote that it was told of, and has its promises for the very ballot that it proposes at.
 */
interface Round {
  readonly ballot: Ballot
  readonly asked: Set<Did>
  readonly promises: Map<Did, Accepted | null>
  /** What is proposed at it. */
  value: string | null
  readonly voters: Set<Did>
}

interface Decision {
  /** Null where the decision before was not seen. */
  deciders: readonly Did[] | null
  readonly rounds: Map<string, Round>
  chosen: { readonly ballot: Ballot; readonly value: string } | null
}

export class ChoiceOracle {
  readonly #fail: (invariant: Invariant, text: string) => void
  readonly #decisions = new Book<Decision>(() => ({ deciders: null, rounds: new Map(), chosen: null }))

  constructor(fail: (invariant: Invariant, text: string) => void) {
    this.#fail = fail
  }

  onPrepare(to: Did, agent: AgentId, epoch: number, ballot: Ballot): void {
    const decision = this.#decisions.of(agent, epoch)
    if (decision) roundOf(decision, ballot).asked.add(to)
  }

  onPromiseHeard(from: Did, agent: AgentId, epoch: number, ballot: Ballot, accepted: Accepted | null): void {
    const decision = this.#decisions.of(agent, epoch)
    if (decision) roundOf(decision, ballot).promises.set(from, accepted)
  }

  /** By a proposer; what a holder gives away is at ballot 0, below all others. */
  onAccept(agent: AgentId, epoch: number, ballot: Ballot, holding: Holding): void {
    const decision = this.#decisions.of(agent, epoch)
    if (!decision) return
    const round = roundOf(decision, ballot)
    const value = valueText(holding)
    if (round.value === value) return
    const where = `epoch ${epoch} of ${agent}: ballot ${ballotText(ballot)}`
    if (round.value !== null) return this.#fail('chosen-once', `${where} is for ${round.value}, and for ${value}`)
    round.value = value
    const fault = groundsFault(round, value)
    if (fault !== null) this.#fail('chosen-once', `${where} is for ${value} ${fault}`)
    this.#judge(where, decision, round)
  }

  onVoteHeard(from: Did, { agent, epoch, ballot, holding, of }: Vote): void {
    const decision = this.#decisions.of(agent, epoch)
    if (!decision) return
    const { deciders } = decision
    if (deciders && (of !== deciders.length || !deciders.includes(from)))
      return this.#fail(
        'chosen-once',
        `epoch ${epoch} of ${agent}: ${from} votes as one of ${of}, and ${deciders.join()} decide`,
      )
    const round = roundOf(decision, ballot)
    round.voters.add(from)
    if (round.voters.size < majorityOf(of) || decision.chosen) return
    this.#choose(decision, agent, epoch, ballot, holding)
  }

  /** Whoever says that it is decided shows who decided it. */
  onCertificate({ agent, epoch, ballot, holding, votes }: Certificate): void {
    const decision = this.#decisions.of(agent, epoch)
    if (!decision) return
    const value = valueText(holding)
    const { deciders, chosen } = decision
    const fitting = votes.filter(
      ({ statement }) => statement.ballot.round === ballot.round && valueText(statement.holding) === value,
    )
    const voters = new Set(fitting.map(({ signer }) => signer))
    const known = [...voters].filter((did) => !deciders || deciders.includes(did)).length
    const of = deciders?.length ?? votes[0]?.statement.of ?? 1
    const where = `epoch ${epoch} of ${agent}`
    if (known < majorityOf(of)) this.#fail('chosen-once', `${where} is decided by ${known} of ${of} votes`)
    else if (!chosen) this.#choose(decision, agent, epoch, ballot, holding)
    else if (chosen.value !== value)
      this.#fail('chosen-once', `${where} is decided for ${value}, and ${chosen.value} was chosen`)
  }

  #choose(decision: Decision, agent: AgentId, epoch: number, ballot: Ballot, holding: Holding): void {
    decision.chosen = { ballot, value: valueText(holding) }
    const next = this.#decisions.of(agent, epoch + 1)
    if (next) next.deciders = holding.witnesses
    for (const round of decision.rounds.values())
      this.#judge(`epoch ${epoch} of ${agent}: ballot ${ballotText(round.ballot)}`, decision, round)
  }

  #judge(where: string, { chosen }: Decision, { ballot, value }: Round): void {
    if (chosen && value !== null && value !== chosen.value && isAbove(ballot, chosen.ballot))
      this.#fail(
        'chosen-once',
        `${where} is for ${value}, and ${chosen.value} was chosen at ${ballotText(chosen.ballot)}`,
      )
  }
}

function roundOf({ rounds }: Decision, ballot: Ballot): Round {
  const name = ballotText(ballot)
  const known = rounds.get(name)
  if (known) return known
  const round = { ballot, asked: new Set<Did>(), promises: new Map(), value: null, voters: new Set<Did>() }
  rounds.set(name, round)
  return round
}

/** Why no majority of promises leads to this value, or null. Any majority of those that have come may have been counted. */
function groundsFault({ asked, promises }: Round, value: string): string | null {
  const majority = majorityOf(asked.size)
  const seen = [...promises.values()]
  if (seen.length < majority) return `by ${seen.length} promises of ${asked.size}`
  if (seen.filter((accepted) => accepted === null).length >= majority) return null
  const isGrounded = seen.some(
    (one) =>
      one &&
      valueText(one.holding) === value &&
      seen.filter((other) => !other || !isAbove(other.ballot, one.ballot)).length >= majority,
  )
  return isGrounded ? null : 'and not for the highest vote that was shown'
}
