import type { AgentId } from '../directory/agent-id.ts'
import type { HostState } from '../host/state.ts'
import type { Did } from '../identity/did.ts'
import type { Certificate, Holding } from '../wire/statements.ts'
import { Book, majorityOf, valueText } from './ballots.ts'
import type { Invariant } from './report.ts'
import type { Life, SimHost } from './sim-host.ts'

/**
 * What a holder owes to those that decide about its agent: it gives it away once in an epoch, over all its lives, and when
 * it knows that another has it, it lets go.
 */
interface Given {
  /** What has come to a witness. */
  heard: string | null
  /** In this life. */
  said: string | null
  life: number
}

export class ReleaseOracle {
  readonly #fail: (invariant: Invariant, text: string) => void
  readonly #given = new Book<Map<Did, Given>>(() => new Map())

  constructor(fail: (invariant: Invariant, text: string) => void) {
    this.#fail = fail
  }

  onRelease({ identity }: SimHost, life: Life, agent: AgentId, epoch: number, holding: Holding): void {
    const given = this.#of(identity.did, agent, epoch)
    if (!given) return
    if (given.life !== life.number) Object.assign(given, { life: life.number, said: null })
    const before = given.said ?? given.heard
    const value = valueText(holding)
    given.said = value
    if (before !== null && before !== value)
      this.#fail(
        'released-once',
        `epoch ${epoch} of ${agent}: ${identity.did} gives it away as ${before}, and as ${value}`,
      )
  }

  onReleaseHeard(from: Did, agent: AgentId, epoch: number, holding: Holding): void {
    const given = this.#of(from, agent, epoch)
    if (given) given.heard ??= valueText(holding)
  }

  /** A life begins, and remembers what it must not give away again. */
  onRestored({ identity }: SimHost, { residents }: HostState): void {
    for (const { agent, epoch, release } of residents.values()) {
      const heard = this.#given.of(agent, epoch + 1)?.get(identity.did)?.heard ?? null
      if (heard === null) continue
      const known = release?.statement.epoch === epoch + 1 ? valueText(release.statement.holding) : null
      if (known !== heard)
        this.#fail(
          'released-once',
          `epoch ${epoch + 1} of ${agent}: ${identity.did} gave it away as ${heard}, and remembers ${known}`,
        )
    }
  }

  /** What is known here of who has the agent, and whether it is here all the same. */
  onDecided(
    { identity }: SimHost,
    { residents, registers }: HostState,
    certificate: Certificate,
    isOwn: boolean,
  ): void {
    const { agent } = certificate
    const resident = residents.get(agent)
    if (!resident || resident.arrival) return
    const register = registers.get(agent)
    const { epoch, brief } = resident
    const isTold = isOwn || isFrom(brief.witnesses, certificate)
    const isNext = certificate.epoch === epoch + 1 && certificate.holding.holder !== identity.did && isTold
    const isLater = register !== undefined && register.epoch > epoch && register.holder !== identity.did
    if (isNext || isLater)
      this.#fail(
        'lets-go',
        `${identity.did} has ${agent} in epoch ${epoch}, and knows that another has it in a later one`,
      )
  }

  #of(did: Did, agent: AgentId, epoch: number): Given | null {
    const all = this.#given.of(agent, epoch)
    if (!all) return null
    const known = all.get(did) ?? { heard: null, said: null, life: 0 }
    all.set(did, known)
    return known
  }
}

const isFrom = (witnesses: readonly Did[], { votes }: Certificate): boolean =>
  new Set(votes.map(({ signer }) => signer).filter((did) => witnesses.includes(did))).size >=
  majorityOf(witnesses.length)
