import { expect, it } from 'vitest'
import { encode } from '../../src/base/codec.ts'
import { seededRandom } from '../../src/base/random.ts'
import { nextLife, recallRecords } from '../../src/host/recall.ts'
import { openMemoryStore } from '../../src/platform/memory/store.ts'
import { StoreDamagedError } from '../../src/storage/port.ts'

/** A store in which one record is damaged. */
async function damaged(spoilt: string, witnesses: readonly string[] = ['home']) {
  const store = await openMemoryStore()
  await store.commit(['row/a', 'story/a/1', 'register/a'].map((key) => ({ key, value: encode({ key, witnesses }) })))
  const read = (key: string) =>
    key === spoilt ? Promise.reject(new StoreDamagedError(`record ${key} is damaged`)) : store.read(key)
  return { ...store, read }
}

it('a host whose story is damaged starts without that line, and says so', async () => {
  const warned: string[] = []
  const records = await recallRecords(await damaged('story/a/1'), (text) => warned.push(text))
  expect([...records.keys()].sort()).toEqual(['register/a', 'row/a'])
  expect(warned).toEqual(['record story/a/1 does not decode and is left out'])
})

it('a host that has lost a line of a story for which it is one of three to answer does not start', async () => {
  const three = damaged('story/a/1', ['home', 'one', 'other'])
  await expect(recallRecords(await three, () => {})).rejects.toThrow(StoreDamagedError)
})

it('its owner reads which record it is, and what to do', async () => {
  await expect(nextLife(await damaged('host/age'), seededRandom(1))).rejects.toThrow(
    /record host\/age is damaged.*does not start.*With an empty folder/,
  )
})

it.each(['row/a', 'register/a'])('a host that has lost %s does not start as if it had never had it', async (key) => {
  await expect(recallRecords(await damaged(key), () => {})).rejects.toThrow(StoreDamagedError)
})
