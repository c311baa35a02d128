import { compareBallots } from '../../src/host/ballots.ts'
import type { HostEffect } from '../../src/host/events.ts'
import type { Requests } from '../../src/wire/messages.ts'
import type { Ballot, Sealed, Vote } from '../../src/wire/statements.ts'
import type { Model } from './model.ts'
import { arrive, CHECKPOINT, type Machine, type Scene } from './production.ts'
import type { State } from './vocabulary.ts'

type AcceptAsk = Requests['accept']['ask']

/**
 * Does in the production code what a step of the model says, and compares what came of it. In the model R is a host of its
 * own; in production it is the first witness's host, so what one of the two learns the other knows.
 */
export class Conductor {
  readonly #scene: Scene
  /** The model's ballots are numbers. */
  readonly #ballots = new Map<string, number>()
  readonly #prepares = new Map<string, Requests['prepare']['ask']>()
  readonly #promises = new Map<string, Map<Machine, Requests['prepare']['answer']>>()
  readonly #asks = new Map<string, HostEffect[]>()
  readonly #accepts = new Map<string, AcceptAsk>()
  readonly #votes = new Map<string, Sealed<Vote>[]>()
  #sending: HostEffect | null = null
  #preparing = new Map<Machine, number>()
  #handle = 1

  constructor(scene: Scene) {
    this.#scene = scene
  }

