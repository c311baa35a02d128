import { expect, it } from 'vitest'
import { Cluster } from './cluster.ts'

it('does not wait for ever for homes that are gone', async () => {
  const world = new Cluster()
  const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
  const edge = await world.start(2)
  await world.time.advance(5_000)
  const agent = await world.launch(home, { steps: 2_000, emitEvery: 0 })
  await world.time.advance(1_000)
  expect(world.holders(agent)).toEqual([2])
  await world.kill(1)
  await world.time.advance(3_000)
  expect(edge.host.snapshot().agents).toMatchObject([{ id: agent, progress: 1 }])
  let drained = false
  void edge.host.drain().then(() => {
    drained = true
  })
  await world.time.advance(10_000)
  expect(drained).toBe(false)
  await world.time.advance(6_000)
  expect(drained).toBe(true)
})
