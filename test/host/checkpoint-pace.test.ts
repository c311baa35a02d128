import { beforeEach, describe, expect, it } from 'vitest'
import { decode } from '../../src/base/codec.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { LIFE_WRITE_MS, LIVES_KEPT_MAX, WORK_LOST_MS_MAX } from '../../src/host/limits.ts'
import { newLives, restoreLives, survivalMs } from '../../src/host/lives.ts'
import type { HostState } from '../../src/host/state.ts'
import type { Turn } from '../../src/host/turn.ts'
import { type CheapProgram, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { Cluster, type ClusterHost } from './cluster.ts'

/** A minute of steps, a millisecond each. */
const program: CheapProgram = { steps: 60_000, emitEvery: 0 }
let world: Cluster
let home: ClusterHost

beforeEach(async () => {
  world = new Cluster()
  home = await world.start(1, { kind: 'launcher', slots: 0 })
})

const checkpointsOf = (agent: AgentId) =>
  (home.host.story(agent, 0)?.lines ?? []).filter(({ kind }) => kind === 'checkpoint')

describe('checkpoints of a running agent', () => {
  it.each(['tab', 'edge'] as const)('come as often as is promised for a host of kind %s', async (kind) => {
    await world.start(2, { kind })
    await world.time.advance(4_000)
    const agent = await world.launch(home.host, program)
    await world.time.advance(20_000)
    const steps = checkpointsOf(agent).map(({ valueJson }) => (JSON.parse(valueJson) as { fuelUsed: number }).fuelUsed)
    const gaps = steps.slice(1).map((fuelUsed, i) => fuelUsed - (steps[i] ?? 0))
    expect(gaps.length).toBeGreaterThan(8)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(WORK_LOST_MS_MAX[kind])
    // Nor more often than they are worth.
    expect(Math.max(...gaps)).toBeGreaterThan(WORK_LOST_MS_MAX[kind] / 3)
  })

  it('are taken at once when the host has been told that it may end', async () => {
    const tab = await world.start(2, { kind: 'edge' })
    await world.time.advance(4_000)
    const agent = await world.launch(home.host, program)
    await world.time.advance(1_000)
    for (let i = 0; i < 3; i++) {
      const before = checkpointsOf(agent).length
      tab.host.checkpoint()
      await world.time.advance(120)
      expect(checkpointsOf(agent).length).toBe(before + 1)
    }
    await world.kill(2)
    await world.start(3)
    expect(await world.ended(home.host, agent, 120_000)).toEqual({ ok: true, value: cheapTruth(program) })
  })
})

describe('how long a host lives', () => {
  it('is written down, with whether its owner had taken it back', async () => {
    const { host, disk } = await world.start(2)
    await world.time.advance(2 * LIFE_WRITE_MS + 1_000)
    const lives = async (): Promise<unknown[]> => {
      const store = await disk.open()
      const keys = await store.list('life/')
      const read = await Promise.all(keys.map((key) => store.read(key)))
      await store.close()
      return read.map((bytes) => {
        const life = decode(bytes ?? new Uint8Array())
        return life.ok ? life.value : life
      })
    }
    await world.kill(2)
    const first = { age: 1, drained: false, livedMs: expect.closeTo(2 * LIFE_WRITE_MS, -3) }
    expect(await lives()).toEqual([first])
    const again = await world.start(2, {}, disk)
    expect(again.host.age).toBe(host.age + 1)
    const drained = again.host.drain()
    await world.time.advance(1_000)
    await drained
    await world.kill(2)
    expect(await lives()).toEqual([first, expect.objectContaining({ age: 2, drained: true })])
  })

  it('is less for one that died again and again than for one that was sent to sleep', () => {
    const turn = {
      state: { kind: 'edge' } as HostState,
      nowMs: 1_000,
      writes: new Map(),
      soon: new Map(),
    } as unknown as Turn
    const lives = (drained: boolean, count: number) =>
      new Map(Array.from({ length: count }, (_, i) => [`life/${i}`, { age: i + 1, livedMs: 60_000, drained }]))
    const meanAfter = (records: ReadonlyMap<string, unknown>): number => {
      turn.state.lives = newLives(0)
      restoreLives(turn, records)
      return survivalMs(turn)
    }
    const unknown = meanAfter(new Map())
    expect(meanAfter(lives(true, 5))).toBeGreaterThan(unknown)
    expect(meanAfter(lives(false, 5))).toBeLessThan(unknown / 5)
    meanAfter(lives(false, LIVES_KEPT_MAX + 3))
    expect(turn.state.lives.deaths).toBe(LIVES_KEPT_MAX)
  })
})
