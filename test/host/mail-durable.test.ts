import { beforeEach, describe, expect, it } from 'vitest'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Host } from '../../src/host/host.ts'
import { addressOf, type Did } from '../../src/identity/did.ts'
import { countOf, lettersOf } from '../../src/sim/cheap-mail.ts'
import type { CheapProgram } from '../../src/sim/cheap-sandbox.ts'
import { author, Cluster, importProgram } from './cluster.ts'

/** Letters between durable agents, whose hosts are killed at one moment after another: each comes once, and in order. */
let world: Cluster
beforeEach(() => {
  world = new Cluster()
})

async function launch(home: Host, program: CheapProgram): Promise<AgentId> {
  const launching = home.launch(await importProgram(home, program, author, { effects: 'durable' }))
  await world.time.advance(5)
  return launching
}

const COUNT = 40

/** What it is told about the world differs from host to host: so does what a program does that is not lived again. */
async function pair() {
  const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
  for (const seed of [2, 3, 4, 5]) await world.start(seed, { slots: 1 })
  await world.time.advance(2_000)
  const reader: CheapProgram = {
    steps: 4_000,
    emitEvery: 400,
    lookEvery: 130,
    receives: Array.from({ length: COUNT }, (_, i) => ({ at: 90 * (i + 1), count: 1 })),
  }
  const to = await launch(home, reader)
  const writer: CheapProgram = {
    steps: 4_000,
    emitEvery: 500,
    lookEvery: 70,
    as: 1,
    // Four at a time.
    sends: Array.from({ length: COUNT }, (_, i) => ({ at: 300 * (1 + (i >> 2)), to })),
  }
  const from = await launch(home, writer)
  return { home, to, from, letters: lettersOf(writer, to) }
}

async function killHolderOf(agent: AgentId): Promise<void> {
  const [holder] = world.holders(agent)
  if (holder !== undefined && holder !== 1) await world.kill(holder)
}

const mailOf = async (home: Host, agent: AgentId) =>
  ((await world.ended(home, agent, 120_000)) as { value: { mail: unknown } } | null)?.value.mail

describe('letters between durable agents', () => {
  it.each([700, 1_310, 1_920, 2_530, 3_140])(
    'come once when the recipient’s host is killed after %i ms',
    async (atMs) => {
      const { home, to, from, letters } = await pair()
      await world.time.advance(atMs)
      await killHolderOf(to)
      expect(await mailOf(home, from)).toEqual(countOf([]))
      expect(await mailOf(home, to)).toEqual(countOf(letters))
    },
  )

  it.each([850, 1_460, 2_070, 2_680, 3_290])('come once when the sender’s host is killed after %i ms', async (atMs) => {
    const { home, to, from, letters } = await pair()
    await world.time.advance(atMs)
    await killHolderOf(from)
    expect(await mailOf(home, from)).toEqual(countOf([]))
    expect(await mailOf(home, to)).toEqual(countOf(letters))
  })

  it('come once when both are killed, one after the other, and both hop', async () => {
    const { home, to, from, letters } = await pair()
    await world.time.advance(1_100)
    await killHolderOf(to)
    await world.time.advance(900)
    for (const agent of [from, to]) {
      const [here] = world.holders(agent)
      if (here !== undefined) world.hosts.get(here)?.host.move(agent, null)
    }
    await world.time.advance(600)
    await killHolderOf(from)
    await world.start(6, { slots: 2 })
    expect(await mailOf(home, from)).toEqual(countOf([]))
    expect(await mailOf(home, to)).toEqual(countOf(letters))
  })

  it('that came to one that is parked go on with it', async () => {
    const { home, to, from, letters } = await pair()
    await world.time.advance(1_000)
    const here = world.holders(to)[0] ?? expect.fail('nobody runs it')
    for (const [seed, { host }] of world.hosts) if (seed !== 1 && seed !== world.holders(from)[0]) host.setSlots(0)
    await world.time.advance(200)
    void world.hosts.get(here)?.host.drain()
    await world.time.advance(900)
    expect(world.holders(to)).toEqual([])
    await world.start(6, { slots: 1 })
    await world.time.advance(2_500)
    await world.kill(6)
    await world.start(7, { slots: 1 })
    expect(await mailOf(home, to)).toEqual(countOf(letters))
  })

  const cutFromHome = (agent: AgentId): (() => void) => {
    const [one, home] = [world.holders(agent)[0] ?? expect.fail('nobody runs it'), 1].map((seed) =>
      addressOf(world.hosts.get(seed)?.did as Did),
    ) as [string, string]
    world.network.cut(one, home)
    return () => world.network.heal(one, home)
  }

  it('are found by who goes on with nothing but them since the last checkpoint', async () => {
    const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
    for (const seed of [2, 3, 4]) await world.start(seed, { slots: 1 })
    await world.time.advance(2_000)
    const to = await launch(home, { steps: 30_000, emitEvery: 0, receives: [{ at: 30_000, count: 1 }] })
    const writer = { steps: 4_000, emitEvery: 0, as: 1, sends: [{ at: 3_000, to }] }
    const from = await launch(home, writer)
    expect(await mailOf(home, from)).toEqual(countOf([]))
    await killHolderOf(to)
    expect(await mailOf(home, to)).toEqual(countOf(lettersOf(writer, to)))
  })

  it('that nobody but a host cut off has heard of are not acknowledged, and come again', async () => {
    const { home, to, from, letters } = await pair()
    await world.time.advance(1_000)
    cutFromHome(to)
    // Long enough that the agent is taken back, and goes on without that host.
    await world.time.advance(3_000)
    await killHolderOf(to)
    expect(await mailOf(home, from)).toEqual(countOf([]))
    expect(await mailOf(home, to)).toEqual(countOf(letters))
  })

  it('do not leave a sender whose past is logged nowhere yet', async () => {
    const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
    for (const seed of [2, 3]) await world.start(seed, { slots: 1 })
    await world.time.advance(2_000)
    const to = await launch(home, { steps: 10, emitEvery: 0, receives: [{ at: 10, count: 2 }] })
    // The first shows its host where the recipient is: for the second it need not ask home.
    const sends = [300, 2_500].map((at) => ({ at, to }))
    const from = await launch(home, { steps: 3_000, emitEvery: 0, lookEvery: 50, sends })
    await world.time.advance(2_500)
    const heal = cutFromHome(from)
    await world.time.advance(3_500)
    expect(home.story(to, 0)?.row.state).toBe('running')
    heal()
    expect(await mailOf(home, to)).toMatchObject({ count: 2 })
    expect(await mailOf(home, from)).toMatchObject({ refused: 0 })
  })
})
