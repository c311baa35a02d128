import { describe, expect, it } from 'vitest'
import { cborCid, rawCid } from '../../src/base/digest.ts'
import { MemoryDisk, openMemoryStore } from '../../src/platform/memory/store.ts'
import { blockKey, dropBlocks, getBlock, missingBlocks, putBlocks } from '../../src/storage/blocks.ts'
import { StoreFullError } from '../../src/storage/port.ts'

const one = Uint8Array.of(1)
const two = Uint8Array.of(2)

describe('blocks in a store', () => {
  it('come back under their name, raw and DAG-CBOR alike', async () => {
    const store = await openMemoryStore()
    const blocks = [
      { cid: rawCid(one), bytes: one },
      { cid: cborCid(two), bytes: two },
    ]
    expect(await putBlocks(store, blocks)).toEqual({ ok: true, value: undefined })
    expect(await getBlock(store, rawCid(one))).toEqual({ ok: true, value: one })
    expect(await getBlock(store, cborCid(two))).toEqual({ ok: true, value: two })
  })

  it('are refused, all of them, when one has another hash than its name says', async () => {
    const store = await openMemoryStore()
    const refused = await putBlocks(store, [
      { cid: rawCid(one), bytes: one },
      { cid: rawCid(one), bytes: two },
    ])
    expect(refused).toMatchObject({ ok: false, code: 'HASH', reason: `block ${rawCid(one)} has another hash` })
    expect(await store.list('')).toEqual([])
  })

  it('that the medium has changed are refused on the way out', async () => {
    const store = await openMemoryStore()
    await store.commit([{ key: blockKey(rawCid(one)), value: two }])
    expect(await getBlock(store, rawCid(one))).toMatchObject({ ok: false, code: 'HASH' })
  })

  it('that were never kept are NOT_FOUND, and named as missing in the order asked', async () => {
    const store = await openMemoryStore()
    await putBlocks(store, [{ cid: rawCid(one), bytes: one }])
    expect(await getBlock(store, rawCid(two))).toMatchObject({ ok: false, code: 'NOT_FOUND' })
    const asked = [cborCid(two), rawCid(one), rawCid(two)]
    expect(await missingBlocks(store, asked)).toEqual([cborCid(two), rawCid(two)])
    await store.commit(dropBlocks([rawCid(one)]))
    expect(await missingBlocks(store, asked)).toEqual(asked)
  })

  it('that do not fit reject as an operating failure and leave nothing behind', async () => {
    const store = await new MemoryDisk({ capacityBytes: 100 }).open()
    const large = new Uint8Array(200)
    await expect(putBlocks(store, [{ cid: rawCid(large), bytes: large }])).rejects.toThrow(StoreFullError)
    expect(await store.list('')).toEqual([])
  })
})
