import type { Cid } from '../base/digest.ts'
import { homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { headOf, rootOf, statementCid } from '../wire/chain.ts'
import type { Brief, Requests } from '../wire/messages.ts'
import { type Accepted, type Certificate, sameHolding, sameWitnesses } from '../wire/statements.ts'
import { certificateFault } from './ballots.ts'
import { decidersOf } from './charter.ts'
import type { Register } from './state.ts'

/** What a host checks of an agent's chain of hops before it puts its own name to it. Each returns the reason, or null. */

export const rootOfBrief = ({ agent, bundle, origin }: Brief): Cid => rootOf(agent, bundle, origin)

/** D, before READY: the sender holds the agent by its witnesses' word, and the head is the one that they voted for. */
export function senderFault(
  from: Did,
  {
    brief,
    epoch,
    certificate,
    charters,
  }: Pick<Requests['send']['ask'], 'brief' | 'epoch' | 'certificate' | 'charters'>,
): string | null {
  if (!certificate) {
    if (epoch !== 1) return `epoch ${epoch} without a certificate of the epoch before`
    if (from !== homeOf(brief.agent)) return 'the first hop is from home'
    if (!sameWitnesses(brief.witnesses, brief.origin.witnesses)) return 'the witnesses are not those of its origin'
    return brief.head === rootOfBrief(brief) ? null : 'the head is not the root of this agent'
  }
  const founding = { epoch: 0, witnesses: brief.origin.witnesses }
  const deciders = decidersOf(founding, certificate.epoch, charters)
  const fault = typeof deciders === 'string' ? deciders : certificateFault(certificate, deciders)
  if (fault) return `certificate of the sender: ${fault}`
  if (!sameWitnesses(brief.witnesses, certificate.holding.witnesses))
    return 'the witnesses are not those that were decided'
  if (certificate.agent !== brief.agent || certificate.epoch !== epoch - 1 || certificate.holding.holder !== from)
    return 'the certificate is not of the sender for the epoch before'
  return headOf(certificate) === brief.head ? null : 'the head is not that of the certificate'
}

/** W, before its vote: the two hosts have signed this very hop, and it follows the head that is known here. */
export function givenFault(
  register: Register,
  { agent, epoch, holding, previous, release, ready }: Requests['accept']['ask'],
): string | null {
  if (!release) return 'ballot 0 without a release'
  if (release.signer !== register.holder) return 'release not signed by the holder of the epoch before'
  if (!ready) return 'a release without the READY of the next host'
  if (ready.signer !== holding.holder) return 'READY not signed by the next host'
  for (const { statement } of [release, ready])
    if (
      statement.agent !== agent ||
      statement.epoch !== epoch ||
      statement.previous !== previous ||
      !sameHolding(statement.holding, holding)
    )
      return `${statement.type} is for something else`
  return release.statement.ready === statementCid(ready.statement) ? null : 'release names another READY'
}

/** Decided without the holder before. */
export const NOT_GIVEN: Pick<Accepted, 'release' | 'ready'> = { release: null, ready: null }

/** What proves a hop beside the votes, where this is what they decided. */
export const givenFor = (
  said: Pick<Accepted, 'release' | 'ready'> | null,
  { release }: Certificate,
): Pick<Accepted, 'release' | 'ready'> =>
  said?.release &&
  release === statementCid(said.release.statement) &&
  said.ready &&
  said.release.statement.ready === statementCid(said.ready.statement)
    ? { release: said.release, ready: said.ready }
    : NOT_GIVEN
