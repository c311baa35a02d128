import { describe, expect, it } from 'vitest'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Host } from '../../src/host/host.ts'
import { FORWARD_MS } from '../../src/host/limits.ts'
import { MemoryDisk } from '../../src/platform/memory/store.ts'
import { countOf, lettersOf } from '../../src/sim/cheap-mail.ts'
import { type CheapProgram, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { Cluster, importProgram } from './cluster.ts'

/** Letters between agents that are stopped, moved, parked, killed and taken back in the middle of it. */
async function cluster(edges = 4, latencyMs = { min: 1, max: 1 }) {
  const world = new Cluster(latencyMs)
  const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
  for (let seed = 2; seed < 2 + edges; seed++) await world.start(seed)
  await world.time.advance(5_000)
  return { world, home }
}

const writes = (to: string, count: number, every: number) =>
  Array.from({ length: count }, (_, i) => ({ at: every * (i + 1), to }))

const reader = (count: number, more: Partial<CheapProgram> = {}): CheapProgram => ({
  steps: 100,
  emitEvery: 0,
  receives: [{ at: 100, count }],
  ...more,
})

const writer = (to: string, count: number, more: Partial<CheapProgram> = {}): CheapProgram => ({
  steps: count * 200,
  emitEvery: 0,
  as: 1,
  sends: writes(to, count, 200),
  ...more,
})

/** Both ended with the right results: every letter once, in order, none refused. */
async function expectAll(world: Cluster, home: Host, to: [AgentId, CheapProgram], from: [AgentId, CheapProgram]) {
  const count = countOf(lettersOf(from[1], to[0]))
  expect(await world.ended(home, from[0]), 'the writer').toEqual({
    ok: true,
    value: { ...cheapTruth(from[1]), mail: countOf([]) },
  })
  expect(await world.ended(home, to[0]), 'the reader').toEqual({
    ok: true,
    value: { ...cheapTruth(to[1]), mail: count },
  })
}

const holderOf = (world: Cluster, agent: AgentId): number => world.holders(agent)[0] ?? expect.fail('nobody runs it')

describe('letters', () => {
  it('follow a recipient that moves again and again, from a sender that does too', async () => {
    const { world, home } = await cluster()
    const moves = Array.from({ length: 8 }, (_, i) => ({ at: 150 * (i + 1), where: 'anywhere' }))
    const program = reader(30, {
      steps: 1_500,
      receives: Array.from({ length: 30 }, (_, i) => ({ at: 50 * (i + 1), count: 1 })),
      moves,
    })
    const to = await world.launch(home, program)
    const by = writer(to, 30, { moves: moves.map(({ at, where }) => ({ at: at * 4 + 70, where })) })
    const from = await world.launch(home, by)
    await expectAll(world, home, [to, program], [from, by])
    expect(home.story(to, 0)?.row.hops).toBeGreaterThan(5)
    expect(home.story(from, 0)?.row.hops).toBeGreaterThan(5)
  })

  it('reach a program that was frozen in the middle of its wait, at its next host', async () => {
    const { world, home } = await cluster()
    const program = reader(5)
    const to = await world.launch(home, program)
    await world.time.advance(2_000)
    const here = holderOf(world, to)
    const there = here === 2 ? 3 : 2
    world.hosts.get(here)?.host.move(to, world.hosts.get(there)?.did ?? null)
    await world.time.advance(2_000)
    expect(world.holders(to)).toEqual([there])
    const by = writer(to, 5)
    const from = await world.launch(home, by)
    await expectAll(world, home, [to, program], [from, by])
  })

  it('come between the freeze and the certificate, and wait', async () => {
    const { world, home } = await cluster(4, { min: 20, max: 60 })
    const program = reader(120)
    const to = await world.launch(home, program)
    await world.time.advance(3_000)
    // Eight at once each time: each waits for the one before, whatever becomes of that.
    const sends = Array.from({ length: 120 }, (_, i) => ({ at: 200 * (1 + (i >> 3)), to }))
    const by = writer(to, 0, { steps: 4_000, sends })
    const from = await world.launch(home, by)
    // One hop after the other while letters come: some hit every phase of it.
    for (let hop = 0; hop < 12; hop++) {
      await world.time.advance(900)
      const [here] = world.holders(to)
      const there = [2, 3, 4, 5].find((seed) => seed !== here) ?? 2
      if (here !== undefined) world.hosts.get(here)?.host.move(to, world.hosts.get(there)?.did ?? null)
    }
    await expectAll(world, home, [to, program], [from, by])
    expect(home.story(to, 0)?.row.hops).toBeGreaterThan(6)
  })

  it('are taken in for an agent that is parked, and go with it when it finds a place', async () => {
    const world = new Cluster()
    const store = await new MemoryDisk().open()
    const { host: home } = await world.start(1, { kind: 'launcher', slots: 0, store })
    for (const seed of [2, 3]) await world.start(seed, { slots: 1 })
    await world.time.advance(5_000)
    const program = reader(5)
    const to = await world.launch(home, program)
    const by = writer(to, 5, { steps: 15_000, sends: writes(to, 5, 200).map(({ at }) => ({ at: at + 7_000, to })) })
    const from = await world.launch(home, by)
    await world.time.advance(2_000)
    const seat = world.hosts.get(holderOf(world, to)) ?? expect.fail()
    seat.host.setSlots(0)
    void seat.host.drain()
    await world.time.advance(9_000)
    expect(world.holders(to)).toEqual([])
    expect(await store.list(`letter/${to}/`)).toHaveLength(5)
    await world.start(4)
    await expectAll(world, home, [to, program], [from, by])
  })

  it('are repeated and known for it where the sender goes on from its last checkpoint', async () => {
    const { world, home } = await cluster()
    const program = reader(40)
    const to = await world.launch(home, program)
    const by = writer(to, 40)
    const from = await world.launch(home, by)
    await world.time.advance(4_900)
    await world.kill(holderOf(world, from))
    await expectAll(world, home, [to, program], [from, by])
    expect(home.story(from, 0)?.lines.some(({ kind }) => kind === 'recover')).toBe(true)
  })

  it('that were acknowledged are on the disk of a recipient that is started again', async () => {
    const { world, home } = await cluster()
    const program = reader(20)
    const to = await world.launch(home, program)
    await world.time.advance(3_000)
    const by = writer(to, 20)
    const from = await world.launch(home, by)
    await world.time.advance(2_000)
    const seed = holderOf(world, to)
    if (seed === world.holders(from)[0]) expect.fail('both are on one host')
    const disk = await world.kill(seed)
    await world.time.advance(300)
    await world.start(seed, {}, disk)
    await expectAll(world, home, [to, program], [from, by])
  })

  it('find an agent by its home when everybody who had it has forgotten where it went', async () => {
    const { world, home } = await cluster()
    const program = reader(2)
    const to = await world.launch(home, program)
    await world.time.advance(2_000)
    const by = writer(to, 2, {
      steps: 700_000,
      sends: [
        { at: 100, to },
        { at: 699_000, to },
      ],
    })
    const from = await world.launch(home, by)
    await world.time.advance(3_000)
    const here = holderOf(world, to)
    world.hosts.get(here)?.host.move(to, world.hosts.get(here === 2 ? 3 : 2)?.did ?? null)
    await world.time.advance(FORWARD_MS + 60_000)
    expect(await world.ended(home, from, 200_000)).toMatchObject({ ok: true, value: { mail: countOf([]) } })
    expect(await world.ended(home, to)).toMatchObject({ ok: true, value: { mail: countOf(lettersOf(by, to)) } })
  }, 60_000)

  it('find an agent whose home has gone, by the witness that keeps its row', async () => {
    const { world, home } = await cluster()
    const begin = async (program: CheapProgram): Promise<AgentId> => {
      const launching = home.launch(await importProgram(home, program), { witnesses: 3 })
      await world.time.advance(1_500)
      return launching
    }
    const to = await begin(reader(3))
    const by = writer(to, 3, { steps: 40_000, sends: [20_000, 25_000, 30_000].map((at) => ({ at, to })) })
    const from = await begin(by)
    await world.time.advance(3_000)
    await world.kill(1)
    await world.time.advance(60_000)
    const rowOf = (agent: AgentId) =>
      [...world.hosts.values()].map(({ host }) => host.story(agent, 0)?.row).find((row) => row !== undefined)
    expect(rowOf(to)?.state).toBe('finished')
    expect(rowOf(from)?.state).toBe('finished')
  }, 30_000)

  it('that an agent had not had when it forked stay with the one that they were written to', async () => {
    const { world, home } = await cluster()
    const program: CheapProgram = {
      steps: 3_000,
      emitEvery: 0,
      forks: [{ at: 1_500, n: 2 }],
      receives: [{ at: 2_500, count: 4 }],
    }
    const to = await world.launch(home, program)
    const by = writer(to, 4, { steps: 800, sends: writes(to, 4, 100) })
    const from = await world.launch(home, by)
    expect(await world.ended(home, from)).toMatchObject({ ok: true, value: { mail: countOf([]) } })
    expect(await world.ended(home, to)).toMatchObject({ ok: true, value: { mail: countOf(lettersOf(by, to)) } })
    const [child] = (home.story(to, 0)?.lines ?? []).flatMap(({ kind, valueJson }) =>
      kind === 'fork' ? (JSON.parse(valueJson).agents ?? []) : [],
    )
    await world.time.advance(5_000)
    expect(home.story(child, 0)?.row.state).toBe('running')
  })
})
