import { describe, expect, it } from 'vitest'
import {
  dotsOf,
  HOP_MS,
  isMoving,
  JOURNEYS_MAX,
  NO_SCENE,
  RECOVERY_MS,
  type Scene,
  takeFrame,
} from '../../../src/ui/sim/scene.ts'
import type { SimFrame } from '../../../src/ui/sim/sim-view.ts'
import { frameOf, livingCluster, simAgent, simHost } from './fixtures.ts'

const HOSTS = Array.from({ length: 6 }, (_, i) => simHost(i))
const frame = (part: Partial<SimFrame>): SimFrame => frameOf({ hosts: HOSTS, ...part })
const dot = (scene: Scene, id: string, nowMs: number, motion = true) =>
  dotsOf(scene, nowMs, motion).find(({ agent }) => agent.id === id)

describe('the picture of a cluster', () => {
  it('shows every agent that has not ended once, whatever happens', () => {
    const cluster = livingCluster(40, 90)
    let scene = NO_SCENE
    for (let i = 0; i < 50; i++) {
      const next = cluster.next()
      scene = takeFrame(scene, next, i * 50)
      for (const motion of [true, false]) {
        const shown = dotsOf(scene, i * 50 + 20, motion).map(({ agent }) => agent.id)
        expect(new Set(shown)).toEqual(new Set(next.agents.map(({ id }) => id)))
        expect(shown).toHaveLength(next.agents.length)
      }
    }
  })

  it('gives no two agents of a host the same place, and lets nobody change it who stays', () => {
    const three = [1, 2, 3].map((i) => simAgent(i, { host: 2 }))
    const first = takeFrame(NO_SCENE, frame({ agents: three }), 0)
    const places = [1, 2, 3].map((i) => first.seats.get(`agent${i}`)?.place)
    expect(new Set(places).size).toBe(3)
    const later = takeFrame(first, frame({ agents: [...three.slice(1), simAgent(4, { host: 2 })] }), 100)
    expect(later.seats.get('agent2')).toEqual(first.seats.get('agent2'))
    expect(later.seats.get('agent3')).toEqual(first.seats.get('agent3'))
    expect(later.seats.get('agent4')?.place).toBe(places[0])
  })

  it('lets an agent be seen on its way, and then where it arrived', () => {
    const hop = { agent: 'agent1', from: 1, to: 4, kind: 'hop' as const }
    const scene = takeFrame(NO_SCENE, frame({ agents: [simAgent(1, { host: 4 })], hops: [hop] }), 1_000)
    const halfway = dot(scene, 'agent1', 1_000 + HOP_MS / 2)?.journey
    expect(halfway?.done).toBeCloseTo(0.5, 5)
    expect([halfway?.from, halfway?.to]).toEqual([1, 4])
    const after = dot(scene, 'agent1', 1_000 + HOP_MS + 1)
    expect([after?.journey, after?.host]).toEqual([null, 4])
  })

  it('shows hops of one agent one after the other, each from where the last ended', () => {
    const hops = [1, 2, 3].map((i) => ({ agent: 'agent1', from: i, to: i + 1, kind: 'hop' as const }))
    const scene = takeFrame(NO_SCENE, frame({ agents: [simAgent(1, { host: 4 })], hops: hops.slice(0, 2) }), 0)
    expect(dot(scene, 'agent1', 10)?.journey?.from).toBe(1)
    expect(dot(scene, 'agent1', HOP_MS + 10)?.journey?.from).toBe(2)
  })

  it('shows nobody travelling to who does not want motion', () => {
    const hop = { agent: 'agent1', from: 1, to: 4, kind: 'hop' as const }
    const scene = takeFrame(NO_SCENE, frame({ agents: [simAgent(1, { host: 4 })], hops: [hop] }), 0)
    expect(dot(scene, 'agent1', HOP_MS / 2, false)).toMatchObject({ journey: null, host: 4 })
  })

  it('tells a recovery from a hop, by its way and by a ring where the agent comes back', () => {
    const hop = { agent: 'agent1', from: 1, to: 4, kind: 'recovery' as const }
    const scene = takeFrame(NO_SCENE, frame({ agents: [simAgent(1, { host: 4 })], hops: [hop] }), 0)
    expect(scene.journeys[0]?.kind).toBe('recovery')
    expect(scene.blooms).toEqual([{ host: 4, kind: 'recovery', startMs: RECOVERY_MS }])
    const quiet = takeFrame(scene, frame({ agents: [simAgent(1, { host: 4 })] }), 10)
    expect(quiet.blooms).toHaveLength(1)
  })

  it('rings once where an agent ended, and forgets the agent', () => {
    const ended = takeFrame(NO_SCENE, frame({ agents: [simAgent(1, { condition: 'ended', host: 3 })] }), 0)
    expect(ended.blooms).toEqual([{ host: 3, kind: 'end', startMs: 0 }])
    expect(dotsOf(ended, 0, true)).toEqual([])
    expect(takeFrame(ended, frame({}), 10_000).blooms).toEqual([])
  })

  it('comes to rest: what has faded is let go, and a flood of hops stays bounded', () => {
    const hops = Array.from({ length: 3 * JOURNEYS_MAX }, (_, i) => ({
      agent: `agent${i}`,
      from: 1 + (i % 4),
      to: 5,
      kind: 'hop' as const,
    }))
    const flood = takeFrame(NO_SCENE, frame({ hops }), 0)
    expect(flood.journeys).toHaveLength(JOURNEYS_MAX)
    expect(isMoving(flood, 10)).toBe(true)
    expect(isMoving(flood, 60_000)).toBe(false)
    expect(takeFrame(flood, frame({}), 60_000).journeys).toEqual([])
  })
})
