import { type Book, crash, hostLearns, hostReceives, isRunning, nameOf, spontaneous } from './host-steps.ts'
import { decide, ranWrong, send, take } from './invariants.ts'
import { propose, settleProposals } from './proposals.ts'
import { pruned } from './pruned.ts'
import { hasVotes, isLogged } from './quorums.ts'
import type { Rules } from './rules.ts'
import {
  type HostParty,
  type Message,
  Numbers,
  type State,
  type Value,
  type WitnessParty,
  type World,
} from './vocabulary.ts'
import { isDead, loses, witnessLearns, witnessReceives } from './witness-steps.ts'

/** Who is dead for good while the rest heals; null while faults still happen. */
export interface Healing {
  readonly hosts: string
  readonly witnesses: string
}

/** A label, and the party's state that it leads to. */
type Led = readonly [string, number]

/** What a step leads to. The label is made when somebody wants to read it. */
export type Visit = (label: () => string, next: State, violated: string | null) => void

/**
 * The whole: hosts, witnesses and what is in the air between them. One step is one party's doing of its own accord, or its
 * taking in of one message, or of the answers of f + 1 witnesses.
 */
export class Model implements Book {
  readonly values = new Numbers<Value>()
  readonly messages = new Numbers<Message>()
  readonly hosts = new Numbers<HostParty>()
  readonly witnesses = new Numbers<WitnessParty>()
  readonly worlds = new Numbers<World>()
  readonly first: number
  /** Witnesses that may stand for each other are put in order: states that differ in their names only are one. */
  readonly isSymmetric: boolean
  readonly #own = new Map<string, readonly Led[]>()
  readonly #learned = new Map<string, number | null>()
  readonly #hostMemo: (Led | null)[][][] = []
  readonly #witnessMemo: (Led | null)[][] = []
  readonly #pruned = new Map<number, number>()
  readonly #prunedWitness = new Map<number, number>()

  readonly rules: Rules

  constructor(rules: Rules) {
    this.rules = rules
    this.isSymmetric = rules.changes.length === 0 && !rules.named
    this.first = this.values.id({ holder: 0, history: '', next: rules.founders })
  }

  start(): State {
    const { rules, first } = this
    const hosts = Array.from({ length: rules.hosts }, (_, i) =>
      this.hosts.id({
        epoch: 1,
        value: first,
        started: i === 0 ? 1 : 0,
        release: -1,
        images: i === 1 ? [] : [''],
        run: i === 0 ? '' : null,
        frozenFor: -1,
        ballot: 0,
        early: null,
        cut: 0,
        place: 0,
        marked: true,
        said: [],
      }),
    )
    const witnesses = Array.from({ length: rules.witnesses }, (_, w) =>
      this.witnesses.id({
        k: rules.founders.includes(String(w)) ? 2 : 0,
        value: first,
        promised: 0,
        votedAt: -1,
        votedFor: -1,
        log: '',
        hole: false,
        liar: rules.liar !== null && w === 0,
        index: this.isSymmetric ? 0 : w,
        said: [],
      }),
    )
    const world = this.worlds.id({
      decided: [-1, first],
      sent: ['', ''],
      taken: [],
      highest: 0,
      acknowledged: false,
      believed: 0,
      crashes: rules.crashes,
      losses: rules.losses,
    })
    return { world, hosts, witnesses: this.#sorted(witnesses) }
  }

  #sorted(witnesses: number[]): number[] {
    return this.isSymmetric ? witnesses.sort((a, b) => a - b) : witnesses
  }

  keyOf({ world, hosts, witnesses }: State): string {
    let key = wide(world)
    for (const id of hosts) key += wide(id)
    for (const id of witnesses) key += wide(id)
    return key
  }

  /** The state of a key. */
  stateOf(key: string): State {
    const ids: number[] = []
    for (let at = 0; at < key.length; at += 2) ids.push(key.charCodeAt(at) * 0x8000 + key.charCodeAt(at + 1))
    const [world = 0, ...parties] = ids
    return { world, hosts: parties.slice(0, this.rules.hosts), witnesses: parties.slice(this.rules.hosts) }
  }

