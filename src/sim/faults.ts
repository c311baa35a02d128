import { integerBelow, type Random, seededRandom } from '../base/random.ts'
import { CHANNEL_PATIENCE_MS } from './limits.ts'
import type { SimOptions } from './options.ts'
import type { SimHost } from './sim-host.ts'
import type { World } from './world.ts'

/**
 * What can go wrong, as data: each kind knows whom it can strike now, how it begins and how it ends. A seed switches some of
 * them on; the page strikes by hand. Nothing here knows what is right afterwards: that is oracles.ts.
 */
export interface FaultKind {
  readonly name: string
  /** For people. */
  readonly what: string
  /** How often it strikes where it is switched on: once in so many virtual milliseconds, on average. */
  readonly everyMs: number
  /** How long it lasts, virtual milliseconds. */
  readonly lastsMs: readonly [number, number]
  /** Whom it may strike; by default any host that is up. */
  may?(host: SimHost, world: World): boolean
  /** Begins it; what it returns ends it. */
  strike(world: World, host: SimHost, random: Random): () => void
}

const MINUTE = 60_000

/** Of the hosts that are up another one than this. */
function another(world: World, host: SimHost, random: Random): SimHost | null {
  const others = world.up().filter((other) => other !== host)
  return others[integerBelow(random, others.length)] ?? null
}

const nuisance = (name: 'drop' | 'duplicate' | 'reorder' | 'delay', what: string, share: number): FaultKind => ({
  name,
  what,
  everyMs: 2 * MINUTE,
  lastsMs: [2_000, 30_000],
  strike: (world, { identity }) => world.sky.roughen(identity.address, name, share),
})

const isAwake = ({ life }: SimHost): boolean => life?.host != null && !life.time.isAsleep
const isTab = (host: SimHost): boolean => host.kind === 'tab' && isAwake(host)

/** A host goes down and comes back after a while, unless it is back already. */
function down(world: World, host: SimHost, torn: number): () => void {
  world.crash(host, torn)
  return () => world.start(host)
}

function block(world: World, a: SimHost, b: SimHost, bothWays: boolean): () => void {
  const [one, other] = [a.identity.address, b.identity.address]
  const ends = [world.sky.block(one, other), ...(bothWays ? [world.sky.block(other, one)] : [])]
  if (bothWays) world.network.cut(one, other)
  let isOver = false
  world.time.after(CHANNEL_PATIENCE_MS, () => {
    if (!isOver) world.network.sever(one, other)
  })
  return () => {
    isOver = true
    for (const end of ends) end()
    if (bothWays) world.network.heal(one, other)
  }
}

function sleep(host: SimHost, stops: boolean): () => void {
  const { life } = host
  life?.time.sleep(stops)
  return () => life?.time.wake()
}

