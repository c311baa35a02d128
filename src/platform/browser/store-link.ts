import { type Endpoint, expose, transfer, wrap } from 'comlink'
import {
  type Store,
  StoreClosedError,
  StoreDamagedError,
  StoreFullError,
  StoreKeyError,
  StoreLockedError,
  type Write,
} from '../../storage/port.ts'

/**
 * A store in a web worker of ours, used from the page. Comlink on both sides, because both sides are our own code; a
 * guest is never given such a link. Bytes are moved, not cloned; errors cross the realm as data and get their class back.
 */
interface StoreWorker {
  open(name: string): Promise<void>
  read(key: string): Promise<Uint8Array | null>
  list(prefix: string): Promise<readonly string[]>
  commit(writes: readonly Write[]): Promise<void>
  close(): Promise<void>
}

/** The worker's side: serves one store, opened when the page asks for it. */
export function exposeStore(openStore: (name: string) => Promise<Store>, endpoint: Endpoint): void {
  let store: Store | null = null
  const opened = (): Store => {
    if (store === null) throw new StoreClosedError('the store was not opened')
    return store
  }
  const worker: StoreWorker = {
    async open(name) {
      store = await openStore(name)
    },
    async read(key) {
      const value = await opened().read(key)
      return value === null ? null : transfer(value, [value.buffer])
    },
    list: async (prefix) => opened().list(prefix),
    commit: async (writes) => opened().commit(writes),
    close: async () => opened().close(),
  }
  expose(worker, endpoint)
}

export interface LinkedStore {
  readonly store: Store
  /** The worker died: everything that waits, and every later call, rejects with StoreClosedError. */
  fail(reason: string): void
}

/** The page's side. */
export async function linkStore(name: string, endpoint: Endpoint): Promise<LinkedStore> {
  const worker = wrap<StoreWorker>(endpoint)
  const waiting = new Set<(error: Error) => void>()
  let over: string | null = null

  const ask = <T>(answer: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      if (over !== null) throw new StoreClosedError(over)
      waiting.add(reject)
      answer()
        .then(resolve, (error: unknown) => reject(withClass(error)))
        .finally(() => waiting.delete(reject))
    })

  const store: Store = {
    read: (key) => ask(() => worker.read(key)),
    list: (prefix) => ask(() => worker.list(prefix)),
    commit: (writes) =>
      ask(() => {
        const own = writes.map(({ key, value }) => ({ key, value: value?.slice() ?? null }))
        return worker.commit(
          transfer(
            own,
            own.flatMap(({ value }) => (value === null ? [] : [value.buffer])),
          ),
        )
      }),
    async close() {
      const closed = ask(() => worker.close())
      over ??= `the store ${name} is closed`
      await closed
    },
  }
  const fail = (reason: string): void => {
    over ??= reason
    for (const reject of waiting) reject(new StoreClosedError(reason))
  }
  await ask(() => worker.open(name))
  return { store, fail }
}

const CLASSES = new Map<string, new (message?: string, options?: ErrorOptions) => Error>([
  ['StoreFullError', StoreFullError],
  ['StoreLockedError', StoreLockedError],
  ['StoreClosedError', StoreClosedError],
  ['StoreDamagedError', StoreDamagedError],
  ['StoreKeyError', StoreKeyError],
])

function withClass(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('the store failed', { cause: error })
  const Class = CLASSES.get(error.name)
  return Class === undefined ? error : new Class(error.message, { cause: error })
}
