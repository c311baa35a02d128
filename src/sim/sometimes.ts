import type { AgentId } from '../directory/agent-id.ts'
import type { HostEffect, HostEvent } from '../host/events.ts'
import type { HostState } from '../host/state.ts'
import type { SimHost } from './sim-host.ts'

/**
 * Counts what must happen sometimes: a simulation in which a race is never run says nothing about it. Looks at the same
 * steps as the oracles, and judges nothing.
 */
export const SOMETIMES = {
  'abort won': 'who had given an agent away by a RELEASE got it back by a decision',
  'recovery won': 'an agent whose holder was silent went on from its checkpoint elsewhere',
  'late effect fenced': 'an effect of an epoch that was over was refused',
  'in-doubt resolved': 'who did not know whether its RELEASE had been decided was told',
  'eviction mid-transfer': 'an owner came back while an agent was on its way from or to his machine',
  'checkpoint resent': 'a hand-over whose connection broke went on over another one',
  'restarted holder': 'a host took up agents from its life before',
  'liar proved': 'a host that falsified what it ran was proved to have',
  outbid: 'two proposed for the same epoch',
} as const

export class Sometimes {
  readonly counts: Record<string, number> = Object.fromEntries(Object.keys(SOMETIMES).map((name) => [name, 0]))
  /** By life and agent: a RELEASE is signed and nothing is decided yet; and whether a retry was needed. */
  readonly #inDoubt = new Map<string, { readonly epoch: number; asked: number }>()

  readonly #recovered = new Set<string>()

  add(name: string, n = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + n
  }

  note(host: SimHost, event: HostEvent, effects: readonly HostEffect[], state: HostState): void {
    for (const effect of effects) {
      if (effect.kind === 'deny' && event.kind === 'asked') {
        if (event.name === 'effect' && effect.code === 'STALE_EPOCH') this.add('late effect fenced')
        if (event.name === 'prepare' && effect.code === 'OUTBID') this.add('outbid')
      }
      if (effect.kind === 'run') this.#onRun(effect.agent, state)
      if (effect.kind !== 'ask') continue
      if (effect.name === 'accept' && effect.body.release && effect.body.ballot.round === 0) {
        const name = `${host.identity.did} ${effect.body.agent}`
        const doubt = this.#inDoubt.get(name)
        if (doubt?.epoch === effect.body.epoch) doubt.asked += 1
        else this.#inDoubt.set(name, { epoch: effect.body.epoch, asked: 1 })
      }
    }
    switch (event.kind) {
      case 'restored':
        if (state.residents.size > 0) this.add('restarted holder')
        return
      case 'wish':
        if (event.wish.kind === 'evict')
          for (const { arrival, departure } of state.residents.values())
            if (arrival || (departure && departure.reason !== 'evict') || departure?.phase === 'send')
              this.add('eviction mid-transfer')
        return
      case 'answered':
        if (event.name === 'send' && !event.answer.ok && event.answer.code === 'CLOSED') this.add('checkpoint resent')
        return this.#onDecided(host, state)
      case 'told':
        if (event.name === 'certificate') this.#onDecided(host, state)
        return
      default:
        return
    }
  }

  #onRun(agent: AgentId, { residents }: HostState): void {
    const certificate = residents.get(agent)?.certificate
    const name = `${agent} ${certificate?.epoch}`
    if (!certificate || certificate.ballot.round === 0 || this.#recovered.has(name)) return
    this.#recovered.add(name)
    this.add('recovery won')
  }

  /** Of what this host had given away and was in doubt about, what is decided now. */
  #onDecided(host: SimHost, state: HostState): void {
    for (const [name, { epoch, asked }] of this.#inDoubt) {
      const [did, agent] = name.split(' ') as [string, never]
      if (did !== host.identity.did) continue
      const resident = state.residents.get(agent)
      if (resident && resident.epoch < epoch) continue
      this.#inDoubt.delete(name)
      if (resident?.certificate?.holding.holder === state.self) this.add('abort won')
      if (asked > 1 || resident) this.add('in-doubt resolved')
    }
  }
}
