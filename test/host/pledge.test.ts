import { expect, it } from 'vitest'
import { decode } from '../../src/base/codec.ts'
import type { KeptResident } from '../../src/host/records.ts'
import { MemoryDisk } from '../../src/platform/memory/store.ts'
import { cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import type { Store } from '../../src/storage/port.ts'
import { Cluster } from './cluster.ts'

/** A disk that loses everything behind the record of an agent that may start any moment: the power goes right after READY. */
async function losingAfterReady(disk: MemoryDisk): Promise<{ store: Store; ready: KeptResident[] }> {
  const inner = await disk.open()
  const ready: KeptResident[] = []
  const store: Store = {
    ...inner,
    async commit(writes) {
      if (ready.length > 0) return
      await inner.commit(writes)
      for (const { key, value } of writes) {
        const record = key.startsWith('resident/') && value ? decode(value) : null
        const kept = record?.ok ? (record.value as KeptResident) : null
        if (kept?.arriving) ready.push(kept)
      }
    },
  }
  return { store, ready }
}

it('counts an epoch as started with its READY, and does not run it again when the power goes behind it', async () => {
  const world = new Cluster()
  const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
  const disk = new MemoryDisk()
  const { store, ready } = await losingAfterReady(disk)
  await world.start(2, { store })
  await world.time.advance(5_000)
  const program = { steps: 8_000, emitEvery: 500 }
  const agent = await world.launch(home, program)
  await world.time.runUntil(() => world.holders(agent).includes(2), 10_000)
  await world.time.advance(700)
  expect(ready.map(({ epoch, started }) => started === epoch + 1)).toEqual([true])
  await world.kill(2)
  const { logs } = await world.start(2, {}, disk)
  await world.start(3)
  const ended = await world.ended(home, agent, 120_000)
  expect(ended, logs.join('\n')).toEqual({ ok: true, value: cheapTruth(program) })
  const emitted = (home.story(agent, 0)?.lines ?? []).filter(({ kind }) => kind === 'emit')
  expect(emitted.map(({ valueJson }) => JSON.parse(valueJson).done)).toEqual(
    Array.from({ length: 16 }, (_, i) => (i + 1) * 500),
  )
})

it('leaves with a RELEASE that is durable, whatever of its record was still being written when it was sent', async () => {
  const world = new Cluster()
  const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
  const disk = new MemoryDisk()
  const inner = await disk.open()
  let isStuck = false
  const store: Store = {
    ...inner,
    commit: (writes) =>
      isStuck && writes.some(({ key }) => key.startsWith('resident/'))
        ? new Promise<void>(() => {})
        : inner.commit(writes),
  }
  const { host: source } = await world.start(2, { store })
  await world.time.advance(5_000)
  const program = { steps: 20_000, emitEvery: 500 }
  const agent = await world.launch(home, program)
  await world.time.runUntil(() => world.holders(agent).includes(2), 10_000)
  const there = new MemoryDisk()
  const { store: watched, ready } = await losingAfterReady(there)
  const { did } = await world.start(3, { store: watched })
  await world.time.advance(5_000)
  isStuck = true
  source.move(agent, did)
  await world.time.runUntil(() => ready.length > 0, 10_000)
  expect(ready.map(({ agent }) => agent)).toEqual([agent])
  await world.time.advance(1_000)
  expect(home.story(agent, 0)?.row.holder).toBe(source.did)
  await world.kill(2)
  await world.kill(3)
  const { logs } = await world.start(2, {}, disk)
  expect(await world.ended(home, agent, 120_000), logs.join('\n')).toEqual({ ok: true, value: cheapTruth(program) })
})
