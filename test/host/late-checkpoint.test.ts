import { expect, it } from 'vitest'
import { decode } from '../../src/base/codec.ts'
import { MemoryDisk } from '../../src/platform/memory/store.ts'
import type { Store } from '../../src/storage/port.ts'
import { Cluster } from './cluster.ts'

it('keeps no checkpoint of an agent that has ended while it came', async () => {
  const world = new Cluster()
  const inner = await new MemoryDisk().open()
  let release = (): void => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  let slow = false
  const store: Store = {
    ...inner,
    async commit(writes) {
      if (slow && writes.some(({ key, value }) => key.startsWith('block/') && value)) await gate
      await inner.commit(writes)
    },
  }
  const { host: home } = await world.start(1, { kind: 'launcher', slots: 0, store, cacheBytes: 0 })
  await world.start(2)
  await world.time.advance(5_000)
  const bundle = await world.bundle(home, { steps: 2_600, emitEvery: 0 })
  const before = await inner.list('block/')
  slow = true
  const launching = home.launch(bundle)
  await world.time.advance(5)
  const agent = await launching
  expect(await world.ended(home, agent, 10_000)).toMatchObject({ ok: true })
  release()
  await world.time.advance(3_000)
  expect(await inner.list('block/')).toEqual(before)
  const row = decode((await inner.read(`row/${agent}`)) ?? new Uint8Array())
  expect(row).toMatchObject({ ok: true, value: { checkpoint: null, state: 'finished' } })
})
