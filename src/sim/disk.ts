import { decode } from '../base/codec.ts'
import type { Timers } from '../base/timers.ts'
import { MemoryDisk } from '../platform/memory/store.ts'
import { type Store, StoreDamagedError } from '../storage/port.ts'
import { isExpendable } from '../storage/sealed-store.ts'
import { SYNC_MS } from './limits.ts'

/**
 * The disk of a simulated host: a commit is durable a little later than it is called, so that a crash can come between;
 * it can be full, and parts of it can rot. What an open store does then is what the port promises (storage/port.ts).
 */
export class SimDisk {
  readonly #disk = new MemoryDisk({ sync: 'manual' })
  readonly #timers: Timers
  readonly #rotten = new Set<string>()
  #isSyncing = false

  constructor(timers: Timers) {
    this.#timers = timers
  }

  async open(): Promise<Store> {
    const store = await this.#disk.open()
    return {
      read: async (key) => {
        if (this.#rotten.has(key)) {
          if (isExpendable(key)) return null
          throw new StoreDamagedError(`record ${key} is damaged`)
        }
        return store.read(key)
      },
      list: (prefix) => store.list(prefix),
      commit: (writes) => {
        for (const { key } of writes) this.#rotten.delete(key)
        const committed = store.commit(writes)
        this.#syncSoon()
        return committed
      },
      close: () => store.close(),
    }
  }

  /** Everything but what a crash lets be: `torn` of the commits under way may be on the disk, and nobody was told. */
  crash(torn: number): void {
    this.#disk.crash(torn)
  }

  /** A record as a life after a crash would find it; null where there is none. */
  durable(key: string): unknown {
    const bytes = this.#disk.durable(key)
    const read = bytes && decode(bytes)
    return read?.ok ? read.value : null
  }

  get waiting(): number {
    return this.#disk.waiting
  }

  /** From now on there is room for so many bytes more; null: for any. */
  leaveRoom(bytes: number | null): void {
    this.#disk.capacityBytes = bytes === null ? Number.POSITIVE_INFINITY : this.#disk.usedBytes + bytes
  }

  /** One of the keys with this prefix cannot be read any more, by which `choose` says; null where there is none. */
  async rot(prefix: string, choose: (count: number) => number): Promise<string | null> {
    const keys = await this.keys(prefix)
    const key = keys[choose(keys.length)]
    if (key === undefined) return null
    this.#rotten.add(key)
    return key
  }

  /** Keys with a prefix; of a disk that no host uses. */
  async keys(prefix: string): Promise<readonly string[]> {
    const store = await this.#disk.open()
    const keys = await store.list(prefix)
    await store.close()
    return keys
  }

  #syncSoon(): void {
    if (this.#isSyncing) return
    this.#isSyncing = true
    this.#timers.after(SYNC_MS, () => {
      this.#isSyncing = false
      this.#disk.sync()
    })
  }
}
