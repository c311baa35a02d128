import { describe, expect, it } from 'vitest'
import { decode } from '../../src/base/codec.ts'
import { integerBelow, type Random, seededRandom } from '../../src/base/random.ts'
import { DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Host } from '../../src/host/host.ts'
import type { Quota } from '../../src/permit/quota.ts'
import type { MemoryDisk } from '../../src/platform/memory/store.ts'
import { type CheapProgram, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import type { Requests } from '../../src/wire/messages.ts'
import { Cluster } from '../host/cluster.ts'

/**
 * Hosts crash, come back, are cut off and evicted at random; afterwards the network heals and every agent must have its
 * one right result, with every emit once and in order. A failure names its seed:
 * `SEED=n npm run sim` replays it; `SEEDS=500 npm run sim` tries more.
 */
const seeds = process.env.SEED
  ? [Number(process.env.SEED)]
  : Array.from({ length: Number(process.env.SEEDS ?? 40) }, (_, i) => i + 1)

const EDGES = [2, 3, 4, 5]

/** Real time for one seed, which takes half a second on an idle machine. */
const SEED_MS_MAX = 60_000

describe('an author gets the results of a failure-free run', { timeout: SEED_MS_MAX }, () => {
  it.each(seeds)('with faults of seed %i', async (seed) => {
    const random = seededRandom(seed)
    const world = new Cluster()
    let home = (await world.start(1, { kind: 'launcher', slots: 0 })).host
    for (const edge of EDGES) await world.start(edge, { slots: 3 })
    await world.time.advance(4_000)
    const programs: CheapProgram[] = Array.from({ length: 6 }, (_, i) => ({
      steps: 6_000 + 1_000 * i,
      emitEvery: 700,
      ...(i % 3 === 0 ? { large: true } : {}),
      moves:
        i % 2
          ? [
              { at: 1_500, where: 'anywhere' },
              { at: 4_000, where: { home: true } },
            ]
          : [],
      forks: i % 3 === 2 ? [{ at: FORK_AT, n: FORK_N }] : [],
    }))
    const agents: AgentId[] = []
    for (const program of programs) agents.push(await world.launch(home, program))

    const down = new Map<number, Awaited<ReturnType<Cluster['kill']>>>()
    const cut = new Set<string>()
    for (let round = 0; round < 30; round++) {
      await world.time.advance(50 + integerBelow(random, 900))
      home = (await misfortune(world, random, down, cut)) ?? home
      assertOneHolderAnEpoch(
        world,
        agents.flatMap((agent) => [agent, ...childrenOf(home, agent)]),
      )
    }
    for (const pair of cut) heal(world, pair)
    for (const [host, disk] of down) await world.start(host, { slots: 3 }, disk)
    for (const { host } of world.hosts.values()) if (host !== home) host.setAccepting(true)

    for (const [i, agent] of agents.entries()) {
      const program = programs[i]
      if (!program) continue
      await expectRightEnd(world, home, agent, program, 0)
      const family = [agent, ...childrenOf(home, agent)]
      expect(family, `agent ${i}`).toHaveLength(program.forks?.length ? FORK_N : 1)
      for (const [index, one] of family.entries()) await expectRightEnd(world, home, one, program, index)
    }
    await world.time.advance(70_000)
    for (const [number, { host }] of world.hosts) expect(host.snapshot().agents, `host ${number}`).toEqual([])
    await expectNobodyAccused(world, home)
    await expectBudgetsSplit(await world.kill(1), agents)
  })
})

const FORK_AT = 3_500
const FORK_N = 3

/** Home has told of an agent that forked all that was made of it, by index. */
const childrenOf = (home: Host, agent: AgentId): AgentId[] =>
  (home.story(agent, 0)?.lines ?? [])
    .filter(({ kind }) => kind === 'fork')
    .flatMap(({ valueJson }) => JSON.parse(valueJson).agents ?? [])

async function expectRightEnd(world: Cluster, home: Host, agent: AgentId, program: CheapProgram, index: number) {
  const what = `${agent} of index ${index}`
  const ended = await world.ended(home, agent, 120_000)
  expect(ended, `${what}: ${JSON.stringify(home.story(agent, 0)?.row)}`).toEqual({
    ok: true,
    value: cheapTruth(program, [index]),
  })
  const lines = home.story(agent, 0)?.lines ?? []
  const emits = lines.filter(({ kind }) => kind === 'emit').map(({ valueJson }) => JSON.parse(valueJson).done)
  const first = index === 0 ? 0 : Math.floor(FORK_AT / 700)
  expect(emits, what).toEqual(
    Array.from({ length: Math.floor(program.steps / 700) - first }, (_, n) => (first + n + 1) * 700),
  )
  expect(lines.filter(({ kind }) => kind === 'result')).toHaveLength(1)
}

/** Whatever went wrong, no host has lied: segments that were run again came out as they were signed for. */
async function expectNobodyAccused(world: Cluster, home: Host): Promise<void> {
  const asking = home.ask(home.did, 'segments', { agent: null, host: null, after: 0 })
  await world.time.advance(100)
  const answer = await asking
  if (!answer.ok) throw new Error(answer.reason)
  const { segments, hosts } = answer.body as Requests['segments']['answer']
  expect(segments.filter(({ state }) => state === 'fraud')).toEqual([])
  expect(hosts.filter(({ strikes }) => strikes > 0)).toEqual([])
  if (process.env.SIM_AUDITS) {
    const good = segments.filter(({ state }) => state === 'good').length
    process.stderr.write(`${segments.length} segments, ${good} run again and true\n`)
  }
}

/** What home has written down of each: nobody was given what another has, whoever died or asked twice meanwhile. */
async function expectBudgetsSplit(disk: MemoryDisk, agents: readonly AgentId[]): Promise<void> {
  const store = await disk.open()
  const rows: { agent: AgentId; allowance: Quota; forkedFrom: { agent: AgentId } | null }[] = []
  for (const key of await store.list('row/')) {
    const row = decode((await store.read(key)) ?? new Uint8Array())
    if (row.ok) rows.push(row.value as (typeof rows)[number])
  }
  for (const agent of agents) {
    const family = rows.filter((row) => row.agent === agent || row.forkedFrom?.agent === agent)
    const others = family.length - 1
    const sum = (of: (allowance: Quota) => number) => family.reduce((total, row) => total + of(row.allowance), 0)
    expect(sum(({ fuel }) => fuel) - others * FORK_AT).toBe(DEFAULT_QUOTA.fuel)
    expect(sum(({ sentBytes }) => sentBytes)).toBe(DEFAULT_QUOTA.sentBytes)
    for (const field of ['messages', 'messagesPerSecond', 'bytesPerSecond', 'hops'] as const)
      expect(sum((allowance) => allowance[field])).toBe(DEFAULT_QUOTA[field])
    expect(sum(({ children }) => children)).toBe(DEFAULT_QUOTA.children - others)
  }
}

type Down = Map<number, Awaited<ReturnType<Cluster['kill']>>>

async function misfortune(world: Cluster, random: Random, down: Down, cut: Set<string>) {
  const edge = EDGES[integerBelow(random, EDGES.length)]
  switch (integerBelow(random, 7)) {
    case 0:
      if (world.hosts.has(edge) && down.size < 3) down.set(edge, await world.kill(edge))
      return null
    case 1: {
      const disk = down.get(edge)
      if (disk) await world.start(edge, { slots: 3 }, disk)
      down.delete(edge)
      return null
    }
    case 2: {
      const other = [1, ...EDGES][integerBelow(random, 5)]
      const pair = `${other} ${edge}`
      if (other === edge || !ends(world, pair)) return null
      cut.add(pair)
      const [a, b] = ends(world, pair) ?? ['', '']
      world.network.cut(a, b)
      return null
    }
    case 3:
    case 4:
      for (const pair of [...cut].slice(0, 2)) {
        heal(world, pair)
        cut.delete(pair)
      }
      return null
    case 5: {
      const host = world.hosts.get(edge)?.host
      if (host) void host.drain()
      return null
    }
    default: {
      world.hosts.get(edge)?.host.setAccepting(true)
      if (integerBelow(random, 4) > 0) return null
      const disk = await world.kill(1)
      return (await world.start(1, { kind: 'launcher', slots: 0 }, disk)).host
    }
  }
}

const addressOfSeed = new Map<number, string>()

function ends(world: Cluster, pair: string): [string, string] | null {
  const addresses = pair.split(' ').map((seed) => {
    const did = world.hosts.get(Number(seed))?.did
    if (did) addressOfSeed.set(Number(seed), did.slice('did:key:'.length))
    return addressOfSeed.get(Number(seed))
  })
  return addresses[0] && addresses[1] ? [addresses[0], addresses[1]] : null
}

function heal(world: Cluster, pair: string): void {
  const both = ends(world, pair)
  if (both) world.network.heal(both[0], both[1])
}

/** The invariant above all: no epoch of an agent runs on two hosts. */
function assertOneHolderAnEpoch(world: Cluster, agents: readonly AgentId[]): void {
  for (const agent of agents) {
    const epochs: number[] = []
    for (const { host } of world.hosts.values())
      for (const { id, epoch, state } of host.snapshot().agents)
        if (id === agent && state === 'running') epochs.push(epoch)
    expect(new Set(epochs).size, `epochs of ${agent}: ${epochs}`).toBe(epochs.length)
  }
}
