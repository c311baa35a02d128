import type { AgentId } from '../../directory/agent-id.ts'
import type { HomeRow, Resident } from '../../host/state.ts'
import type { Did } from '../../identity/did.ts'
import type { SimAgent as Launched } from '../../sim/agents.ts'
import type { Families } from '../../sim/families.ts'
import type { Oracles } from '../../sim/oracles.ts'
import { isExpectedEnd } from '../../sim/programs.ts'
import type { Invariant, Violation } from '../../sim/report.ts'
import { INVARIANTS } from '../../sim/report.ts'
import type { SimHost as Machine } from '../../sim/sim-host.ts'
import type { World } from '../../sim/world.ts'
import type {
  AgentCondition,
  HostCondition,
  SimAgent,
  SimFrame,
  SimHop,
  SimHost,
  SimLetter,
  SimNews,
} from '../../ui/sim/sim-view.ts'
import type { Cuts } from './sim-cuts.ts'

/**
 * Looks at all hosts at once, as none of them can, and makes a picture of it: who holds which agent, what has become of
 * every agent, and what happened in between. Looks only; whether it is right is for the oracles to say.
 */
export interface EyesParts {
  readonly world: World
  readonly families: Families
  readonly oracles: Oracles
  readonly agents: readonly Launched[]
  readonly cuts: Cuts
}

interface Known {
  readonly id: AgentId
  readonly name: string
  readonly launched: Launched
  readonly home: number
  /** Number of the host that holds it, or held it last; its home before the first. */
  host: number
  condition: AgentCondition
  epoch: number
  hops: number
  fuel: number
  keeper: number
}

/** Letters in one picture. */
const LETTERS_SHOWN_MAX = 100

/** Hops of one agent between two looks at it. */
const STEPS_MAX = 4

/** News of ordinary hops, and of new keepers, in one picture; of a cluster in a hurry they would drown all else. */
const ALIKE_TOLD_MAX = 1

export class SimEyes {
  readonly #parts: EyesParts
  /** Those that have not ended. */
  readonly #known = new Map<AgentId, Known>()
  readonly #named = new Set<AgentId>()
  #ended: Known[] = []
  #hops: SimHop[] = []
  #news: SimNews[] = []
  #letters: SimLetter[] = []
  #hopsTold = 0
  #keepersTold = 0
  #events = 0
  #beginMs = 0
  #born = 0
  #counts = { endedRight: 0, falsified: 0, recovered: 0, hopped: 0 }

  constructor(parts: EyesParts) {
    this.#parts = parts
    parts.world.watch((host, _life, _event, effects) => {
      this.#events += 1
      for (const effect of effects)
        if (effect.kind === 'ask' && effect.name === 'mail') this.#noteLetter(host, effect.to)
    })
  }

  #noteLetter(from: Machine, to: Did): void {
    const at = this.#parts.world.hosts.findIndex(({ identity }) => identity.did === to)
    if (at >= 0 && this.#letters.length < LETTERS_SHOWN_MAX) this.#letters.push({ from: from.number - 1, to: at })
  }

  /** From now on time counts. */
  begin(): void {
    this.#beginMs = this.#parts.world.nowMs()
  }

  get atWork(): number {
    return this.#known.size
  }

