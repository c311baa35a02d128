import type { Cid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import { decidersOf } from '../../src/host/charter.ts'
import type { BundleFacts, HostEffect } from '../../src/host/events.ts'
import { enrolled } from '../../src/host/founding.ts'
import { endOf, headAfter, NO_HISTORY } from '../../src/host/history.ts'
import { openLog, takePieces } from '../../src/host/logbook.ts'
import { encodePiece } from '../../src/host/pieces.ts'
import { writeRegister } from '../../src/host/records.ts'
import type { HomeRow, Register } from '../../src/host/state.ts'
import type { Turn } from '../../src/host/turn.ts'
import type { Did } from '../../src/identity/did.ts'
import { headOf, rootOf, statementCid } from '../../src/wire/chain.ts'
import { NO_MAIL } from '../../src/wire/mail.ts'
import type { Requests } from '../../src/wire/messages.ts'
import type { Accepted, Certificate, Holding, License, Ready, Release } from '../../src/wire/statements.ts'
import type { Model } from './model.ts'
import { BUNDLE, CHECKPOINT, Machine, sealedBy } from './production.ts'
import { hasVotes } from './quorums.ts'
import type { History, Message, State, Value } from './vocabulary.ts'

/** The model's witnesses as production machines; hosts are names that things are said under. R is the host of W0. */
export class WitnessScene {
  readonly #model: Model
  readonly #machines: readonly Machine[]
  readonly #hosts: readonly Did[]
  readonly #agent: ReturnType<typeof agentId>
  /** Every head that a history of these letters has. */
  readonly #texts = new Map<Cid | null, History>([[null, '']])
  #handle = 1

  constructor(model: Model) {
    this.#model = model
    const all: Machine[] = []
    for (let i = 0; i < model.rules.witnesses + 2; i++) all.push(new Machine(i + 1, () => all))
    this.#machines = all.slice(2)
    const [source, destination] = all as [Machine, Machine]
    this.#hosts = [source.did, destination.did, this.#did(0)]
    this.#agent = agentId({ home: this.#did(0), age: 1, sequence: 1 })
    for (const machine of all) machine.meet()
    const first = this.#certificateOf(1, model.start())
    const witnesses = first.holding.witnesses
    for (const machine of this.#machines)
      if (witnesses.includes(machine.did)) {
        const held = {
          agent: this.#agent,
          witnesses,
          charters: [],
          epoch: 1,
          holder: this.#hosts[0],
          certificate: first,
        }
        const rest = { head: headOf(first), given: NOTHING, promised: null, accepted: null }
        const register = { ...held, ...rest } as Register
        this.#within(machine, (turn) => {
          turn.state.registers.set(this.#agent, register)
          turn.writes.set(writeRegister(register).key, writeRegister(register).value)
          openLog(turn, {
            agent: this.#agent,
            history: NO_HISTORY,
            checkpoint: null,
            ...NOTHING_SAID,
          } as unknown as HomeRow)
        })
      }
  }

  get #founders(): readonly Did[] {
    return [0, 1, 2].map(this.#did)
  }

  #did = (at: number): Did => this.#machines[at]?.did as Did

  /** By the hand of the machine: what it does is written down. */
  #within(machine: Machine, act: (turn: Turn) => void): void {
    const turn: Turn = {
      state: machine.state,
      random: seededRandom(1),
      nowMs: machine.nowMs,
      wallMs: machine.nowMs,
      effects: [],
      writes: new Map(),
      soon: new Map(),
    }
    act(turn)
    for (const [key, value] of turn.writes) {
      const kept = value()
      if (kept === null) machine.records.delete(key)
      else machine.records.set(key, structuredClone(kept))
    }
  }

  #historyOf(text: History): NonNullable<Holding['history']> {
    let head: Cid | null = null
    for (let i = 1; i <= text.length; i++) {
      head = headAfter(head, pieceOf(text[i - 1] as string))
      this.#texts.set(head, text.slice(0, i))
    }
    return { length: text.length, head }
  }

  #holdingOf({ holder, history, next }: Value): Holding {
    const witnesses = [...next].map((digit) => this.#did(Number(digit)))
    return { holder: this.#hosts[holder] as Did, checkpoint: CHECKPOINT, witnesses, history: this.#historyOf(history) }
  }

  #decided(epoch: number, state: State): Value {
    const value = this.#model.worlds.of(state.world).decided[epoch] ?? -1
    if (value < 0) throw new Error(`epoch ${epoch} is not decided`)
    return this.#model.values.of(value)
  }

  /** What the decision of this epoch follows. */
  #previousOf(epoch: number, state: State): Cid {
    if (epoch > 1) return headOf(this.#certificateOf(epoch - 1, state))
    return rootOf(this.#agent, BUNDLE, {
      order: null,
      after: null,
      witnesses: this.#founders,
    })
  }

  #givenOf(epoch: number, value: Value, state: State): Pick<Accepted, 'release' | 'ready'> {
    const holding = this.#holdingOf(value)
    const body = { agent: this.#agent, epoch, holding, previous: this.#previousOf(epoch, state) }
    const ready = sealedBy<Ready>(holding.holder, { type: 'ready', ...body })
    const by = this.#holdingOf(this.#decided(epoch - 1, state)).holder
    const named = { reason: 'move' as const, ready: statementCid(ready.statement) }
    return { ready, release: sealedBy<Release>(by, { type: 'release', ...body, ...named }) }
  }

  #certificateOf(epoch: number, state: State): Certificate {
    const value = this.#decided(epoch, state)
    const model = this.#model
    const number = model.values.id(value)
    const ballots = Array.from({ length: model.rules.ballots + 1 }, (_, b) => b)
    const b = epoch === 1 ? 1 : this.#ballotOf(epoch, number, ballots, state)
    const release = b === 0 ? this.#givenOf(epoch, value, state).release : null
    const decision = {
      agent: this.#agent,
      epoch,
      holding: this.#holdingOf(value),
      previous: this.#previousOf(epoch, state),
      release: release && statementCid(release.statement),
    }
    const ballot = this.#ballot(epoch, b, state)
    const deciders =
      epoch === 1 ? decision.holding.witnesses : this.#holdingOf(this.#decided(epoch - 1, state)).witnesses
    const vote = { type: 'vote' as const, ...decision, ballot, of: deciders.length, atMs: 0 }
    return { ...decision, ballot, votes: deciders.slice(0, 2).map((did) => sealedBy(did, vote)) }
  }

  readonly #ballots = new Map<number, number>()
  /** The votes of a decision that all know are in the air no more. */
  #ballotOf(epoch: number, value: number, ballots: readonly number[], state: State): number {
    const known = this.#ballots.get(epoch)
    const b = known ?? ballots.find((b) => hasVotes(this.#model, state, epoch, b, value))
    if (b === undefined) throw new Error(`nobody has voted for epoch ${epoch}`)
    this.#ballots.set(epoch, b)
    return b
  }

  #ballot = (epoch: number, b: number, state: State) => ({
    round: b,
    host: b === 0 ? this.#holdingOf(this.#decided(epoch - 1, state)).holder : this.#did(0),
    age: b === 0 ? epoch : 1,
  })

  restart(at: number): void {
    this.#machines[at]?.restart()
  }

  /** It hears of a decision, with all that it takes to see whose votes count. */
  learn(at: number, epoch: number, state: State): void {
    const certificate = this.#certificateOf(epoch, state)
    const value = this.#decided(epoch, state)
    const given = certificate.release === null ? NOTHING : this.#givenOf(epoch, value, state)
    const body = { certificate, charters: this.#chartersOf(epoch, state), ...given }
    this.#machine(at).tell({ kind: 'told', from: this.#hosts[1] as Did, name: 'certificate', body })
  }

  #chartersOf(epoch: number, state: State): readonly Certificate[] {
    const charters: Certificate[] = []
    for (let e = 2; e < epoch; e++) {
      const [before, value] = [this.#decided(e - 1, state), this.#decided(e, state)]
      if (before.next !== value.next) charters.push(this.#certificateOf(e, state))
    }
    return charters
  }

  #machine(at: number): Machine {
    const machine = this.#machines[at]
    if (!machine) throw new Error(`there is no W${at}`)
    return machine
  }

  /** Something that a host has said. Why it is refused; null where it is not. */
  tell(at: number, message: Message, state: State): string | null {
    if (message.kind === 'enrol') return this.#enrol(at, message, state)
    const asked = this.#askOf(message, state)
    if (!asked) return null
    const out = this.#machine(at).tell({ kind: 'asked', handle: this.#handle++, ...asked } as never)
    return refusalIn(out)
  }

  #askOf(message: Message, state: State): { readonly from: Did; readonly name: string; readonly body: object } | null {
    const agent = this.#agent
    switch (message.kind) {
      case 'log': {
        const { e: epoch, x, cut } = message
        this.#historyOf(x)
        const from = this.#holdingOf(this.#decided(epoch, state)).holder
        const pieces = [...x].slice(cut).map(pieceOf)
        const body = { agent, epoch, from: cut, head: this.#historyOf(x.slice(0, cut)).head, pieces }
        return { from, name: 'log', body: body satisfies Requests['log']['ask'] }
      }
      case 'prepare': {
        const ballot = this.#ballot(message.e, message.b, state)
        return { from: ballot.host, name: 'prepare', body: { agent, epoch: message.e, ballot } }
      }
      case 'accept': {
        const { e: epoch, b, v } = message
        const value = this.#model.values.of(v)
        const ballot = this.#ballot(epoch, b, state)
        const log = {
          checkpoint: null,
          counts: NOTHING_SAID,
          base: NO_HISTORY,
          pieces: [...value.history].map(pieceOf),
        }
        const given = b === 0 ? this.#givenOf(epoch, value, state) : NOTHING
        const rest = { previous: this.#previousOf(epoch, state), ...given, voucher: null, log }
        const body: Requests['accept']['ask'] = { agent, epoch, ballot, holding: this.#holdingOf(value), ...rest }
        return { from: ballot.host, name: 'accept', body }
      }
      default:
        return null
    }
  }

  /** Its file is here, and what there is of its history. */
  #enrol(at: number, { e: epoch, x }: Extract<Message, { kind: 'enrol' }>, state: State): null {
    const certificate = this.#certificateOf(epoch, state)
    const { witnesses, holder } = certificate.holding
    const origin = { order: null, after: null, witnesses: this.#founders }
    const brief = { agent: this.#agent, bundle: BUNDLE, inputJson: 'null', seed: 1, launchedMs: 0, witnesses, origin }
    const rest = { allowance: DEFAULT_QUOTA, resultTo: null, forkedFrom: null, head: headOf(certificate), birth: null }
    const history = NO_HISTORY
    this.#historyOf(x)
    const stands = {
      tenure: 0,
      since: 1,
      isFounded: true,
      from: 1,
      next: 1,
      isWhole: true,
      lines: [],
      state: 'running',
    }
    const seen = { emit: 0, console: 0, result: 0, failure: 0 }
    const more = { killed: null, checkpoint: null, seen, forks: [], history, itinerary: [] }
    const file = {
      ...{ brief: { ...brief, ...rest, ...NOTHING_SAID, history }, license: LICENSE, epoch, holder, certificate },
      ...{ charters: this.#chartersOf(epoch + 1, state), estate: { ...stands, ...more, ...NOTHING_SAID } },
    }
    const facts = { name: 'one', author: holder } as BundleFacts
    this.#within(this.#machine(at), (turn) => {
      enrolled(turn, this.#handle++, file as never, facts)
      takePieces(turn, this.#agent, { from: 0, head: null, pieces: [...x].map(pieceOf) })
    })
    return null
  }

  /** As production has it. */
  shown(state: State): unknown {
    return this.#machines.map((machine, at) => {
      const register = machine.state.registers.get(this.#agent)
      const log = machine.state.logs.get(this.#agent)
      if (!register || this.#model.witnesses.of(state.witnesses[at] as number).k === 0) return register ? 'known' : null
      const { epoch, promised, accepted, witnesses, charters } = register
      const shown = decidersOf({ epoch: 0, witnesses: this.#founders }, epoch + 1, charters)
      return {
        epoch,
        witnesses: this.#digits(witnesses),
        // By the decisions that it has to show.
        shows: typeof shown === 'string' ? shown : this.#digits(shown),
        promised: promised?.round ?? 0,
        accepted: accepted && [accepted.ballot.round, ...this.#valueOf(accepted.holding)],
        log: log && this.#texts.get(endOf(log.log).head),
      }
    })
  }

  #valueOf = ({ holder, history, witnesses }: Holding): readonly unknown[] => [
    this.#hosts.indexOf(holder),
    this.#texts.get(history?.head ?? null),
    this.#digits(witnesses),
  ]

  #digits = (dids: readonly Did[]): string =>
    dids.map((did) => this.#machines.findIndex((one) => one.did === did)).join('')

  /** As the model has it. */
  wanted(state: State): unknown {
    return state.witnesses.map((id) => {
      const { k, value, promised, votedAt, votedFor, log } = this.#model.witnesses.of(id)
      if (k === 0) return null
      const voted = votedAt < 0 ? null : this.#model.values.of(votedFor)
      return {
        epoch: k - 1,
        witnesses: this.#model.values.of(value).next,
        shows: this.#model.values.of(value).next,
        promised,
        accepted: voted && [votedAt, voted.holder, voted.history, voted.next],
        log,
      }
    })
  }
}

const NOTHING = { release: null, ready: null }
const NOTHING_SAID = {
  consoleLines: 0,
  sentBytes: 0,
  messages: 0,
  mail: NO_MAIL,
  checkpointBytes: 0,
  fuelUsed: 0,
  hops: 0,
  allowance: DEFAULT_QUOTA,
}
const LICENSE = { order: { signer: null, statement: {} }, permits: [] } as unknown as License

/** `m` is a letter that came, any other a stretch of its program. */
const pieceOf = (letter: string): Uint8Array =>
  letter === 'm'
    ? encodePiece({ kind: 'mail', letter: Uint8Array.of(1) })
    : encodePiece({
        kind: 'run',
        from: { fuelMax: 9, sentBytesMax: 9, sentBytes: 0 },
        inputs: [],
        until: { fuelUsed: letter.charCodeAt(0), standing: 'turn' },
        assets: new Map(),
      })

function refusalIn(out: readonly HostEffect[]): string | null {
  const denied = out.find(({ kind }) => kind === 'deny')
  return denied?.kind === 'deny' ? `${denied.code}: ${denied.reason}` : null
}
