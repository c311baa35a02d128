import type { Did } from '../identity/did.ts'
import { type Ballot, type Certificate, type Release, sameHolding } from '../wire/statements.ts'

/** The arithmetic of decisions: order of ballots, quorums, what makes a certificate. No state. */

/** Total order: by round, then host, then age. Two different proposers never have equal ballots. */
export function compareBallots(a: Ballot, b: Ballot): number {
  if (a.round !== b.round) return a.round - b.round
  if (a.host !== b.host) return a.host < b.host ? -1 : 1
  return a.age - b.age
}

/** f + 1 of 2f + 1. */
export const quorumOf = (witnesses: readonly Did[]): number => Math.floor(witnesses.length / 2) + 1

/** The ballot that belongs to the value of a RELEASE. Its host and age never compete: there is one release an epoch. */
export const releaseBallot = (release: Release, holder: Did): Ballot => ({ round: 0, host: holder, age: release.epoch })

/** Why this is not a certificate under these witnesses, or null. Signatures have been verified by the rim. */
export function certificateFault(certificate: Certificate, witnesses: readonly Did[]): string | null {
  const voters = new Set<Did>()
  for (const vote of certificate.votes) {
    const { agent, epoch, ballot, holding, of } = vote.statement
    if (!witnesses.includes(vote.signer)) return `vote of ${vote.signer}, which is no witness`
    if (of !== witnesses.length) return `vote of one of ${of} witnesses, not of ${witnesses.length}`
    if (agent !== certificate.agent || epoch !== certificate.epoch) return 'vote for another agent or epoch'
    if (compareBallots(ballot, certificate.ballot) !== 0 || !sameHolding(holding, certificate.holding))
      return 'votes differ'
    voters.add(vote.signer)
  }
  if (voters.size < quorumOf(witnesses)) return `votes ${voters.size} < quorum ${quorumOf(witnesses)}`
  return null
}
