import { beforeEach, describe, expect, it } from 'vitest'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Host } from '../../src/host/host.ts'
import { type CheapProgram, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { Cluster, importProgram } from './cluster.ts'

/** Agents with three witnesses: what one host's death, also home's, leaves of them. */
const HOME = 1
const program: CheapProgram = { steps: 30_000, emitEvery: 2_000 }

let world: Cluster
const hostAt = (seed: number) => {
  const host = world.hosts.get(seed)
  if (!host) throw new Error(`no host ${seed}`)
  return host
}

async function launch(what: CheapProgram = program): Promise<AgentId> {
  const { host } = hostAt(HOME)
  const launching = host.launch(await importProgram(host, what), { witnesses: 3 })
  launching.catch(() => {})
  await world.time.advance(5)
  return launching
}

const rowAt = (host: Host, agent: AgentId) => host.story(agent, 0)?.row

const emitsAt = (host: Host, agent: AgentId): number[] =>
  (host.story(agent, 0)?.lines ?? [])
    .filter(({ kind }) => kind === 'emit')
    .map(({ valueJson }) => JSON.parse(valueJson).done)

const allEmits = Array.from({ length: 15 }, (_, n) => (n + 1) * 2_000)

/** Who keeps the row now. */
const keepers = (agent: AgentId): number[] =>
  [...world.hosts].filter(([, { host }]) => host.story(agent, 0) !== null).map(([seed]) => seed)

beforeEach(async () => {
  world = new Cluster()
  await world.start(HOME, { kind: 'launcher', slots: 0 })
  for (const edge of [2, 3, 4, 5]) await world.start(edge, { slots: 3 })
  await world.time.advance(4_000)
})

describe('an agent with three witnesses', () => {
  it('ends as with one, and its itinerary says who decided', async () => {
    const agent = await launch()
    expect(await world.ended(hostAt(HOME).host, agent)).toEqual({ ok: true, value: cheapTruth(program) })
    expect(emitsAt(hostAt(HOME).host, agent)).toEqual(allEmits)
    const itinerary = hostAt(HOME).host.itinerary(agent)
    expect(itinerary?.origin.witnesses).toHaveLength(3)
    expect(itinerary?.hops[0]?.votes.length).toBeGreaterThanOrEqual(2)
  })

  it('goes on from its last checkpoint when its holder dies', async () => {
    const agent = await launch()
    await world.time.advance(6_000)
    const [holder] = world.holders(agent)
    if (holder === undefined) throw new Error('it runs nowhere')
    await world.kill(holder)
    expect(await world.ended(hostAt(HOME).host, agent)).toEqual({ ok: true, value: cheapTruth(program) })
    expect(emitsAt(hostAt(HOME).host, agent)).toEqual(allEmits)
  })

  it('goes on when its home dies for good: another witness keeps its row, and has every word of it', async () => {
    const agent = await launch()
    await world.time.advance(6_000)
    await world.kill(HOME)
    expect(await world.time.runUntil(() => keepers(agent).length > 0, 30_000)).toBe(true)
    const [keeper] = keepers(agent)
    if (keeper === undefined) throw new Error('nobody keeps it')
    expect(await world.ended(hostAt(keeper).host, agent)).toEqual({ ok: true, value: cheapTruth(program) })
    expect(emitsAt(hostAt(keeper).host, agent)).toEqual(allEmits)
  })

  it('is given back to its home, which comes back in a later life', async () => {
    const agent = await launch()
    await world.time.advance(6_000)
    const disk = await world.kill(HOME)
    await world.time.runUntil(() => keepers(agent).length > 0, 30_000)
    const { host } = await world.start(HOME, { kind: 'launcher', slots: 0 }, disk)
    expect(await world.time.runUntil(() => keepers(agent).join() === `${HOME}`, 60_000)).toBe(true)
    expect(await world.ended(host, agent)).toEqual({ ok: true, value: cheapTruth(program) })
    expect(emitsAt(host, agent)).toEqual(allEmits)
    expect(rowAt(host, agent)?.state).toBe('finished')
  })

  it('goes on when home and holder die together', async () => {
    const agent = await launch()
    await world.time.advance(6_000)
    const [holder] = world.holders(agent)
    if (holder === undefined) throw new Error('it runs nowhere')
    await world.kill(HOME)
    await world.kill(holder)
    await world.time.runUntil(() => keepers(agent).length > 0, 30_000)
    const [keeper] = keepers(agent)
    if (keeper === undefined) throw new Error('nobody keeps it')
    expect(await world.ended(hostAt(keeper).host, agent, 120_000)).toEqual({ ok: true, value: cheapTruth(program) })
    expect(emitsAt(hostAt(keeper).host, agent)).toEqual(allEmits)
  })

  it('gets another witness for one that is gone, by a decision of the others', async () => {
    const agent = await launch({ ...program, steps: 90_000 })
    await world.time.advance(6_000)
    const before = hostAt(HOME).host.itinerary(agent)?.origin.witnesses ?? []
    const gone = [...world.hosts].find(([, { did }]) => did === before[1])?.[0]
    if (gone === undefined) throw new Error('it has no second witness')
    await world.kill(gone)
    const told = () =>
      (hostAt(HOME).host.story(agent, 0)?.lines ?? []).flatMap(({ kind, valueJson }) =>
        kind === 'keeper' ? [JSON.parse(valueJson).witnesses as string[]] : [],
      )
    expect(await world.time.runUntil(() => told().length > 0, 80_000)).toBe(true)
    expect(told()[0]).toHaveLength(3)
    expect(told()[0]).not.toContain(before[1])
    expect(world.holders(agent)).toHaveLength(1)
  })

  it('gets one that has never had it in its hands, with the checkpoint that it has come to', async () => {
    world = new Cluster()
    await world.start(HOME, { slots: 1 })
    for (const edge of [2, 3, 4, 5]) await world.start(edge, { slots: 0 })
    await world.time.advance(4_000)
    const agent = await launch({ ...program, steps: 90_000 })
    await world.time.advance(6_000)
    expect(world.holders(agent)).toEqual([HOME])
    const [, second] = hostAt(HOME).host.itinerary(agent)?.origin.witnesses ?? []
    const gone = [...world.hosts].find(([, { did }]) => did === second)?.[0]
    if (gone === undefined) throw new Error('it has no second witness')
    await world.kill(gone)
    const changed = () => (hostAt(HOME).host.story(agent, 0)?.lines ?? []).some(({ kind }) => kind === 'keeper')
    expect(await world.time.runUntil(changed, 80_000)).toBe(true)
  })

  it('is known to have ended by all its witnesses, also where it runs at the one that comes to keep its row', async () => {
    for (const edge of [4, 5]) await world.kill(edge)
    await world.time.advance(10_000)
    const agents = await Promise.all(Array.from({ length: 6 }, () => launch({ steps: 8_000, emitEvery: 9_000 })))
    await world.time.advance(1_000)
    const second = (agent: AgentId) => hostAt(HOME).host.itinerary(agent)?.origin.witnesses[1]
    expect(
      agents.filter((agent) => world.holders(agent).some((seed) => hostAt(seed).did === second(agent))),
    ).not.toEqual([])
    await world.kill(HOME)
    const known = () =>
      agents.map((agent) => [2, 3].filter((at) => rowAt(hostAt(at).host, agent)?.state === 'finished'))
    await world.time.runUntil(() => known().flat().length === 12, 60_000)
    expect(known()).toEqual(agents.map(() => [2, 3]))
  })

  it('waits while two of three are away, and goes on when one is back', async () => {
    const agent = await launch()
    await world.time.advance(6_000)
    const names = hostAt(HOME).host.itinerary(agent)?.origin.witnesses ?? []
    const away = [...world.hosts].filter(([, { did }]) => names.slice(1).includes(did)).map(([seed]) => seed)
    const disks = await Promise.all(away.map(async (seed) => [seed, await world.kill(seed)] as const))
    await world.time.advance(20_000)
    expect(rowAt(hostAt(HOME).host, agent)?.state).toBe('running')
    const [seed, disk] = disks[0] ?? [0, undefined]
    await world.start(seed, { slots: 3 }, disk)
    expect(await world.ended(hostAt(HOME).host, agent, 120_000)).toEqual({ ok: true, value: cheapTruth(program) })
    expect(emitsAt(hostAt(HOME).host, agent)).toEqual(allEmits)
  })
})

describe('a fork of an agent with three witnesses', () => {
  const forking: CheapProgram = { steps: 12_000, emitEvery: 1_000, forks: [{ at: 3_500, n: 3 }] }

  it('makes each agent once, and all end right though their home dies meanwhile and comes back', async () => {
    const agent = await launch(forking)
    await world.time.advance(3_300)
    const disk = await world.kill(HOME)
    await world.time.advance(8_000)
    const { host } = await world.start(HOME, { kind: 'launcher', slots: 0 }, disk)
    const family = (): AgentId[] => [
      agent,
      ...(host.story(agent, 0)?.lines ?? [])
        .filter(({ kind }) => kind === 'fork')
        .flatMap(({ valueJson }) => JSON.parse(valueJson).agents ?? []),
    ]
    expect(await world.time.runUntil(() => family().length === 3, 120_000)).toBe(true)
    for (const [index, one] of family().entries())
      expect(await world.ended(host, one, 120_000), `of index ${index}`).toEqual({
        ok: true,
        value: cheapTruth(forking, [index]),
      })
  })
})

describe('an agent that shall have more witnesses than there are hosts', () => {
  it('is decided for by its home alone, and says so', async () => {
    for (const edge of [3, 4, 5]) await world.kill(edge)
    await world.time.advance(10_000)
    const agent = await launch()
    expect(await world.ended(hostAt(HOME).host, agent)).toEqual({ ok: true, value: cheapTruth(program) })
    expect(hostAt(HOME).host.itinerary(agent)?.origin.witnesses).toHaveLength(1)
  })
})
