import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { afterPrefix, assertKey } from '../../storage/key.ts'
import { type Store, StoreClosedError, StoreFullError, StoreLockedError, type Write } from '../../storage/port.ts'

/**
 * The store of a host in Node: one SQLite table in a folder. SQLite's own exclusive lock keeps a second process out and
 * goes away with the process, however it dies. Commits that are called in one turn of the event loop share one fsync.
 */
export interface NodeStoreOptions {
  /** Upper bound of the database file; the rest of the disk otherwise. */
  readonly capacityBytes?: number
}

const FILE_NAME = 'store.sqlite'

interface Waiting {
  readonly writes: readonly Write[]
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Makes the folder where it is missing. Rejects with StoreLockedError when another process has it open. */
export async function openNodeStore(folder: string, options: NodeStoreOptions = {}): Promise<Store> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const database = openDatabase(folder, options)
  const selectValue = database.prepare('SELECT value FROM record WHERE key = ?').raw()
  const selectKeys = database.prepare('SELECT key FROM record WHERE key >= ? AND key < ? ORDER BY key').raw()
  const put = database.prepare(
    'INSERT INTO record (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  )
  const drop = database.prepare('DELETE FROM record WHERE key = ?')
  let open = true
  let waiting: Waiting[] = []

  const alive = (): void => {
    if (!open) throw new StoreClosedError(`the store in ${folder} is closed`)
  }

  const transact = (commits: readonly Waiting[]): void => {
    database.exec('BEGIN IMMEDIATE')
    try {
      for (const { writes } of commits)
        for (const { key, value } of writes) value === null ? drop.run(key) : put.run(key, value)
      database.exec('COMMIT')
    } catch (error) {
      // A full disk makes SQLite roll back by itself; a second rollback would hide the first error.
      if (database.inTransaction) database.exec('ROLLBACK')
      throw error
    }
  }

  const settle = (commits: readonly Waiting[]): void => {
    try {
      transact(commits)
    } catch (error) {
      // One commit that does not fit must not take its neighbours down: alone, each gets its own verdict.
      if (commits.length > 1) for (const commit of commits) settle([commit])
      else for (const { reject } of commits) reject(operatingError(error, folder))
      return
    }
    for (const { resolve } of commits) resolve()
  }

  const flush = (): void => {
    const commits = waiting
    waiting = []
    if (commits.length > 0) settle(commits)
  }

  return {
    async read(key) {
      alive()
      assertKey(key)
      flush()
      const row: unknown = selectValue.get(key)
      return Array.isArray(row) && row[0] instanceof Uint8Array ? plainBytes(row[0]) : null
    },
    async list(prefix) {
      alive()
      const end = afterPrefix(prefix)
      flush()
      return selectKeys.all(prefix, end).map((row) => (Array.isArray(row) ? String(row[0]) : ''))
    },
    async commit(writes) {
      alive()
      const own = writes.map(({ key, value }) => {
        assertKey(key)
        return { key, value: value?.slice() ?? null }
      })
      if (waiting.length === 0) setImmediate(flush)
      return new Promise<void>((resolve, reject) => {
        waiting.push({ writes: own, resolve, reject })
      })
    },
    async close() {
      alive()
      flush()
      open = false
      try {
        // Statements keep libsql's connection, and with it the lock, until they are collected. Leaving WAL mode and
        // exclusive locking gives the lock back now, and leaves one tidy file.
        database.exec('PRAGMA journal_mode = DELETE')
        database.exec('PRAGMA locking_mode = NORMAL')
        selectKeys.all('', '')
      } catch {
        // A full disk has no room to leave WAL mode: what was committed stays in the log, where the next open finds it.
      }
      database.close()
    },
  }
}

function openDatabase(folder: string, options: NodeStoreOptions): Database.Database {
  try {
    const database = new Database(join(folder, FILE_NAME), { timeout: 0 })
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('PRAGMA synchronous = FULL')
    database.exec('CREATE TABLE IF NOT EXISTS record (key TEXT PRIMARY KEY, value BLOB NOT NULL)')
    if (options.capacityBytes !== undefined) {
      const [pageBytes] = database.prepare('PRAGMA page_size').raw().get() as [number]
      database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(options.capacityBytes / pageBytes))}`)
    }
    return database
  } catch (error) {
    throw operatingError(error, folder)
  }
}

/** SQLite's codes (https://sqlite.org/rescode.html) that the host knows what to do about; the rest stays as it is. */
function operatingError(error: unknown, folder: string): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'SQLITE_FULL') return new StoreFullError(`no room left in ${folder}`, { cause: error })
  if (code.startsWith('SQLITE_BUSY'))
    return new StoreLockedError(`${folder} is in use by another host; give this one its own folder`, { cause: error })
  return error instanceof Error ? error : new Error(String(error))
}

/** The same bytes without Node's Buffer class, whose `slice` means something else. */
const plainBytes = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
