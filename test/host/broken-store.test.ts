import { expect, it } from 'vitest'
import { MemoryDisk } from '../../src/platform/memory/store.ts'
import type { Store } from '../../src/storage/port.ts'
import { Cluster } from './cluster.ts'

it('stops a host whose medium fails while nobody waits for it, and the agent goes on elsewhere', async () => {
  const world = new Cluster()
  const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
  const inner = await new MemoryDisk().open()
  const store: Store = {
    ...inner,
    commit: (writes) =>
      writes.some(({ key }) => key.startsWith('cached/')) ? Promise.reject(new Error('gone')) : inner.commit(writes),
  }
  const { logs } = await world.start(2, { store })
  await world.time.advance(5_000)
  const agent = await world.launch(home, { steps: 9_000, emitEvery: 0 })
  await world.time.advance(5_000)
  await world.start(3)
  expect(await world.ended(home, agent, 60_000)).toMatchObject({ ok: true })
  expect(logs.some((line) => line.includes('the host stops: Error: gone'))).toBe(true)
})
