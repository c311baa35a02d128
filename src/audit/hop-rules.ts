import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import { homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { headOf } from '../wire/chain.ts'
import { type Ready, type Release, type Sealed, sameHolding, type Vote } from '../wire/statements.ts'

/** What must hold of one hop in its place. Each rule returns the violated condition and whose it is, or null. */
export type ItineraryFault = 'LENGTH' | 'GAP' | 'CHAIN' | 'SIGNATURE' | 'VOTES' | 'RELEASE' | 'READY' | 'ANCHOR' | 'CUT'

export interface HopFault {
  readonly code: ItineraryFault
  readonly reason: string
  readonly host: Did | null
}

/** The statements of a hop, each verified or refused. */
export interface OpenedHop {
  readonly votes: readonly Opened<Vote>[]
  readonly release: Opened<Release> | null
  readonly ready: Opened<Ready> | null
}

export type Opened<S> =
  | { readonly ok: true; readonly value: Sealed<S> & { readonly cid: Cid } }
  | { readonly ok: false; readonly reason: string; readonly value?: undefined }

/** The place: what all hops before it make of it. */
export interface Place {
  readonly agent: AgentId
  readonly epoch: number
  readonly holder: Did
  readonly previous: Cid
  /** Who decides it, by what was decided before; null where that is no longer here. */
  readonly deciders: readonly Did[] | null
}

/** The votes are a decision for this epoch of this agent: of a majority of its witnesses, for the same, at one ballot. */
export function decisionFault({ votes }: OpenedHop, { agent, epoch, deciders }: Place): HopFault | null {
  const home = homeOf(agent)
  const [first] = votes
  const signers = new Set<Did>()
  if (!first) return { code: 'VOTES', reason: 'no witness has voted for it', host: home }
  for (const vote of votes) {
    if (!vote.ok) return { code: 'SIGNATURE', reason: `vote: ${vote.reason}`, host: home }
    const { statement, signer } = vote.value
    if (statement.agent !== agent)
      return {
        code: 'GAP',
        reason: `the vote is for ${statement.agent}, another agent`,
        host: statement.holding.holder,
      }
    if (statement.epoch !== epoch)
      return { code: 'GAP', reason: `the vote is for epoch ${statement.epoch}`, host: statement.holding.holder }
    if (deciders && !deciders.includes(signer))
      return { code: 'VOTES', reason: `${signer} is no witness of this agent`, host: signer }
    if (statement.of !== (deciders?.length ?? first.value?.statement.of))
      return { code: 'VOTES', reason: `a vote of one of ${statement.of} witnesses`, host: signer }
    if (first.value && !agree(statement, first.value.statement))
      return { code: 'VOTES', reason: 'the votes differ', host: signer }
    signers.add(signer)
  }
  const quorum = Math.floor((first.value?.statement.of ?? 1) / 2) + 1
  return signers.size < quorum
    ? { code: 'VOTES', reason: `votes ${signers.size} < quorum ${quorum}`, host: home }
    : null
}

/** All of a vote but its signer's clock. */
const agree = (one: Vote, other: Vote): boolean =>
  headOf(one) === headOf(other) &&
  one.ballot.round === other.ballot.round &&
  one.ballot.host === other.ballot.host &&
  one.ballot.age === other.ballot.age

/** It follows the hops before it. */
export function chainFault({ votes }: OpenedHop, { previous, holder }: Place): HopFault | null {
  return votes[0]?.value?.statement.previous === previous
    ? null
    : { code: 'CHAIN', reason: 'it does not follow the hop before', host: holder }
}

/** The holder before gave the agent away, and the next host had signed for it; or the witness has decided without them. */
export function givenFault({ votes, release, ready }: OpenedHop, place: Place): HopFault | null {
  const decided = votes[0]?.value?.statement
  if (!decided) return null
  const { holder } = place
  if (decided.release === null) {
    if (decided.ballot.round === 0)
      return { code: 'RELEASE', reason: 'decided at ballot 0 without a release', host: holder }
    return release || ready
      ? { code: 'RELEASE', reason: 'it was decided without the holder, and here is a release', host: holder }
      : null
  }
  if (!release) return { code: 'RELEASE', reason: 'the release is missing', host: holder }
  if (!release.ok) return { code: 'SIGNATURE', reason: `release: ${release.reason}`, host: holder }
  if (!ready) return { code: 'READY', reason: 'the next host has not signed for it', host: decided.holding.holder }
  if (!ready.ok) return { code: 'SIGNATURE', reason: `READY: ${ready.reason}`, host: decided.holding.holder }
  if (release.value.cid !== decided.release)
    return { code: 'RELEASE', reason: 'the witness voted for another release', host: holder }
  if (release.value.signer !== holder)
    return {
      code: 'RELEASE',
      reason: `released by ${release.value.signer}, not by its holder`,
      host: release.value.signer,
    }
  if (ready.value.cid !== release.value.statement.ready)
    return { code: 'READY', reason: 'the release names another READY', host: ready.value.signer }
  if (ready.value.signer !== decided.holding.holder)
    return { code: 'READY', reason: 'READY is not signed by the next host', host: ready.value.signer }
  for (const { statement, signer } of [release.value, ready.value])
    if (
      statement.agent !== place.agent ||
      statement.epoch !== place.epoch ||
      statement.previous !== place.previous ||
      !sameHolding(statement.holding, decided.holding)
    )
      return {
        code: statement.type === 'release' ? 'RELEASE' : 'READY',
        reason: `${statement.type === 'release' ? 'the release' : 'READY'} is for something else`,
        host: signer,
      }
  return null
}