  successors(state: State, healing: Healing | null, visit: Visit): void {
    const { rules } = this
    const world = this.worlds.of(state.world)
    const air = this.#air(state)
    const letters = this.#letters(world, air)
    for (let i = 0; i < rules.hosts; i++) {
      if (healing?.hosts.includes(String(i))) continue
      const id = state.hosts[i] as number
      const host = this.hosts.of(id)
      const name = nameOf(i)
      for (const [label, next] of this.#spontaneous(i, id, letters, healing !== null))
        this.#withHost(state, i, next, () => `${name} ${label}`, visit)
      for (const message of air) {
        const step = this.#hostStep(i, id, message)
        if (step) this.#withHost(state, i, step[1], () => `${name} ${step[0]}`, visit)
      }
      for (let epoch = host.epoch + 1; epoch < world.decided.length; epoch++) {
        const value = world.decided[epoch] as number
        if (value < 0) continue
        const next = this.#hostLearned(i, id, epoch, value)
        if (next !== null) this.#withHost(state, i, next, () => `${name} learns QC(${epoch})`, visit)
      }
      if (world.crashes > 0 && !healing)
        this.#visit(
          {
            ...state,
            world: this.worlds.id({ ...world, crashes: world.crashes - 1 }),
            hosts: swap(state.hosts, i, this.hosts.id(crash(this, host))),
          },
          null,
          () => `${name} crashes and starts again`,
          visit,
        )
      propose(this, state, i, healing, (label, next) => this.#withHost(state, i, this.hosts.id(next), label, visit))
      if (rules.bases && isRunning(host)) this.#cut(state, i, host, visit)
    }
    for (let at = 0; at < state.witnesses.length; at++) this.#witnessSteps(state, at, world, air, healing, visit)
    settleProposals(this, state, healing, (label, next) => this.#visit(next, null, label, visit))
    take(this, state, healing, (label, next, violated) => this.#visit(next, null, label, visit, violated))
  }

  /** What hosts have said: witnesses' answers count by the quorum, and are looked up there. */
  #air(state: State): number[] {
    const air: number[] = []
    for (const id of state.hosts)
      for (const message of this.hosts.of(id).said) if (!air.includes(message)) air.push(message)
    return air
  }

  /** As long as nothing has ever come in, the letters are alike, and one stands for all. */
  #letters(world: World, air: readonly number[]): string {
    const { alphabet } = this.rules
    const isNew =
      world.decided.every((v) => v < 0 || this.values.of(v).history === '') &&
      !air.some((id) => this.messages.of(id).kind === 'log')
    return isNew ? alphabet.slice(0, 1) : alphabet
  }

  #spontaneous(i: number, id: number, letters: string, healing: boolean): readonly Led[] {
    const key = `${i} ${id} ${letters} ${healing}`
    const known = this.#own.get(key)
    if (known) return known
    const steps = spontaneous(this, i, this.hosts.of(id), letters, healing).map(
      ([label, host]) => [label, this.hosts.id(host)] as const,
    )
    this.#own.set(key, steps)
    return steps
  }

