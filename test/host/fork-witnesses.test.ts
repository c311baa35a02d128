import { beforeEach, describe, expect, it } from 'vitest'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { FORK_PATIENCE_MS } from '../../src/host/limits.ts'
import type { MemoryDisk } from '../../src/platform/memory/store.ts'
import { type CheapProgram, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import type { Requests } from '../../src/wire/messages.ts'
import { Cluster, importProgram } from './cluster.ts'

/** Forks of agents that several hosts decide about, when the home that alone makes agents of them is away. */
const HOME = 1
const forking = (at: number): CheapProgram => ({ steps: at + 4_000, emitEvery: 500, forks: [{ at, n: 3 }] })

let world: Cluster
const startHome = (disk?: MemoryDisk) => world.start(HOME, { kind: 'launcher', slots: 0 }, disk)

async function launch(program: CheapProgram): Promise<AgentId> {
  const { host } = await startHome()
  for (const edge of [2, 3, 4, 5]) await world.start(edge, { slots: 4 })
  await world.time.advance(4_000)
  const launching = host.launch(await importProgram(host, program), { witnesses: 3 })
  await world.time.advance(50)
  return launching
}

const keeperOf = (agent: AgentId) => [...world.hosts.values()].find(({ host }) => host.story(agent, 0))?.host

/** What the story of an agent says was made of it, by index from 1. */
const madeOf = (agent: AgentId): AgentId[] =>
  (keeperOf(agent)?.story(agent, 0)?.lines ?? [])
    .filter(({ kind }) => kind === 'fork')
    .flatMap(({ valueJson }) => JSON.parse(valueJson).agents ?? [])

async function endOf(agent: AgentId): Promise<unknown> {
  await world.time.runUntil(() => keeperOf(agent) !== undefined, 40_000)
  return world.ended(keeperOf(agent) ?? expect.fail(`nobody keeps ${agent}`), agent, 120_000)
}

/** Nobody but those whom the story names was made, and all of them have ended. */
async function expectMade(agent: AgentId, program: CheapProgram): Promise<void> {
  expect(await endOf(agent)).toEqual({ ok: true, value: cheapTruth(program, [0]) })
  const made = madeOf(agent)
  expect(made).toHaveLength(2)
  for (const [i, child] of made.entries())
    expect(await endOf(child), `child ${i + 1}`).toEqual({ ok: true, value: cheapTruth(program, [i + 1]) })
  const { host: home } = world.hosts.get(HOME) ?? expect.fail('home is away')
  const asking = home.ask(home.did, 'status', {})
  await world.time.advance(10)
  const status = await asking
  const rows = status.ok ? (status.body as Requests['status']['answer']).rows : []
  // Its own row another may keep to the end.
  expect([...new Set([agent, ...rows.map((row) => row.agent)])].sort()).toEqual([agent, ...made].sort())
}

beforeEach(() => {
  world = new Cluster()
})

describe('an agent whose home is away when it forks', () => {
  it('is told so when home does not come back, and goes on alone', async () => {
    const program = forking(8_000)
    const agent = await launch(program)
    await world.time.advance(3_000)
    await world.kill(HOME)
    await world.time.advance(FORK_PATIENCE_MS - 5_000)
    expect(keeperOf(agent)?.story(agent, 0)?.row.state).toBe('running')
    // Refused, a program goes on as if it had no index.
    expect(await endOf(agent)).toEqual({ ok: true, value: cheapTruth(program) })
    expect(madeOf(agent)).toEqual([])
  })

  it('waits for a home that comes back soon, which makes the others', async () => {
    const program = forking(8_000)
    const agent = await launch(program)
    await world.time.advance(3_000)
    const disk = await world.kill(HOME)
    await world.time.advance(12_000)
    await startHome(disk)
    await expectMade(agent, program)
  })
})

describe('an agent whose home dies in the middle of its fork', () => {
  it.each([0, 2, 5, 12])('is what its story says, %i ms after the first line of it', async (afterMs) => {
    const program = forking(3_000)
    const agent = await launch(program)
    expect(await world.time.runUntil(() => madeOf(agent).length > 0, 10_000)).toBe(true)
    await world.time.advance(afterMs)
    const disk = await world.kill(HOME)
    await world.time.advance(12_000)
    await startHome(disk)
    await expectMade(agent, program)
  })
})
