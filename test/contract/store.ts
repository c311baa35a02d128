import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../src/base/bytes.ts'
import { type Store, StoreClosedError, StoreFullError, StoreLockedError } from '../../src/storage/port.ts'

/** A place where a store can be opened again and again, finding what earlier ones left. Fresh for every test. */
export interface StorePlace {
  open(): Promise<Store>
  /** The same place with room for about this many bytes; absent where the platform cannot be told. */
  openSmall?(capacityBytes: number): Promise<Store>
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/** Every adapter of src/storage/port.ts passes this. */
export function storeContract(name: string, newPlace: () => StorePlace): void {
  describe(`${name} keeps the contract of a store`, () => {
    it('reads null where nothing was written', async () => {
      const store = await newPlace().open()
      expect(await store.read('record/none')).toBeNull()
      await store.close()
    })

    it('reads what was committed, byte for byte, empty values too', async () => {
      const store = await newPlace().open()
      const all = Uint8Array.from({ length: 256 }, (_, i) => i)
      await store.commit([
        { key: 'record/all', value: all },
        { key: 'record/empty', value: bytes() },
      ])
      expect(await store.read('record/all')).toEqual(all)
      expect(await store.read('record/empty')).toEqual(bytes())
      await store.close()
    })

    it('keeps a value of one mebibyte', async () => {
      const store = await newPlace().open()
      const large = new Uint8Array(1 << 20).map((_, i) => i * 7)
      await store.commit([{ key: 'block/large', value: large }])
      const read = await store.read('block/large')
      expect(read !== null && equalBytes(read, large)).toBe(true)
      await store.close()
    })

    it('deletes with null, and takes the deletion of nothing', async () => {
      const store = await newPlace().open()
      await store.commit([{ key: 'record/a', value: bytes(1) }])
      await store.commit([
        { key: 'record/a', value: null },
        { key: 'record/never', value: null },
      ])
      expect(await store.read('record/a')).toBeNull()
      expect(await store.list('')).toEqual([])
      await store.close()
    })

    it('lets the later of two writes of one key in one commit win', async () => {
      const store = await newPlace().open()
      await store.commit([
        { key: 'record/a', value: bytes(1) },
        { key: 'record/a', value: bytes(2) },
        { key: 'record/b', value: bytes(3) },
        { key: 'record/b', value: null },
      ])
      expect(await store.read('record/a')).toEqual(bytes(2))
      expect(await store.list('')).toEqual(['record/a'])
      await store.close()
    })

    it('takes a commit of nothing', async () => {
      const store = await newPlace().open()
      await store.commit([])
      expect(await store.list('')).toEqual([])
      await store.close()
    })

    it('lists the keys of a prefix in ascending order and no others', async () => {
      const store = await newPlace().open()
      const keys = ['row/z', 'row/A', 'row/a/10', 'row/a/9', 'row/', 'rox/a', 'row', 'ro/w', 'row/~']
      await store.commit(keys.map((key) => ({ key, value: bytes(0) })))
      expect(await store.list('row/')).toEqual(['row/', 'row/A', 'row/a/10', 'row/a/9', 'row/z', 'row/~'])
      expect(await store.list('row/a/')).toEqual(['row/a/10', 'row/a/9'])
      expect(await store.list('nothing')).toEqual([])
      expect(await store.list('')).toEqual([...keys].sort())
      await store.close()
    })

    it('applies commits in the order of their calls, and a read that follows sees them', async () => {
      const store = await newPlace().open()
      const commits = Array.from({ length: 20 }, (_, i) => store.commit([{ key: 'record/a', value: bytes(i) }]))
      expect(await store.read('record/a')).toEqual(bytes(19))
      await Promise.all(commits)
      expect(await store.read('record/a')).toEqual(bytes(19))
      await store.close()
    })

    it('does not see what the caller does to the bytes afterwards', async () => {
      const store = await newPlace().open()
      const value = bytes(1, 2, 3)
      const committed = store.commit([{ key: 'record/a', value }])
      value.fill(9)
      await committed
      const first = await store.read('record/a')
      expect(first).toEqual(bytes(1, 2, 3))
      first?.fill(8)
      expect(await store.read('record/a')).toEqual(bytes(1, 2, 3))
      await store.close()
    })

    it('keeps a view into a larger buffer as the view, not the buffer', async () => {
      const store = await newPlace().open()
      await store.commit([{ key: 'record/a', value: bytes(1, 2, 3, 4).subarray(1, 3) }])
      expect(await store.read('record/a')).toEqual(bytes(2, 3))
      await store.close()
    })

    it('finds everything again after it was closed and opened', async () => {
      const place = newPlace()
      const before = await place.open()
      await before.commit([{ key: 'record/a', value: bytes(1) }])
      void before.commit([{ key: 'record/b', value: bytes(2) }])
      await before.close()
      const after = await place.open()
      expect(await after.list('')).toEqual(['record/a', 'record/b'])
      expect(await after.read('record/b')).toEqual(bytes(2))
      await after.close()
    })

    it('rejects every call after close with StoreClosedError', async () => {
      const store = await newPlace().open()
      await store.close()
      await expect(store.read('record/a')).rejects.toThrow(StoreClosedError)
      await expect(store.list('record/')).rejects.toThrow(StoreClosedError)
      await expect(store.commit([])).rejects.toThrow(StoreClosedError)
      await expect(store.close()).rejects.toThrow(StoreClosedError)
    })

    it('refuses to open the place a second time while it is open', async () => {
      const place = newPlace()
      const store = await place.open()
      await expect(place.open()).rejects.toThrow(StoreLockedError)
      await store.commit([{ key: 'record/a', value: bytes(1) }])
      await store.close()
      await (await place.open()).close()
    })

    it('rejects a key that is not printable ASCII', async () => {
      const store = await newPlace().open()
      await expect(store.commit([{ key: 'record/ä', value: bytes(1) }])).rejects.toThrow('not printable ASCII')
      await expect(store.read('')).rejects.toThrow('not printable ASCII')
      await expect(store.read('k'.repeat(257))).rejects.toThrow('KEY_CHARS_MAX')
      await store.close()
    })

    if (!newPlace().openSmall) return

    it('rejects with StoreFullError when full, has changed nothing, and takes what fits', async () => {
      const store = await openSmall(newPlace(), 256 * 1024)
      await store.commit([{ key: 'record/first', value: bytes(1) }])
      const tooMuch = store.commit([
        { key: 'record/first', value: bytes(2) },
        { key: 'block/large', value: new Uint8Array(1 << 20) },
      ])
      const small = store.commit([{ key: 'record/second', value: bytes(2) }])
      await expect(tooMuch).rejects.toThrow(StoreFullError)
      await small
      expect(await store.read('record/first')).toEqual(bytes(1))
      expect(await store.list('')).toEqual(['record/first', 'record/second'])
      await store.close()
    })

    it('has room again after a deletion', async () => {
      const store = await openSmall(newPlace(), 512 * 1024)
      const large = new Uint8Array(300 * 1024)
      await store.commit([{ key: 'block/a', value: large }])
      await expect(store.commit([{ key: 'block/b', value: large }])).rejects.toThrow(StoreFullError)
      await store.commit([{ key: 'block/a', value: null }])
      await store.commit([{ key: 'block/b', value: large }])
      expect(await store.list('')).toEqual(['block/b'])
      await store.close()
    })
  })
}

const openSmall = (place: StorePlace, capacityBytes: number): Promise<Store> =>
  place.openSmall?.(capacityBytes) ?? Promise.reject(new Error('the place cannot be small'))
