import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { afterPrefix, assertKey } from '../../storage/key.ts'
import {
  type Store,
  StoreClosedError,
  StoreDamagedError,
  StoreFullError,
  StoreKeyError,
  StoreLockedError,
  type Write,
} from '../../storage/port.ts'
import { wholeParts } from '../../storage/sealed-names.ts'
import { isExpendable } from '../../storage/sealed-store.ts'
import { type AfterCommit, type PackDraft, PackFiles } from './pack-files.ts'
import { StoreSeal } from './store-seal.ts'

/**
 * The store of a host in Node: one SQLite table in a folder, and files for what comes by the megabyte. SQLite's own
 * exclusive lock keeps a second process out and goes away with the process, however it dies. Commits that are called in
 * one turn of the event loop share one fsync.
 */
export interface NodeStoreOptions {
  /** Upper bound of database and files together; the rest of the disk otherwise. */
  readonly capacityBytes?: number
  /** 32 bytes of the host's own, to which everything is sealed (store-seal.ts); kept in the clear where there is none. */
  readonly key?: Uint8Array
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
  const seal = options.key ? new StoreSeal(options.key) : null
  let packs: PackFiles
  try {
    checkSeal(database, seal, folder)
    packs = await PackFiles.open(join(folder, 'packs'), database, seal)
  } catch (error) {
    shut(database)
    throw error
  }
  const nameOf = (key: string): string => seal?.names.seal(key) ?? key
  const sealed = (key: string, value: Uint8Array): Uint8Array => seal?.seal(key, value) ?? value
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

  const keep = (key: string, value: Uint8Array): void => void put.run(nameOf(key), sealed(key, value))

  const transact = (commits: readonly Waiting[]): void => {
    const after: AfterCommit[] = []
    database.exec('BEGIN IMMEDIATE')
    try {
      const keys = commits.flatMap(({ writes, pack }) => [...writes.map(({ key }) => key), ...(pack?.keys ?? [])])
      after.push(packs.forget(keys, keep))
      for (const { writes, pack } of commits) {
        for (const { key, value } of writes) value === null ? drop.run(nameOf(key)) : put.run(nameOf(key), value)
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
      const row: unknown = selectValue.get(nameOf(key))
      if (!Array.isArray(row) || !(row[0] instanceof Uint8Array)) return null
      const value = seal ? seal.open(key, row[0]) : plainBytes(row[0])
      if (!value && !isExpendable(key)) throw new StoreDamagedError(`record ${key} in ${folder} is damaged`)
      return value
    },
    async list(prefix) {
      alive()
      const looked = seal ? seal.names.seal(wholeParts(prefix)) : prefix
      const end = afterPrefix(looked)
      await drained()
      const names = selectKeys.all(looked, end).map((row) => (Array.isArray(row) ? String(row[0]) : ''))
      const keys = seal
        ? names
            .flatMap((name) => seal.names.open(name) ?? [])
            .filter((key) => key.startsWith(prefix))
            .sort()
        : names
      const packed = [...packs.keys()].filter((key) => key.startsWith(prefix))
      return packed.length === 0 ? keys : [...new Set([...keys, ...packed])].sort()
    },
    async commit(writes) {
      alive()
      for (const { key } of writes) assertKey(key)
      const large = largeOf(writes)
      const own = large
        ? writes.filter(({ value }) => value === null)
        : writes.map(({ key, value }) => ({ key, value: value && (seal?.seal(key, value) ?? value.slice()) }))
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
      shut(database)
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

/** Gives the lock back, and leaves one tidy file. */
function shut(database: Database.Database): void {
  try {
    // Statements keep libsql's connection, and with it the lock, until they are collected. Leaving WAL mode and exclusive
    // locking gives it back now.
    database.exec('PRAGMA journal_mode = DELETE')
    database.exec('PRAGMA locking_mode = NORMAL')
    database.prepare('SELECT key FROM record WHERE key = ?').raw().all('')
  } catch {
    // A full disk has no room to leave WAL mode: what was committed stays in the log, where the next open finds it.
  }
  database.close()
}

/** What the key of a sealed store opens, and no other. */
const MARK = 'sealed'

/** Throws a StoreKeyError where the folder is another key's, or was written by who seals otherwise; it stays as it is. */
function checkSeal(database: Database.Database, seal: StoreSeal | null, folder: string): void {
  database.exec('CREATE TABLE IF NOT EXISTS seal (id INTEGER PRIMARY KEY, mark BLOB NOT NULL)')
  const row: unknown = database.prepare('SELECT mark FROM seal').raw().get()
  const mark = Array.isArray(row) && row[0] instanceof Uint8Array ? row[0] : null
  if (mark && !seal) throw new StoreKeyError(`what is in ${folder} is sealed, and this host has no key for it`)
  if (mark && !seal?.open(MARK, mark))
    throw new StoreKeyError(
      `what is in ${folder} is sealed to another identity; give this host a folder of its own, or that one its identity back`,
    )
  if (mark || !seal) return
  if (database.prepare('SELECT key FROM record LIMIT 1').raw().get())
    throw new StoreKeyError(
      `what is in ${folder} is not sealed, as an older version left it; give this host another folder`,
    )
  database.prepare('INSERT INTO seal (id, mark) VALUES (?, ?)').run(1, seal.seal(MARK, new Uint8Array()))
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
