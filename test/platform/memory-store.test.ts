import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../src/platform/memory/store.ts'
import { StoreClosedError } from '../../src/storage/port.ts'
import { storeContract } from '../contract/store.ts'

storeContract('the memory store', () => {
  const disk = new MemoryDisk()
  return { open: () => disk.open(), openSmall: (capacityBytes) => new MemoryDisk({ capacityBytes }).open() }
})

describe('a memory disk', () => {
  it('loses exactly the commits that were not synced when the power is cut, each as a whole', async () => {
    const disk = new MemoryDisk({ sync: 'manual' })
    const store = await disk.open()
    const first = store.commit([{ key: 'a', value: Uint8Array.of(1) }])
    disk.sync()
    await first
    const second = store.commit([
      { key: 'a', value: Uint8Array.of(2) },
      { key: 'b', value: Uint8Array.of(2) },
    ])
    expect(await store.read('b')).toEqual(Uint8Array.of(2))
    disk.crash()
    await expect(second).rejects.toThrow(StoreClosedError)
    await expect(store.read('a')).rejects.toThrow(StoreClosedError)

    const after = await disk.open()
    expect(await after.list('')).toEqual(['a'])
    expect(await after.read('a')).toEqual(Uint8Array.of(1))
  })

  it('counts the bytes it holds, before and after a crash', async () => {
    const disk = new MemoryDisk({ sync: 'manual' })
    const store = await disk.open()
    void store.commit([{ key: 'abc', value: new Uint8Array(7) }])
    disk.sync()
    expect(disk.usedBytes).toBe(10)
    store.commit([{ key: 'abc', value: new Uint8Array(97) }]).catch(() => undefined)
    expect(disk.usedBytes).toBe(100)
    disk.crash()
    expect(disk.usedBytes).toBe(10)
  })
})
