import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { afterPrefix, assertKey } from '../../storage/key.ts'
import { type Store, StoreClosedError, StoreFullError, StoreLockedError, type Write } from '../../storage/port.ts'
import { type AfterCommit, type PackDraft, PackFiles } from './pack-files.ts'

/**
 * The store of a host in Node: one SQLite table in a folder, and files for what comes by the megabyte. SQLite's own
 * exclusive lock keeps a second process out and goes away with the process, however it dies. Commits that are called in
 * one turn of the event loop share one fsync.
 */
export interface NodeStoreOptions {
  /** Upper bound of database and files together; the rest of the disk otherwise. */
  readonly capacityBytes?: number
}

const FILE_NAME = 'store.sqlite'

/** A commit of at least so many bytes of values goes into a file of its own, beside the database (pack-files.ts). */
const PACK_BYTES_MIN = 256 * 1024

interface Waiting {
  /** For the database; what is in the pack is not among them. */
  readonly writes: readonly Write[]
  /** Being written to a file; null where there is none, or once it is durable. */
  file: Promise<void> | null
  pack: PackDraft | null
  fault: unknown
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Makes the folder where it is missing. Rejects with StoreLockedError when another process has it open. */
export async function openNodeStore(folder: string, options: NodeStoreOptions = {}): Promise<Store> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const database = openDatabase(folder, options)
  const packs = await PackFiles.open(join(folder, 'packs'), database)
  const selectValue = database.prepare('SELECT value FROM record WHERE key = ?').raw()
  const selectKeys = database.prepare('SELECT key FROM record WHERE key >= ? AND key < ? ORDER BY key').raw()
  const selectPages = database.prepare('PRAGMA page_count').raw()
  const put = database.prepare(
    'INSERT INTO record (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  )
  const drop = database.prepare('DELETE FROM record WHERE key = ?')
  let open = true
  /** Commits in the order of their calls. */
  const waiting: Waiting[] = []
  let flushing: NodeJS.Immediate | null = null

  const alive = (): void => {
    if (!open) throw new StoreClosedError(`the store in ${folder} is closed`)
  }

  const keep = (key: string, value: Uint8Array): void => void put.run(key, value)

  const transact = (commits: readonly Waiting[]): void => {
    const after: AfterCommit[] = []
    database.exec('BEGIN IMMEDIATE')
    try {
      const keys = commits.flatMap(({ writes, pack }) => [...writes.map(({ key }) => key), ...(pack?.keys ?? [])])
      after.push(packs.forget(keys, keep))
      for (const { writes, pack } of commits) {
        for (const { key, value } of writes) value === null ? drop.run(key) : put.run(key, value)
        if (pack) after.push(packs.admit(pack))
      }
      database.exec('COMMIT')
    } catch (error) {
      // A full disk makes SQLite roll back by itself; a second rollback would hide the first error.
      if (database.inTransaction) database.exec('ROLLBACK')
      throw error
    }
    for (const run of after) run()
  }

  const settle = (commits: readonly Waiting[]): void => {
    try {
      for (const { fault } of commits) if (fault) throw fault
      transact(commits)
    } catch (error) {
      // One commit that does not fit must not take its neighbours down: alone, each gets its own verdict.
      if (commits.length > 1) for (const commit of commits) settle([commit])
      else
        for (const { pack, reject } of commits) {
          if (pack) void packs.discard(pack)
          reject(operatingError(error, folder))
        }
      return
    }
    for (const { resolve } of commits) resolve()
  }

  /** As far as their files are written. What a pack replaces must be known before the next one, so it goes alone. */
  const flush = (): void => {
    flushing = null
    while (waiting.length > 0 && !waiting[0]?.file) {
      const next = waiting.findIndex(({ file, pack }, i) => i > 0 && (file || pack))
      const alone = waiting[0]?.pack ? 1 : next < 0 ? waiting.length : next
      settle(waiting.splice(0, alone))
    }
  }
  const flushSoon = (): void => {
    flushing ??= setImmediate(flush)
  }

  const drained = async (): Promise<void> => {
    for (const { file } of [...waiting]) await file
    flush()
  }

  const room = (): number => {
    if (options.capacityBytes === undefined) return Number.POSITIVE_INFINITY
    const [pages] = selectPages.get() as [number]
    return options.capacityBytes - packs.bytes - pages * pageBytes(database)
  }

  const pack = (values: readonly PackedValue[], into: Waiting): void => {
    const bytes = values.reduce((sum, { value }) => sum + value.length, 0)
    if (bytes > room()) {
      into.fault = new StoreFullError(`no room left in ${folder}`)
      return
    }
    into.file = packs.write(values).then(
      (draft) => {
        into.pack = draft
      },
      (error) => {
        into.fault = error
      },
    )
    void into.file.then(() => {
      into.file = null
      flush()
    })
  }

  return {
    async read(key) {
      alive()
      assertKey(key)
      if (waiting.length > 0) await drained()
      const packed = packs.read(key)
      if (packed) return packed
      const row: unknown = selectValue.get(key)
      return Array.isArray(row) && row[0] instanceof Uint8Array ? plainBytes(row[0]) : null
    },
    async list(prefix) {
      alive()
      const end = afterPrefix(prefix)
      await drained()
      const keys = selectKeys.all(prefix, end).map((row) => (Array.isArray(row) ? String(row[0]) : ''))
      const packed = [...packs.keys()].filter((key) => key.startsWith(prefix))
      return packed.length === 0 ? keys : [...new Set([...keys, ...packed])].sort()
    },
    async commit(writes) {
      alive()
      for (const { key } of writes) assertKey(key)
      const large = largeOf(writes)
      const own = large
        ? writes.filter(({ value }) => value === null)
        : writes.map(({ key, value }) => ({ key, value: value?.slice() ?? null }))
      return new Promise<void>((resolve, reject) => {
        const commit: Waiting = { writes: own, file: null, pack: null, fault: null, resolve, reject }
        waiting.push(commit)
        if (large) pack(large, commit)
        if (!commit.file) flushSoon()
      })
    },
    async close() {
      alive()
      open = false
      await drained()
      if (flushing) clearImmediate(flushing)
      await packs.close()
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

type PackedValue = Write & { readonly value: Uint8Array }

/** The values of a commit that go into a pack; null where it is too small for one, or writes a key twice. */
function largeOf(writes: readonly Write[]): readonly PackedValue[] | null {
  let bytes = 0
  for (const { value } of writes) bytes += value?.length ?? 0
  if (bytes < PACK_BYTES_MIN || new Set(writes.map(({ key }) => key)).size < writes.length) return null
  return writes.flatMap(({ key, value }) => (value ? [{ key, value }] : []))
}

function pageBytes(database: Database.Database): number {
  const [bytes] = database.prepare('PRAGMA page_size').raw().get() as [number]
  return bytes
}

function openDatabase(folder: string, options: NodeStoreOptions): Database.Database {
  try {
    const database = new Database(join(folder, FILE_NAME), { timeout: 0 })
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('PRAGMA synchronous = FULL')
    database.exec('CREATE TABLE IF NOT EXISTS record (key TEXT PRIMARY KEY, value BLOB NOT NULL)')
    if (options.capacityBytes !== undefined) {
      database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(options.capacityBytes / pageBytes(database)))}`)
    }
    return database
  } catch (error) {
    throw operatingError(error, folder)
  }
}

/** SQLite's codes (https://sqlite.org/rescode.html) that the host knows what to do about; the rest stays as it is. */
function operatingError(error: unknown, folder: string): Error {
  if (error instanceof StoreFullError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'SQLITE_FULL' || code === 'ENOSPC')
    return new StoreFullError(`no room left in ${folder}`, { cause: error })
  if (code.startsWith('SQLITE_BUSY'))
    return new StoreLockedError(`${folder} is in use by another host; give this one its own folder`, { cause: error })
  return error instanceof Error ? error : new Error(String(error))
}

/** The same bytes without Node's Buffer class, whose `slice` means something else. */
const plainBytes = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
