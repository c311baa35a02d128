import { describe, expect, it } from 'vitest'
import { countOf, lettersOf } from '../../src/sim/cheap-mail.ts'
import { type CheapProgram, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { Cluster } from './cluster.ts'

async function cluster(edges = 3) {
  const world = new Cluster()
  const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
  for (let seed = 2; seed < 2 + edges; seed++) await world.start(seed)
  await world.time.advance(5_000)
  return { world, home }
}

/** Letters to `to` after every so many steps. */
const writes = (to: string, count: number, every: number, from = 0) =>
  Array.from({ length: count }, (_, i) => ({ at: from + every * (i + 1), to }))

const listens = (count: number, steps = 100): CheapProgram => ({
  steps,
  emitEvery: 0,
  receives: [{ at: steps, count }],
})

describe('agents that write to each other', () => {
  it('brings every letter once and in order to an agent that waits for them', async () => {
    const { world, home } = await cluster()
    const reader = await world.launch(home, listens(10))
    const writer: CheapProgram = { steps: 2_000, emitEvery: 0, as: 1, sends: writes(reader, 10, 150) }
    const agent = await world.launch(home, writer)
    expect(await world.ended(home, agent)).toEqual({
      ok: true,
      value: { ...cheapTruth(writer), mail: countOf([]) },
    })
    expect(await world.ended(home, reader)).toEqual({
      ok: true,
      value: { ...cheapTruth(listens(10)), mail: countOf(lettersOf(writer, reader)) },
    })
  })

  it('finds each other by name', async () => {
    const { world, home } = await cluster()
    const reader: CheapProgram = { ...listens(3), registers: [{ at: 1, name: 'tally' }] }
    const writer: CheapProgram = { steps: 500, emitEvery: 0, as: 1, sends: writes('tally', 3, 100) }
    const agent = await world.launch(home, writer)
    const named = await world.launch(home, reader)
    expect(await world.ended(home, agent)).toMatchObject({ ok: true, value: { mail: countOf([]) } })
    expect(await world.ended(home, named)).toMatchObject({
      ok: true,
      value: { mail: countOf(lettersOf(writer, 'tally')) },
    })
  })
})
