import { expect, it } from 'vitest'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { FORMER_AGAIN_MS, WITNESS_GONE_MS } from '../../src/host/limits.ts'
import type { MemoryDisk } from '../../src/platform/memory/store.ts'
import type { Store } from '../../src/storage/port.ts'
import { author, Cluster, importProgram } from './cluster.ts'

/** What this host keeps of an agent that it was a witness of. */
async function keptOn(store: Store, agent: AgentId): Promise<string[]> {
  const records = await Promise.all([`log/${agent}`, `piece/${agent}/`].map((prefix) => store.list(prefix)))
  const row = await store.list(`row/${agent}`)
  expect(row, 'its row').toHaveLength(1)
  return records.flat()
}

it('a witness that was replaced while it was away hears of the end of its agent, and lets go of what it kept for it', async () => {
  const world = new Cluster()
  const startHome = (disk?: MemoryDisk) => world.start(1, { kind: 'launcher', slots: 0 }, disk)
  const { host: home } = await startHome()
  for (const edge of [2, 3, 4, 5]) await world.start(edge, { slots: 3 })
  await world.time.advance(4_000)
  const program = { steps: 100_000, emitEvery: 5_000, lookEvery: 300 }
  const launching = home.launch(await importProgram(home, program, author, { effects: 'durable' }), { witnesses: 3 })
  await world.time.advance(3_000)
  const agent = await launching
  const names = home.itinerary(agent)?.origin.witnesses ?? []
  const away = [...world.hosts].find(
    ([seed, { did }]) => did === names[1] || (did === names[2] && world.holders(agent)[0] !== seed),
  )
  const seed = away?.[0] ?? expect.fail('it has no second witness')
  const disk = await world.kill(seed)
  await world.time.advance(WITNESS_GONE_MS + 15_000)
  // Whoever keeps the row knows no more whom it told before.
  const { host: again } = await startHome(await world.kill(1))
  await world.time.advance(1_000)
  const store = await disk.open()
  const { host: former } = await world.start(seed, { slots: 0, store })
  expect(await world.ended(again, agent, 150_000)).toMatchObject({ ok: true })
  expect(again.story(agent, 0)?.lines.some(({ kind }) => kind === 'keeper')).toBe(true)
  expect(await keptOn(store, agent)).not.toEqual([])
  await world.time.advance(2 * FORMER_AGAIN_MS)
  expect(former.story(agent, 0)?.row.state).toBe('finished')
  expect(await keptOn(store, agent)).toEqual([])
}, 30_000)
