import { expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { type AgentId, agentId } from '../../src/directory/agent-id.ts'
import type { Acquaintance } from '../../src/host/acquaintance.ts'
import { askAfterSilent, onFormerTold } from '../../src/host/former.ts'
import { newHeard } from '../../src/host/heard.ts'
import { FORMER_AGAIN_MS, WITNESS_GONE_MS } from '../../src/host/limits.ts'
import type { HomeRow, Register } from '../../src/host/state.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import type { MemoryDisk } from '../../src/platform/memory/store.ts'
import type { Store } from '../../src/storage/port.ts'
import { NO_MAIL } from '../../src/wire/mail.ts'
import { bareState, bareTurn } from './bare.ts'
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

it('a former keeper that asks after an agent takes the lines of those who kept it since for its own last ones', () => {
  const [self, keeper] = [1, 2].map((seed) => createSigner(generateSecretKey(seededRandom(seed))).did)
  const agent = agentId({ home: self, age: 1, sequence: 1 })
  const state = bareState(self)
  const turn = bareTurn(state, FORMER_AGAIN_MS)
  const line = (number: number, kind: string) => ({ number, kind, atMs: 1, valueJson: 'null' })
  // It kept the row from line 1 on; the others have confirmed up to line 2 and not line 3.
  const standing = { agent, tenure: 0, since: 1, kept: 3, seen: {}, forks: [], itinerary: [], checkpoint: null }
  const story = [line(1, 'hop'), line(2, 'hop'), line(3, 'keeper')]
  const row = { ...standing, story, storyNext: 4, heardMs: 0, isFounded: true, outcome: null, heard: newHeard() }
  state.mirrors.set(agent, row as unknown as HomeRow)
  state.registers.set(agent, { agent, epoch: 1, witnesses: [self, keeper], charters: [] } as unknown as Register)
  state.acquaintances.set(keeper, { connected: true } as Acquaintance)
  askAfterSilent(turn)
  expect(turn.effects).toMatchObject([{ kind: 'ask', to: keeper, name: 'estate', body: { after: { next: 3 } } }])

  const lines = [line(3, 'recover'), line(4, 'result')]
  const estate = {
    ...{ ...standing, tenure: 4, since: 3, kept: 5, state: 'finished', lines, from: 3, next: 5 },
    ...{ isWhole: true, isFounded: true, killed: null, mail: NO_MAIL, history: null },
  }
  onFormerTold(turn, agent, keeper, { ok: true, body: { epoch: 4, estate } })
  expect(row.story.map(({ kind }) => kind)).toEqual(['hop', 'hop', 'recover', 'result'])
})
