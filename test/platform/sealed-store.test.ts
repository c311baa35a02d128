import 'fake-indexeddb/auto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDB } from 'idb'
import Database from 'libsql'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { equalBytes, utf8 } from '../../src/base/bytes.ts'
import { type Locks, openIndexedDbStore } from '../../src/platform/browser/indexed-db.ts'
import { openStoreCipher } from '../../src/platform/browser/store-cipher.ts'
import { MemoryDisk } from '../../src/platform/memory/store.ts'
import { openNodeStore } from '../../src/platform/node/store.ts'
import { CHUNK_BYTES, type FileSeal, StoreSeal } from '../../src/platform/node/store-seal.ts'
import { type Store, StoreDamagedError, StoreKeyError } from '../../src/storage/port.ts'
import { openSealedStore } from '../../src/storage/sealed-store.ts'
import { storeContract } from '../contract/store.ts'

const root = await mkdtemp(join(tmpdir(), 'sojourn-sealed-store-'))
afterAll(() => rm(root, { recursive: true }))
let places = 0
const newFolder = (): string => join(root, `place-${++places}`)
const KEY = new Uint8Array(32).fill(1)
const OTHER_KEY = new Uint8Array(32).fill(2)

storeContract('the SQLite store that is sealed', () => {
  const folder = newFolder()
  return {
    open: () => openNodeStore(folder, { key: KEY }),
    openSmall: (capacityBytes) => openNodeStore(folder, { capacityBytes, key: KEY }),
  }
})

const nodeCipher = (key: Uint8Array) => {
  const seal = new StoreSeal(key)
  return {
    names: seal.names,
    seal: async (name: string, value: Uint8Array) => seal.seal(name, value),
    open: async (name: string, sealed: Uint8Array) => seal.open(name, sealed),
  }
}

storeContract('a memory disk that is sealed', () => {
  let disk: MemoryDisk | null = null
  const open = async (options = {}): Promise<Store> => {
    disk ??= new MemoryDisk(options)
    return openSealedStore(await disk.open(), nodeCipher(KEY), 'the disk')
  }
  return { open: () => open(), openSmall: (capacityBytes) => open({ capacityBytes }) }
})

/** One holder a name, as in a browser; node has no locks. */
const held = new Set<string>()
const locks = {
  request: async (name: string, _options: unknown, callback: () => Promise<void>) => {
    if (held.has(name)) throw Object.assign(new Error('late'), { name: 'TimeoutError' })
    held.add(name)
    await callback().finally(() => held.delete(name))
  },
} as unknown as Locks

const openInBrowser = async (name: string): Promise<Store> => {
  const inner = await openIndexedDbStore(name, locks)
  try {
    return await openSealedStore(inner, await openStoreCipher(`${name}-key`), 'this browser’s store')
  } catch (error) {
    await inner.close()
    throw error
  }
}

storeContract('the IndexedDB store that is sealed', () => {
  const name = `sealed ${++places}`
  return { open: () => openInBrowser(name) }
})

const SECRET = 'what only this host shall read'
const pages = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ key: `block/bafy${i}`, value: utf8(`${SECRET} ${i} `.repeat(120)) }))

async function allBytes(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const contents = files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name)))
  return (await Promise.all(contents)).map((bytes) => bytes.toString('latin1')).join('\n')
}

