import { expect, it } from 'vitest'
import { rawCid } from '../../src/base/digest.ts'
import { RecentBlocks } from '../../src/host/recent.ts'
import { RECENT_BYTES_MAX, RECENT_KEPT_BYTES_MAX } from '../../src/host/transfer-limits.ts'

const block = (n: number, bytes: number) => {
  const cid = rawCid(Uint8Array.of(n))
  return { cid, blocks: new Map([[cid, new Uint8Array(bytes).fill(n)]]) }
}

it('has what was written lately, within its budget, and what is used goes last', () => {
  const recent = new RecentBlocks()
  const all = Array.from({ length: RECENT_BYTES_MAX / RECENT_KEPT_BYTES_MAX + 1 }, (_, n) =>
    block(n, RECENT_KEPT_BYTES_MAX),
  )
  for (const { blocks } of all.slice(0, -1)) recent.add(blocks)
  expect(recent.get(all[0]?.cid ?? rawCid(new Uint8Array()))).not.toBeNull()
  recent.add(all.at(-1)?.blocks ?? new Map())
  const gone = all.map(({ cid }, n) => (recent.get(cid) ? null : n)).filter((n) => n !== null)
  expect(gone).toEqual([1])
})

it('does not give its budget to what comes by the megabyte', () => {
  const recent = new RecentBlocks()
  const { cid, blocks } = block(1, RECENT_KEPT_BYTES_MAX + 1)
  recent.add(blocks)
  expect(recent.get(cid)).toBeNull()
})

it('keeps a copy, not a view of what the block came in', () => {
  const recent = new RecentBlocks()
  const pack = new Uint8Array(1_000).fill(7)
  const cid = rawCid(pack)
  recent.add(new Map([[cid, pack.subarray(10, 20)]]))
  expect(recent.get(cid)?.buffer.byteLength).toBe(10)
})
