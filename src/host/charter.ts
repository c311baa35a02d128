import { assert } from '../base/assert.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { CHARTERS_MAX } from '../wire/limits.ts'
import { type Certificate, type Holding, sameWitnesses } from '../wire/statements.ts'
import { certificateFault } from './ballots.ts'
import type { HomeRow, HostState, Resident } from './state.ts'

/**
 * Who decides about an agent. The witnesses of its first epoch are in its origin, those of each later one in the decision
 * before: so a change of witnesses is decided by the set that it replaces. Such decisions are its charters. Whoever has
 * them follows them from any set that he knows to the present one, and takes nobody's word for it.
 */
export interface Charter {
  /** The newest epoch that is decided as far as is known here. */
  readonly epoch: number
  /** Who decides the next one. */
  readonly witnesses: readonly Did[]
}

/** The host that keeps the row: its home, unless another witness has taken its place. */
export function keeperOf({ witnesses }: Pick<Charter, 'witnesses'>): Did {
  const [keeper] = witnesses
  assert(keeper !== undefined, 'an agent has a witness')
  return keeper
}

/**
 * The row of an agent that runs where it is kept, and is kept nowhere else: what it does is written there and then. Where it
 * has other witnesses its holder asks itself what it would ask another keeper, and waits for their majority as well.
 */
export const ownRow = ({ rows }: HostState, { agent, brief }: Resident): HomeRow | undefined =>
  brief.witnesses.length === 1 ? rows.get(agent) : undefined

/** What is decided where it is given to another host as it stands. */
export const holdingOf = ({ checkpoint, brief }: Resident, holder: Did): Holding => ({
  holder,
  checkpoint,
  witnesses: brief.witnesses,
  history: brief.history,
})

/** What this host knows of who decides about an agent; null where it has never had to do with it. */
export function charterOf({ registers, residents, seen }: HostState, agent: AgentId): Charter | null {
  const register = registers.get(agent)
  if (register) return register
  const resident = residents.get(agent)
  if (resident && resident.brief.witnesses.length > 0)
    return { epoch: resident.epoch, witnesses: resident.brief.witnesses }
  const last = seen.get(agent)
  return last ? { epoch: last.epoch, witnesses: last.certificate.holding.witnesses } : null
}

/** Who decides `epoch`, by the charters from what is known on; or why they lead nowhere. */
export function decidersOf(
  { epoch: knownEpoch, witnesses: known }: Charter,
  epoch: number,
  charters: readonly Certificate[],
): readonly Did[] | string {
  let [at, witnesses] = [knownEpoch, known]
  for (const charter of charters) {
    if (charter.epoch <= at) continue
    if (charter.epoch >= epoch) break
    const fault = certificateFault(charter, witnesses)
    if (fault !== null) return `charter of epoch ${charter.epoch}: ${fault}`
    ;[at, witnesses] = [charter.epoch, charter.holding.witnesses]
  }
  return witnesses
}

/** The charters with one decision more, where it changes who decides. */
export const withCharter = (
  charters: readonly Certificate[],
  deciders: readonly Did[],
  certificate: Certificate,
): readonly Certificate[] =>
  sameWitnesses(deciders, certificate.holding.witnesses) ? charters : [...charters, certificate]

/** Whether a proposer may put these in the place of those. */
export function successionFault(
  from: Did,
  { witnesses: present }: Pick<Charter, 'witnesses'>,
  next: readonly Did[],
  charters: readonly Certificate[],
): string | null {
  if (sameWitnesses(present, next)) return null
  if (!present.includes(from)) return 'only a witness changes the witnesses'
  if (charters.length >= CHARTERS_MAX) return `charters ${charters.length} >= CHARTERS_MAX ${CHARTERS_MAX}`
  return null
}