  agentsOn = (host: number): number => [...this.#known.values()].filter((agent) => agent.host === host).length

  tell(kind: SimNews['kind'], text: string): void {
    this.#news.push({ atMs: this.#parts.world.nowMs() - this.#beginMs, kind, text })
  }

  look(): void {
    this.#meetNewcomers()
    const holders = this.#holders()
    for (const agent of [...this.#known.values()]) {
      if (this.#neverWas(agent)) continue
      const row = this.#rowOf(agent)
      if (row) for (const fork of row.forks) for (const [i, id] of fork.agents.entries()) this.#meet(id, i, agent)
      if (row?.outcome) this.#end(agent, row)
      else this.#follow(agent, holders.get(agent.id))
    }
  }

  #meetNewcomers(): void {
    const { agents } = this.#parts
    while (agents[this.#born]?.id != null) {
      const launched = agents[this.#born++]
      if (launched?.id) this.#meetLaunched(launched.id, launched)
    }
    // A launch may be answered before an earlier one.
    for (const launched of agents.slice(this.#born)) if (launched.id) this.#meetLaunched(launched.id, launched)
  }

  #meetLaunched(id: AgentId, launched: Launched): void {
    const home = launched.home.number - 1
    this.#remember({ id, launched, name: `agent ${launched.index + 1}`, home, host: home })
  }

  /** One that was made of another by a fork: it sets out from the home of both. */
  #meet(id: AgentId, index: number, { launched, name, home }: Known): void {
    this.#remember({ id, launched, name: `${name}·${index + 1}`, home, host: home })
  }

  #remember(agent: Pick<Known, 'id' | 'launched' | 'name' | 'home' | 'host'>): void {
    if (this.#named.has(agent.id)) return
    this.#named.add(agent.id)
    this.#known.set(agent.id, { ...agent, condition: 'travelling', epoch: 0, hops: 0, fuel: 0, keeper: agent.home })
  }

  /** A launch that was answered to nobody and that its home forgot in a crash is tried again, under another name. */
  #neverWas({ id, name, launched }: Known): boolean {
    if (name.includes('·') || launched.id === id) return false
    this.#known.delete(id)
    this.#named.delete(id)
    this.#born = Math.min(this.#born, launched.index)
    return true
  }

  /** By agent, the host of the highest epoch that has it and runs it, or will. */
  #holders(): ReadonlyMap<AgentId, { readonly host: number; readonly resident: Resident }> {
    const holders = new Map<AgentId, { readonly host: number; readonly resident: Resident }>()
    for (const [host, { life }] of this.#parts.world.hosts.entries()) {
      for (const [id, resident] of life?.state?.residents ?? []) {
        if (resident.arrival !== null || resident.ended) continue
        const other = holders.get(id)
        if (!other || other.resident.epoch < resident.epoch) holders.set(id, { host, resident })
      }
    }
    return holders
  }

  #follow(agent: Known, holder: { readonly host: number; readonly resident: Resident } | undefined): void {
    const last = this.#parts.world.hosts[agent.host]
    if (!holder) {
      agent.condition = last && this.#reaches(last, agent.host) ? 'travelling' : 'orphaned'
      return
    }
    const { host, resident } = holder
    if (resident.epoch < agent.epoch) {
      agent.condition = 'orphaned'
      return
    }
    if (host !== agent.host) this.#move(agent, host)
    agent.epoch = resident.epoch
    agent.fuel = resident.fuelUsed
    const here = this.#parts.world.hosts[host]
    agent.condition = here && this.#reaches(here, host) ? 'running' : 'orphaned'
  }

  #reaches = (host: Machine, at: number): boolean => {
    const condition = this.#conditionOf(host, at)
    return condition === 'up' || condition === 'owner-back'
  }

  #move(agent: Known, to: number): void {
    const from = agent.host
    const machines = this.#parts.world.hosts
    const kind = this.#wasRecovered(agent.id, from, to) ? 'recovery' : 'hop'
    this.#hops.push({ agent: agent.id, from, to, kind })
    agent.host = to
    agent.hops += 1
    const [here, there] = [machines[from]?.number, machines[to]?.number]
    if (kind === 'recovery') {
      this.#counts.recovered += 1
      this.tell('recovery', `${agent.name} goes on at host ${there} from its last checkpoint; host ${here} is silent`)
    } else {
      this.#counts.hopped += 1
      if (this.#hopsTold++ < ALIKE_TOLD_MAX) this.tell('hop', `${agent.name} moved from host ${here} to host ${there}`)
    }
  }

