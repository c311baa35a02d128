import { IDBObjectStore } from 'fake-indexeddb'
import 'fake-indexeddb/auto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Locks, openIndexedDbStore } from '../../src/platform/browser/indexed-db.ts'
import { exposeStore, linkStore } from '../../src/platform/browser/store-link.ts'
import { type Store, StoreClosedError, StoreFullError } from '../../src/storage/port.ts'
import { storeContract } from '../contract/store.ts'

/** As much of the Web Locks API as the store asks of it: exclusive, and out of patience at once. */
function fakeLocks(): Locks {
  const held = new Set<string>()
  const request = async (name: string, _options: LockOptions, use: LockGrantedCallback<unknown>): Promise<unknown> => {
    if (held.has(name)) throw new DOMException('signal timed out', 'TimeoutError')
    held.add(name)
    try {
      return await use({ name, mode: 'exclusive' })
    } finally {
      held.delete(name)
    }
  }
  return { request: request as Locks['request'] }
}

let names = 0
const newName = (): string => `store-${++names}`

/** The page's side of a link whose other side would be the web worker. */
async function openLinked(name: string, locks: Locks) {
  const { port1, port2 } = new MessageChannel()
  exposeStore((opened) => openIndexedDbStore(opened, locks), port2)
  port1.start()
  port2.start()
  const linked = await linkStore(name, port1).catch((error: unknown) => {
    port1.close()
    throw error
  })
  return { ...linked, hangUp: () => port1.close() }
}

storeContract('the IndexedDB store', () => {
  const name = newName()
  const locks = fakeLocks()
  return { open: () => openIndexedDbStore(name, locks) }
})

storeContract('the IndexedDB store behind its worker link', () => {
  const name = newName()
  const locks = fakeLocks()
  return {
    async open(): Promise<Store> {
      const { store, hangUp } = await openLinked(name, locks)
      return { ...store, close: () => store.close().finally(hangUp) }
    },
  }
})

describe('the IndexedDB store', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  /** A browser at its quota either refuses the write on the spot or aborts the transaction later. */
  const refusals = {
    'on the spot': () => {
      throw new DOMException('no room', 'QuotaExceededError')
    },
    'by aborting the transaction': function (this: IDBObjectStore, value: unknown, key?: IDBValidKey) {
      const fake = this.transaction as unknown as { _abort(errorName: string): void }
      queueMicrotask(() => fake._abort('QuotaExceededError'))
      return this.add(value, key)
    },
  }

  for (const [how, put] of Object.entries(refusals)) {
    it(`turns a quota refused ${how} into StoreFullError, at both ends of the link, and has changed nothing`, async () => {
      const { store, hangUp } = await openLinked(newName(), fakeLocks())
      await store.commit([{ key: 'record/a', value: Uint8Array.of(1) }])
      const spy = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(put)
      const commit = store.commit([
        { key: 'record/a', value: null },
        { key: 'record/b', value: new Uint8Array(9) },
      ])
      await expect(commit).rejects.toThrow(StoreFullError)
      spy.mockRestore()
      expect(await store.list('')).toEqual(['record/a'])
      await store.close()
      hangUp()
    })
  }

  it('rejects what waits and what comes later when the web worker dies', async () => {
    const { store, fail, hangUp } = await openLinked(newName(), fakeLocks())
    const waiting = store.read('record/a')
    fail('the web worker is gone')
    await expect(waiting).rejects.toThrow(StoreClosedError)
    await expect(store.commit([])).rejects.toThrow('the web worker is gone')
    hangUp()
  })
})
