import { beforeEach, describe, expect, it } from 'vitest'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Host } from '../../src/host/host.ts'
import type { Sandbox } from '../../src/sandbox/port.ts'
import { type CheapProgram, CheapSandbox } from '../../src/sim/cheap-sandbox.ts'
import { author, Cluster, importProgram } from './cluster.ts'

/**
 * What a program is told differs from host to host and from moment to moment; what a durable one has said stands all the same,
 * whatever is killed.
 */
const program: CheapProgram = { steps: 4_500, emitEvery: 50, lookEvery: 30, printEvery: 170 }

let world: Cluster
beforeEach(() => {
  world = new Cluster()
})

async function begin(
  effects: 'durable' | 'fast',
  changes: Partial<CheapProgram> = {},
): Promise<{ home: Host; agent: AgentId }> {
  const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
  for (const edge of [2, 3]) await world.start(edge, { slots: 2 })
  await world.time.advance(2_000)
  const launching = home.launch(await importProgram(home, { ...program, ...changes }, author, { effects }))
  await world.time.advance(5)
  return { home, agent: await launching }
}

const linesOf = (home: Host, agent: AgentId, kind: string) =>
  (home.story(agent, 0)?.lines ?? []).filter((line) => line.kind === kind).map(({ valueJson }) => JSON.parse(valueJson))

/** Every emit once and in order, the result once, nothing said twice in two ways. */
function expectOneHistory(home: Host, agent: AgentId, ended: unknown): void {
  expect(ended).toMatchObject({ ok: true, value: { steps: program.steps } })
  const emits = linesOf(home, agent, 'emit').map(({ done }) => done)
  expect(emits).toEqual(Array.from({ length: program.steps / 50 }, (_, i) => (i + 1) * 50))
  const lines = linesOf(home, agent, 'console').map(({ text }) => Number(text.split(' ')[0]))
  expect(lines).toEqual(Array.from({ length: Math.floor(program.steps / 170) }, (_, i) => (i + 1) * 170))
  expect(linesOf(home, agent, 'result')).toHaveLength(1)
  expect(linesOf(home, agent, 'conflict')).toEqual([])
}

/** Its holder, at one moment after another, while it runs. */
async function killHolder(agent: AgentId, atMs: number): Promise<void> {
  await world.time.advance(atMs)
  const [holder] = world.holders(agent)
  if (holder !== undefined && holder !== 1) await world.kill(holder)
}

describe('a durable agent', () => {
  it('does as a fast one does where nothing goes wrong', async () => {
    const { home, agent } = await begin('durable')
    expectOneHistory(home, agent, await world.ended(home, agent))
    await world.time.advance(5_000)
    for (const { host } of world.hosts.values()) expect(host.snapshot().agents).toEqual([])
  })

  it.each([400, 701, 1_002, 1_303, 1_604, 1_905, 2_206, 2_507])(
    'has one history when its host is killed after %i ms',
    async (atMs) => {
      const { home, agent } = await begin('durable')
      await killHolder(agent, atMs)
      const heard = JSON.stringify(linesOf(home, agent, 'emit'))
      expectOneHistory(home, agent, await world.ended(home, agent))
      expect(JSON.stringify(linesOf(home, agent, 'emit')).startsWith(heard.slice(0, -1))).toBe(true)
      expect(linesOf(home, agent, 'recover').length).toBeGreaterThan(0)
    },
  )
})

/** The first guest that lives here falls silent after a while, as a runaway does, and is ended. */
function silencing(afterMs: number): Sandbox {
  const inner = new CheapSandbox(world.time)
  let isSilenced = false
  return {
    spawn(order, onEvent) {
      const guest = inner.spawn(order, onEvent)
      if (isSilenced || order.replay) return guest
      isSilenced = true
      world.time.after(afterMs, () => {
        guest.terminate()
        onEvent({ kind: 'failed', code: 'UNRESPONSIVE', reason: 'no answer', fuelUsed: 0 })
      })
      return guest
    },
  }
}

describe('a durable agent whose guest falls silent', () => {
  it.each([700, 3_100])(
    'after %i ms lives its past again where it is, and its host signs for all of it',
    async (atMs) => {
      const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
      await world.start(2, { slots: 2, sandbox: silencing(atMs) })
      await world.time.advance(2_000)
      const launching = home.launch(await importProgram(home, program, author, { effects: 'durable' }))
      await world.time.advance(5)
      const agent = await launching
      expectOneHistory(home, agent, await world.ended(home, agent))
      expect(linesOf(home, agent, 'recover')).toEqual([])
      expect(linesOf(home, agent, 'fraud')).toEqual([])
    },
  )
})

describe('what comes of a durable agent by a fork', () => {
  it.each([1_100, 2_400])('has a history of its own, and one, when a host is killed after %i ms', async (atMs) => {
    const { home, agent } = await begin('durable', { forks: [{ at: 1_000, n: 3 }] })
    await killHolder(agent, atMs)
    expect(await world.ended(home, agent, 120_000)).toMatchObject({ ok: true })
    const others = linesOf(home, agent, 'fork').flatMap(({ agents }) => agents as AgentId[])
    expect(others).toHaveLength(2)
    for (const other of others) {
      expect(await world.ended(home, other, 120_000)).toMatchObject({ ok: true, value: { steps: program.steps } })
      expect(linesOf(home, other, 'emit').map(({ done }) => done)).toEqual(
        Array.from({ length: 70 }, (_, i) => 1_050 + i * 50),
      )
      expect(linesOf(home, other, 'conflict')).toEqual([])
    }
  })
})

describe('a fast agent', () => {
  it('shows that it has lived twice, where it has', async () => {
    const { home, agent } = await begin('fast')
    await killHolder(agent, 1_303)
    const ended = await world.ended(home, agent)
    expect(ended).toMatchObject({ ok: true })
    expect(linesOf(home, agent, 'conflict').length).toBeGreaterThan(0)
  })
})
