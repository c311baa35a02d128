import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { DEFAULT_POLICY } from '../../src/host/limits.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { MemoryDisk } from '../../src/platform/memory/store.ts'
import { cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { Cluster } from './cluster.ts'

const long = { steps: 8_000, emitEvery: 500 }

async function cluster(edges = 3) {
  const world = new Cluster()
  const home = await world.start(1, { kind: 'launcher', slots: 0 })
  for (let seed = 2; seed < 2 + edges; seed++) await world.start(seed)
  await world.time.advance(5_000)
  return { world, home: home.host }
}

const emits = (home: Awaited<ReturnType<typeof cluster>>['home'], agent: Parameters<typeof home.story>[0]) =>
  (home.story(agent, 0)?.lines ?? [])
    .filter(({ kind }) => kind === 'emit')
    .map(({ valueJson }) => JSON.parse(valueJson).done)

describe('an agent', () => {
  it('runs on another host than its home and comes back with its result', async () => {
    const { world, home } = await cluster()
    const agent = await world.launch(home, long)
    await world.time.advance(1_000)
    expect(world.holders(agent)).toHaveLength(1)
    expect(await world.ended(home, agent)).toEqual({ ok: true, value: cheapTruth(long) })
    expect(emits(home, agent)).toEqual(Array.from({ length: 16 }, (_, i) => (i + 1) * 500))
  })

  it('is spread over the least loaded hosts', async () => {
    const { world, home } = await cluster()
    const agents = []
    for (let i = 0; i < 6; i++) agents.push(await world.launch(home, long))
    await world.time.advance(2_000)
    const places = agents.map((agent) => world.holders(agent)[0])
    for (const seed of [2, 3, 4]) expect(places.filter((place) => place === seed)).toHaveLength(2)
  })

  it('moves where it asks to, and the next step runs there', async () => {
    const { world, home } = await cluster()
    const target = world.hosts.get(4)
    const program = {
      ...long,
      moves: [
        { at: 2_000, where: { host: target?.did } },
        { at: 4_000, where: { home: true } },
      ],
    }
    const agent = await world.launch(home, program)
    await world.time.advance(3_000)
    expect(world.holders(agent)).toEqual([4])
    await world.time.advance(2_500)
    expect(world.holders(agent)).toEqual([1])
    expect(await world.ended(home, agent)).toEqual({ ok: true, value: cheapTruth(program) })
  })

  it('loses no step when its host is evicted', async () => {
    const { world, home } = await cluster()
    const agent = await world.launch(home, long)
    await world.time.advance(1_500)
    const [before] = world.holders(agent)
    const left = world.hosts.get(before ?? 0)?.host.drain()
    await world.time.advance(1_000)
    await left
    const [after] = world.holders(agent)
    expect(after).not.toBe(before)
    expect(await world.ended(home, agent)).toEqual({ ok: true, value: cheapTruth(long) })
    expect(emits(home, agent)).toHaveLength(16)
    expect(home.story(agent, 0)?.row.hops).toBe(2)
  })

  it('comes back from its checkpoint when its host is killed, and emits nothing twice', async () => {
    const { world, home } = await cluster()
    const agent = await world.launch(home, long)
    await world.time.advance(4_200)
    await world.kill(world.holders(agent)[0] ?? 0)
    expect(await world.ended(home, agent)).toEqual({ ok: true, value: cheapTruth(long) })
    expect(emits(home, agent)).toEqual(Array.from({ length: 16 }, (_, i) => (i + 1) * 500))
    const recovery = home.story(agent, 0)?.lines.find(({ kind }) => kind === 'recover')
    expect(JSON.parse(recovery?.valueJson ?? 'null').checkpoint).toMatch(/^bafy/)
  })

  it('is run by one host only after a partition longer than its lease', async () => {
    const { world, home } = await cluster()
    const agent = await world.launch(home, { steps: 20_000, emitEvery: 500 })
    await world.time.advance(3_000)
    const before = world.holders(agent)[0] ?? 0
    for (const seed of [1, 2, 3, 4])
      if (seed !== before) world.network.cut(address(world, seed), address(world, before))
    await world.time.advance(10_000)
    const during = world.holders(agent)
    expect(during).toHaveLength(2) // the old one does not know yet; nothing it says counts any more
    for (const seed of [1, 2, 3, 4])
      if (seed !== before) world.network.heal(address(world, seed), address(world, before))
    await world.time.advance(4_000)
    expect(world.holders(agent)).toEqual(during.filter((seed) => seed !== before))
    expect(await world.ended(home, agent)).toEqual({ ok: true, value: cheapTruth({ steps: 20_000, emitEvery: 500 }) })
    expect(emits(home, agent)).toEqual(Array.from({ length: 40 }, (_, i) => (i + 1) * 500))
  })

  it('runs on while its home is restarted', async () => {
    const { world, home } = await cluster()
    const agent = await world.launch(home, { steps: 15_000, emitEvery: 500 })
    await world.time.advance(3_000)
    const disk = await world.kill(1)
    await world.time.advance(2_000)
    const again = await world.start(1, { kind: 'launcher', slots: 0 }, disk)
    expect(again.host.age).toBe(2)
    expect(await world.ended(again.host, agent)).toEqual({
      ok: true,
      value: cheapTruth({ steps: 15_000, emitEvery: 500 }),
    })
    expect(again.host.story(agent, 0)?.lines.filter(({ kind }) => kind === 'recover')).toEqual([])
  })

  it('is taken up again by a host that was killed and started before its lease ended', async () => {
    const { world, home } = await cluster(1)
    const agent = await world.launch(home, long)
    await world.time.advance(3_000)
    const disk = await world.kill(2)
    await world.start(2, {}, disk)
    expect(await world.ended(home, agent)).toEqual({ ok: true, value: cheapTruth(long) })
    expect(emits(home, agent)).toHaveLength(16)
  })

  it('waits at home while no host will have it, and goes when one comes', async () => {
    const { world, home } = await cluster(0)
    const agent = await world.launch(home, long)
    await world.time.advance(3_000)
    expect(home.snapshot().agents.map(({ state }) => state)).toEqual(['parked'])
    await world.start(2)
    expect(await world.ended(home, agent)).toEqual({ ok: true, value: cheapTruth(long) })
  })

  it('is parked, frozen, when its owner is back and nobody else is there; and runs on when the owner leaves', async () => {
    const { world, home } = await cluster(1)
    const agent = await world.launch(home, long)
    await world.time.advance(2_000)
    const edge = world.hosts.get(2)?.host
    void edge?.drain()
    await world.time.advance(3_000)
    expect(world.holders(agent)).toEqual([])
    edge?.setAccepting(true)
    expect(await world.ended(home, agent)).toEqual({ ok: true, value: cheapTruth(long) })
  })

  it('that is killed stops everywhere', async () => {
    const { world, home } = await cluster()
    const agent = await world.launch(home, long)
    await world.time.advance(1_500)
    expect(world.holders(agent)).toHaveLength(1)
    home.kill(agent)
    await world.time.advance(3_000)
    expect(world.holders(agent)).toEqual([])
    expect(home.story(agent, 0)?.row.state).toBe('killed')
  })

  it('that fails is reported with its reason, once', async () => {
    const { world, home } = await cluster()
    const agent = await world.launch(home, { steps: 100, emitEvery: 0, fail: 'Error: boom' })
    expect(await world.ended(home, agent)).toEqual({ ok: false, value: { code: 'THROWN', reason: 'Error: boom' } })
  })
})

describe('admission', () => {
  it('refuses an author whom the home does not trust', async () => {
    const { world, home } = await cluster()
    const stranger = createSigner(generateSecretKey(seededRandom(55)))
    await expect(world.launch(home, long, stranger)).rejects.toThrow(`author ${stranger.did} is not trusted here`)
  })

  it('leaves an agent at home when no destination trusts its author', async () => {
    const world = new Cluster()
    const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
    const { logs } = await world.start(2, { trust: [] })
    await world.time.advance(5_000)
    const agent = await world.launch(home, long)
    await world.time.advance(3_000)
    expect(world.holders(agent)).toEqual([])
    expect(logs.join('\n')).toMatch(/refused: UNTRUSTED_AUTHOR/)
  })

  it('refuses a bundle that asks for more than the host allows anyone', async () => {
    const world = new Cluster()
    const policy = { ...DEFAULT_POLICY, memoryBytes: 1024 * 1024 }
    const { host: home } = await world.start(1, { kind: 'launcher', slots: 0, policy })
    await expect(world.launch(home, long)).rejects.toThrow(
      /bundle asks for more than this host allows: memoryBytes \d+ > 1048576/,
    )
    const generous = await world.start(2, { kind: 'launcher', slots: 0 })
    const { logs } = await world.start(3, { policy })
    await world.time.advance(5_000)
    await world.launch(generous.host, long)
    await world.time.advance(1_000)
    expect(logs.join('\n')).toMatch(/refused: QUOTA: memoryBytes \d+ > 1048576/)
  })

  it('takes no more agents than it has slots', async () => {
    const { world, home } = await cluster(1)
    for (let i = 0; i < 7; i++) await world.launch(home, long)
    await world.time.advance(3_000)
    const running = world.hosts
      .get(2)
      ?.host.snapshot()
      .agents.filter(({ state }) => state === 'running')
    expect(running).toHaveLength(4)
  })
})

const address = (world: Cluster, seed: number): string => (world.hosts.get(seed)?.did ?? '').slice('did:key:'.length)

describe('a host whose disk is full', () => {
  it('refuses what arrives, or lets go of what it has; the agent ends right elsewhere', async () => {
    const world = new Cluster()
    const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
    await world.start(2, {}, new MemoryDisk({ capacityBytes: 12_000 }))
    await world.time.advance(4_000)
    const agent = await world.launch(home, { steps: 12_000, emitEvery: 500 })
    await world.time.advance(4_000)
    await world.start(3)
    expect(await world.ended(home, agent)).toEqual({ ok: true, value: cheapTruth({ steps: 12_000, emitEvery: 500 }) })
    expect(emits(home, agent)).toHaveLength(24)
  })
})
