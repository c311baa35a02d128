import { assert } from '../base/assert.ts'
import type { Cid } from '../base/digest.ts'
import { integerBelow, type Random, seededRandom } from '../base/random.ts'
import type { HostEffect, HostEvent } from '../host/events.ts'
import { createHost } from '../host/runtime.ts'
import type { HostState } from '../host/state.ts'
import type { Did } from '../identity/did.ts'
import { grantPermit } from '../permit/delegation.ts'
import { MemoryNetwork } from '../platform/memory/transport.ts'
import { VirtualTime } from '../platform/memory/virtual-time.ts'
import type { Sandbox } from '../sandbox/port.ts'
import { CHEAP_GUESTS, type WorldGuests } from './cheap-guests.ts'
import { SimDisk } from './disk.ts'
import { HostTime } from './host-time.ts'
import { authorOf, identityOf, type Signatures, verifierOf } from './identities.ts'
import { LATENCY_MS, MEMBERS_TOLD_MAX, RESTART_MS } from './limits.ts'
import { SimTransport } from './line.ts'
import { type Life, type SimHost, type SimHostSnapshot, showSimHost } from './sim-host.ts'
import { SimSky } from './sky.ts'
import { storedDeflate } from './stored-deflate.ts'

/**
 * Many hosts in virtual time: production hosts on memory's network and disks, from one seed. A world does nothing by
 * itself but let time pass; who strikes it with faults is faults.ts, who looks whether all is right is oracles.ts. Needs
 * nothing of its realm but `settle`, so that the terminal and the page have the same one.
 */
export interface WorldOptions {
  readonly seed: number
  readonly hosts: number
  /** The first so many of the hosts launch agents and run none of others. */
  readonly homes: number
  readonly signatures: Signatures
}

export interface WorldPowers {
  /** Resolves when every promise has come to rest: after one turn of the event loop. */
  settle(): Promise<void>
  /** Other guests than cheap ones. */
  readonly guests?: WorldGuests
}

/** After each step of each host. */
export type Watch = (
  host: SimHost,
  life: Life,
  event: HostEvent,
  effects: readonly HostEffect[],
  state: HostState,
) => void

/** Every so many edge hosts one is a tab. */
const TAB_EVERY = 4
const SLOTS = 4

export class World {
  readonly time: VirtualTime
  readonly network: MemoryNetwork
  readonly sky: SimSky
  readonly hosts: readonly SimHost[]
  readonly options: WorldOptions
  readonly guests: WorldGuests
  /** Why hosts have stopped by themselves, but for disks that took no more. */
  readonly stops: string[] = []
  /** Blocks of bundles, which hosts keep until they start again. */
  readonly bundled = new Set<Cid>()
  readonly #watches: Watch[] = []
  readonly #random: Random
  readonly #wrongClocks = new Map<number, { rate: number; offsetMs: number }>()
  /** By number, whom the rendezvous tells it of. */
  readonly #told = new Map<number, readonly SimHost[]>()
  readonly #liars = new Set<Did>()
  #lives = 0

  constructor(options: WorldOptions, powers: WorldPowers) {
    const { seed, hosts, homes, signatures } = options
    assert(homes >= 1 && homes < hosts, `homes ${homes} of ${hosts} hosts`)
    this.options = options
    this.guests = powers.guests ?? CHEAP_GUESTS
    this.#random = seededRandom(seed)
    this.time = new VirtualTime(() => powers.settle())
    const random = seededRandom(seed + 1)
    this.network = new MemoryNetwork({ random, clock: this.time, timers: this.time, latencyMs: LATENCY_MS })
    this.sky = new SimSky(seededRandom(seed + 2), this.time)
    this.hosts = Array.from({ length: hosts }, (_, i) => ({
      number: i + 1,
      kind: i < homes ? 'launcher' : (i - homes) % TAB_EVERY === TAB_EVERY - 1 ? 'tab' : 'edge',
      isHome: i < homes,
      slots: i < homes ? 0 : SLOTS,
      identity: identityOf(i + 1, signatures),
      disk: new SimDisk(this.time),
      life: null,
      renewed: 0,
      troubles: new Set(),
      ownerIsBack: false,
      lies: false,
    }))
  }

