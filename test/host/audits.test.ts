import { beforeEach, describe, expect, it } from 'vitest'
import { RERUN_MS_MAX, SEGMENTS_KEPT_MAX } from '../../src/audit/limits.ts'
import type { Sandbox } from '../../src/sandbox/port.ts'
import { type CheapProgram, CheapSandbox, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import type { Requests } from '../../src/wire/messages.ts'
import { type Lie, LyingSandbox } from '../hostile/lying-host.ts'
import { Cluster } from './cluster.ts'

const wanderer: CheapProgram = {
  steps: 9_000,
  emitEvery: 700,
  moves: [
    { at: 3_000, where: 'anywhere' },
    { at: 6_000, where: 'anywhere' },
  ],
}
let world: Cluster

/** Real time for one test: a second on an idle machine. */
const TEST_MS_MAX = 60_000

beforeEach(() => {
  world = new Cluster()
})

const hostOf = (seed: number) => {
  const started = world.hosts.get(seed)
  if (!started) throw new Error(`no host ${seed}`)
  return started
}

async function segmentsAt(seed: number): Promise<Requests['segments']['answer']> {
  const { host, did } = hostOf(seed)
  const asking = host.ask(did, 'segments', { agent: null, host: null, after: 0 })
  await world.time.advance(100)
  const answer = await asking
  if (!answer.ok) throw new Error(answer.reason)
  return answer.body as Requests['segments']['answer']
}

describe('home', () => {
  it(
    'has every segment of hosts that it does not know run again by others, and accuses nobody',
    async () => {
      await world.start(1, { kind: 'launcher', slots: 0 })
      for (const seed of [2, 3, 4]) await world.start(seed)
      await world.time.advance(3_000)
      const agents = [await world.launch(hostOf(1).host, wanderer), await world.launch(hostOf(1).host, wanderer)]
      for (const agent of agents)
        expect(await world.ended(hostOf(1).host, agent)).toEqual({ ok: true, value: cheapTruth(wanderer) })
      await world.time.advance(10_000)
      const { segments, hosts } = await segmentsAt(1)
      expect(segments.length).toBeGreaterThan(8)
      for (const { state, host, auditor } of segments) {
        expect(state).toBe('good')
        expect(auditor).not.toBe(host)
      }
      for (const { strikes, lapsed } of hosts) expect([strikes, lapsed]).toEqual([0, 0])
    },
    TEST_MS_MAX,
  )

  it('tells what it has decided itself from what a host says', async () => {
    await world.start(1, { kind: 'launcher', slots: 0 })
    for (const seed of [2, 3]) await world.start(seed)
    await world.time.advance(3_000)
    const agent = await world.launch(hostOf(1).host, { steps: 4_000, emitEvery: 900, forks: [{ at: 1_000, n: 2 }] })
    await world.ended(hostOf(1).host, agent)
    await world.time.advance(3_000)
    const { segments } = await segmentsAt(1)
    const counts = segments.filter((one) => one.agent === agent).map(({ inputs }) => inputs)
    expect(counts.reduce((sum, one) => sum + (one?.home ?? 0), 0)).toBe(1)
    expect(counts.reduce((sum, one) => sum + (one?.host ?? 0), 0)).toBe(4)
  })

  for (const lie of ['bit', 'skip', 'early'] satisfies Lie[])
    it(
      `catches a host that lies (${lie}), names it, and goes on without it`,
      async () => {
        await world.start(1, { kind: 'launcher', slots: 0 })
        const lying = new LyingSandbox(new CheapSandbox(world.time), lie)
        await world.start(2, { sandbox: lying })
        await world.time.advance(3_000)
        const agent = await world.launch(hostOf(1).host, { steps: 9_000, emitEvery: 0 })
        await world.time.advance(3_000)
        await world.start(3)
        await world.start(4)
        const ended = await world.ended(hostOf(1).host, agent)
        await world.time.advance(10_000)
        const { segments, hosts } = await segmentsAt(1)
        expect(lying.told).toBeGreaterThan(0)
        const found = segments.filter(({ state }) => state === 'fraud')
        expect(found.length).toBeGreaterThan(0)
        expect(new Set(found.map(({ host }) => host))).toEqual(new Set([hostOf(2).did]))
        expect(hosts.filter(({ strikes }) => strikes > 0).map(({ host }) => host)).toEqual([hostOf(2).did])
        if (lie !== 'early') expect(ended).toEqual({ ok: true, value: cheapTruth({ steps: 9_000, emitEvery: 0 }) })
      },
      TEST_MS_MAX,
    )
})

describe('a home that nobody helps', () => {
  it('lets go of the oldest evidence within its budget, and counts what it has not looked at', async () => {
    const nothing = () => {}
    const silent: Sandbox = {
      spawn(_order, onEvent) {
        world.time.after(1, () => onEvent({ kind: 'failed', code: 'UNRESPONSIVE', reason: 'no answer', fuelUsed: 0 }))
        return { run: nothing, freeze: nothing, deliver: nothing, limit: nothing, patch: nothing, terminate: nothing }
      },
    }
    await world.start(1, { kind: 'launcher', slots: 0, sandbox: silent })
    await world.start(2, { slots: 1 })
    await world.time.advance(3_000)
    const agent = await world.launch(hostOf(1).host, { steps: 90_000, emitEvery: 0 })
    await world.ended(hostOf(1).host, agent, 200_000)
    await world.time.advance(60_000)
    const { segments, hosts } = await segmentsAt(1)
    expect(segments.length).toBeGreaterThan(SEGMENTS_KEPT_MAX)
    expect(segments.filter(({ state }) => state === 'good')).toEqual([])
    expect(segments.filter(({ here }) => here).length).toBeLessThanOrEqual(SEGMENTS_KEPT_MAX)
    expect(hosts[0]?.unaudited).toBe(segments.filter(({ state }) => state === 'kept').length)
    expect(hosts[0]?.every).toBe(1)
  })

  it('ends a run again that comes to no end, and has room for the next', async () => {
    const nothing = () => {}
    const begun: { isOver: boolean }[] = []
    const endless: Sandbox = {
      spawn() {
        const one = { isOver: false }
        begun.push(one)
        const terminate = () => {
          one.isOver = true
        }
        return { run: nothing, freeze: nothing, deliver: nothing, limit: nothing, patch: nothing, terminate }
      },
    }
    await world.start(1, { kind: 'launcher', slots: 0, sandbox: endless })
    await world.start(2, { slots: 1 })
    await world.time.advance(3_000)
    const agent = await world.launch(hostOf(1).host, { steps: 9_000, emitEvery: 0 })
    await world.time.advance(8_000)
    expect(world.holders(agent)).toEqual([2])
    await world.time.advance(3 * RERUN_MS_MAX)
    expect(begun.length).toBeGreaterThan(2)
    expect(begun.filter(({ isOver }) => !isOver).length).toBeLessThanOrEqual(1)
  })
})
