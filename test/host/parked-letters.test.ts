import { expect, it } from 'vitest'
import { agentId } from '../../src/directory/agent-id.ts'
import { countOf, lettersOf } from '../../src/sim/cheap-mail.ts'
import type { CheapProgram } from '../../src/sim/cheap-sandbox.ts'
import { author, Cluster, didOfSeed, importProgram } from './cluster.ts'

/** Letters that come for an agent which waits for a place, to a host that is killed meanwhile. */
const to = agentId({ home: didOfSeed(1), age: 1, sequence: 2 })
const writer: CheapProgram = {
  steps: 40_000,
  emitEvery: 0,
  as: 1,
  sends: [4_000, 5_000, 14_000].map((at) => ({ at, to })),
}
const reader: CheapProgram = { steps: 100, emitEvery: 0, receives: [{ at: 100, count: 3 }] }

it.each([1, 3])(
  'of %i witnesses: a durable agent that waits at home has all its letters, also those that came before home was killed',
  async (witnesses) => {
    const world = new Cluster()
    const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
    await world.start(2, { slots: 1 })
    for (const seed of [4, 5]) await world.start(seed, { slots: 0 })
    await world.time.advance(3_000)
    await world.launch(home, writer)
    await world.time.advance(1_000)
    const launching = home.launch(await importProgram(home, reader, author, { effects: 'durable' }), { witnesses })
    await world.time.advance(1_000)
    expect(await launching).toBe(to)
    await world.time.advance(6_000)
    const { host: again, logs } = await world.start(1, { kind: 'launcher', slots: 0 }, await world.kill(1))
    await world.time.advance(8_000)
    expect(again.story(to, 0)?.row.state).toBe('waiting')
    await world.start(3, { slots: 1 })
    const ended = await world.ended(again, to, 120_000)
    expect(ended, logs.slice(-5).join('\n')).toMatchObject({
      ok: true,
      value: { mail: countOf(lettersOf(writer, to)) },
    })
  },
)
