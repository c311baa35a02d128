import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { type Release, type Sealed, sameHolding, type Vote } from '../wire/statements.ts'

/**
 * Two statements of one key that no honest host makes together: a proof that whoever has both can show to anybody, and
 * that nobody can make against a host that keeps the protocol. Pure: the signatures have been verified by the authority.
 *
 * A RELEASE is durable before it is said, and there is one for an epoch: two that give the agent to different hosts, or
 * give away different states of it, are two agents. A vote of the only witness decides; two that decide otherwise are two
 * agents too. Two READYs are no offence: a destination whose first arrival came to nothing says it again for the next.
 */
export interface Equivocation {
  readonly signer: Did
  readonly kind: 'release' | 'vote'
  readonly agent: AgentId
  readonly epoch: number
}

export type Binding = Sealed<Release> | Sealed<Vote>

/** What the two prove of their signer, or null where an honest host may have said both. */
export function equivocationOf(first: Binding, second: Binding): Equivocation | null {
  const { signer } = first
  const [one, other] = [first.statement, second.statement]
  if (signer !== second.signer || one.agent !== other.agent || one.epoch !== other.epoch) return null
  if (!contradict(one, other)) return null
  if (one.type === 'vote' && other.type === 'vote' && !bothBind(one, other)) return null
  return one.type === other.type ? { signer, kind: one.type, agent: one.agent, epoch: one.epoch } : null
}

const contradict = (one: Release | Vote, other: Release | Vote): boolean => !sameHolding(one.holding, other.holding)

/**
 * A witness among several may vote otherwise at a later ballot, for what it voted before was perhaps not decided. That of an
 * only one is the decision, at whatever ballot; and who says once that it is the only one and once that it is not has lied too.
 */
const bothBind = (one: Vote, other: Vote): boolean =>
  one.of === 1 ||
  other.of === 1 ||
  (one.ballot.round === other.ballot.round &&
    one.ballot.host === other.ballot.host &&
    one.ballot.age === other.ballot.age)
