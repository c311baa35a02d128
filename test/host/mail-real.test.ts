import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { RealCluster, until } from './real-cluster.ts'

/** Real programs in real guests, on hosts of production code; only the network is in memory. */
let world: RealCluster
afterEach(() => world.close())

const RING = fileURLToPath(new URL('../../agents/ring', import.meta.url))

describe('agents of the example that form a ring', () => {
  it('find each other by name and come to the same sum while they hop', async () => {
    world = new RealCluster()
    const { host: home } = await world.start('home', 0)
    const first = await world.start('first', 4)
    const second = await world.start('second', 4)
    await until(() => first.host.hosts().includes(second.did) && second.host.hosts().includes(first.did))
    const size = 3
    const agents: AgentId[] = []
    for (let index = 0; index < size; index++)
      agents.push(await world.launch(home, RING, { ring: 'test', index, size, upTo: 2_000 }))
    const outcomes = await Promise.all(agents.map((agent) => home.outcome(agent)))
    const results = outcomes.map((outcome) => (outcome?.ok ? JSON.parse(outcome.valueJson) : outcome))
    for (const [index, result] of results.entries()) {
      expect(result).toMatchObject({ index, primes: 303 })
      expect(result.hosts).toHaveLength(size)
    }
    expect(new Set(results.flatMap(({ hosts }) => hosts)).size).toBeGreaterThan(1)
  }, 60_000)
})
