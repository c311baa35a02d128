import { assert } from '../../base/assert.ts'
import { afterPrefix, assertKey } from '../../storage/key.ts'
import { type Store, StoreClosedError, StoreFullError, StoreLockedError, type Write } from '../../storage/port.ts'

/**
 * A disk that lives as long as the process: for tests, the simulator and hosts that keep nothing. The disk outlives the
 * store that is open on it, as a real one does, so that the simulator can cut the power and start the host again.
 */
export interface MemoryDiskOptions {
  /** Room for keys and values, in bytes (a key character counts one); unlimited by default. */
  readonly capacityBytes?: number
  /** 'each': a commit is durable at once. 'manual': it waits for `sync`, and is lost when the power goes before. */
  readonly sync?: 'each' | 'manual'
}

interface Waiting {
  readonly writes: readonly Write[]
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class MemoryDisk {
  /** Room for what is kept; what is there already stays, however little it becomes. */
  capacityBytes: number
  readonly #sync: 'each' | 'manual'
  #durable = new Map<string, Uint8Array>()
  /** What the open store sees: the durable map with the waiting commits applied. */
  #view = new Map<string, Uint8Array>()
  #usedBytes = 0
  #waiting: Waiting[] = []
  #open: object | null = null

  constructor(options: MemoryDiskOptions = {}) {
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY
    this.#sync = options.sync ?? 'each'
  }

  /** Rejects with StoreLockedError while another store is open on this disk. */
  async open(): Promise<Store> {
    if (this.#open) throw new StoreLockedError('this memory disk is in use by another store')
    const handle = {}
    this.#open = handle
    const alive = (): void => {
      if (this.#open !== handle) throw new StoreClosedError('the store is closed')
    }
    return {
      read: async (key) => {
        alive()
        assertKey(key)
        return this.#view.get(key)?.slice() ?? null
      },
      list: async (prefix) => {
        alive()
        const end = afterPrefix(prefix)
        return [...this.#view.keys()].filter((key) => key >= prefix && key < end).sort()
      },
      commit: async (writes) => {
        alive()
        await this.#commit(writes)
      },
      close: async () => {
        alive()
        this.sync()
        this.#open = null
      },
    }
  }

  /** Makes every waiting commit durable, in order, and resolves it. */
  sync(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { writes, resolve } of waiting) {
      apply(this.#durable, writes)
      resolve()
    }
    assert(this.#durable.size === this.#view.size, 'after a sync the durable map is what the store sees')
  }

  /**
   * The power is cut: waiting commits are lost, each as a whole, but for the first `written` of them, which are durable and
   * nobody was told; the open store is dead. `open` starts again.
   */
  crash(written = 0): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { writes } of waiting.slice(0, written)) apply(this.#durable, writes)
    this.#open = null
    this.#view = new Map(this.#durable)
    this.#usedBytes = sizeOf(this.#view)
    for (const { reject } of waiting) reject(new StoreClosedError('the power was cut before the commit was durable'))
  }

  /** The value of a key as it would be after a crash now, for who looks at the disk from outside; null where there is none. */
  durable(key: string): Uint8Array | null {
    return this.#durable.get(key)?.slice() ?? null
  }

  /** How many commits wait to be durable. */
  get waiting(): number {
    return this.#waiting.length
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  #commit(writes: readonly Write[]): Promise<void> {
    const own = writes.map(({ key, value }) => {
      assertKey(key)
      return { key, value: value?.slice() ?? null }
    })
    const next = new Map(own.map((write) => [write.key, write.value]))
    let growthBytes = 0
    for (const [key, value] of next) {
      growthBytes += entryBytes(key, value) - entryBytes(key, this.#view.get(key) ?? null)
    }
    if (growthBytes > 0 && this.#usedBytes + growthBytes > this.capacityBytes) {
      const need = this.#usedBytes + growthBytes
      return Promise.reject(new StoreFullError(`usedBytes ${need} > capacityBytes ${this.capacityBytes}`))
    }
    apply(this.#view, own)
    this.#usedBytes += growthBytes
    if (this.#sync === 'each') {
      apply(this.#durable, own)
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ writes: own, resolve, reject })
    })
  }
}

/** A store on a disk of its own. */
export const openMemoryStore = (options: MemoryDiskOptions = {}): Promise<Store> => new MemoryDisk(options).open()

function apply(map: Map<string, Uint8Array>, writes: readonly Write[]): void {
  for (const { key, value } of writes) {
    if (value === null) map.delete(key)
    else map.set(key, value)
  }
}

const entryBytes = (key: string, value: Uint8Array | null): number => (value === null ? 0 : key.length + value.length)

function sizeOf(map: ReadonlyMap<string, Uint8Array>): number {
  let bytes = 0
  for (const [key, value] of map) bytes += entryBytes(key, value)
  return bytes
}
