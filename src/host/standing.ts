import type { Cid } from '../base/digest.ts'
import { type AgentId, homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { rootOf, statementCid } from '../wire/chain.ts'
import type { Birth, Letter, NameEntry, Standing } from '../wire/mail.ts'
import type { Brief } from '../wire/messages.ts'
import type { Certificate } from '../wire/statements.ts'
import { certificateFault } from './ballots.ts'
import { rootOfBrief } from './chain.ts'
import { decidersOf, keeperOf } from './charter.ts'
import type { Fault } from './events.ts'
import { PROVEN_MAX } from './mail-limits.ts'
import { mailFault } from './mailbox.ts'
import type { Resident } from './state.ts'
import type { Turn } from './turn.ts'

/**
 * Who speaks for an agent, and whose agent it is, from what its holder shows and nobody's word: the certificate of the
 * holder's epoch, and home's word for a root which names the order that the launcher has signed for that home. A
 * stranger has neither, and a holder of one agent none of another's; a huge epoch needs votes for it.
 */
export interface Proven {
  readonly epoch: number
  readonly holder: Did
  readonly launcher: Did
}

export const standingOf = ({ license, brief, certificate, charters }: Resident): Standing => ({
  order: license.order,
  bundle: brief.bundle,
  origin: brief.origin,
  birth: brief.birth,
  certificate,
  charters,
})

/** What is known of a letter's sender, or why the letter is not its. */
export function provenSender(
  turn: Turn,
  from: Did,
  letter: Pick<Letter, 'from' | 'epoch'>,
  standing: Standing | null,
): Proven | Fault {
  const { state } = turn
  const agent = letter.from
  if (from === state.self) {
    const own = state.residents.get(agent)
    return own && own.epoch === letter.epoch
      ? { epoch: own.epoch, holder: from, launcher: own.license.order.signer }
      : { code: 'STALE_EPOCH', reason: 'the sender has left' }
  }
  const known = state.proven.get(agent)
  const decided = Math.max(state.registers.get(agent)?.epoch ?? 0, known?.epoch ?? 0)
  if (letter.epoch < decided) return { code: 'STALE_EPOCH', reason: `epoch ${letter.epoch} < ${decided}` }
  if (known && known.epoch === letter.epoch && known.holder === from) return known
  if (!standing) return { code: 'UNPROVEN', reason: `${from} has not shown here that it speaks for ${agent}` }
  const fault = standingFault(from, letter, standing)
  if (fault !== null) return { code: 'NOT_AUTHORISED', reason: fault }
  const proven = { epoch: letter.epoch, holder: from, launcher: standing.order.signer }
  remember(state.proven, agent, proven, PROVEN_MAX)
  return proven
}

function standingFault(
  from: Did,
  { from: agent, epoch }: Pick<Letter, 'from' | 'epoch'>,
  { order, bundle, origin, birth, certificate, charters }: Standing,
): string | null {
  const home = homeOf(agent)
  if (order.statement.home !== home) return 'the order is for another home'
  if (origin.order !== statementCid(order.statement)) return 'the chain of hops begins with another order'
  if (epoch === 0) return from === home ? null : `before its first hop the agent is at home, and not at ${from}`
  const unborn = birthFault(agent, { order, bundle, origin, birth })
  if (unborn !== null) return unborn
  if (certificate?.agent !== agent || certificate.epoch !== epoch || certificate.holding.holder !== from)
    return `no certificate that ${from} holds the agent in epoch ${epoch}`
  const deciders = decidersOf({ epoch: 0, witnesses: origin.witnesses }, epoch, charters)
  const fault = typeof deciders === 'string' ? deciders : certificateFault(certificate, deciders)
  return fault === null ? null : `certificate of the sender: ${fault}`
}

/** Home has said that the agent's chain begins with this order. */
function birthFault(
  agent: AgentId,
  { order, bundle, origin, birth }: Pick<Standing, 'order' | 'bundle' | 'origin' | 'birth'>,
): string | null {
  if (origin.order !== statementCid(order.statement)) return 'the chain of hops begins with another order'
  return isBorn(agent, birth, rootOf(agent, bundle, origin)) ? null : UNBORN
}

function isBorn(agent: AgentId, birth: Birth | null, root: Cid): boolean {
  if (!birth) return false
  const { signer, statement } = 'founded' in birth ? birth.founded : birth.vote
  const said = statement.type === 'founded' ? statement.root : statement.previous
  return signer === homeOf(agent) && statement.agent === agent && said === root
}

const UNBORN = 'home has not said that the chain begins with this order'

/** Whether this host keeps the agent's row: its home, or who was decided to, by decisions that begin with home's own word. */
export function keeperFault(
  keeper: Did,
  agent: AgentId,
  { order, succession }: Pick<NameEntry, 'order' | 'succession'>,
): string | null {
  if (keeper === homeOf(agent)) return null
  if (!succession) return `the keeper of ${agent} is its home, and not ${keeper}`
  const { origin, charters } = succession
  const fault = birthFault(agent, { order, ...succession })
  if (fault !== null) return fault
  const deciders = decidersOf({ epoch: 0, witnesses: origin.witnesses }, Number.MAX_SAFE_INTEGER, charters)
  if (typeof deciders === 'string') return deciders
  return keeperOf({ witnesses: deciders }) === keeper ? null : `the row of ${agent} is not kept by ${keeper}`
}

/** Home's vote for the first hop, where this is its certificate. */
export function birthIn({ agent, epoch, votes }: Certificate): Birth | null {
  const vote = epoch === 1 && votes.find(({ signer }) => signer === homeOf(agent))
  return vote ? { vote } : null
}

/** What comes with an agent for its mail, before it is taken in: full of bytes it is not, and its birth is its own. */
export function postFault(brief: Brief): Fault | null {
  const fault = mailFault(brief.mail)
  if (fault !== null) return { code: 'QUOTA', reason: fault }
  return brief.birth ? foundedFault(brief) : null
}

/** An agent about which several hosts decide has a birth from the beginning. */
export const foundedFault = (brief: Brief): Fault | null =>
  isBorn(brief.agent, brief.birth, rootOfBrief(brief)) ? null : { code: 'REFUSED', reason: UNBORN }

/** The newest stands last; beyond so many the first goes. */
export function remember<V>(map: Map<AgentId, V>, agent: AgentId, value: V, entriesMax: number): void {
  map.delete(agent)
  map.set(agent, value)
  const [oldest] = map.keys()
  if (map.size > entriesMax && oldest !== undefined) map.delete(oldest)
}
