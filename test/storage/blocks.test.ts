import { describe, expect, it } from 'vitest'
import { rawCid } from '../../src/base/digest.ts'
import { openMemoryStore } from '../../src/platform/memory/store.ts'
import { BlockCounts } from '../../src/storage/block-counts.ts'
import { BLOCK_PREFIX, blockKey, dropBlocks } from '../../src/storage/blocks.ts'

const one = Uint8Array.of(1)
const two = Uint8Array.of(2)
const cid = rawCid(one)

describe('a block', () => {
  it('is dropped by its name, and no other with it', async () => {
    const store = await openMemoryStore()
    await store.commit([one, two].map((bytes) => ({ key: blockKey(rawCid(bytes)), value: bytes })))
    await store.commit(dropBlocks([rawCid(one)]))
    expect(await store.list(BLOCK_PREFIX)).toEqual([blockKey(rawCid(two))])
  })

  it('counts for the cache only while nothing else needs it', () => {
    const counts = new BlockCounts()
    counts.add(cid, 4_096, 'cached')
    expect(counts.cachedBytes).toBe(4_096)
    counts.add(cid, 4_096, 'held')
    expect(counts.cachedBytes).toBe(0)
    expect(counts.remove(cid, 'held')).toBe(false)
    expect(counts.cachedBytes).toBe(4_096)
  })

  it('is nobody’s when the last who needed it lets go, in whatever order', () => {
    const counts = new BlockCounts()
    counts.add(cid, 1, 'held')
    counts.add(cid, 1, 'cached')
    counts.add(cid, 1, 'cached')
    expect([counts.remove(cid, 'cached'), counts.remove(cid, 'held'), counts.needs(cid)]).toEqual([false, false, true])
    expect([counts.remove(cid, 'cached'), counts.needs(cid), counts.cachedBytes]).toEqual([true, false, 0])
  })
})