describe('on the disk of a host in Node', () => {
  it('nothing is to be read of values or names, in rows, packs or the log', async () => {
    const folder = newFolder()
    const store = await openNodeStore(folder, { key: KEY })
    await store.commit([{ key: 'row/agent-of-mine', value: utf8(SECRET) }, ...pages(3)])
    await store.commit(pages(300))
    const open = await allBytes(folder)
    await store.close()
    for (const bytes of [open, await allBytes(folder)]) {
      expect(bytes).not.toContain(SECRET)
      expect(bytes).not.toContain('agent-of-mine')
      expect(bytes).not.toContain('bafy')
      // What kinds there are is no secret, and shows that the search sees what is there.
      expect(bytes).toContain('row/')
    }
    expect(await readdir(join(folder, 'packs'))).toHaveLength(1)
  })

  it('no two values are sealed under one key and nonce, over many openings of the same folder', async () => {
    const heads = new Set<string>()
    for (let opening = 0; opening < 20; opening++) {
      const seal = new StoreSeal(KEY)
      for (let i = 0; i < 50; i++) heads.add(seal.seal('row/a', utf8('same')).subarray(0, 24).toString('hex'))
    }
    expect(heads.size).toBe(1_000)
  })

  it('another identity’s folder is refused in words, and nothing of it is lost', async () => {
    const folder = newFolder()
    const store = await openNodeStore(folder, { key: KEY })
    await store.commit([{ key: 'row/a', value: utf8('mine') }])
    await store.close()
    await expect(openNodeStore(folder, { key: OTHER_KEY })).rejects.toThrow(/sealed to another identity/)
    await expect(openNodeStore(folder)).rejects.toThrow(StoreKeyError)
    const again = await openNodeStore(folder, { key: KEY })
    expect(await again.read('row/a')).toEqual(utf8('mine'))
    await again.close()
  })

  it('a folder that was never sealed is refused, and left as it is', async () => {
    const folder = newFolder()
    const before = await openNodeStore(folder)
    await before.commit([{ key: 'row/a', value: utf8('open') }])
    await before.close()
    await expect(openNodeStore(folder, { key: KEY })).rejects.toThrow(/is not sealed/)
    const again = await openNodeStore(folder)
    expect(await again.read('row/a')).toEqual(utf8('open'))
    await again.close()
  })

  it('a record that was changed, or changed places with another, is an error; a block is not there', async () => {
    const folder = newFolder()
    const store = await openNodeStore(folder, { key: KEY })
    const keys = ['row/a', 'row/b', 'row/c', 'block/a', 'block/b']
    await store.commit(keys.map((key) => ({ key, value: utf8(`value of ${key}`) })))
    await store.close()
    const seal = new StoreSeal(KEY)
    const database = new Database(join(folder, 'store.sqlite'))
    const sealedOf = (key: string): Buffer =>
      (database.prepare('SELECT value FROM record WHERE key = ?').raw().get(seal.names.seal(key)) as [Buffer])[0]
    const put = (key: string, value: Uint8Array): void =>
      void database.prepare('UPDATE record SET value = ? WHERE key = ?').run(value, seal.names.seal(key))
    const [a, b, block] = [sealedOf('row/a'), sealedOf('row/b'), sealedOf('block/a')]
    put('row/a', b)
    put('row/b', a)
    block[30] = (block[30] ?? 0) ^ 1
    put('block/a', block)
    database.close()
    const again = await openNodeStore(folder, { key: KEY })
    for (const key of ['row/a', 'row/b']) await expect(again.read(key)).rejects.toThrow(StoreDamagedError)
    expect(await again.read('row/c')).toEqual(utf8('value of row/c'))
    expect(await again.read('block/a')).toBeNull()
    expect(await again.read('block/b')).toEqual(utf8('value of block/b'))
    await again.close()
  })

  it('of a pack in which a bit has changed, the chunk of that bit is gone and the rest is there', async () => {
    const folder = newFolder()
    const store = await openNodeStore(folder, { key: KEY })
    const written = pages(300)
    await store.commit(written)
    await store.close()
    const file = join(folder, 'packs', '1')
    const bytes = await readFile(file)
    bytes[CHUNK_BYTES + 100] = (bytes[CHUNK_BYTES + 100] ?? 0) ^ 1
    await writeFile(file, bytes)
    const again = await openNodeStore(folder, { key: KEY })
    const read = await Promise.all(written.map(({ key }) => again.read(key)))
    const lost = read.filter((value) => value === null).length
    expect(lost).toBeGreaterThan(10)
    expect(lost).toBeLessThan(25)
    const isRight = (value: Uint8Array | null, i: number): boolean =>
      value === null || equalBytes(value, written[i]?.value ?? new Uint8Array())
    expect(read.every(isRight)).toBe(true)
    await again.close()
  })

  it('a pack’s chunks open at their own place in their own file only', () => {
    const [one, two] = [new Uint8Array(32).fill(3), new Uint8Array(32).fill(4)].map((salt) =>
      new StoreSeal(KEY).file(salt),
    ) as [FileSeal, FileSeal]
    const chunk = one.seal(5, utf8('chunk'))
    expect(one.open(5, chunk)).toEqual(utf8('chunk'))
    expect([
      one.open(4, chunk),
      two.open(5, chunk),
      one.open(5, chunk.subarray(1)),
      one.open(5, new Uint8Array()),
    ]).toEqual([null, null, null, null])
  })
})

describe('in a browser', () => {
  it('nothing is to be read of values or names in IndexedDB, and the key cannot be taken out', async () => {
    const store = await openInBrowser('look')
    await store.commit([{ key: 'row/agent-of-mine', value: utf8(SECRET) }])
    await store.close()
    const database = await openDB('look')
    const [keys, values] = [await database.getAllKeys('record'), await database.getAll('record')]
    database.close()
    const text = JSON.stringify(keys) + values.map((value) => Buffer.from(value).toString('latin1')).join()
    expect(text).not.toContain(SECRET)
    expect(text).not.toContain('agent-of-mine')
    expect(text).toContain('row/')
    const kept = await openDB('look-key')
    const key: CryptoKey = await kept.get('key', 'own')
    kept.close()
    expect(key.extractable).toBe(false)
    await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow()
  })

  it('a browser that keeps no keys keeps the bytes of one, and opens with them what it has sealed', async () => {
    const clone = structuredClone
    vi.stubGlobal('structuredClone', (value: unknown) => {
      if (value instanceof CryptoKey) throw new DOMException('no keys here', 'DataCloneError')
      return clone(value)
    })
    for (const text of ['first', 'second']) {
      const store = await openInBrowser('keyless')
      if (text === 'second') expect(await store.read('row/first')).toEqual(utf8('first'))
      await store.commit([{ key: `row/${text}`, value: utf8(text) }])
      await store.close()
    }
    vi.unstubAllGlobals()
    const kept = await openDB('keyless-key')
    expect(await kept.get('key', 'own')).toHaveLength(32)
    kept.close()
  })

  it('a store that another key has sealed is refused and kept', async () => {
    const store = await openInBrowser('kept')
    await store.commit([{ key: 'row/a', value: utf8('mine') }])
    await store.close()
    const own = await openDB('kept-key')
    const key: CryptoKey = await own.get('key', 'own')
    await own.delete('key', 'own')
    await expect(openInBrowser('kept')).rejects.toThrow(StoreKeyError)
    await own.put('key', key, 'own')
    own.close()
    const again = await openInBrowser('kept')
    expect(await again.read('row/a')).toEqual(utf8('mine'))
    await again.close()
  })

  it('a value under another name does not open', async () => {
    const cipher = await openStoreCipher('swap-key')
    const sealed = await cipher.seal('row/a', utf8('a'))
    expect(await cipher.open('row/a', sealed)).toEqual(utf8('a'))
    expect(await cipher.open('row/b', sealed)).toBeNull()
    expect(await cipher.open('row/a', sealed.subarray(1))).toBeNull()
    expect(await cipher.open('row/a', new Uint8Array(3))).toBeNull()
  })
})
