import { type DBSchema, type IDBPTransaction, openDB } from 'idb'
import { afterPrefix, assertKey } from '../../storage/key.ts'
import { STORE_LOCK_WAIT_MS } from '../../storage/limits.ts'
import { type Store, StoreClosedError, StoreFullError, StoreLockedError } from '../../storage/port.ts'

/**
 * The store on IndexedDB: one object store, keys outside the values. In the page it lives in a web worker of
 * its own (store.worker.ts). Transactions ask for strict durability: a commit that resolved survives the
 * power cut, not only the tab (https://w3c.github.io/IndexedDB/#transaction-durability-hint).
 */
interface Schema extends DBSchema {
  record: { key: string; value: Uint8Array }
}

/** The part of the Web Locks API that keeps a second tab of the same origin out. */
export type Locks = Pick<LockManager, 'request'>

/** Rejects with StoreLockedError while another tab has the store of this name open. */
export async function openIndexedDbStore(name: string, locks: Locks): Promise<Store> {
  const unlock = await lock(`sojourn-store:${name}`, locks)
  let open = true
  const database = await openDB<Schema>(name, 1, {
    upgrade: (fresh) => void fresh.createObjectStore('record'),
    // The browser took the medium away (site data cleared, disk gone): from now on every call rejects.
    terminated: () => {
      open = false
      unlock()
    },
  }).catch((error: unknown) => {
    unlock()
    throw operatingError(error)
  })

  const alive = (): void => {
    if (!open) throw new StoreClosedError(`the store ${name} is closed`)
  }

  return {
    async read(key) {
      alive()
      assertKey(key)
      return (await database.get('record', key)) ?? null
    },
    async list(prefix) {
      alive()
      return database.getAllKeys('record', IDBKeyRange.bound(prefix, afterPrefix(prefix), false, true))
    },
    async commit(writes) {
      alive()
      for (const { key } of writes) assertKey(key)
      const transaction = database.transaction('record', 'readwrite', { durability: 'strict' })
      const done = settled(transaction)
      try {
        for (const { key, value } of writes) {
          const request = value === null ? transaction.store.delete(key) : transaction.store.put(value.slice(), key)
          // The transaction's end says what went wrong; unheard, the request would say so again as an unhandled rejection.
          request.catch(() => undefined)
        }
      } catch (error) {
        // A write that the browser does not even take must not let the ones before it through.
        transaction.abort()
        await done.catch(() => undefined)
        throw operatingError(error)
      }
      await done
    },
    async close() {
      alive()
      open = false
      // Waits for the commits that were called before: a transaction over everything comes after all of them.
      await database.transaction('record', 'readwrite').done
      database.close()
      unlock()
    },
  }
}

async function settled(transaction: IDBPTransaction<Schema, ['record'], 'readwrite'>): Promise<void> {
  try {
    await transaction.done
  } catch (error) {
    throw operatingError(error)
  }
}

/**
 * Holds the lock until the returned function is called, or the realm is gone. Waits a moment for it: after a reload the
 * page before may not be quite gone.
 */
async function lock(name: string, locks: Locks): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const patience = { signal: AbortSignal.timeout(STORE_LOCK_WAIT_MS) }
    const held = locks.request(name, patience, () => new Promise<void>((release) => resolve(release)))
    held.catch((error: unknown) => {
      const late = error instanceof Error && error.name === 'TimeoutError'
      reject(late ? new StoreLockedError('another tab of this browser already runs this host') : error)
    })
  })
}

function operatingError(error: unknown): Error {
  const name = error instanceof Error ? error.name : ''
  if (name === 'QuotaExceededError')
    return new StoreFullError('the browser gives this site no more room', { cause: error })
  return error instanceof Error ? error : new Error('IndexedDB failed', { cause: error })
}
