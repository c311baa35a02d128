import { afterEach, beforeEach, expect, it } from 'vitest'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { RealCluster, type RealHost, until } from '../host/real-cluster.ts'

/** Real guests, real time: some ten seconds on an idle machine. */
const TEST_MS_MAX = 400_000
/** How many moves are ordered; each ends a segment. A longer run: AUDIT_MOVES=300. */
const MOVES = Number(process.env.AUDIT_MOVES ?? 12)

let world: RealCluster
beforeEach(() => {
  world = new RealCluster()
})
afterEach(() => world.close())

it(
  'no honest host is accused, whatever is moved, evicted, staged, forked and taken back meanwhile',
  async () => {
    const home = await world.start('home', 0)
    const edges: RealHost[] = []
    for (const name of ['one', 'two', 'three']) edges.push(await world.start(name, 6))
    await until(() => home.host.snapshot().acquaintances.length === 3)
    const agents: AgentId[] = []
    for (const heap of [0, 0, 900])
      agents.push(await world.launch(home.host, 'test/agents/audited.ts', { rounds: MOVES * 5, heap }))
    agents.push(await world.launch(home.host, 'agents/queens', { size: 10, parts: 3 }))
    agents.push(
      await world.launch(home.host, 'agents/golomb', { order: 9, best: 60, stubs: { depth: 2, from: 0, to: 30 } }),
    )
    const running = () =>
      edges.flatMap((edge) =>
        edge.host.snapshot().agents.flatMap(({ id, state }) => (state === 'running' ? [{ edge, id }] : [])),
      )
    for (let move = 0; move < MOVES; move++) {
      await new Promise((resolve) => setTimeout(resolve, 60))
      const all = running()
      const one = all[move % Math.max(1, all.length)]
      const to = edges[move % edges.length]
      if (one && to && to !== one.edge) one.edge.host.move(one.id, to.did)
      if (move === Math.floor(MOVES / 3)) {
        await edges[1]?.host.drain()
        edges[1]?.host.setAccepting(true)
      }
      if (move === Math.floor((2 * MOVES) / 3)) {
        const [gone] = edges.splice(2, 1)
        if (gone) await world.crash(gone)
        edges.push(await world.start('four', 6))
      }
    }
    // How they end is another test's business: a busy machine can end a guest for being silent.
    for (const agent of agents) await home.host.outcome(agent)
    await until(async () => (await world.segments(home)).segments.every(({ state }) => state !== 'due'))
    const { segments, hosts } = await world.segments(home)
    const good = segments.filter(({ state }) => state === 'good')
    if (process.env.AUDIT_MOVES)
      process.stderr.write(`${segments.length} segments, ${good.length} run again and true\n`)
    expect(segments.filter(({ state }) => state === 'fraud')).toEqual([])
    expect(hosts.map(({ strikes }) => strikes)).toEqual(hosts.map(() => 0))
    expect(good.length).toBeGreaterThan(MOVES / 3)
  },
  TEST_MS_MAX,
)
