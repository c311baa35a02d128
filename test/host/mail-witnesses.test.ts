import { expect, it } from 'vitest'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Host } from '../../src/host/host.ts'
import { lettersOf } from '../../src/sim/cheap-mail.ts'
import type { CheapProgram } from '../../src/sim/cheap-sandbox.ts'
import { author, Cluster, importProgram } from './cluster.ts'

/** Who has an agent's letters shows by its charters that it speaks for it: also after other hosts have come to decide about it. */
const COUNT = 12

it('an agent writes on after one of its witnesses was replaced and its keeper took it up from a holder that died', async () => {
  const world = new Cluster()
  const { host: home } = await world.start(1, { slots: 0 })
  const { host: other } = await world.start(9, { kind: 'launcher', slots: 1 })
  for (const seed of [2, 3, 4, 5, 6, 7, 8]) await world.start(seed, { slots: 1 })
  await world.time.advance(4_000)
  const launch = async (at: Host, program: CheapProgram, witnesses: 1 | 3): Promise<AgentId> => {
    const bundle = await importProgram(at, program, author, { effects: 'durable' })
    const launching = at.launch(bundle, { witnesses })
    await world.time.advance(5)
    return launching
  }
  const reader: CheapProgram = { steps: 500, emitEvery: 1_000, open: true, receives: [{ at: 200, count: COUNT }] }
  const to = await launch(other, reader, 1)
  const sends = Array.from({ length: COUNT }, (_, i) => ({ at: 7_000 * (i + 1), to }))
  const writer: CheapProgram = { steps: 90_000, emitEvery: 10_000, as: 1, sends }
  const from = await launch(home, writer, 3)
  await world.time.advance(8_000)

  const [holder] = world.holders(from)
  const seedOf = (did: string) => [...world.hosts].find(([, { did: its }]) => its === did)?.[0] ?? 0
  const first = home.itinerary(from)?.origin.witnesses.map(seedOf) ?? []
  const gone = first.find((seed) => seed !== 1 && seed !== holder)
  if (gone === undefined || holder === undefined) throw new Error(`witnesses ${first}, holder ${holder}`)
  await world.kill(gone)
  await world.time.runUntil(() => tells(home, from, 'keeper') > 0, 80_000)
  expect(tells(home, from, 'keeper')).toBe(1)
  // Whoever is left of the first ones goes, too: those that vote now are home and who came for the one that was lost.
  for (const seed of new Set([holder, ...first])) if (seed !== 1 && seed !== gone) await world.kill(seed)

  expect(await world.ended(home, from, 200_000)).toMatchObject({ ok: true })
  const read = (await world.ended(other, to, 200_000)) as { value: { mail: { hash: number } } } | null
  expect(read?.value.mail).toMatchObject({ count: COUNT })
  expect(lettersOf(writer, to)).toHaveLength(COUNT)
})

const tells = (host: Host, agent: AgentId, what: string): number =>
  (host.story(agent, 0)?.lines ?? []).filter(({ kind }) => kind === what).length
