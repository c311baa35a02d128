import type { AgentId } from '../directory/agent-id.ts'
import { endOf } from '../host/history.ts'
import { hasEnded } from '../host/logbook.ts'
import type { HostState } from '../host/state.ts'
import type { Did } from '../identity/did.ts'
import type { Requests } from '../wire/messages.ts'
import type { Certificate } from '../wire/statements.ts'
import { majorityOf } from './ballots.ts'
import type { Life } from './sim-host.ts'
import type { Asked, Sight, Step } from './step.ts'
import { isDenied } from './step.ts'

/** What those who decide about an agent take, keep, and are asked to become. */
export class FenceOracles {
  readonly #sight: Sight
  /** By life and agent, the newest decision that this host knew of. */
  readonly #known = new Map<string, number>()
  /** By agent and epoch, who decides the one after it. */
  readonly #named = new Map<string, readonly Did[]>()

  constructor(sight: Sight) {
    this.#sight = sight
  }

  /** Pieces that an effect brings along. */
  onAsked(step: Step, asked: Asked): void {
    if (asked.name !== 'effect' || !asked.body.stretch || isDenied(step, asked)) return
    this.#onPieces(step.state, asked.body.agent)
  }

  onAnswer({ state }: Step, asked: Asked): void {
    if (asked.name === 'log') this.#onPieces(state, asked.body.agent)
    if (asked.name !== 'mirror') return
    const { agent } = asked.body
    const promised = state.registers.get(agent)?.promised
    if (promised && promised.round > 0 && promised.host !== asked.from)
      this.#sight.fail(
        'fenced',
        `the row of ${agent} is mirrored from ${asked.from} at who has promised the next epoch to ${promised.host}`,
      )
  }

  #onPieces(state: HostState, agent: AgentId): void {
    if (state.logs.has(agent) && isNextAsked(state, agent) && !hasEnded(state, agent))
      this.#sight.fail('fenced', `pieces of ${agent} are logged at who has promised or voted for the next epoch`)
  }

  /** A host that is named for the first time has the agent's file. */
  onProposed({ state }: Step, { agent, ballot, holding }: Requests['accept']['ask']): void {
    const present = state.registers.get(agent)?.witnesses
    if (!present || ballot.round === 0) return
    for (const host of holding.witnesses) {
      if (present.includes(host)) continue
      const there = this.#sight.stateOf(host)
      if (!there?.registers.has(agent) || !(there.mirrors.has(agent) || there.rows.has(agent)))
        this.#sight.fail('members', `${host} is to decide about ${agent}, of which it has nothing`)
    }
  }

  /** Of a log nothing is left that a decision leaves out; who goes on with it here may have added to it already. */
  onKnown({ number }: Life, state: HostState, agent: AgentId): void {
    const register = state.registers.get(agent)
    if (!register) return
    const name = `${number} ${agent}`
    const before = this.#known.get(name)
    if (before === register.epoch) return
    this.#known.set(name, register.epoch)
    const holding = register.certificate?.holding
    const kept = state.logs.get(agent)
    if (before === undefined || !kept || !holding?.history || holding.holder === state.self) return
    const { length } = endOf(kept.log)
    // A checkpoint that is further on came after the decision.
    if (length > holding.history.length && kept.log.base.length <= holding.history.length)
      this.#sight.fail(
        'logs-cut',
        `${length} pieces of ${agent} are logged, and epoch ${register.epoch} goes on from ${holding.history.length}`,
      )
  }

  /** Those who decide an epoch were named by the decision before it, or by the agent's origin. */
  onDecided({ agent, epoch, holding, votes }: Certificate, state: HostState): void {
    this.#named.set(`${agent} ${epoch}`, holding.witnesses)
    const named = epoch === 1 ? originOf(state, agent) : this.#named.get(`${agent} ${epoch - 1}`)
    if (!named) return
    const voters = new Set(votes.map(({ signer }) => signer).filter((signer) => named.includes(signer)))
    if (voters.size < majorityOf(named.length))
      this.#sight.fail(
        'members',
        `epoch ${epoch} of ${agent} is decided by ${voters.size} of the ${named.length} who may`,
      )
  }
}

const originOf = (state: HostState, agent: AgentId): readonly Did[] | undefined =>
  (state.rows.get(agent) ?? state.mirrors.get(agent) ?? state.residents.get(agent)?.brief)?.origin.witnesses

const isNextAsked = ({ registers }: HostState, agent: AgentId): boolean => {
  const register = registers.get(agent)
  return register !== undefined && (register.promised !== null || register.accepted !== null)
}