  #hostLearned(i: number, id: number, epoch: number, value: number): number | null {
    const key = `${i} ${id} ${epoch} ${value}`
    const known = this.#learned.get(key)
    if (known !== undefined) return known
    const next = hostLearns(this, i, this.hosts.of(id), epoch, value)
    const learned = next && this.hosts.id(next)
    this.#learned.set(key, learned)
    return learned
  }

  #witnessLearned(id: number, epoch: number, value: number): number | null {
    const key = `w ${id} ${epoch} ${value}`
    const known = this.#learned.get(key)
    if (known !== undefined) return known
    const next = witnessLearns(this, this.witnesses.of(id), epoch, value)
    const learned = next && this.witnesses.id(next)
    this.#learned.set(key, learned)
    return learned
  }

  #hostStep(i: number, id: number, message: number): Led | null {
    const memo = rowOf(rowOf(this.#hostMemo, i), id)
    const known = memo[message]
    if (known !== undefined) return known
    const step = hostReceives(this, i, this.hosts.of(id), this.messages.of(message))
    const led: Led | null = step && [step[0], this.hosts.id(step[1])]
    memo[message] = led
    return led
  }

  #witnessStep(id: number, message: number): Led | null {
    const memo = rowOf(this.#witnessMemo, id)
    const known = memo[message]
    if (known !== undefined) return known
    const step = witnessReceives(this, this.witnesses.of(id), this.messages.of(message))
    const led: Led | null = step && [step[0], this.witnesses.id(step[1])]
    memo[message] = led
    return led
  }

  #witnessSteps(
    state: State,
    at: number,
    world: World,
    air: readonly number[],
    healing: Healing | null,
    visit: Visit,
  ): void {
    const id = state.witnesses[at] as number
    const witness = this.witnesses.of(id)
    if (isDead(witness)) return
    // Two in the same state do the same: once is enough.
    if (this.isSymmetric && at > 0 && state.witnesses[at - 1] === id) return
    const name = `W${at}`
    for (const message of air) {
      const step = this.#witnessStep(id, message)
      if (!step) continue
      const next = { ...state, witnesses: swap(state.witnesses, at, step[1]) }
      const heard = this.messages.of(message)
      this.#visit(next, heard, () => `${name} ${step[0]}`, visit)
    }
    for (let epoch = Math.max(witness.k, 1); epoch < world.decided.length; epoch++) {
      const value = world.decided[epoch] as number
      if (value < 0) continue
      const learned = this.#witnessLearned(id, epoch, value)
      if (learned !== null)
        this.#visit(
          { ...state, witnesses: swap(state.witnesses, at, learned) },
          null,
          () => `${name} learns QC(${epoch})`,
          visit,
        )
    }
    if (world.losses === 0 || healing) return
    const lost = loses(this, witness, this.first)
    if (lost)
      this.#visit(
        {
          ...state,
          world: this.worlds.id({ ...world, losses: world.losses - 1 }),
          witnesses: swap(state.witnesses, at, this.witnesses.id(lost)),
        },
        null,
        () => `${name} starts again and has lost ${this.rules.liar ? 'everything, it says' : this.rules.witnessLoses}`,
        visit,
      )
  }

  /** What f + 1 witnesses have in a checkpoint the holder does not keep piece by piece. */
  #cut(state: State, i: number, host: HostParty, visit: Visit): void {
    for (const id of host.said) {
      const message = this.messages.of(id)
      if (message.kind !== 'checkpoint' || message.e !== host.epoch || message.x.length <= host.cut) continue
      if (!isLogged(this, state, message.e, message.x)) continue
      this.#withHost(
        state,
        i,
        this.hosts.id({ ...host, cut: message.x.length }),
        () => `${nameOf(i)} keeps pieces from ${message.x.length} on`,
        visit,
      )
    }
  }

  #withHost(state: State, i: number, id: number, label: () => string, visit: Visit): void {
    const before = this.hosts.of(state.hosts[i] as number)
    const host = this.hosts.of(id)
    const next = { ...state, hosts: swap(state.hosts, i, id) }
    let violated: string | null = null
    if (host.run !== null && (before.run === null || before.epoch !== host.epoch || before.run !== host.run))
      violated = ranWrong(this, next, i, host)
    let after: State = next
    // Fast: what comes out of a piece leaves with it.
    if (!violated && this.rules.fast && host.run !== null && host.run !== before.run) {
      const left = send(this, next, host.epoch, host.run)
      violated = left.violated
      after = left.state
    }
    this.#visit(after, null, label, visit, violated)
  }

  /** After a witness's answer: is something decided, or may something leave? Then names are put in order and the air is cleared. */
  #visit(state: State, heard: Message | null, label: () => string, visit: Visit, violated: string | null = null): void {
    let next: State = state
    let wrong = violated
    if (!wrong && heard?.kind === 'accept') {
      const certified = hasVotes(this, next, heard.e, heard.b, heard.v)
      if (certified) ({ state: next, violated: wrong } = decide(this, next, heard.e, heard.v))
    } else if (
      !wrong &&
      !this.rules.fast &&
      (heard?.kind === 'log' || heard?.kind === 'checkpoint') &&
      heard.x !== '' &&
      isLogged(this, next, heard.e, heard.x)
    )
      ({ state: next, violated: wrong } = send(this, next, heard.e, heard.x))
    visit(label, this.#tidied(next), wrong)
  }

  /** Forgets what nobody can use any more, and puts witnesses in order: neither takes anything away from what can happen. */
  #tidied(state: State): State {
    if (this.rules.witnessLoses === 'everything' || this.rules.liar === 'forgets')
      return { ...state, witnesses: this.#sorted([...state.witnesses]) }
    let k = 99
    for (const id of state.witnesses) {
      const witness = this.witnesses.of(id)
      if (witness.k > 0) k = Math.min(k, witness.k)
    }
    let epoch = 99
    for (const id of state.hosts) epoch = Math.min(epoch, this.hosts.of(id).epoch)
    const hosts = state.hosts.map((id) => pruned(this, this.#pruned, this.hosts, id, k, epoch))
    const witnesses = state.witnesses.map((id) => pruned(this, this.#prunedWitness, this.witnesses, id, k, epoch))
    return { world: state.world, hosts, witnesses: this.#sorted(witnesses) }
  }
}

function rowOf<T>(rows: T[][], at: number): T[] {
  const known = rows[at]
  if (known) return known
  const row: T[] = []
  rows[at] = row
  return row
}

const wide = (id: number): string => String.fromCharCode(id >> 15, id & 0x7fff)

export function swap(list: readonly number[], at: number, id: number): number[] {
  const copy = [...list]
  copy[at] = id
  return copy
}
