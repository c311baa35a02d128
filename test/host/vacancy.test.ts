import { expect, it } from 'vitest'
import { Cluster, importProgram } from './cluster.ts'

it('fills a place as soon as it is free: 40 agents of 100 ms on 4 places take little more than a second', async () => {
  const world = new Cluster()
  const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
  for (const seed of [2, 3]) await world.start(seed, { slots: 2 })
  await world.time.advance(5_000)
  const bundle = await importProgram(home, { steps: 100, emitEvery: 0 })
  const launched = Array.from({ length: 40 }, () => home.launch(bundle))
  let ended = 0
  for (const launching of launched)
    void launching.then(async (agent) => {
      const outcome = await home.outcome(agent)
      if (outcome?.ok) ended += 1
    })
  // Virtual time: a load report comes each second, a tick each quarter of one, and 1 s is what the work itself takes.
  await world.time.advance(1_500)
  expect(ended).toBe(40)
})
