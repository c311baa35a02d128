import { describe, expect, it } from 'vitest'
import { integerBelow, type Random, seededRandom } from '../../src/base/random.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Host } from '../../src/host/host.ts'
import type { MemoryDisk } from '../../src/platform/memory/store.ts'
import type { CheapProgram } from '../../src/sim/cheap-sandbox.ts'
import { author, Cluster, importProgram } from '../host/cluster.ts'

/**
 * Durable agents that are told something else at each host, under crashes, partitions and evictions: whatever happens, each
 * lets out one history. `SEEDS=100 npx vitest run test/sim/durable.test.ts` tries more, `SEED=n` one of them.
 */
const seeds = process.env.SEED
  ? [Number(process.env.SEED)]
  : Array.from({ length: Number(process.env.SEEDS ?? 4) }, (_, i) => i + 1)

const HOME = 1
const EDGES = [2, 3, 4, 5, 6]
const STEPS = 7_000

const programs: readonly CheapProgram[] = [
  { steps: STEPS, emitEvery: 70, lookEvery: 40, printEvery: 170 },
  {
    steps: STEPS,
    emitEvery: 350,
    lookEvery: 90,
    moves: [
      { at: 1_500, where: 'anywhere' },
      { at: 4_000, where: { home: true } },
    ],
  },
  { steps: STEPS, emitEvery: 140, lookEvery: 30, large: true, moves: [{ at: 2_000, where: 'anywhere' }] },
]

describe('one history', { timeout: 120_000 }, () => {
  it.each(seeds)('with faults of seed %i', async (seed) => {
    const random = seededRandom(seed)
    const world = new Cluster()
    let home = (await world.start(HOME, { kind: 'launcher', slots: 0 })).host
    for (const edge of EDGES) await world.start(edge, { slots: 3 })
    await world.time.advance(4_000)
    const agents: AgentId[] = []
    const witnesses = seed % 2 === 0 ? 3 : 1
    for (const program of programs) {
      const launching = home.launch(await importProgram(home, program, author, { effects: 'durable' }), { witnesses })
      await world.time.advance(5)
      agents.push(await launching)
    }
    const down = new Map<number, MemoryDisk>()
    const cut = new Set<string>()
    for (let round = 0; round < 25; round++) {
      await world.time.advance(50 + integerBelow(random, 900))
      home = (await misfortune(world, random, down, cut)) ?? home
    }
    for (const pair of cut) heal(world, pair)
    for (const [host, disk] of down) await world.start(host, { slots: 3 }, disk)
    for (const { host } of world.hosts.values()) if (host !== home) host.setAccepting(true)
    for (const [i, agent] of agents.entries()) await expectOneHistory(world, agent, programs[i] as CheapProgram, i)
  })
})

async function expectOneHistory(world: Cluster, agent: AgentId, program: CheapProgram, i: number): Promise<void> {
  const keeper = (): Host | undefined =>
    [...world.hosts.values()].find(({ host }) => host.story(agent, 0) !== null)?.host
  const isOver = (): boolean => keeper()?.story(agent, 0)?.row.state === 'finished'
  await world.time.runUntil(isOver, 240_000)
  const story = keeper()?.story(agent, 0)
  const what = `agent ${i}: ${JSON.stringify(story?.row)}`
  const linesOf = (kind: string) =>
    (story?.lines ?? []).filter((line) => line.kind === kind).map(({ valueJson }) => JSON.parse(valueJson))
  expect(linesOf('conflict'), what).toEqual([])
  expect(story?.row.state, what).toBe('finished')
  const emits = linesOf('emit').map(({ done }) => done)
  const { emitEvery } = program
  expect(emits, what).toEqual(Array.from({ length: Math.floor(STEPS / emitEvery) }, (_, n) => (n + 1) * emitEvery))
  expect(linesOf('result'), what).toHaveLength(1)
}

async function misfortune(
  world: Cluster,
  random: Random,
  down: Map<number, MemoryDisk>,
  cut: Set<string>,
): Promise<Host | null> {
  const edge = EDGES[integerBelow(random, EDGES.length)] ?? 2
  switch (integerBelow(random, 7)) {
    case 0:
      if (world.hosts.has(edge) && down.size < 2) down.set(edge, await world.kill(edge))
      return null
    case 1: {
      const disk = down.get(edge)
      if (disk) await world.start(edge, { slots: 3 }, disk)
      down.delete(edge)
      return null
    }
    case 2: {
      const other = [HOME, ...EDGES][integerBelow(random, EDGES.length + 1)] ?? HOME
      const [a, b] = [world.hosts.get(other)?.did, world.hosts.get(edge)?.did]
      if (other === edge || !a || !b) return null
      const pair = `${a.slice(8)} ${b.slice(8)}`
      cut.add(pair)
      const [one = '', two = ''] = pair.split(' ')
      world.network.cut(one, two)
      return null
    }
    case 3:
    case 4:
      for (const pair of [...cut].slice(0, 2)) {
        heal(world, pair)
        cut.delete(pair)
      }
      return null
    case 5:
      void world.hosts.get(edge)?.host.drain()
      return null
    default: {
      world.hosts.get(edge)?.host.setAccepting(true)
      if (integerBelow(random, 3) > 0) return null
      const disk = await world.kill(HOME)
      return (await world.start(HOME, { kind: 'launcher', slots: 0 }, disk)).host
    }
  }
}

function heal(world: Cluster, pair: string): void {
  const [one = '', two = ''] = pair.split(' ')
  world.network.heal(one, two)
}
