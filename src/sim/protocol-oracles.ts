import type { HostEffect, HostEvent } from '../host/events.ts'
import { isAdmitted } from '../host/inic.ts'
import type { HostState } from '../host/state.ts'
import type { Requests } from '../wire/messages.ts'
import { ChoiceOracle } from './choice-oracle.ts'
import { ReleaseOracle } from './release-oracle.ts'
import type { Invariant } from './report.ts'
import type { Life, SimHost } from './sim-host.ts'
import { WitnessOracle } from './witness-oracle.ts'
import type { World } from './world.ts'

/**
 * Listens to what hosts say to each other about decisions, and has each word judged by whom it concerns: the rules of
 * single-decree Paxos, not what comes of breaking them. Most steps have nothing to do with it, and cost a glance.
 */
export class ProtocolOracles {
  readonly #witnesses: WitnessOracle
  readonly #choices: ChoiceOracle
  readonly #holders: ReleaseOracle
  /** By life and token, for which ballot a promise was asked. */
  readonly #asked = new WeakMap<Life, Map<number, Requests['prepare']['ask']>>()

  constructor(world: World, tell: (invariant: Invariant, text: string) => void) {
    const told = new Map<Invariant, number>()
    // A broken rule is broken over and over: what comes of it shall be heard beside it.
    const fail = (invariant: Invariant, text: string): void => {
      const before = told.get(invariant) ?? 0
      told.set(invariant, before + 1)
      if (before < TOLD_MAX) tell(invariant, text)
    }
    this.#witnesses = new WitnessOracle(fail)
    this.#choices = new ChoiceOracle(fail)
    this.#holders = new ReleaseOracle(fail)
    world.watch((host, life, event, effects, state) => {
      // What a life does that has been ended comes to nobody.
      if (host.life !== life) return
      this.#hear(host, life, event, state)
      for (const effect of effects) this.#say(host, life, event, effect, state)
    })
  }

  #hear(host: SimHost, life: Life, event: HostEvent, state: HostState): void {
    switch (event.kind) {
      case 'restored':
        this.#witnesses.onRestored(host, state.registers.values())
        return this.#holders.onRestored(host, state)
      case 'asked':
        if (event.name === 'accept' && event.body.ballot.round === 0 && event.body.release)
          this.#holders.onReleaseHeard(event.from, event.body.agent, event.body.epoch, event.body.holding)
        return
      case 'told':
        if (event.name !== 'certificate' || !isAdmitted(state, event.from)) return
        this.#choices.onCertificate(event.body.certificate)
        return this.#holders.onDecided(host, state, event.body.certificate, false)
      case 'answered':
        if (event.name === 'prepare') return this.#hearPromise(life, event)
        if (event.name !== 'accept' || !event.answer.ok) return
        return this.#hearVote(event.answer.body as Requests['accept']['answer'])
      default:
        return
    }
  }

  #hearPromise(life: Life, { token, from, answer }: Extract<HostEvent, { kind: 'answered' }>): void {
    const asked = this.#asked.get(life)
    const ask = asked?.get(token)
    asked?.delete(token)
    if (!ask || !answer.ok) return
    const { agent, epoch, ballot } = ask
    const { accepted } = answer.body as Requests['prepare']['answer']
    this.#witnesses.onPromiseHeard(from, agent, epoch, ballot)
    this.#choices.onPromiseHeard(from, agent, epoch, ballot, accepted)
  }

  #hearVote({ vote }: Requests['accept']['answer']): void {
    this.#witnesses.onVoteHeard(vote.signer, vote.statement)
    this.#choices.onVoteHeard(vote.signer, vote.statement)
  }

  #say(host: SimHost, life: Life, event: HostEvent, effect: HostEffect, state: HostState): void {
    if (effect.kind === 'ask') this.#ask(host, life, effect)
    else if (effect.kind === 'answer') {
      if (effect.name === 'accept') this.#witnesses.onVote(host, life, effect.body.vote.statement)
      else if (effect.name === 'prepare' && event.kind === 'asked' && event.name === 'prepare') {
        const { agent, epoch, ballot } = event.body
        this.#witnesses.onPromise(host, life, agent, epoch, ballot, effect.body.accepted)
      }
    } else if (effect.kind === 'deny') {
      if (effect.code !== 'OUTBID' || event.kind !== 'asked') return
      if (event.name !== 'prepare' && event.name !== 'accept') return
      const { agent, epoch, ballot } = event.body
      this.#witnesses.onOutbid(host, life, agent, epoch, ballot)
    } else if (effect.kind === 'tell' && effect.name === 'certificate') {
      // Where its own vote is all that it takes, nobody may ever hear of it: it is not on the disk yet.
      this.#holders.onDecided(host, state, effect.body.certificate, true)
    }
  }

  #ask(host: SimHost, life: Life, effect: Extract<HostEffect, { kind: 'ask' }>): void {
    if (effect.name === 'prepare') {
      const { agent, epoch, ballot } = effect.body
      this.#choices.onPrepare(effect.to, agent, epoch, ballot)
      const asked = this.#asked.get(life) ?? new Map<number, Requests['prepare']['ask']>()
      this.#asked.set(life, asked.set(effect.token, effect.body))
    } else if (effect.name === 'accept') {
      const { agent, epoch, ballot, holding } = effect.body
      if (ballot.round === 0) this.#holders.onRelease(host, life, agent, epoch, holding)
      else this.#choices.onAccept(agent, epoch, ballot, holding)
    }
  }
}

/** Of each invariant. */
const TOLD_MAX = 3