  /** Called after each step of each host, from now on. */
  watch(watch: Watch): void {
    this.#watches.push(watch)
  }

  get homes(): readonly SimHost[] {
    return this.hosts.slice(0, this.options.homes)
  }

  startAll(): void {
    for (const host of this.hosts) this.start(host)
  }

  /** Begins a life on whatever its disk has; it is there after some virtual time. Harmless where there is one. */
  start(host: SimHost): void {
    if (host.life) return
    const time = new HostTime(this.time, this.#wrongClocks.get(host.number))
    const life: Life = { number: ++this.#lives, time, host: null, state: null, logs: [] }
    host.life = life
    void this.#begin(host, life).catch((error: unknown) => this.#didNotStart(host, life, error))
  }

  async #begin(host: SimHost, life: Life): Promise<void> {
    const { signatures } = this.options
    const { identity, kind, number, slots, isHome } = host
    const author = authorOf(signatures)
    const store = await host.disk.open()
    if (host.lies) this.#liars.add(identity.did)
    const sandbox = this.guests.sandbox(life.time)
    const started = await createHost({
      signer: identity.signer,
      verifier: verifierOf(signatures),
      transport: async () => {
        if (host.life !== life) throw new Error('it has crashed while it started')
        return new SimTransport(this.network.join(identity.address), life.time, this.sky)
      },
      store: {
        ...store,
        close: async () => {
          this.#stopped(host, life)
          await store.close()
        },
      },
      sandbox: host.lies ? lying(sandbox) : sandbox,
      deflate: storedDeflate,
      engineId: this.guests.engineId,
      clock: life.time,
      timers: life.time,
      // No two lives draw the same.
      random: seededRandom(this.options.seed * 7_919 + life.number),
      kind,
      name: `host ${number}`,
      slots,
      trust: [author.did],
      permit: isHome ? [await this.#leave(host)] : [],
      members: async () => this.#membersOf(host),
      log: (level, text, agent) => {
        if (text.startsWith('the host stops: ') && !/Store\w+Error/.test(text))
          this.stops.push(`host ${number}: ${text}`)
        life.logs.push(`${Math.round(this.time.nowMs())} ${level} ${agent ?? ''} ${text}`)
        if (life.logs.length > LOGS_KEPT) life.logs.splice(0, LOGS_KEPT / 2)
      },
      watch: (event, effects, state) => {
        life.state = state
        for (const watch of this.#watches) watch(host, life, event, effects, state)
      },
    })
    if (host.life !== life) return
    life.host = started
    if (host.ownerIsBack) started.setAccepting(false)
  }

  #leave({ identity, number }: SimHost): Promise<Uint8Array> {
    const author = authorOf(this.options.signatures)
    return grantPermit(author.signer, {
      audience: identity.did,
      subject: author.did,
      command: '/agent/run',
      policy: [],
      expiresMs: this.time.wallMs() + PERMIT_MS,
      nonce: seededRandom(number).bytes(16),
    })
  }

  /** A disk that is full in the middle of a start, or has rotted: it stays down, or begins as somebody else. */
  #didNotStart(host: SimHost, life: Life, error: unknown): void {
    if (host.life !== life) return
    life.time.end()
    this.network.crash(host.identity.address)
    host.life = null
    host.disk.crash(0)
    if (error instanceof Error && error.name === 'StoreDamagedError') this.renew(host)
    else this.time.after(RESTART_MS, () => this.start(host))
  }

  /**
   * Whether the world bears it that one more host forgets everything: of an agent with three witnesses one may, and the next
   * not before another has taken its place.
   */
  canForget(): boolean {
    const present = new Set(this.hosts.map(({ identity }) => identity.did))
    return this.hosts.every(({ life }) =>
      [...(life?.state?.registers.values() ?? [])].every(({ agent, witnesses }) => {
        const row = life?.state?.rows.get(agent) ?? life?.state?.mirrors.get(agent)
        return !row || row.outcome !== null || witnesses.every((did) => present.has(did))
      }),
    )
  }

  /** Its disk is lost, and so is what it was: another host begins on that machine. */
  renew(host: SimHost): void {
    assert(host.life === null, 'a host that runs is not another')
    host.renewed += 1
    host.identity = identityOf(host.number + host.renewed * RENEWED_NUMBERS, this.options.signatures)
    host.disk = new SimDisk(this.time)
    this.time.after(RESTART_MS, () => this.start(host))
  }

  /** It has closed by itself: what it wanted to keep could not be kept. Its supervisor starts it again. */
  #stopped(host: SimHost, life: Life): void {
    if (host.life !== life) return
    host.life = null
    life.time.end()
    this.time.after(RESTART_MS, () => this.start(host))
  }

