import { describe, expect, it } from 'vitest'
import { decode } from '../../src/base/codec.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Host } from '../../src/host/host.ts'
import { MemoryDisk } from '../../src/platform/memory/store.ts'
import type { Sandbox } from '../../src/sandbox/port.ts'
import { type CheapProgram, CheapSandbox, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import type { Store } from '../../src/storage/port.ts'
import { Cluster } from './cluster.ts'

const forking: CheapProgram = { steps: 6_000, emitEvery: 500, forks: [{ at: 2_000, n: 4 }] }

async function cluster(edges = 3) {
  const world = new Cluster()
  const store = await new MemoryDisk().open()
  const home = await world.start(1, { kind: 'launcher', slots: 0, store })
  for (let seed = 2; seed < 2 + edges; seed++) await world.start(seed)
  await world.time.advance(5_000)
  return { world, home: home.host, store }
}

/** What home's story says was made of an agent, by index from 1. */
const childrenOf = (home: Host, agent: AgentId): AgentId[] =>
  (home.story(agent, 0)?.lines ?? [])
    .filter(({ kind }) => kind === 'fork')
    .flatMap(({ valueJson }) => JSON.parse(valueJson).agents ?? [])

const emits = (home: Host, agent: AgentId): number[] =>
  (home.story(agent, 0)?.lines ?? [])
    .filter(({ kind }) => kind === 'emit')
    .map(({ valueJson }) => JSON.parse(valueJson).done)

const every500 = (from: number, to: number): number[] =>
  Array.from({ length: (to - from) / 500 + 1 }, (_, i) => from + i * 500)

/** The numbers of a row as home keeps it. */
async function allowanceAt(store: Store, agent: AgentId) {
  const bytes = await store.read(`row/${agent}`)
  const row = bytes && decode(bytes)
  return row?.ok ? (row.value as { allowance: Record<string, number>; fuelUsed: number }).allowance : null
}

describe('an agent that forks', () => {
  it('becomes four, each of which goes on from the same step with its own index', async () => {
    const { world, home } = await cluster()
    const agent = await world.launch(home, forking)
    await world.time.advance(4_000)
    const children = childrenOf(home, agent)
    expect(children).toHaveLength(3)
    expect(await world.ended(home, agent)).toEqual({ ok: true, value: cheapTruth(forking, [0]) })
    for (const [i, child] of children.entries()) {
      expect(await world.ended(home, child), `child ${i}`).toEqual({ ok: true, value: cheapTruth(forking, [i + 1]) })
      expect(home.story(child, 0)?.row.forkedFrom).toMatchObject({ agent, index: i + 1 })
    }
  })

  it('is spread over the hosts by its home', async () => {
    const { world, home } = await cluster(4)
    const agent = await world.launch(home, forking)
    await world.time.advance(4_000)
    const places = [agent, ...childrenOf(home, agent)].map((one) => world.holders(one)[0])
    expect([...places].sort()).toEqual([2, 3, 4, 5])
  })

  it('has let out what it let out before once: the others begin with what they say themselves', async () => {
    const { world, home } = await cluster()
    // The emit of step 2,000 is still without an answer when the fork is asked for.
    const agent = await world.launch(home, forking)
    await world.time.advance(4_000)
    const children = childrenOf(home, agent)
    await world.ended(home, agent)
    expect(emits(home, agent)).toEqual(every500(500, 6_000))
    for (const child of children) {
      await world.ended(home, child)
      expect(emits(home, child)).toEqual(every500(2_500, 6_000))
    }
  })

  it('forks again in each of what came of it', async () => {
    const { world, home } = await cluster(4)
    const program: CheapProgram = {
      ...forking,
      forks: [
        { at: 1_000, n: 2 },
        { at: 2_000, n: 3 },
      ],
    }
    const agent = await world.launch(home, program)
    await world.time.advance(6_000)
    const [first] = childrenOf(home, agent)
    if (!first) throw new Error('no child')
    const [, second, third] = childrenOf(home, agent)
    const grandchildren = childrenOf(home, first)
    expect(grandchildren).toHaveLength(2)
    for (const [one, indices] of [
      [agent, [0, 0]],
      [second, [0, 1]],
      [third, [0, 2]],
      [first, [1, 0]],
      [grandchildren[0], [1, 1]],
      [grandchildren[1], [1, 2]],
    ] as const)
      expect(one && (await world.ended(home, one)), `${indices}`).toEqual({
        ok: true,
        value: cheapTruth(program, indices),
      })
  })

  it('divides what is left of its numbers, and not the memory that each may take', async () => {
    const { world, home, store } = await cluster()
    const agent = await world.launch(home, forking)
    await world.time.advance(1_000)
    const before = await allowanceAt(store, agent)
    await world.time.advance(3_000)
    const family = [agent, ...childrenOf(home, agent)]
    const after = await Promise.all(family.map((one) => allowanceAt(store, one)))
    const sum = (field: string) => after.reduce((total, one) => total + (one?.[field] ?? Number.NaN), 0)
    expect(sum('children')).toBe((before?.children ?? 0) - 3)
    expect(sum('fuel') - 3 * 2_000).toBe(before?.fuel)
    expect(sum('sentBytes')).toBe(before?.sentBytes)
    expect(sum('hops')).toBe(before?.hops)
    for (const one of after) expect(one?.memoryBytes).toBe(before?.memoryBytes)
  })

  it('gives its shares away: it ends where its own is used up, and the others at theirs', async () => {
    const { world, home } = await cluster()
    const launching = home.launch(await world.bundle(home, forking), { quota: { fuel: 2_000 + 4 * 1_000 } })
    await world.time.advance(5)
    const agent = await launching
    await world.time.advance(4_000)
    for (const one of [agent, ...childrenOf(home, agent)]) {
      const ended = await world.ended(home, one)
      expect(ended).toEqual({ ok: false, value: { code: 'QUOTA', reason: 'fuel: 3000 used up' } })
    }
  })

  it('is refused more agents than its permit has, and goes on alone', async () => {
    const { world, home } = await cluster()
    const program: CheapProgram = { ...forking, forks: [{ at: 2_000, n: 17 }] }
    const agent = await world.launch(home, program)
    expect(await world.ended(home, agent)).toEqual({ ok: true, value: cheapTruth(program, [-2]) })
    expect(childrenOf(home, agent)).toEqual([])
  })

  it('is refused in every one of its line where a bomb has no more to divide', async () => {
    const { world, home } = await cluster(4)
    const forks = Array.from({ length: 6 }, (_, i) => ({ at: 200 * (i + 1), n: 2 }))
    const agent = await world.launch(home, { steps: 3_000, emitEvery: 0, forks })
    await world.time.advance(60_000)
    const all: AgentId[] = [agent]
    for (const one of all) all.push(...childrenOf(home, one))
    // 15 children are granted: four doublings, and the refusals after them end nothing.
    expect(all).toHaveLength(16)
    for (const one of all) expect(await world.ended(home, one)).toMatchObject({ ok: true })
  })

  it('forks at home itself, where home runs agents', async () => {
    const world = new Cluster()
    const { host: home } = await world.start(1, { slots: 8 })
    const agent = await world.launch(home, forking)
    await world.time.advance(4_000)
    expect(await world.ended(home, agent)).toEqual({ ok: true, value: cheapTruth(forking, [0]) })
    const children = childrenOf(home, agent)
    expect(children).toHaveLength(3)
    for (const [i, child] of children.entries())
      expect(await world.ended(home, child)).toEqual({ ok: true, value: cheapTruth(forking, [i + 1]) })
  })

  it('leaves the others alone when it is killed', async () => {
    const { world, home } = await cluster()
    const agent = await world.launch(home, forking)
    await world.time.advance(4_000)
    home.kill(agent)
    const children = childrenOf(home, agent)
    expect(await world.ended(home, agent)).toMatchObject({ ok: false, value: { code: 'KILLED' } })
    for (const [i, child] of children.entries())
      expect(await world.ended(home, child)).toEqual({ ok: true, value: cheapTruth(forking, [i + 1]) })
  })
})

it('what an agent said on one host counts on the next', async () => {
  const { world, home } = await cluster(1)
  const left: number[] = []
  const inner = new CheapSandbox(world.time)
  const sandbox: Sandbox = {
    spawn(order, onEvent) {
      if (!order.replay) left.push(order.sentBytesMax)
      return inner.spawn(order, onEvent)
    },
  }
  const target = await world.start(9, { sandbox })
  target.host.setSlots(0)
  await world.time.advance(5_000)
  const moves = [{ at: 2_000, where: { host: target.did } }]
  const agent = await world.launch(home, { steps: 4_000, emitEvery: 500, moves })
  await world.time.advance(500)
  target.host.setSlots(4)
  await world.time.advance(3_000)
  expect(world.holders(agent)).toEqual([9])
  const said = [500, 1_000, 1_500, 2_000].map((done) => {
    const { hash } = cheapTruth({ steps: done, emitEvery: 0 })
    return JSON.stringify({ value: { done, hash } }).length
  })
  const moving = JSON.stringify({ where: { host: target.did } }).length
  expect(left.at(-1)).toBe(16 * 2 ** 20 - said.reduce((sum, bytes) => sum + bytes, moving))
})

describe('a fork', () => {
  const home = (world: Cluster): Host => {
    const started = world.hosts.get(1)
    if (!started) throw new Error('home is down')
    return started.host
  }

  /** A program on host 2 or 3 that will fork two seconds into its work, watched by its home. */
  async function aboutToFork() {
    const world = new Cluster()
    await world.start(1, { kind: 'launcher', slots: 0 })
    for (const seed of [2, 3]) await world.start(seed)
    await world.time.advance(5_000)
    const agent = await world.launch(home(world), forking)
    await world.time.advance(1_000)
    const [seed = 0] = world.holders(agent)
    const madeMs = async (): Promise<void> =>
      void (await world.time.runUntil(() => childrenOf(home(world), agent).length > 0, 10_000))
    return { world, agent, seed, made: madeMs }
  }

  async function expectFour(world: Cluster, agent: AgentId): Promise<void> {
    expect(await world.ended(home(world), agent)).toEqual({ ok: true, value: cheapTruth(forking, [0]) })
    const children = childrenOf(home(world), agent)
    expect(children).toHaveLength(3)
    for (const [i, child] of children.entries())
      expect(await world.ended(home(world), child)).toEqual({ ok: true, value: cheapTruth(forking, [i + 1]) })
    await world.time.advance(70_000)
    for (const { host } of world.hosts.values()) expect(host.snapshot().agents).toEqual([])
  }

  it('makes its agents once when its holder dies before it hears of them', async () => {
    const { world, agent, seed, made } = await aboutToFork()
    await made()
    await world.kill(seed)
    await expectFour(world, agent)
    expect(
      home(world)
        .story(agent, 0)
        ?.lines.filter(({ kind }) => kind === 'recover'),
    ).toHaveLength(1)
  })

  it('makes its agents once when its home dies before the holder hears of them', async () => {
    const { world, agent, made } = await aboutToFork()
    await made()
    const disk = await world.kill(1)
    await world.time.advance(1_500)
    await world.start(1, { kind: 'launcher', slots: 0 }, disk)
    await expectFour(world, agent)
  })

  it.each([950, 1_000, 1_050, 1_100, 1_200, 1_400])(
    'makes its agents once when its holder dies after %i ms',
    async (ms) => {
      const { world, agent, seed } = await aboutToFork()
      await world.time.advance(ms)
      await world.kill(seed)
      await expectFour(world, agent)
    },
  )

  it.each([950, 1_000, 1_050, 1_100])('makes its agents once when its home dies after %i ms', async (ms) => {
    const { world, agent } = await aboutToFork()
    await world.time.advance(ms)
    const disk = await world.kill(1)
    await world.time.advance(1_500)
    await world.start(1, { kind: 'launcher', slots: 0 }, disk)
    await expectFour(world, agent)
  })

  it('waits for a home that is away, and the program stands still meanwhile', async () => {
    const { world, agent, seed } = await aboutToFork()
    const [a = '', b = ''] = [1, seed].map((one) => world.hosts.get(one)?.did.slice('did:key:'.length))
    await world.time.advance(900)
    world.network.cut(a, b)
    await world.time.advance(1_500)
    expect(world.hosts.get(seed)?.host.snapshot().agents[0]?.state).toBe('frozen')
    world.network.heal(a, b)
    await expectFour(world, agent)
  })

  it('goes on elsewhere where its holder is evicted before it hears of them', async () => {
    const { world, agent, seed, made } = await aboutToFork()
    await made()
    void world.hosts.get(seed)?.host.drain()
    await expectFour(world, agent)
    expect(home(world).story(agent, 0)?.row.hops).toBe(2)
  })
})