  #machine(name: string): Machine {
    const { source, destination, witnesses } = this.#scene
    const machine = {
      S: source,
      D: destination,
      R: witnesses[0],
      W0: witnesses[0],
      W1: witnesses[1],
      W2: witnesses[2],
    }[name]
    if (!machine) throw new Error(`nobody is called ${name}`)
    return machine
  }

  /** The model's number of a ballot; 0 for the RELEASE's. */
  #number(epoch: number, ballot: Ballot | null | undefined): number {
    if (!ballot || ballot.round === 0) return 0
    return this.#ballots.get(JSON.stringify([epoch, ballot])) ?? -1
  }

  /** One step of the model, by its label. */
  act(label: string): void {
    const [name = '', ...rest] = label.split(' ')
    const what = rest.join(' ')
    const machine = this.#machine(name)
    const numbers = (what.match(/\((\d+), ballot (\d+)/) ?? []).slice(1).map(Number)
    const [epoch = 0, ballot = 0] = numbers
    if (what.startsWith('FREEZE')) this.#freeze(machine)
    else if (what.startsWith('has ')) return
    else if (what.startsWith('RELEASE')) this.#release(machine)
    else if (what.startsWith('gives the hand-over up')) this.#giveUp(machine)
    else if (what.startsWith('PREPARE')) this.#prepare(machine, epoch, ballot)
    else if (what.startsWith('PROMISE')) this.#promise(machine, `${epoch} ${ballot}`)
    else if (what.startsWith('ACCEPT')) this.#accept(machine, `${epoch} ${ballot}`, holderIn(what))
    else if (what.startsWith('VOTE')) this.#vote(machine, `${epoch} ${ballot}`)
    else if (what.startsWith('learns QC')) this.#learn(machine, Number(what.match(/\d+/)?.[0]))
    else if (what.startsWith('RUN')) this.#run(machine)
    else if (what.startsWith('crashes')) this.restart(machine)
    else throw new Error(`the model does what the conductor does not know: ${label}`)
  }

  restart(machine: Machine): void {
    machine.restart()
    this.#preparing.delete(machine)
    if (machine === this.#scene.source) this.#sending = null
  }

  #freeze(source: Machine): void {
    const { agent, destination } = this.#scene
    const offer = asked(source.tell({ kind: 'wish', wish: { kind: 'move', agent, to: destination.did } }), 'offer')[0]
    if (!offer) throw new Error('S offers nothing')
    source.tell({
      kind: 'answered',
      token: offer.token,
      from: destination.did,
      name: 'offer',
      answer: { ok: true, body: { ttlMs: 1, have: null } },
    })
    const out = source.tell({
      kind: 'frozen',
      agent,
      checkpoint: CHECKPOINT,
      fuelUsed: 1,
      stateBytes: 1,
      freshBytes: 1,
      trace: null,
    })
    this.#sending = asked(out, 'send')[0] ?? null
    if (!this.#sending) throw new Error('S sends nothing')
  }

  #answerSend(
    source: Machine,
    answer: Extract<Parameters<Machine['tell']>[0], { kind: 'answered' }>['answer'],
  ): readonly HostEffect[] {
    const sending = this.#sending
    if (sending?.kind !== 'ask') throw new Error('S has sent nothing')
    this.#sending = null
    return source.tell({ kind: 'answered', token: sending.token, from: sending.to, name: 'send', answer })
  }

  #giveUp(source: Machine): void {
    this.#answerSend(source, { ok: false, code: 'REFUSED', reason: 'it is over' })
  }

  #release(source: Machine): void {
    const kept = source.resident(this.#scene.agent)
    if (!kept) throw new Error('S has not the agent')
    const ready = arrive(this.#scene, kept)
    this.#keepAccepts(this.#answerSend(source, { ok: true, body: { ready } }), 0)
  }

  #keepAccepts(out: readonly HostEffect[], ballot: number): void {
    for (const { body } of asked(out, 'accept'))
      this.#accepts.set(`${(body as AcceptAsk).epoch} ${ballot}`, body as AcceptAsk)
  }

  #prepare(machine: Machine, epoch: number, ballot: number): void {
    // A host that has started again begins at round 1, and climbs: what is below the rounds before is lost on the way.
    const before = [...this.#prepares].filter(([key]) => key.startsWith(`${epoch} `)).map(([, known]) => known.ballot)
    const isOf = (out: readonly HostEffect[]) =>
      asked(out, 'prepare').some(({ body }) => {
        const ask = body as Requests['prepare']['ask']
        return ask.epoch === epoch && before.every((known) => compareBallots(ask.ballot, known) > 0)
      })
    const asks = asked(machine.wait(isOf), 'prepare')
    const body = asks[0]?.body as Requests['prepare']['ask'] | undefined
    if (!body) throw new Error(`${epoch}: nobody prepares`)
    this.#ballots.set(JSON.stringify([epoch, body.ballot]), ballot)
    this.#prepares.set(`${epoch} ${ballot}`, body)
    this.#asks.set(`${epoch} ${ballot}`, asks)
  }

  #promise(witness: Machine, key: string): void {
    const body = this.#prepares.get(key)
    if (!body) throw new Error(`nothing was prepared as ${key}`)
    const out = witness.tell({ kind: 'asked', from: body.ballot.host, handle: this.#handle++, name: 'prepare', body })
    const promise = answered(out, 'prepare')
    const promises = this.#promises.get(key) ?? new Map()
    promises.set(witness, promise)
    this.#promises.set(key, promises)
  }

  /** Two promises are heard, of those that there are such that the model's value comes of them. */
  #accept(proposer: Machine, key: string, holder: string): void {
    const promises = [...(this.#promises.get(key) ?? new Map())]
    const asks = this.#asks.get(key) ?? []
    const wanted = this.#machine(holder).did
    const hear = (pair: typeof promises): readonly HostEffect[] =>
      pair.flatMap(([witness, body]) => {
        const ask = asks.find((one) => one.kind === 'ask' && one.to === witness.did)
        if (ask?.kind !== 'ask') return []
        return [
          ...proposer.tell({
            kind: 'answered',
            token: ask.token,
            from: witness.did,
            name: 'prepare',
            answer: { ok: true, body },
          }),
        ]
      })
    const pairs = promises.flatMap((one, i) => promises.slice(i + 1).map((other) => [one, other]))
    const isWanted = (out: readonly HostEffect[]) =>
      (asked(out, 'accept')[0]?.body as AcceptAsk | undefined)?.holding.holder === wanted
    const pair = pairs.find((one) => proposer.rehearse(() => isWanted(hear(one))))
    if (!pair) throw new Error(`no two promises make ${holder} the holder`)
    this.#keepAccepts(hear(pair), Number(key.split(' ')[1]))
  }

  #vote(witness: Machine, key: string): void {
    const body = this.#accepts.get(key)
    if (!body) throw new Error(`nothing is to be accepted as ${key}`)
    const from = body.ballot.round === 0 ? this.#scene.source.did : body.ballot.host
    const out = witness.tell({ kind: 'asked', from, handle: this.#handle++, name: 'accept', body })
    const { vote } = answered(out, 'accept') as Requests['accept']['answer']
    const votes = (this.#votes.get(key) ?? []).filter(({ signer }) => signer !== vote.signer)
    this.#votes.set(key, [...votes, vote])
  }

  #learn(machine: Machine, epoch: number): void {
    const [key, votes] = [...this.#votes].find(([key, all]) => key.startsWith(`${epoch} `) && all.length >= 2) ?? []
    const first = votes?.[0]?.statement
    if (!votes || !first) throw new Error(`epoch ${epoch} is not decided`)
    const { agent, holding, previous, release, ballot } = first
    const given = this.#accepts.get(key ?? '')
    const certificate = { agent, epoch, holding, previous, release, ballot, votes }
    const out = machine.tell({
      kind: 'told',
      from: this.#scene.all.find((one) => one !== machine)?.did as never,
      name: 'certificate',
      body: { certificate, charters: [], release: given?.release ?? null, ready: given?.ready ?? null },
    })
    for (const effect of out) if (effect.kind === 'prepare') this.#preparing.set(machine, effect.token)
  }

  #run(machine: Machine): void {
    const { agent } = this.#scene
    const isPreparing = (out: readonly HostEffect[]) => {
      for (const effect of out) if (effect.kind === 'prepare') this.#preparing.set(machine, effect.token)
      return this.#preparing.has(machine)
    }
    if (!this.#preparing.has(machine)) machine.wait(isPreparing)
    const token = this.#preparing.get(machine)
    if (token === undefined) throw new Error('no guest is prepared')
    this.#preparing.delete(machine)
    const out = machine.tell({ kind: 'prepared', token, fault: null, stateBytes: 1, fuelUsed: 1 })
    if (!out.some((effect) => effect.kind === 'run' && effect.agent === agent)) throw new Error('it is not run')
  }

  /** A message that was heard before is heard again. */
  repeat(witness: Machine): void {
    for (const [key, promises] of this.#promises) {
      const body = this.#prepares.get(key)
      if (body && promises.has(witness))
        witness.tell({ kind: 'asked', from: body.ballot.host, handle: this.#handle++, name: 'prepare', body })
    }
    for (const [key, votes] of this.#votes) {
      const body = this.#accepts.get(key)
      if (body && votes.some(({ signer }) => signer === witness.did))
        witness.tell({
          kind: 'asked',
          from: body.ballot.round === 0 ? this.#scene.source.did : body.ballot.host,
          handle: this.#handle++,
          name: 'accept',
          body,
        })
    }
  }

  /** What production and model say of everybody; the same, if they do the same. */
  compare(model: Model, state: State): { readonly production: unknown; readonly model: unknown } {
    const { agent, witnesses } = this.#scene
    const production: Record<string, unknown> = {}
    const wanted: Record<string, unknown> = {}
    witnesses.forEach((machine, w) => {
      const register = machine.state.registers.get(agent)
      const { k, promised, votedAt, votedFor } = model.witnesses.of(state.witnesses[w] as number)
      const accepted = register?.accepted
      production[`W${w}`] = {
        epoch: register?.epoch,
        promised: this.#number(k, register?.promised),
        accepted: accepted ? [this.#number(k, accepted.ballot), this.#nameOf(accepted.holding.holder)] : null,
      }
      wanted[`W${w}`] = {
        epoch: k - 1,
        promised,
        accepted: votedAt < 0 ? null : [votedAt, 'SDR'[model.values.of(votedFor).holder]],
      }
    })
    for (const [i, name] of [...'SDR'].entries()) {
      const resident = this.#machine(name).resident(agent)
      const host = model.hosts.of(state.hosts[i] as number)
      if (!resident || resident.arrival) {
        production[name] = { runs: false }
        wanted[name] = { runs: host.run !== null }
        continue
      }
      production[name] = {
        epoch: resident.epoch,
        holder: resident.certificate && this.#nameOf(resident.certificate.holding.holder),
        started: resident.started ?? 0,
        runs: resident.guest === 'running',
        released: resident.release?.statement.epoch === resident.epoch + 1,
      }
      wanted[name] = {
        epoch: host.epoch,
        holder: 'SDR'[model.values.of(host.value).holder],
        started: host.started,
        runs: host.run !== null && host.frozenFor < 0,
        released: host.release >= 0,
      }
    }
    const proposal = witnesses[0].state.proposals.get(agent)
    production.proposal = proposal?.phase === 'prepare' ? this.#number(proposal.epoch, proposal.ballot) : 0
    wanted.proposal = model.hosts.of(state.hosts[2] as number).ballot
    return { production, model: wanted }
  }

  #nameOf(did: string): string {
    return [...'SDR'].find((name) => this.#machine(name).did === did) ?? '?'
  }
}

const holderIn = (what: string): string => what.match(/: ([SDR])/)?.[1] ?? '?'

const asked = (out: readonly HostEffect[], name: string): Extract<HostEffect, { kind: 'ask' }>[] =>
  out.filter((effect): effect is Extract<HostEffect, { kind: 'ask' }> => effect.kind === 'ask' && effect.name === name)

function answered(out: readonly HostEffect[], name: string): never {
  const answer = out.find((effect) => effect.kind === 'answer' && effect.name === name)
  const denied = out.find(({ kind }) => kind === 'deny')
  if (answer?.kind !== 'answer') throw new Error(`no answer: ${denied?.kind === 'deny' ? denied.reason : 'nothing'}`)
  return answer.body as never
}