  /**
   * kill -9, a power cut, a tab that is discarded: what was not durable is lost, but for the first `torn` of the commits
   * under way, of which nobody was told. Harmless where it is down.
   */
  crash(host: SimHost, torn = 0): void {
    const { life } = host
    if (!life) return
    host.life = null
    life.time.end()
    this.network.crash(host.identity.address)
    void life.host?.close().catch(() => undefined)
    host.disk.crash(torn)
  }

  /** The rendezvous is a hint whom to dial: it tells each host of a bounded number of others. */
  #membersOf(host: SimHost): readonly string[] {
    if (!this.sky.isRendezvousUp()) throw new Error('the rendezvous is down')
    return this.#acquaintancesOf(host).flatMap(({ life, identity }) => (life ? [identity.address] : []))
  }

  #acquaintancesOf(host: SimHost): readonly SimHost[] {
    if (this.hosts.length <= 2 * MEMBERS_TOLD_MAX) return this.hosts
    const known = this.#told.get(host.number)
    if (known) return known
    const random = seededRandom(this.options.seed + 31 * host.number)
    const told = Array.from({ length: MEMBERS_TOLD_MAX }, () => this.hosts[integerBelow(random, this.hosts.length)])
    const others = told.filter((other): other is SimHost => other !== undefined && other !== host)
    this.#told.set(host.number, others)
    return others
  }

  /** From its next life on. */
  setClock(host: SimHost, clock: { readonly rate: number; readonly offsetMs: number }): void {
    this.#wrongClocks.set(host.number, clock)
  }

  /** Hosts that are up, in order. */
  up(): readonly SimHost[] {
    return this.hosts.filter(({ life }) => life?.host != null)
  }

  /** One by chance of the world's own. */
  pick<T>(from: readonly T[]): T | null {
    return from[integerBelow(this.#random, from.length)] ?? null
  }

  nowMs = (): number => this.time.nowMs()

  advance = (ms: number): Promise<void> => this.time.advance(ms)

  /** Whether it has ever falsified anything, under whatever identity. */
  hasLied = (did: Did): boolean => this.#liars.has(did)

  snapshot(): readonly SimHostSnapshot[] {
    return this.hosts.map(showSimHost)
  }
}

/** Comes to what it likes; whoever runs the agent again comes to something else. */
const lying = (inner: Sandbox): Sandbox => ({
  spawn: (order, onEvent) =>
    inner.spawn(order, (event) =>
      onEvent(event.kind === 'finished' && !order.replay ? { ...event, resultJson: '{"steps":-1}' } : event),
    ),
})

const LOGS_KEPT = 400
const PERMIT_MS = 10 * 365 * 86_400_000
const RENEWED_NUMBERS = 100_000
