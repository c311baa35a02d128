import { beforeEach, describe, expect, it } from 'vitest'
import { verifyItinerary } from '../../src/audit/itinerary.ts'
import type { Clock } from '../../src/base/clock.ts'
import { seededRandom } from '../../src/base/random.ts'
import type { Timer, Timers } from '../../src/base/timers.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { CLOCK_SKEW_MS, LEASE_EDGE_MS } from '../../src/host/limits.ts'
import { addressOf } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { type CheapProgram, CheapSandbox, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import { Cluster, type ClusterHost } from '../host/cluster.ts'

/**
 * Hosts whose clocks are wrong, run fast or slow, jump, or stand still while a laptop sleeps. Whatever they show, an agent
 * has its one right result and runs nowhere twice in an epoch: a clock permits a proposal, and decides nothing.
 */
class OwnTime implements Clock, Timers {
  readonly #true: Clock & Timers
  readonly #rate: number
  offsetMs: number
  #asleep: { readonly sinceMs: number; readonly due: (() => void)[] } | null = null
  #sleptMs = 0

  constructor(time: Clock & Timers, { rate = 1, offsetMs = 0 }: { rate?: number; offsetMs?: number } = {}) {
    this.#true = time
    this.#rate = rate
    this.offsetMs = offsetMs
  }

  nowMs(): number {
    return ((this.#asleep?.sinceMs ?? this.#true.nowMs()) - this.#sleptMs) * this.#rate
  }

  wallMs(): number {
    return this.#true.wallMs() + this.offsetMs
  }

  after(ms: number, run: () => void): Timer {
    return this.#true.after(ms / this.#rate, () => (this.#asleep ? this.#asleep.due.push(run) : run()))
  }

  sleep(): void {
    this.#asleep = { sinceMs: this.#true.nowMs(), due: [] }
  }

  wake(): void {
    const asleep = this.#asleep
    this.#asleep = null
    this.#sleptMs += this.#true.nowMs() - (asleep?.sinceMs ?? 0)
    for (const run of asleep?.due ?? []) run()
  }
}

const DAY_MS = 24 * 3600_000
const program: CheapProgram = {
  steps: 6_000,
  emitEvery: 500,
  moves: [
    { at: 1_000, where: 'anywhere' },
    { at: 3_000, where: 'anywhere' },
  ],
}
const authority = createAuthority(createSigner(generateSecretKey(seededRandom(7))), createVerifier())
let world: Cluster
let home: ClusterHost

beforeEach(() => {
  world = new Cluster()
})

async function start(seed: number, time: OwnTime): Promise<ClusterHost> {
  const powers = { clock: time, timers: time, sandbox: new CheapSandbox(time) }
  return world.start(seed, { ...powers, ...(seed === 1 ? { kind: 'launcher', slots: 0 } : {}) })
}

async function endsRight(agent: AgentId): Promise<void> {
  expect(await world.ended(home.host, agent, 120_000)).toEqual({ ok: true, value: cheapTruth(program) })
  const emits = (home.host.story(agent, 0)?.lines ?? []).filter(({ kind }) => kind === 'emit')
  expect(emits.map(({ valueJson }) => JSON.parse(valueJson).done)).toEqual(
    Array.from({ length: 12 }, (_, i) => 500 * (i + 1)),
  )
  const itinerary = home.host.itinerary(agent)
  expect(itinerary && (await verifyItinerary(itinerary, authority))).toMatchObject({ ok: true })
}

const runsOnceAnEpoch = (agent: AgentId): void => {
  const epochs = [...world.hosts.values()].flatMap(({ host }) =>
    host.snapshot().agents.flatMap(({ id, epoch, state }) => (id === agent && state === 'running' ? [epoch] : [])),
  )
  expect(new Set(epochs).size).toBe(epochs.length)
}

describe('an agent ends right', { timeout: 60_000 }, () => {
  it.each([
    ['are minutes apart', [{ offsetMs: 9 * 60_000 }, { offsetMs: -9 * 60_000 }, {}]],
    ['run fast and slow', [{ rate: 1.3 }, { rate: 0.7 }, { rate: 1.05 }]],
    ['do both', [{ rate: 0.8, offsetMs: 8 * 60_000 }, { rate: 1.2, offsetMs: -1_000 }, { rate: 1.1 }]],
  ])('where the clocks of its hosts %s', async (_, clocks) => {
    home = await start(1, new OwnTime(world.time))
    for (const [i, clock] of clocks.entries()) await start(2 + i, new OwnTime(world.time, clock))
    await world.time.advance(5_000)
    const agent = await world.launch(home.host, program)
    for (let i = 0; i < 8; i++) {
      await world.time.advance(500)
      runsOnceAnEpoch(agent)
    }
    await endsRight(agent)
  })

  it.each([12, -12])('where the date of its home and of its holder jumps by %i hours', async (hours) => {
    const times = [1, 2, 3].map(() => new OwnTime(world.time))
    home = await start(1, times[0] as OwnTime)
    await start(2, times[1] as OwnTime)
    await start(3, times[2] as OwnTime)
    await world.time.advance(5_000)
    const agent = await world.launch(home.host, program)
    await world.time.advance(500)
    const [holder = 2] = world.holders(agent)
    for (const jumped of [1, holder]) (times[jumped - 1] as OwnTime).offsetMs += (hours * DAY_MS) / 24
    await endsRight(agent)
  })

  it('elsewhere, where a host whose date is a day behind does not take it', async () => {
    home = await start(1, new OwnTime(world.time))
    const behind = await start(2, new OwnTime(world.time, { offsetMs: -DAY_MS }))
    await world.time.advance(4_000)
    const agent = await world.launch(home.host, program)
    await world.time.advance(2_000)
    expect(home.logs.join('\n')).toMatch(/does not take it: .*future/)
    expect(world.holders(agent)).toEqual([])
    await start(3, new OwnTime(world.time, { offsetMs: CLOCK_SKEW_MS / 2 }))
    await endsRight(agent)
    expect(home.host.story(agent, 0)?.row.holder).not.toBe(behind.did)
  })

  it('where its holder sleeps through its lease, and wakes up believing that no time has passed', async () => {
    const laptop = new OwnTime(world.time)
    home = await start(1, new OwnTime(world.time))
    const sleeper = await start(2, laptop)
    await world.time.advance(4_000)
    const agent = await world.launch(home.host, program)
    await world.time.advance(800)
    expect(world.holders(agent)).toEqual([2])
    const other = await start(3, new OwnTime(world.time))
    const links = [home, other].map(({ did }) => [addressOf(did), addressOf(sleeper.did)] as const)
    laptop.sleep()
    for (const [a, b] of links) world.network.cut(a, b)
    await world.time.advance(LEASE_EDGE_MS + 3_000)
    expect(home.host.story(agent, 0)?.lines.map(({ kind }) => kind)).toContain('recover')
    laptop.wake()
    for (const [a, b] of links) world.network.heal(a, b)
    for (let i = 0; i < 6; i++) {
      await world.time.advance(300)
      runsOnceAnEpoch(agent)
    }
    await endsRight(agent)
    // What it did after it woke up, in an epoch that was over, nobody has taken from it.
    await world.time.advance(20_000)
    expect(sleeper.host.snapshot().agents).toEqual([])
  })
})
