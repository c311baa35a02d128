import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { integerBelow, seededRandom } from '../../src/base/random.ts'
import { openNodeStore } from '../../src/platform/node/store.ts'
import { StoreFullError, StoreLockedError } from '../../src/storage/port.ts'
import { storeContract } from '../contract/store.ts'

const run = promisify(execFile)
let root = ''
let places = 0

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sojourn-store-'))
})
afterAll(() => rm(root, { recursive: true }))

const newFolder = (): string => join(root, `place-${++places}`)

storeContract('the SQLite store', () => {
  const folder = newFolder()
  return { open: () => openNodeStore(folder), openSmall: (capacityBytes) => openNodeStore(folder, { capacityBytes }) }
})

/** Runs in another process, from the compiled code, and dies by SIGKILL when told to. */
const inAnotherProcess = (folder: string, body: string) => {
  const store = JSON.stringify(new URL('../../dist/node/platform/node/store.js', import.meta.url).href)
  const script = `const { openNodeStore } = await import(${store}); const folder = ${JSON.stringify(folder)}; ${body}`
  return run(process.execPath, ['--input-type=module', '--eval', script])
}

describe('a folder of the SQLite store', () => {
  it('is refused to a second process while the first has it, in words that say what to do', async () => {
    const folder = newFolder()
    const store = await openNodeStore(folder)
    const { stdout } = await inAnotherProcess(
      folder,
      'await openNodeStore(folder).catch((error) => console.log(error.name, error.message))',
    )
    expect(stdout).toContain(StoreLockedError.name)
    expect(stdout).toContain('is in use by another host; give this one its own folder')
    await store.close()
  })

  it('keeps what was committed and gives its lock back when the process is killed with -9', async () => {
    const folder = newFolder()
    const killed = inAnotherProcess(
      folder,
      `const store = await openNodeStore(folder)
       await store.commit([{ key: 'record/a', value: Uint8Array.of(7) }])
       process.kill(process.pid, 'SIGKILL')`,
    )
    await expect(killed).rejects.toMatchObject({ signal: 'SIGKILL' })
    const store = await openNodeStore(folder)
    expect(await store.read('record/a')).toEqual(Uint8Array.of(7))
    await store.close()
  })
})

/** Values as a checkpoint of a large agent has them: many of them, a megabyte together. */
const pages = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    key: `block/${String(from + i).padStart(6, '0')}`,
    value: new Uint8Array(4096).fill(1 + ((from + i) % 250)),
  }))
const files = async (folder: string): Promise<string[]> => (await readdir(join(folder, 'packs'))).sort()

