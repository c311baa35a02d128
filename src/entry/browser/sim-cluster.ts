import { integerBelow, type Random, seededRandom } from '../../base/random.ts'
import { launchOnce, type SimAgent } from '../../sim/agents.ts'
import { Families } from '../../sim/families.ts'
import { FAULTS, Misfortunes, strike } from '../../sim/faults.ts'
import { Oracles } from '../../sim/oracles.ts'
import type { SimHost } from '../../sim/sim-host.ts'
import { Sometimes } from '../../sim/sometimes.ts'
import { World } from '../../sim/world.ts'
import type { HostAct, SimFault, SimFrame, SimSetup } from '../../ui/sim/sim-view.ts'
import { SIM_LAUNCH_MS, SIM_WARM_MS } from './limits.ts'
import { drawAgent } from './sim-agents.ts'
import { Cuts } from './sim-cuts.ts'
import type { SimRun } from './sim-drive.ts'
import { SimEyes } from './sim-eyes.ts'
import { FAULT_WORDS } from './sim-fault-words.ts'
import type { Deed } from './sim-orders.ts'

/**
 * A simulated cluster that a person plays with: the world of the simulator, its faults and oracles, with as many agents at
 * work at a time as the setup wants. Deeds happen between two steps of time.
 */
export async function buildCluster(setup: SimSetup, settle: () => Promise<void>): Promise<SimRun> {
  const cluster = new SimCluster(setup, settle)
  await cluster.warmUp()
  return cluster
}

const HOSTS_PER_HOME = 30
const HOMES_MAX = 8

class SimCluster implements SimRun {
  readonly faults = switches()
  readonly #setup: SimSetup
  readonly #world: World
  readonly #random: Random
  readonly #families: Families
  readonly #agents: SimAgent[] = []
  readonly #eyes: SimEyes
  readonly #cuts: Cuts
  readonly #misfortunes = new Map<string, Misfortunes>()
  /** What a person has begun on a host, with what ends it. */
  readonly #ends = new Map<string, () => void>()
  #wanted: number

