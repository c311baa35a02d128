import { describe, expect, it } from 'vitest'
import { type Cid, cborCid, rawCid } from '../../src/base/digest.ts'
import { openMemoryStore } from '../../src/platform/memory/store.ts'
import { BLOCK_PREFIX, blockKey, dropBlocks, verifyBlock } from '../../src/storage/blocks.ts'

const one = Uint8Array.of(1)
const two = Uint8Array.of(2)

describe('a block', () => {
  it('is accepted under the hash of its bytes, raw and DAG-CBOR alike', () => {
    for (const cid of [rawCid(one), cborCid(one)])
      expect(verifyBlock({ cid, bytes: one })).toEqual({ ok: true, value: { cid, bytes: one } })
  })

  it('is refused under the hash of other bytes', () => {
    const reason = `block ${rawCid(one)} has another hash`
    expect(verifyBlock({ cid: rawCid(one), bytes: two })).toEqual({ ok: false, code: 'HASH', reason })
  })

  it('is refused under a name whose hash is its own bytes (identity), which would verify anything', () => {
    const identity = 'bafkqaaik' as Cid
    expect(verifyBlock({ cid: identity, bytes: one })).toMatchObject({ ok: false, code: 'CID' })
  })

  it('is dropped by its name, and no other with it', async () => {
    const store = await openMemoryStore()
    await store.commit([one, two].map((bytes) => ({ key: blockKey(rawCid(bytes)), value: bytes })))
    await store.commit(dropBlocks([rawCid(one)]))
    expect(await store.list(BLOCK_PREFIX)).toEqual([blockKey(rawCid(two))])
  })
})
