import { beforeEach, describe, expect, it } from 'vitest'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Host } from '../../src/host/host.ts'
import type { CheapProgram } from '../../src/sim/cheap-sandbox.ts'
import { author, Cluster, importProgram } from './cluster.ts'

/** Durable agents whose witnesses are several hosts: whoever dies, what was let out is what the agent has done. */
const HOME = 1
const program: CheapProgram = { steps: 9_000, emitEvery: 90, lookEvery: 50, printEvery: 170 }

let world: Cluster
const hostAt = (seed: number): Host => {
  const host = world.hosts.get(seed)?.host
  if (!host) throw new Error(`no host ${seed}`)
  return host
}

async function launch(effects: 'durable' | 'fast' = 'durable'): Promise<AgentId> {
  const bundle = await importProgram(hostAt(HOME), program, author, { effects })
  const launching = hostAt(HOME).launch(bundle, { witnesses: 3 })
  await world.time.advance(5)
  return launching
}

const linesOf = (host: Host, agent: AgentId, kind: string) =>
  (host.story(agent, 0)?.lines ?? []).filter((line) => line.kind === kind).map(({ valueJson }) => JSON.parse(valueJson))

const keepers = (agent: AgentId): number[] =>
  [...world.hosts].filter(([, { host }]) => host.story(agent, 0) !== null).map(([seed]) => seed)

async function expectOneHistory(keeper: number, agent: AgentId, heard: readonly unknown[]): Promise<void> {
  const host = hostAt(keeper)
  expect(await world.ended(host, agent, 120_000)).toMatchObject({ ok: true, value: { steps: program.steps } })
  const emits = linesOf(host, agent, 'emit')
  expect(emits.map(({ done }) => done)).toEqual(Array.from({ length: 100 }, (_, i) => (i + 1) * 90))
  expect(emits.slice(0, heard.length)).toEqual(heard)
  expect(linesOf(host, agent, 'console')).toHaveLength(Math.floor(program.steps / 170))
  expect(linesOf(host, agent, 'result')).toHaveLength(1)
  expect(linesOf(host, agent, 'conflict')).toEqual([])
}

const holderOf = (agent: AgentId): number => {
  const [holder] = world.holders(agent)
  if (holder === undefined) throw new Error('it runs nowhere')
  return holder
}

beforeEach(async () => {
  world = new Cluster()
  await world.start(HOME, { kind: 'launcher', slots: 0 })
  for (const edge of [2, 3, 4, 5]) await world.start(edge, { slots: 3 })
  await world.time.advance(4_000)
})

describe('a durable agent with three witnesses', () => {
  it('has one history where nothing goes wrong', async () => {
    await expectOneHistory(HOME, await launch(), [])
  })

  it.each([900, 2_333, 3_777])('has one history when its holder dies after %i ms', async (atMs) => {
    const agent = await launch()
    await world.time.advance(atMs)
    await world.kill(holderOf(agent))
    await expectOneHistory(HOME, agent, linesOf(hostAt(HOME), agent, 'emit'))
  })

  it.each([1_500, 4_100])('has one history when its home dies for good after %i ms', async (atMs) => {
    const agent = await launch()
    await world.time.advance(atMs)
    const heard = linesOf(hostAt(HOME), agent, 'emit')
    await world.kill(HOME)
    await world.time.runUntil(() => keepers(agent).length > 0, 30_000)
    await expectOneHistory(keepers(agent)[0] ?? 0, agent, heard)
  })

  it('has one history when home and holder die together', async () => {
    const agent = await launch()
    await world.time.advance(3_000)
    const heard = linesOf(hostAt(HOME), agent, 'emit')
    await world.kill(holderOf(agent))
    await world.kill(HOME)
    await world.time.runUntil(() => keepers(agent).length > 0, 40_000)
    await expectOneHistory(keepers(agent)[0] ?? 0, agent, heard)
  })

  it('has one history when its holder dies and comes back in another life', async () => {
    const agent = await launch()
    await world.time.advance(2_500)
    const holder = holderOf(agent)
    const disk = await world.kill(holder)
    await world.time.advance(300)
    await world.start(holder, { slots: 3 }, disk)
    await expectOneHistory(HOME, agent, linesOf(hostAt(HOME), agent, 'emit'))
  })
})

describe('a fast agent with three witnesses', () => {
  it('shows that it has lived twice to whoever keeps its row after the home that heard its first life', async () => {
    const agent = await launch('fast')
    await world.time.advance(2_500)
    const heard = linesOf(hostAt(HOME), agent, 'emit')
    await world.kill(holderOf(agent))
    await world.kill(HOME)
    await world.time.runUntil(() => keepers(agent).length > 0, 40_000)
    const keeper = hostAt(keepers(agent)[0] ?? 0)
    expect(await world.ended(keeper, agent, 120_000)).toMatchObject({ ok: true })
    // What was taken stays, and what was said otherwise the second time is told beside it.
    expect(linesOf(keeper, agent, 'emit').slice(0, heard.length)).toEqual(heard)
    expect(linesOf(keeper, agent, 'conflict')).not.toEqual([])
  })
})