export const FAULTS: readonly FaultKind[] = [
  nuisance('drop', 'messages from a host are lost within living sessions', 0.1),
  nuisance('duplicate', 'messages from a host arrive twice', 0.3),
  nuisance('reorder', 'messages from a host are overtaken by later ones', 0.2),
  nuisance('delay', 'messages from a host, and all after them, come seconds later', 0.1),
  {
    name: 'sever',
    what: 'all channels between two hosts end',
    everyMs: MINUTE,
    lastsMs: [1, 2],
    strike(world, host, random) {
      const other = another(world, host, random)
      if (other) world.network.sever(host.identity.address, other.identity.address)
      return () => undefined
    },
  },
  {
    name: 'partition',
    what: 'two hosts hear nothing of each other, and cannot connect',
    everyMs: MINUTE,
    lastsMs: [500, 60_000],
    strike(world, host, random) {
      const other = another(world, host, random)
      return other ? block(world, host, other, true) : () => undefined
    },
  },
  {
    name: 'oneway',
    what: 'one host hears nothing of another, which hears it well',
    everyMs: MINUTE,
    lastsMs: [500, 40_000],
    strike(world, host, random) {
      const other = another(world, host, random)
      return other ? block(world, host, other, false) : () => undefined
    },
  },
  {
    name: 'crash',
    what: 'a host is killed; what it had not synced is lost',
    everyMs: MINUTE,
    lastsMs: [200, 40_000],
    strike: (world, host) => down(world, host, 0),
  },
  {
    name: 'torn',
    what: 'a host is killed in the middle of writing: some of it is durable, and it was told of none',
    everyMs: 2 * MINUTE,
    lastsMs: [200, 20_000],
    strike: (world, host, random) => down(world, host, integerBelow(random, host.disk.waiting + 1)),
  },
  {
    name: 'rot',
    what: 'a record on a host’s disk cannot be read any more when it starts again: it begins as another host',
    everyMs: 4 * MINUTE,
    lastsMs: [500, 10_000],
    // What a home alone has written down of its agents, nobody else has; and of three witnesses one may forget.
    may: (host, world) => !host.isHome && isAwake(host) && world.canForget(),
    strike(world, host, random) {
      world.crash(host)
      const { disk } = host
      void disk.rot(['', 'block/', 'resident/', 'row/', 'host/'][integerBelow(random, 5)] ?? '', (count) =>
        integerBelow(random, count),
      )
      return () => world.start(host)
    },
  },
  {
    name: 'full',
    what: 'a host’s disk has no room any more',
    everyMs: 2 * MINUTE,
    lastsMs: [1_000, 20_000],
    strike(_world, { disk }, random) {
      disk.leaveRoom(integerBelow(random, 60_000))
      return () => disk.leaveRoom(null)
    },
  },
  {
    name: 'skew',
    what: 'a host’s clock shows another date, and runs faster or slower from its next life on',
    everyMs: 3 * MINUTE,
    lastsMs: [10_000, 120_000],
    strike(world, host, random) {
      const offsetMs = integerBelow(random, 2 * SKEW_MS) - SKEW_MS
      world.setClock(host, { rate: 0.8 + integerBelow(random, 5) / 10, offsetMs })
      return () => world.setClock(host, { rate: 1, offsetMs: 0 })
    },
  },
  {
    name: 'jump',
    what: 'the date of a host jumps by minutes',
    everyMs: 2 * MINUTE,
    lastsMs: [1_000, 60_000],
    strike(_world, { life }, random) {
      const byMs = integerBelow(random, 2 * SKEW_MS) - SKEW_MS
      if (life) life.time.offsetMs += byMs
      return () => {
        if (life) life.time.offsetMs -= byMs
      }
    },
  },
  {
    name: 'throttle',
    what: 'a hidden tab’s timers fire once a second',
    everyMs: MINUTE,
    lastsMs: [5_000, 120_000],
    may: isTab,
    strike(_world, { life }) {
      if (life) life.time.throttleMs = 1_000
      return () => {
        if (life) life.time.throttleMs = 0
      }
    },
  },
  {
    name: 'freeze',
    what: 'a tab is frozen: nothing in it happens, and then everything at once',
    everyMs: MINUTE,
    lastsMs: [500, 40_000],
    may: isTab,
    strike: (_world, host) => sleep(host, false),
  },
  {
    name: 'suspend',
    what: 'a laptop is closed; when it is opened its clock believes that no time has passed',
    everyMs: 2 * MINUTE,
    lastsMs: [500, 40_000],
    strike: (_world, host) => sleep(host, true),
  },
  {
    name: 'discard',
    what: 'a tab is discarded and opened again later',
    everyMs: 2 * MINUTE,
    lastsMs: [1_000, 60_000],
    may: isTab,
    strike: (world, host) => down(world, host, 0),
  },
  {
    name: 'owner',
    what: 'the owner of a host wants it for himself: its agents leave',
    everyMs: MINUTE,
    lastsMs: [1_000, 40_000],
    may: (host) => !host.isHome && isAwake(host) && !host.ownerIsBack,
    strike(_world, host) {
      host.ownerIsBack = true
      void host.life?.host?.drain()
      return () => {
        host.ownerIsBack = false
        host.life?.host?.setAccepting(true)
      }
    },
  },
  {
    name: 'slow',
    what: 'a host is so busy that it looks at everything late',
    everyMs: MINUTE,
    lastsMs: [2_000, 30_000],
    strike(_world, { life }, random) {
      if (life) life.time.lagMs = 20 + integerBelow(random, 600)
      return () => {
        if (life) life.time.lagMs = 0
      }
    },
  },
  {
    name: 'liar',
    what: 'a host falsifies what it runs, from its next life on',
    everyMs: 3 * MINUTE,
    lastsMs: [30_000, 200_000],
    may: (host, world) => !host.isHome && isAwake(host) && !world.hosts.some(({ lies }) => lies),
    strike(world, host) {
      host.lies = true
      world.crash(host)
      world.start(host)
      return () => {
        host.lies = false
        world.crash(host)
        world.start(host)
      }
    },
  },
  {
    name: 'rendezvous',
    what: 'the rendezvous is down: nobody finds anybody new',
    everyMs: 2 * MINUTE,
    lastsMs: [2_000, 60_000],
    strike: (world) => world.sky.stopRendezvous(),
  },
]

