import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openNodeStore } from '../../src/platform/node/store.ts'
import { StoreLockedError } from '../../src/storage/port.ts'
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