  /**
   * Whether any of the steps from there to here was a recovery: of what happens fast, not every step is seen. Who takes an
   * agent back from a checkpoint may hand it on for the same reason; that is a hop, and its sender knows of it.
   */
  #wasRecovered(agent: AgentId, from: number, to: number): boolean {
    const machines = this.#parts.world.hosts
    let at = machines[to]
    for (let steps = 0; steps < STEPS_MAX && at && at !== machines[from]; steps++) {
      const self = at.identity.did
      const newest = at.life?.state?.hops.find((hop) => hop.agent === agent && hop.to === self)
      if (!newest) return true
      const sender = machines.find(({ identity }) => identity.did === newest.from)
      const sent = sender?.life?.state?.hops.some((hop) => hop.agent === agent && hop.to === self)
      if (newest.reason === 'recover' && !sent) return true
      at = sender
    }
    return false
  }

  /** As whoever keeps it has it; looked for elsewhere when that one has it no more, or is down. */
  #rowOf(agent: Known): HomeRow | null {
    const { hosts } = this.#parts.world
    const row = hosts[agent.keeper]?.life?.state?.rows.get(agent.id)
    if (row) return row
    for (const [at, { life }] of hosts.entries()) {
      const other = life?.state?.rows.get(agent.id)
      if (!other) continue
      this.#noteKeeper(agent, at)
      return other
    }
    return null
  }

  #noteKeeper(agent: Known, at: number): void {
    const { hosts } = this.#parts.world
    const [before, now] = [hosts[agent.keeper], hosts[at]]
    agent.keeper = at
    if (this.#keepersTold++ >= ALIKE_TOLD_MAX) return
    // One that is up may be behind a cut, or have given the row back.
    const why = before && this.#reaches(before, hosts.indexOf(before)) ? '' : ', which is silent'
    this.tell('keeper', `host ${now?.number} keeps ${agent.name} now, in place of host ${before?.number}${why}`)
  }

  #end(agent: Known, row: HomeRow): void {
    this.#known.delete(agent.id)
    this.#ended.push({ ...agent, condition: 'ended' })
    const expected = this.#parts.families.expected(row)
    const { outcome } = row
    const right =
      expected !== null &&
      outcome !== null &&
      outcome.ok === expected.ok &&
      (!expected.ok || isExpectedEnd(outcome.valueJson, expected))
    if (right) this.#counts.endedRight += 1
    else this.#counts.falsified += 1
    this.tell(right ? 'end' : 'break', `${agent.name} ended ${right ? 'right' : 'with what a lying host made of it'}`)
  }

  #conditionOf({ life, ownerIsBack }: Machine, at: number): HostCondition {
    if (!life?.host) return 'dead'
    if (life.time.isAsleep) return 'frozen'
    if (this.#parts.cuts.isLonely(at)) return 'cut-off'
    return ownerIsBack ? 'owner-back' : 'up'
  }

  frame(faults: readonly string[], command: string): SimFrame {
    const { world, oracles, cuts } = this.#parts
    const [violation] = oracles.violations
    const agents = [...this.#known.values(), ...this.#ended].map(showAgent)
    const frame: SimFrame = {
      nowMs: world.nowMs() - this.#beginMs,
      hosts: world.hosts.map((host, at) => this.#showHost(host, at)),
      agents,
      hops: this.#hops,
      letters: this.#letters,
      news: this.#news,
      counts: {
        launched: this.#named.size,
        running: this.#known.size,
        endedRight: this.#counts.endedRight,
        lost: this.#lost() + countOf(oracles.violations, LOSSES),
        doubled: countOf(oracles.violations, DOUBLES),
        falsified: this.#counts.falsified,
        recovered: this.#counts.recovered,
        hopped: this.#counts.hopped,
        checks: this.#events,
        events: this.#events,
      },
      faults,
      cutLinks: cuts.links,
      violation: violation
        ? {
            invariant: INVARIANTS[violation.invariant],
            what: `${violation.text}, at ${Math.round(violation.atMs / 100) / 10} s`,
            seed: world.options.seed,
            command,
          }
        : null,
    }
    this.#hops = []
    this.#news = []
    this.#letters = []
    this.#ended = []
    this.#hopsTold = 0
    this.#keepersTold = 0
    return frame
  }

  /** Its home is there, and yet nobody who is up has its row, runs it or remembers as a witness where it is. */
  #lost(): number {
    const { hosts } = this.#parts.world
    const isKnownTo = ({ life }: Machine, id: AgentId): boolean =>
      life?.state?.registers.has(id) === true || life?.state?.residents.has(id) === true
    let lost = 0
    for (const agent of this.#known.values()) {
      if (!hosts[agent.home]?.life?.host || this.#rowOf(agent) !== null) continue
      if (!hosts.some((host) => isKnownTo(host, agent.id))) lost += 1
    }
    return lost
  }

  /** Of agents that have not ended. */
  #countOf<T>(kept: ReadonlyMap<AgentId, T> | undefined, isIt: (one: T) => boolean): number {
    let count = 0
    for (const [id, one] of kept ?? []) if (this.#known.has(id) && isIt(one)) count += 1
    return count
  }

  #showHost(host: Machine, at: number): SimHost {
    return {
      name: `host ${host.number}`,
      kind: host.kind,
      condition: this.#conditionOf(host, at),
      slots: host.slots,
      keeps: this.#countOf(host.life?.state?.rows, () => true),
      decides: this.#countOf(host.life?.state?.registers, ({ witnesses }) => witnesses.includes(host.identity.did)),
      troubles: [...host.troubles].filter((name) => !SHOWN_OTHERWISE.has(name)),
    }
  }
}

const LOSSES: readonly Invariant[] = ['effects-kept', 'result', 'liveness', 'state-contained']
const DOUBLES: readonly Invariant[] = ['one-holder', 'one-decision', 'effects-once']
/** What the host's sign says already. */
const SHOWN_OTHERWISE = new Set(['crash', 'torn', 'discard', 'freeze', 'suspend', 'owner'])

const countOf = (violations: readonly Violation[], of: readonly Invariant[]): number =>
  violations.filter(({ invariant }) => of.includes(invariant)).length

const showAgent = ({ id, name, condition, host, home, epoch, hops, fuel, launched }: Known): SimAgent => ({
  id,
  name,
  condition,
  host,
  home,
  epoch,
  hops,
  progress: Math.min(1, fuel / launched.program.steps),
})