describe('what comes by the megabyte', () => {
  it('lies in a file beside the database, which goes when nothing in it is wanted any more', async () => {
    const folder = newFolder()
    const store = await openNodeStore(folder)
    await store.commit(pages(0, 200))
    expect(await files(folder)).toEqual(['1'])
    expect(await store.read('block/000123')).toEqual(new Uint8Array(4096).fill(124))
    await store.commit(pages(0, 200).map(({ key }) => ({ key, value: null })))
    expect([await store.read('block/000123'), await store.list('block/')]).toEqual([null, []])
    await expect.poll(() => files(folder)).toEqual([])
    await store.close()
  })

  it('is whole after the process is killed with -9 once its commit has resolved, and not there when it was before', async () => {
    const folder = newFolder()
    const body = `const store = await openNodeStore(folder)
      const page = (i) => ({ key: 'block/' + i, value: new Uint8Array(4096).fill(i) })
      await store.commit(Array.from({ length: 100 }, (_, i) => page(i)))
      void store.commit(Array.from({ length: 100 }, (_, i) => page(100 + i)))
      process.kill(process.pid, 'SIGKILL')`
    await expect(inAnotherProcess(folder, body)).rejects.toMatchObject({ signal: 'SIGKILL' })
    const store = await openNodeStore(folder)
    expect(await store.list('block/')).toHaveLength(100)
    expect(await store.read('block/99')).toEqual(new Uint8Array(4096).fill(99))
    await store.close()
    expect(await files(folder)).toEqual(['1'])
  })

  it('loses at the next start what a crash has left beside it', async () => {
    const folder = newFolder()
    await (await openNodeStore(folder)).close()
    await writeFile(join(folder, 'packs', '7'), 'half of it')
    const store = await openNodeStore(folder)
    expect(await files(folder)).toEqual([])
    await store.close()
  })

  it.each([
    ['is missing', (file: string) => rm(file)],
    ['has been cut', (file: string) => truncate(file, 400_000)],
  ])('is gone when its file %s, and the store opens', async (_, spoil) => {
    const folder = newFolder()
    const before = await openNodeStore(folder)
    await before.commit(pages(0, 200))
    await before.commit([{ key: 'record/b', value: Uint8Array.of(2) }])
    await before.close()
    await spoil(join(folder, 'packs', '1'))
    const store = await openNodeStore(folder)
    expect(await store.list('')).toEqual(['record/b'])
    expect(await store.read('block/000199')).toBeNull()
    await store.commit(pages(0, 200))
    expect(await store.read('block/000199')).toEqual(new Uint8Array(4096).fill(200))
    await store.close()
    expect(await files(folder)).toHaveLength(1)
  })

  it('is not gone in silence when records were in it', async () => {
    const folder = newFolder()
    const before = await openNodeStore(folder)
    await before.commit([...pages(0, 200), { key: 'record/a', value: Uint8Array.of(1) }])
    await before.close()
    await truncate(join(folder, 'packs', '1'), 400_000)
    await expect(openNodeStore(folder)).rejects.toThrow(/packs\/1 is damaged, and records of this host were in it/)
  })

  it('is moved into the database when little of its file is left', async () => {
    const folder = newFolder()
    const store = await openNodeStore(folder)
    await store.commit(pages(0, 200))
    await store.commit(pages(10, 190).map(({ key }) => ({ key, value: null })))
    await expect.poll(() => files(folder)).toEqual([])
    expect(await store.list('block/')).toHaveLength(10)
    expect(await store.read('block/000009')).toEqual(new Uint8Array(4096).fill(10))
    await store.close()
  })

  it('counts towards the capacity', async () => {
    const store = await openNodeStore(newFolder(), { capacityBytes: 2 * 1_048_576 })
    await store.commit(pages(0, 300))
    await expect(store.commit(pages(300, 300))).rejects.toThrow(StoreFullError)
    expect(await store.list('block/')).toHaveLength(300)
    await store.commit([{ key: 'record/a', value: Uint8Array.of(1) }])
    await store.close()
  })

  it('is what a map would be, whatever is written and deleted in whatever order, and after each start', async () => {
    const random = seededRandom(7)
    const folder = newFolder()
    const model = new Map<string, number>()
    let store = await openNodeStore(folder)
    for (let round = 0; round < 40; round++) {
      const many = integerBelow(random, 3) > 0
      const writes = Array.from({ length: many ? 64 + integerBelow(random, 60) : 3 }, (_, i) => {
        const key = `block/${(integerBelow(random, 4) * 100 + i) % 300}`
        const fill = integerBelow(random, 5) === 0 ? null : 1 + integerBelow(random, 250)
        if (fill === null) model.delete(key)
        else model.set(key, fill)
        return { key, value: fill === null ? null : new Uint8Array(5_000).fill(fill) }
      })
      const committed = store.commit(writes)
      if (integerBelow(random, 3) === 0) await committed
      if (integerBelow(random, 6) === 0) {
        await store.close()
        store = await openNodeStore(folder)
      }
    }
    expect(await store.list('block/')).toEqual([...model.keys()].sort())
    for (const [key, fill] of model) expect((await store.read(key))?.[4_999]).toBe(fill)
    await store.close()
  }, 60_000)
})