const SKEW_MS = 4 * MINUTE

export const FAULT_NAMES: readonly string[] = FAULTS.map(({ name }) => name)

const mayStrike = (kind: FaultKind, host: SimHost, world: World): boolean =>
  kind.may ? kind.may(host, world) : isAwake(host)

/** One fault of a kind, on this host or on one by chance; null where there is nobody to strike. What it returns ends it. */
export function strike(world: World, name: string, random: Random, on?: SimHost): (() => void) | null {
  const kind = FAULTS.find((one) => one.name === name)
  if (!kind) return null
  const able = (on ? [on] : world.hosts).filter((host) => mayStrike(kind, host, world))
  const host = able[integerBelow(random, able.length)]
  if (!host) return null
  host.troubles.add(name)
  const end = kind.strike(world, host, random)
  let isOver = false
  return () => {
    if (isOver) return
    isOver = true
    host.troubles.delete(name)
    end()
  }
}

/** Half of all kinds, by the seed; so that a rare combination is somewhere among many seeds, and so is a calm. */
export function faultsOf({ seed, faults }: Pick<SimOptions, 'seed' | 'faults'>): readonly string[] {
  const random = seededRandom(seed * 31 + 7)
  return FAULT_NAMES.filter((name) => (faults === 'any' ? integerBelow(random, 2) === 0 : faults.includes(name)))
}

/**
 * Faults of these kinds at random moments, from now on until `stop`, which ends all that are under way. Each kind draws by
 * itself: without one of them, the others strike as before.
 */
export class Misfortunes {
  readonly #world: World
  readonly #underWay = new Set<() => void>()
  /** How often each kind has struck. */
  readonly struck = new Map<string, number>()
  #isOver = false

  constructor(world: World, names: readonly string[], seed: number) {
    this.#world = world
    for (const [i, kind] of FAULTS.entries())
      if (names.includes(kind.name)) this.#await(kind, seededRandom(seed * 8_191 + i))
  }

  #await(kind: FaultKind, random: Random): void {
    this.#world.time.after(integerBelow(random, 2 * kind.everyMs), () => {
      if (this.#isOver) return
      this.#strike(kind, random)
      this.#await(kind, random)
    })
  }

  #strike(kind: FaultKind, random: Random): void {
    const end = strike(this.#world, kind.name, random)
    if (!end) return
    this.struck.set(kind.name, (this.struck.get(kind.name) ?? 0) + 1)
    this.#underWay.add(end)
    const [least, most] = kind.lastsMs
    this.#world.time.after(least + integerBelow(random, most - least), () => {
      this.#underWay.delete(end)
      end()
    })
  }

  stop(): void {
    this.#isOver = true
    for (const end of this.#underWay) end()
    this.#underWay.clear()
  }
}
