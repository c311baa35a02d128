import { describe, expect, it } from 'vitest'
import { countOf, lettersOf } from '../../src/sim/cheap-mail.ts'
import { type CheapProgram, CheapSandbox, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
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

  it('waits without costing anything, and is no deadlock', async () => {
    const { world, home } = await cluster()
    const reader = await world.launch(home, listens(1))
    await world.time.advance(10_000)
    const before = home.story(reader, 0)?.row.fuelUsed
    await world.time.advance(120_000)
    expect(home.story(reader, 0)?.row).toMatchObject({ state: 'running', fuelUsed: before })
    const writer: CheapProgram = { steps: 200, emitEvery: 0, sends: writes(reader, 1, 100) }
    await world.launch(home, writer)
    expect(await world.ended(home, reader)).toMatchObject({ ok: true, value: { mail: { count: 1 } } })
  })

  it('is told that a recipient has ended, or that there never was one', async () => {
    const { world, home } = await cluster()
    const short = await world.launch(home, { steps: 50, emitEvery: 0 })
    await world.ended(home, short)
    const asking = world.hosts.get(2)?.host.ask(home.did, 'locate', { agent: short })
    await world.time.advance(50)
    expect(await asking).toMatchObject({ ok: false, code: 'GONE' })
    const nobody = short.replace(/\d+$/, '999')
    const reasons: string[] = []
    class Heard extends CheapSandbox {
      override spawn(...[order, onEvent]: Parameters<CheapSandbox['spawn']>) {
        const guest = super.spawn(order, onEvent)
        const deliver = guest.deliver.bind(guest)
        guest.deliver = (delivery) => {
          if (!delivery.outcome.ok) reasons.push(delivery.outcome.code)
          deliver(delivery)
        }
        return guest
      }
    }
    await world.start(9, { sandbox: new Heard(world.time), slots: 8 })
    for (const seed of [2, 3, 4]) world.hosts.get(seed)?.host.setSlots(0)
    await world.time.advance(3_000)
    const writer: CheapProgram = {
      steps: 500,
      emitEvery: 0,
      sends: [
        { at: 100, to: short },
        { at: 200, to: nobody },
      ],
    }
    const agent = await world.launch(home, writer)
    expect(await world.ended(home, agent)).toMatchObject({ ok: true, value: { mail: { refused: 2 } } })
    expect(reasons).toEqual(['GONE', 'UNKNOWN'])
  })

  it('is refused by an agent of another launcher, and not by one of its own that other homes know', async () => {
    const { world, home } = await cluster()
    const { host: other } = await world.start(8, { kind: 'launcher', slots: 0 })
    await world.time.advance(5_000)
    const reader = await world.launch(home, listens(1))
    const writer: CheapProgram = { steps: 500, emitEvery: 0, sends: writes(reader, 1, 100) }
    const stranger = await world.launch(other, writer)
    expect(await world.ended(other, stranger)).toMatchObject({ ok: true, value: { mail: { refused: 1 } } })
    expect(home.story(reader, 0)?.row.state).toBe('running')
    const friend = await world.launch(home, writer)
    expect(await world.ended(home, friend)).toMatchObject({ ok: true, value: { mail: { refused: 0 } } })
    expect(await world.ended(home, reader)).toMatchObject({ ok: true, value: { mail: { count: 1 } } })
  })

  it('is heard from another launcher by an agent that has opened its inbox', async () => {
    const { world, home } = await cluster()
    const { host: other } = await world.start(8, { kind: 'launcher', slots: 0 })
    await world.time.advance(5_000)
    const reader = await world.launch(home, { ...listens(2), open: true })
    await world.time.advance(2_000)
    const writer: CheapProgram = { steps: 500, emitEvery: 0, as: 4, sends: writes(reader, 2, 100) }
    const stranger = await world.launch(other, writer)
    expect(await world.ended(other, stranger)).toMatchObject({ ok: true, value: { mail: { refused: 0 } } })
    expect(await world.ended(home, reader)).toMatchObject({
      ok: true,
      value: { mail: countOf(lettersOf(writer, reader)) },
    })
  })
})
