import { accept, type Result, refuse } from '../base/result.ts'
import type { AgentId } from '../directory/agent-id.ts'
import { parseAgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { Authority } from '../wire/authority.ts'
import { type Certificate, type Release, type Sealed, sameHolding, type Vote } from '../wire/statements.ts'

/**
 * The evidence of an agent's changes of holder: for each epoch the votes of its witnesses and, where the holder before
 * gave it away, that holder's signed RELEASE. Verified from the signed bytes alone, offline, by anybody.
 * Deliberately absent here: what the hosts did with the agent in between, and co-signing by the next host.
 */
export interface Hop {
  readonly certificate: Certificate
  /** Null when the epoch was decided without the holder before: a recovery, or a restart. */
  readonly release: Sealed<Release> | null
}

export type ItineraryFault = 'AGENT_ID' | 'GAP' | 'SIGNATURE' | 'VOTES' | 'RELEASE'

/** One verified change of holder, for people. */
export interface Stage {
  readonly epoch: number
  readonly from: Did
  readonly to: Did
  readonly given: boolean
}

/**
 * Checks that the hops are those of this agent, without a gap from its home on, each decided by a majority of the
 * witnesses, and each RELEASE signed by the holder before. The first violation is the reason.
 */
export async function verifyItinerary(
  agent: AgentId,
  hops: readonly Hop[],
  witnesses: readonly Did[],
  authority: Pick<Authority, 'open'>,
): Promise<Result<readonly Stage[], ItineraryFault>> {
  const id = parseAgentId(agent)
  if (!id.ok) return id
  let holder = id.value.home
  const stages: Stage[] = []
  for (const [index, { certificate, release }] of hops.entries()) {
    const epoch = index + 1
    if (certificate.epoch !== epoch || certificate.agent !== agent)
      return refuse('GAP', `hop ${epoch} is epoch ${certificate.epoch} of ${certificate.agent}`)
    const voters = new Set<Did>()
    for (const { envelope } of certificate.votes) {
      const vote = await authority.open<Vote>(envelope, 'vote')
      if (!vote.ok) return refuse('SIGNATURE', `vote of epoch ${epoch}: ${vote.reason}`)
      const { statement, signer } = vote.value
      const same =
        statement.agent === agent && statement.epoch === epoch && sameHolding(statement.holding, certificate.holding)
      if (!same || !witnesses.includes(signer)) return refuse('VOTES', `epoch ${epoch} has a vote that is not for it`)
      voters.add(signer)
    }
    if (voters.size * 2 <= witnesses.length)
      return refuse('VOTES', `epoch ${epoch} has ${voters.size} votes of ${witnesses.length} witnesses`)
    if (release) {
      const opened = await authority.open<Release>(release.envelope, 'release')
      if (!opened.ok) return refuse('SIGNATURE', `release of epoch ${epoch}: ${opened.reason}`)
      const { statement, signer } = opened.value
      if (
        signer !== holder ||
        statement.agent !== agent ||
        statement.epoch !== epoch ||
        !sameHolding(statement.holding, certificate.holding)
      )
        return refuse('RELEASE', `epoch ${epoch} was not released by its holder ${holder}`)
    } else if (certificate.ballot.round === 0)
      return refuse('RELEASE', `epoch ${epoch} was decided at ballot 0 without a release`)
    stages.push({ epoch, from: holder, to: certificate.holding.holder, given: release !== null })
    holder = certificate.holding.holder
  }
  return accept(stages)
}