  constructor(setup: SimSetup, settle: () => Promise<void>) {
    this.#setup = setup
    this.#wanted = setup.agents
    const homes = Math.min(HOMES_MAX, Math.max(1, Math.round(setup.hosts / HOSTS_PER_HOME)))
    this.#world = new World({ seed: setup.seed, hosts: setup.hosts, homes, signatures: 'cheap' }, { settle })
    this.#random = seededRandom(setup.seed + 5)
    this.#families = new Families(this.#world, [])
    const oracles = new Oracles(this.#world, this.#families, new Sometimes())
    this.#cuts = new Cuts(this.#world)
    this.#eyes = new SimEyes({
      world: this.#world,
      families: this.#families,
      oracles,
      agents: this.#agents,
      cuts: this.#cuts,
    })
  }

  async warmUp(): Promise<void> {
    this.#world.startAll()
    await this.#world.advance(SIM_WARM_MS)
    this.#eyes.begin()
  }

  async advance(ms: number): Promise<void> {
    this.#cuts.keep()
    this.#fillUp()
    await this.#world.advance(ms)
    this.#eyes.look()
  }

  /** Whoever has ended makes room for another; at the start they come one after the other. */
  #fillUp(): void {
    const nowMs = this.#world.nowMs()
    const missing = this.#wanted - this.#eyes.atWork - this.#unborn()
    const last = this.#agents.at(-1)
    if (missing > 0 && (!last || nowMs - last.launchMs >= SIM_LAUNCH_MS)) {
      const atOnce = Math.max(1, Math.ceil(missing / 24))
      for (let i = 0; i < atOnce; i++) this.#draw(nowMs)
    }
    for (const agent of this.#agents.slice(-UNBORN_MAX)) launchOnce(this.#world, agent)
  }

  #unborn = (): number => this.#agents.slice(-UNBORN_MAX).filter(({ id }) => id === null).length

  #draw(launchMs: number): void {
    const index = this.#agents.length
    const { homes } = this.#world
    const home = homes[index % homes.length]
    if (!home) return
    const agent = drawAgent(this.#setup, index, home, launchMs)
    this.#agents.push(agent)
    this.#families.add(agent)
  }

  async obey(deed: Deed): Promise<void> {
    switch (deed.kind) {
      case 'fault':
        return this.#switchFault(deed.id, deed.on)
      case 'act':
        return this.#actOn(deed.host, deed.act)
      case 'link':
        this.#cuts.setLink(deed.a, deed.b, deed.whole)
        return this.#eyes.tell(
          deed.whole ? 'heal' : 'fault',
          `the link between ${this.#name(deed.a)} and ${this.#name(deed.b)} is ${deed.whole ? 'whole again' : 'cut'}`,
        )
      case 'partition':
        this.#cuts.part(deed.groups)
        return deed.groups.length > 1
          ? this.#eyes.tell(
              'fault',
              `the cluster is cut into ${deed.groups.map(({ length }) => length).join(' and ')} hosts`,
            )
          : this.#eyes.tell('heal', 'the cluster is one again')
      case 'launch':
        this.#wanted += deed.agents
        return
      case 'heal':
        return this.#healAll()
    }
  }

  #name = (host: number): string => `host ${this.#world.hosts[host]?.number ?? '?'}`

  #switchFault(id: string, on: boolean): void {
    const fault = this.faults.find((one) => one.id === id)
    if (!fault || this.#misfortunes.has(id) === on) return
    this.#misfortunes.get(id)?.stop()
    this.#misfortunes.delete(id)
    if (on) this.#misfortunes.set(id, new Misfortunes(this.#world, [id], integerBelow(this.#random, 2 ** 31)))
    this.#eyes.tell(
      on ? 'fault' : 'heal',
      on ? `from now on, by chance: ${fault.says}` : `no more: ${fault.label.toLowerCase()}`,
    )
  }

  #actOn(at: number, act: HostAct): void {
    const host = this.#world.hosts[at]
    if (!host) return
    const held = this.#eyes.agentsOn(at)
    const holding = held === 0 ? 'it held no agent' : `it held ${held} ${held === 1 ? 'agent' : 'agents'}`
    const name = this.#name(at)
    switch (act) {
      case 'kill':
        this.#forget(at)
        this.#world.crash(host)
        return this.#eyes.tell('fault', `${name} was killed; ${holding}`)
      case 'start':
        this.#world.start(host)
        return this.#eyes.tell('heal', `${name} is started again`)
      case 'cut-off':
        this.#cuts.setLonely(at, true)
        return this.#eyes.tell('fault', `${name} is cut off from everybody; ${holding}`)
      case 'reconnect':
        this.#cuts.setLonely(at, false)
        return this.#eyes.tell('heal', `${name} is connected again`)
      case 'freeze':
        if (this.#begin(at, host, host.kind === 'tab' ? 'freeze' : 'suspend'))
          this.#eyes.tell('fault', `${name} is frozen; ${holding}`)
        return
      case 'wake':
        this.#end(at, host, ['freeze', 'suspend'])
        return this.#eyes.tell('heal', `${name} is awake again`)
      case 'owner-back':
        if (this.#begin(at, host, 'owner')) this.#eyes.tell('fault', `the owner of ${name} is back; ${holding}`)
        return
      case 'owner-away':
        this.#end(at, host, ['owner'])
        return this.#eyes.tell('heal', `the owner of ${name} is away again`)
    }
  }

  #begin(at: number, host: SimHost, fault: string): boolean {
    const end = strike(this.#world, fault, this.#random, host)
    if (end) this.#ends.set(`${at} ${fault}`, end)
    return end !== null
  }

  /** Also what came over the host by chance. */
  #end(at: number, host: SimHost, faults: readonly string[]): void {
    for (const fault of faults) {
      this.#ends.get(`${at} ${fault}`)?.()
      this.#ends.delete(`${at} ${fault}`)
      if (fault === 'owner' && host.ownerIsBack) {
        host.ownerIsBack = false
        host.life?.host?.setAccepting(true)
      } else if (fault !== 'owner' && host.life?.time.isAsleep) host.life.time.wake()
    }
  }

  /** Who is dead is neither frozen nor wanted by its owner. */
  #forget(at: number): void {
    for (const fault of ['freeze', 'suspend', 'owner']) {
      this.#ends.get(`${at} ${fault}`)?.()
      this.#ends.delete(`${at} ${fault}`)
    }
  }

  #healAll(): void {
    for (const misfortunes of this.#misfortunes.values()) misfortunes.stop()
    this.#misfortunes.clear()
    this.#cuts.healAll()
    for (const end of this.#ends.values()) end()
    this.#ends.clear()
    for (const [at, host] of this.#world.hosts.entries()) {
      this.#world.start(host)
      this.#end(at, host, ['owner', 'freeze', 'suspend'])
    }
    this.#eyes.tell('heal', 'all is whole: every host is up, every link mended, no fault switched on')
  }

  frame(): SimFrame {
    const { hosts, agents, witnesses, seed } = this.#setup
    const { homes } = this.#world.options
    const faults = [...this.#misfortunes.keys()]
    const size = `--hosts ${hosts} --homes ${homes} --agents ${agents} --witnesses ${witnesses}`
    return this.#eyes.frame(faults, `npx sojourn sim ${size} --seed ${seed} --faults ${faults.join(',') || 'none'}`)
  }
}

/** Every kind of fault there is, in the order of their words; one that has none yet stands at the end by its name. */
function switches(): readonly SimFault[] {
  const order = Object.keys(FAULT_WORDS)
  const rank = (name: string): number => (name in FAULT_WORDS ? order.indexOf(name) : order.length)
  return [...FAULTS]
    .sort((a, b) => rank(a.name) - rank(b.name))
    .map(({ name, what }) => ({ id: name, says: what, ...(FAULT_WORDS[name] ?? { label: name, group: 'More' }) }))
}

/** Agents that may wait for their homes to be there at a time. */
const UNBORN_MAX = 600
