import type { AgentId } from '../directory/agent-id.ts'
import type { HostEffect, HostEvent } from '../host/events.ts'
import type { HomeRow, HostState } from '../host/state.ts'
import type { Did } from '../identity/did.ts'
import type { Requests } from '../wire/messages.ts'
import type { Certificate } from '../wire/statements.ts'
import { valueText } from './ballots.ts'
import { stepOn } from './cheap-image.ts'
import { DataOracles } from './data-oracles.ts'
import type { Families } from './families.ts'
import { isExpected, isExpectedEnd } from './programs.ts'
import { ProtocolOracles } from './protocol-oracles.ts'
import type { Invariant, Violation } from './report.ts'
import type { Life, SimHost } from './sim-host.ts'
import type { Sometimes } from './sometimes.ts'
import { watchViews } from './views.ts'
import type { World } from './world.ts'

/** Says which invariant is violated, and how. */
export type Fail = (invariant: Invariant, text: string) => void

/**
 * Looks at every step of every host whether what must always hold still does (INVARIANTS). It sees all hosts at once,
 * which none of them does; it looks only at what the step has to do with, so that looking costs little.
 */
export class Oracles {
  readonly violations: Violation[] = []
  readonly #world: World
  readonly #families: Families
  readonly #sometimes: Sometimes
  /** By agent and epoch, the life that started it. */
  readonly #started = new Map<string, number>()
  /** The newest epoch of each agent that is decided. */
  readonly #highest = new Map<AgentId, number>()
  /** By agent and epoch, what was decided. */
  readonly #decided = new Map<string, string>()
  readonly #newest = new Map<AgentId, { epoch: number; length: number }>()
  /** By life and agent, how far its story has been read. */
  readonly #read = new Map<string, { line: number; emits: number; said: number }>()
  /** By life and token, effects on their way to who keeps the row. */
  readonly #underWay = new Map<string, Requests['effect']['ask']>()
  /** By agent and kind, the highest number that was acknowledged. */
  readonly #acknowledged = new Map<string, number>()
  /** Agents that a host has run which falsifies what it runs. */
  readonly falsified = new Set<AgentId>()
  readonly #falsifiedInputs = new Set<string>()
  readonly #data = new DataOracles(
    (invariant, text) => this.fail(invariant, text),
    (agent) => this.#highest.get(agent) ?? 0,
  )

  constructor(world: World, families: Families, sometimes: Sometimes) {
    this.#world = world
    this.#families = families
    this.#sometimes = sometimes
    new ProtocolOracles(world, (invariant, text) => this.fail(invariant, text))
    world.watch((host, life, event, effects, state) => this.#look(host, life, event, effects, state))
    watchViews(world, this)
  }

  fail: Fail = (invariant, text) => {
    if (this.violations.length < VIOLATIONS_MAX)
      this.violations.push({ invariant, text, atMs: Math.round(this.#world.nowMs()) })
  }

  #look(host: SimHost, life: Life, event: HostEvent, effects: readonly HostEffect[], state: HostState): void {
    if (effects.length === 0 && event.kind === 'tick') return
    if (event.kind === 'told' && event.name === 'load') return
    this.#sometimes.note(host, event, effects, state)
    for (const effect of effects) {
      if (effect.kind === 'run') this.#onRun(host, life, effect.agent, state)
      else if (effect.kind === 'ask' && effect.name === 'effect')
        this.#underWay.set(`${life.number} ${effect.token}`, effect.body)
    }
    if (event.kind === 'answered' && event.name === 'effect') this.#onAcknowledged(life, event)
    if (event.kind === 'asked' && event.name === 'fork' && isGivenUp(effects, event.handle))
      this.#families.noteForkRefused(event.body.agent)
    if (event.kind === 'restored') this.#onRestored(host, life, state)
    this.#data.look({ life, event, effects, state })
    const agent = agentOf(event)
    if (agent === null) return
    this.#onDecision(state.registers.get(agent)?.certificate ?? null, state)
    this.#onDecision(state.residents.get(agent)?.certificate ?? null, state)
    this.#data.onKnown(life, state, agent)
    const row = state.rows.get(agent)
    if (row) this.#readStory(life, row)
  }

  #onRun(host: SimHost, life: Life, agent: AgentId, state: HostState): void {
    const resident = state.residents.get(agent)
    if (!resident) return this.fail('one-holder', `host ${host.number} runs ${agent}, which is not there`)
    const { epoch, certificate, brief } = resident
    if (host.lies) this.#falsify(agent, brief.inputJson)
    const name = `${agent} ${epoch}`
    const by = this.#started.get(name)
    if (by === undefined) this.#started.set(name, life.number)
    else if (by !== life.number)
      this.fail(
        'one-holder',
        `epoch ${epoch} of ${agent} runs in life ${life.number} of host ${host.number}, and ran in life ${by}`,
      )
    if (epoch === 0) return
    if (certificate?.epoch !== epoch || certificate.holding.holder !== state.self)
      this.fail(
        'certificate-first',
        `host ${host.number} runs epoch ${epoch} of ${agent} by a certificate for ${certificate?.epoch ?? 'none'}`,
      )
    else this.#onDecision(certificate, state)
  }

  #falsify(agent: AgentId, inputJson: string): void {
    this.falsified.add(agent)
    this.#falsifiedInputs.add(inputJson)
    // Who writes to it, or waits for its letters, has it from there.
    for (const input of this.#families.correspondentsOf(inputJson)) this.#falsifiedInputs.add(input)
  }

  /** Whether what it says is the word of a host that lies: then nobody is to blame for it but that one. */
  isFalsified = (row: Pick<HomeRow, 'agent' | 'inputJson'>): boolean =>
    this.falsified.has(row.agent) || this.#falsifiedInputs.has(row.inputJson)

  #onDecision(certificate: Certificate | null, state: HostState): void {
    if (!certificate) return
    const { agent, epoch, holding } = certificate
    this.#highest.set(agent, Math.max(epoch, this.#highest.get(agent) ?? 0))
    const name = `${agent} ${epoch}`
    const { history } = holding
    const value = valueText(holding)
    const before = this.#decided.get(name)
    if (before === value) return
    if (before !== undefined) return this.fail('one-decision', `epoch ${epoch} of ${agent} is ${before}, and ${value}`)
    this.#decided.set(name, value)
    this.#data.onDecided(certificate, state)
    // Of a fast agent what was certified can be lost with its holder; of a durable one the history says what is contained.
    if (history === null) return
    const newest = this.#newest.get(agent)
    if (newest && epoch > newest.epoch && history.length < newest.length)
      this.fail(
        'state-contained',
        `epoch ${epoch} of ${agent} has ${history.length} pieces of its history, epoch ${newest.epoch} has ${newest.length}`,
      )
    if (!newest || epoch > newest.epoch) this.#newest.set(agent, { epoch, length: history.length })
  }

  #onAcknowledged(life: Life, { token, answer }: Extract<HostEvent, { kind: 'answered' }>): void {
    const name = `${life.number} ${token}`
    const effect = this.#underWay.get(name)
    this.#underWay.delete(name)
    if (!effect || !answer.ok) return
    const key = `${effect.agent} ${effect.kind}`
    this.#acknowledged.set(key, Math.max(this.#acknowledged.get(key) ?? 0, effect.number))
  }

  #onRestored(host: SimHost, life: Life, state: HostState): void {
    for (const row of state.rows.values()) {
      // Another may have kept the row meanwhile: then what was acknowledged is there.
      if (row.epoch < (this.#highest.get(row.agent) ?? 0)) continue
      for (const kind of ['emit', 'result', 'failure'] as const) {
        const acknowledged = this.#acknowledged.get(`${row.agent} ${kind}`) ?? 0
        if (row.seen[kind] < acknowledged && this.#families.rowOf(row.agent) === row)
          this.fail('effects-kept', `host ${host.number} has forgotten ${kind} ${acknowledged} of ${row.agent}`)
      }
      this.#readStory(life, row)
    }
  }

  #readStory(life: Life, row: HomeRow): void {
    // Whoever begins to keep the row tells its story from what the one before had of it.
    const name = `${life.number} ${row.agent} ${row.tenure}`
    let read = this.#read.get(name)
    if (!read) {
      read = { line: 0, emits: 0, said: 0 }
      this.#read.set(name, read)
    }
    if (row.storyNext - 1 <= read.line) return
    const expected = this.#families.expected(row)
    const fresh = row.story.filter(({ number }) => number > (read?.line ?? 0))
    read.line = row.storyNext - 1
    for (const { kind, valueJson } of fresh) if (kind === 'fraud') this.#onFraud(JSON.parse(valueJson).host)
    if (!expected || this.isFalsified(row)) return
    for (const { kind, valueJson } of fresh) {
      if (expected.isLoose && (kind === 'emit' || kind === 'result')) {
        const { said, hash } = JSON.parse(valueJson) as { said: number; hash: number }
        if (said !== read.said)
          this.fail('said-contained', `${row.agent} goes on with ${valueJson} from another past than it has told`)
        if (kind === 'emit') read.said = stepOn(said, hash)
      }
      if (kind === 'emit') {
        const wanted = expected.emits[read.emits++]
        if (!isExpected(valueJson, wanted, expected.isLoose))
          this.fail(
            'effects-once',
            `${row.agent} emits ${valueJson} as number ${read.emits}, not ${JSON.stringify(wanted)}`,
          )
      } else if (kind === 'result') {
        if (!expected.ok || !isExpectedEnd(valueJson, expected))
          this.fail('effects-once', `${row.agent} comes to ${valueJson}, not ${JSON.stringify(expected.value)}`)
      } else if (kind === 'failure' && (expected.ok || !valueJson.includes('"THROWN"')))
        this.fail('effects-once', `${row.agent} fails: ${valueJson}`)
      else if (kind === 'conflict' && this.#families.isDurable(row.agent))
        this.fail('effects-once', `${row.agent}, which is durable, has said two things: ${valueJson}`)
    }
  }

  #onFraud(host: Did): void {
    if (!this.#world.hasLied(host)) this.fail('accused', `${host} is called a liar, and is none`)
    else this.#sometimes.add('liar proved')
  }
}

const VIOLATIONS_MAX = 20

/** The agent that an event is about, as far as it is about one. */
function agentOf(event: HostEvent): AgentId | null {
  if ('agent' in event) return event.agent
  if (event.kind === 'asked' || event.kind === 'told') {
    const body = event.body as { agent?: AgentId; brief?: { agent: AgentId }; certificate?: Certificate }
    return body.agent ?? body.brief?.agent ?? body.certificate?.agent ?? null
  }
  if (event.kind === 'answered' && event.answer.ok) {
    const { vote } = (event.answer.body ?? {}) as { vote?: { statement: { agent: AgentId } } }
    return vote?.statement.agent ?? null
  }
  return null
}

/** For good, and not only for now. */
const isGivenUp = (effects: readonly HostEffect[], asked: number): boolean =>
  effects.some((effect) => effect.kind === 'deny' && effect.handle === asked && effect.code === 'NOT_FOUND')
