import { closeSync, mkdirSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type Database from 'libsql'
import { fromHex, toHex } from '../../base/bytes.ts'
import { BLOCK_PREFIX } from '../../storage/blocks.ts'
import { StoreDamagedError, type Write } from '../../storage/port.ts'
import { isExpendable } from '../../storage/sealed-store.ts'
import { CHUNK_BYTES, newFileSalt, type StoreSeal, sealedFileBytes } from './store-seal.ts'

/**
 * Values that come by the megabyte, in files of their own: SQLite copies them twice and on the host's thread, a file is
 * written by Node's pool. A pack is written and durable before the database names it; a file that it does not name is what
 * a crash has left, and goes at the next start. A pack goes when nothing in it lives, or little does: that is moved into
 * the database.
 */
type Value = Write & { readonly value: Uint8Array }

interface Pack {
  readonly id: number
  readonly keys: readonly string[]
  readonly lengths: readonly number[]
  readonly dead: Uint8Array
  readonly bytes: number
  liveBytes: number
  /** Of the file's key, where packs are sealed. */
  readonly salt: Uint8Array | null
}

interface Place {
  readonly pack: Pack
  readonly index: number
  readonly offset: number
}

interface Grave {
  readonly dead: Uint8Array
  liveBytes: number
}

/** A pack that is durable and that nobody knows yet. */
export type PackDraft = Pack

/** What is done in memory and with files once the database has committed it. */
export type AfterCommit = () => void

/** A pack with less than this share of it alive is given up. */
const LIVE_SHARE_MIN = 0.25

export class PackFiles {
  readonly #folder: string
  readonly #insert
  readonly #bury
  readonly #remove
  readonly #places = new Map<string, Place>()
  readonly #directory: FileHandle
  #nextId = 1
  /** The pack that was read last, open. */
  #open: {
    readonly id: number
    readonly file: number
    chunk: { readonly index: number; readonly bytes: Uint8Array } | null
  } | null = null
  readonly #seal: StoreSeal | null
  /** Files on their way out. */
  readonly #leaving = new Set<Promise<void>>()
  bytes = 0

  private constructor(folder: string, database: Database.Database, directory: FileHandle, seal: StoreSeal | null) {
    this.#folder = folder
    this.#seal = seal
    this.#directory = directory
    this.#insert = database.prepare('INSERT INTO pack (id, keys, dead) VALUES (?, ?, ?)')
    this.#bury = database.prepare('UPDATE pack SET dead = ? WHERE id = ?')
    this.#remove = database.prepare('DELETE FROM pack WHERE id = ?')
  }

  /** `seal`: what the files hold, and which keys are in them, is sealed. */
  static async open(folder: string, database: Database.Database, seal: StoreSeal | null): Promise<PackFiles> {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    database.exec('CREATE TABLE IF NOT EXISTS pack (id INTEGER PRIMARY KEY, keys BLOB NOT NULL, dead BLOB NOT NULL)')
    const packs = new PackFiles(folder, database, await open(folder, 'r'), seal)
    try {
      await packs.#recall(database)
    } catch (error) {
      await packs.close()
      throw error
    }
    return packs
  }

  /** What the database knows, and nothing else, is in the folder afterwards. */
  async #recall(database: Database.Database): Promise<void> {
    const folder = this.#folder
    const known = new Set<string>()
    for (const row of database.prepare('SELECT id, keys, dead FROM pack ORDER BY id').raw().all()) {
      const [id, keys, dead] = row as [number, Uint8Array, Uint8Array]
      const opened = this.#seal ? this.#seal.open(packName(id), keys) : keys
      if (!opened) throw new StoreDamagedError(`what ${join(folder, String(id))} holds is damaged in the database`)
      const pack = packOf(id, Buffer.from(opened).toString(), dead, this.#seal !== null)
      // A disk that lies, or somebody's hand. Blocks are fetched again; a host that has lost what it said must not go on.
      if (statSync(join(folder, String(id)), { throwIfNoEntry: false })?.size !== fileBytes(pack)) {
        if (!pack.keys.every((key) => key.startsWith(BLOCK_PREFIX)))
          throw new StoreDamagedError(`${join(folder, String(id))} is damaged, and records of this host were in it`)
        this.#remove.run(id)
        continue
      }
      known.add(String(id))
      this.#know(pack)
    }
    for (const name of readdirSync(folder)) if (!known.has(name)) await rm(join(folder, name), { force: true })
  }

  #know(pack: Pack): void {
    this.#nextId = Math.max(this.#nextId, pack.id + 1)
    this.bytes += fileBytes(pack)
    let offset = 0
    pack.keys.forEach((key, index) => {
      if (!isDead(pack, index)) this.#places.set(key, { pack, index, offset })
      offset += pack.lengths[index] ?? 0
    })
  }

  has = (key: string): boolean => this.#places.has(key)

  keys = (): Iterable<string> => this.#places.keys()

  read(key: string): Uint8Array | null {
    const place = this.#places.get(key)
    if (!place) return null
    const { pack, index, offset } = place
    if (this.#open?.id !== pack.id) {
      this.#shut()
      this.#open = { id: pack.id, file: openSync(join(this.#folder, String(pack.id)), 'r'), chunk: null }
    }
    const value = new Uint8Array(pack.lengths[index] ?? 0)
    if (!pack.salt) readSync(this.#open.file, value, 0, value.length, offset)
    else if (!this.#readSealed(pack, value, offset)) return isExpendable(key) ? null : damaged(this.#folder, pack, key)
    return value
  }

  /** False where a chunk does not open. The chunk that was opened last is kept: what lies together is read together. */
  #readSealed(pack: Pack, value: Uint8Array, offset: number): boolean {
    const own = this.#open
    if (!own || !pack.salt) return false
    for (let at = 0; at < value.length; ) {
      const index = Math.floor((offset + at) / CHUNK_BYTES)
      if (own.chunk?.index !== index) {
        const bytes = Math.min(CHUNK_BYTES, pack.bytes - index * CHUNK_BYTES)
        const sealed = new Uint8Array(sealedFileBytes(bytes))
        readSync(own.file, sealed, 0, sealed.length, sealedFileBytes(CHUNK_BYTES) * index)
        const opened = this.#seal?.file(pack.salt).open(index, sealed)
        if (!opened) return false
        own.chunk = { index, bytes: opened }
      }
      const from = offset + at - index * CHUNK_BYTES
      const piece = own.chunk.bytes.subarray(from, from + value.length - at)
      value.set(piece, at)
      at += piece.length
    }
    return true
  }

  #shut(): void {
    if (this.#open) closeSync(this.#open.file)
    this.#open = null
  }

  /** Durable when it resolves; the values are not looked at after it has returned control. */
  write(values: readonly Value[]): Promise<PackDraft> {
    const last = new Map(values.map(({ key, value }) => [key, value]))
    const lengths = [...last.values()].map(({ length }) => length)
    const bytes = lengths.reduce((sum, length) => sum + length, 0)
    const whole = new Uint8Array(bytes)
    let offset = 0
    for (const value of last.values()) {
      whole.set(value, offset)
      offset += value.length
    }
    const id = this.#nextId++
    const dead = new Uint8Array(Math.ceil(lengths.length / 8))
    const salt = this.#seal && newFileSalt()
    return this.#save({ id, keys: [...last.keys()], lengths, dead, bytes, liveBytes: bytes, salt }, whole)
  }

  async #save(pack: Pack, bytes: Uint8Array): Promise<PackDraft> {
    try {
      const file = await open(join(this.#folder, String(pack.id)), 'w', 0o600)
      try {
        await this.#fill(file, pack, bytes)
        await file.datasync()
      } finally {
        await file.close()
      }
      await this.#directory.sync()
    } catch (error) {
      await this.discard(pack)
      throw error
    }
    return pack
  }

  /** A megabyte at a time, so that the host's thread is never held up for long by the cipher. */
  async #fill(file: FileHandle, { salt }: Pack, bytes: Uint8Array): Promise<void> {
    if (!this.#seal || !salt) return file.writeFile(bytes)
    const seal = this.#seal.file(salt)
    for (let at = 0; at < bytes.length; at += STRIDE_BYTES) {
      const chunks: Uint8Array[] = []
      for (let from = at; from < Math.min(at + STRIDE_BYTES, bytes.length); from += CHUNK_BYTES)
        chunks.push(seal.seal(from / CHUNK_BYTES, bytes.subarray(from, from + CHUNK_BYTES)))
      // Not writev, which on a disk that fills up may write less than it was given and say nothing.
      await file.writeFile(Buffer.concat(chunks))
    }
  }

  /** Of a draft that came to nothing, or of a pack that the database names no more: if it fails, the next start does it. */
  async discard({ id }: PackDraft): Promise<void> {
    const leaving = rm(join(this.#folder, String(id)), { force: true }).catch(() => undefined)
    this.#leaving.add(leaving)
    await leaving
    this.#leaving.delete(leaving)
  }

  /** Inside a transaction: the database names the pack. */
  admit(pack: PackDraft): AfterCommit {
    const keys = pack.keys.map((key, index) => `${key} ${pack.lengths[index]}`)
    const listed = Buffer.from([...(pack.salt ? [toHex(pack.salt)] : []), ...keys].join('\n'))
    this.#insert.run(pack.id, this.#seal ? this.#seal.seal(packName(pack.id), listed) : listed, pack.dead)
    return () => this.#know(pack)
  }

  /** Inside a transaction: these keys are not in packs any more. `keep` puts into the database what a sparse pack had. */
  forget(keys: Iterable<string>, keep: (key: string, value: Uint8Array) => void): AfterCommit {
    const graves = new Map<Pack, Grave>()
    const gone = new Set<string>()
    for (const key of keys) {
      const place = this.#places.get(key)
      if (!place || gone.has(key)) continue
      const { pack, index } = place
      const grave = graves.get(pack) ?? { dead: pack.dead.slice(), liveBytes: pack.liveBytes }
      graves.set(pack, grave)
      grave.dead[index >> 3] = (grave.dead[index >> 3] ?? 0) | (1 << (index & 7))
      grave.liveBytes -= pack.lengths[index] ?? 0
      gone.add(key)
    }
    const given: Pack[] = []
    for (const [pack, { dead, liveBytes }] of graves)
      if (liveBytes > pack.bytes * LIVE_SHARE_MIN) this.#bury.run(dead, pack.id)
      else given.push(this.#empty(pack, gone, keep))
    return () => {
      for (const key of gone) this.#places.delete(key)
      for (const [pack, { dead, liveBytes }] of graves) {
        pack.dead.set(dead)
        pack.liveBytes = liveBytes
      }
      for (const pack of given) this.#giveUp(pack)
    }
  }

  #empty(pack: Pack, gone: ReadonlySet<string>, keep: (key: string, value: Uint8Array) => void): Pack {
    for (const key of pack.keys) {
      const value = gone.has(key) || this.#places.get(key)?.pack !== pack ? null : this.read(key)
      if (value) keep(key, value)
    }
    this.#remove.run(pack.id)
    return pack
  }

  #giveUp(pack: Pack): void {
    for (const key of pack.keys) if (this.#places.get(key)?.pack === pack) this.#places.delete(key)
    if (this.#open?.id === pack.id) this.#shut()
    this.bytes -= fileBytes(pack)
    void this.discard(pack)
  }

  async close(): Promise<void> {
    this.#shut()
    await Promise.all(this.#leaving)
    await this.#directory.close()
  }
}

const isDead = ({ dead }: Pick<Pack, 'dead'>, index: number): boolean =>
  (((dead[index >> 3] ?? 0) >> (index & 7)) & 1) === 1

/** Under which the list of a pack's keys is sealed. */
const packName = (id: number): string => `pack/${id}`

const fileBytes = ({ bytes, salt }: Pick<Pack, 'bytes' | 'salt'>): number => (salt ? sealedFileBytes(bytes) : bytes)

/** How much is sealed and written in one piece. */
const STRIDE_BYTES = 16 * CHUNK_BYTES

function damaged(folder: string, { id }: Pack, key: string): never {
  throw new StoreDamagedError(`${join(folder, String(id))} is damaged, and record ${key} was in it`)
}

function packOf(id: number, listed: string, dead: Uint8Array, isSealed: boolean): Pack {
  const lines = listed.split('\n')
  const salt = isSealed ? fromHex(lines.shift() ?? '') : null
  const entries = lines.map((line) => line.split(' ') as [string, string])
  const lengths = entries.map(([, length]) => Number(length))
  const pack = { id, keys: entries.map(([key]) => key), lengths, dead: Uint8Array.from(dead), salt }
  const sum = (total: number, length: number): number => total + length
  const live = lengths.filter((_, index) => !isDead(pack, index))
  return { ...pack, bytes: lengths.reduce(sum, 0), liveBytes: live.reduce(sum, 0) }
}
