import { describe, expect, it } from 'vitest'
import { type Cid, rawCid } from '../../src/base/digest.ts'
import { PAGE_BYTES } from '../../src/checkpoint/limits.ts'
import type { Placed } from '../../src/checkpoint/places.ts'
import { type SealedCheckpoint, sealCheckpoint } from '../../src/checkpoint/seal.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { CACHE_BYTES_DEFAULT } from '../../src/host/transfer-limits.ts'
import { Vault } from '../../src/host/vault.ts'
import { MemoryDisk, openMemoryStore } from '../../src/platform/memory/store.ts'
import { StoreFullError } from '../../src/storage/port.ts'
import { page, smallImage } from '../checkpoint/images.ts'

const AGENT = 'a.1.1' as AgentId
const other = (n: number): AgentId => `a.1.${n}` as AgentId
const open = async (store = openMemoryStore(), cacheBytes = CACHE_BYTES_DEFAULT) => Vault.open(await store, cacheBytes)
/** A root and one page of its own. */
const checkpoint = (fill: number) => sealCheckpoint(smallImage({ pages: new Map([[3, page(fill)]]) }))
const here = (vault: Vault, all: readonly SealedCheckpoint[]): boolean[] => all.map(({ root }) => vault.has(root))

const placedOf = ({ blocks }: SealedCheckpoint): readonly Placed[] =>
  Array.from(blocks, ([cid, bytes]) => ({ place: cid, cid, bytes: bytes.length }))

async function keepAll(vault: Vault, agent: AgentId, all: readonly SealedCheckpoint[]): Promise<void> {
  for (const { root, blocks } of all) await vault.keepCheckpoint(agent, root, blocks)
}

it('keeps a checkpoint that was sealed after the one that home has, and lets the older one go', async () => {
  const vault = await open(openMemoryStore(), 0)
  const all = [checkpoint(1), checkpoint(2), checkpoint(3)] as const
  await keepAll(vault, AGENT, all)
  await vault.forgetBefore(AGENT, all[1].root)
  expect(here(vault, all)).toEqual([false, true, true])
})

it('lets nothing go for a checkpoint that is not here', async () => {
  const vault = await open()
  const first = checkpoint(1)
  await keepAll(vault, AGENT, [first])
  await vault.forgetBefore(AGENT, checkpoint(2).root)
  expect(vault.has(first.root)).toBe(true)
})

describe('the cache', () => {
  const bytesOf = ({ blocks }: SealedCheckpoint): number =>
    [...blocks.values()].reduce((sum, { length }) => sum + length, 0)

  it('has what agents that left would need again, up to its budget, and counts what is stored', async () => {
    const all = [checkpoint(1), checkpoint(2), checkpoint(3)] as const
    const vault = await open(openMemoryStore(), bytesOf(all[0]) + bytesOf(all[1]))
    for (const [i, one] of all.entries()) {
      await keepAll(vault, other(i), [one])
      await vault.forget(other(i), null)
    }
    expect(here(vault, all)).toEqual([false, true, true])
    expect(vault.cachedBytes).toBe(bytesOf(all[1]) + bytesOf(all[2]))
  })

  it('lets go of what was used least recently', async () => {
    const all = [checkpoint(1), checkpoint(2), checkpoint(3)] as const
    const vault = await open(openMemoryStore(), bytesOf(all[0]) + bytesOf(all[1]))
    for (const [i, one] of all.entries()) {
      if (i === 2) expect(vault.base(other(0), all[0].root)).toBe(all[0].root)
      await keepAll(vault, other(i), [one])
      await vault.forget(other(i), null)
    }
    expect(here(vault, all)).toEqual([true, false, true])
  })

  it('never takes a block from an agent that is here, and counts none of them', async () => {
    const [left, stays] = [checkpoint(1), checkpoint(1)]
    const vault = await open(openMemoryStore(), 0)
    await keepAll(vault, AGENT, [stays])
    await keepAll(vault, other(9), [left])
    await vault.forget(other(9), null)
    expect([vault.cachedBytes, ...here(vault, [stays])]).toEqual([0, true])
    for (const cid of stays.blocks.keys()) expect(vault.has(cid)).toBe(true)
  })

  it('forgets an agent that has ended', async () => {
    const vault = await open()
    const all = [checkpoint(1), checkpoint(2)]
    await keepAll(vault, AGENT, all)
    await vault.forgetBefore(AGENT, all[1]?.root as Cid)
    expect(here(vault, all)).toEqual([true, true])
    await vault.forget(AGENT, null, true)
    expect([vault.cachedBytes, ...here(vault, all)]).toEqual([0, false, false])
  })

  it('outlives a restart, in its order', async () => {
    const disk = new MemoryDisk()
    const all = [checkpoint(1), checkpoint(2), checkpoint(3)] as const
    const before = await disk.open()
    const vault = await Vault.open(before, CACHE_BYTES_DEFAULT)
    for (const [i, one] of all.entries()) {
      await keepAll(vault, other(i), [one])
      await vault.forget(other(i), null)
    }
    await before.close()
    const again = await Vault.open(await disk.open(), bytesOf(all[0]) + bytesOf(all[1]))
    await again.sweep([])
    expect(here(again, all)).toEqual([false, true, true])
    expect(again.base(other(2), null)).toBe(all[2].root)
  })

  it('gives way where the medium is full', async () => {
    const disk = new MemoryDisk({ capacityBytes: 12_000 })
    const vault = await Vault.open(await disk.open(), CACHE_BYTES_DEFAULT)
    const [first, second, third] = [checkpoint(1), checkpoint(2), checkpoint(3)] as const
    await keepAll(vault, other(1), [first])
    await vault.forget(other(1), null)
    await keepAll(vault, other(2), [second])
    await keepAll(vault, other(3), [third])
    expect(here(vault, [first, second, third])).toEqual([false, true, true])
  })

  it('has few of one agent: the last that it hopped with, and the last besides', async () => {
    const vault = await open()
    const came = checkpoint(1)
    const parcel = vault.parcel(AGENT, came.root, true)
    await parcel.add(came.blocks)
    expect(await parcel.whole(placedOf(came))).toBe(true)
    const made = Array.from({ length: 8 }, (_, i) => checkpoint(2 + i))
    await keepAll(vault, AGENT, made)
    await vault.forget(AGENT, null)
    expect(here(vault, [came, ...made])).toEqual([true, ...Array(6).fill(false), true, true])
  })
})

describe('what came of a transfer that broke off', () => {
  it('is there for the next attempt, and goes when the checkpoint is whole and no longer wanted', async () => {
    const one = checkpoint(1)
    const vault = await open(openMemoryStore(), 2 * PAGE_BYTES)
    const [[cid, bytes] = [one.root, new Uint8Array()]] = [...one.blocks].filter(([name]) => name !== one.root)
    const broken = vault.parcel(AGENT, one.root, true)
    await broken.add(new Map([[cid, bytes]]))
    await broken.broken()
    expect([vault.has(cid), vault.cachedBytes]).toEqual([true, PAGE_BYTES])
    const next = vault.parcel(AGENT, one.root, true)
    expect(await next.whole(placedOf(one))).toBe(false)
    await next.add(new Map([...one.blocks].filter(([name]) => name !== cid)))
    expect(await next.whole(placedOf(one))).toBe(true)
    expect(vault.cachedBytes).toBe(0)
    await vault.forget(AGENT, null, true)
    expect(here(vault, [one])).toEqual([false])
    expect(vault.has(cid)).toBe(false)
  })
})

it('lets go of what agents leave behind also where the medium has no room for a word about it', async () => {
  const first = checkpoint(1)
  const measured = new MemoryDisk()
  await keepAll(await open(measured.open()), AGENT, [first])
  const store = await new MemoryDisk({ capacityBytes: measured.usedBytes }).open()
  const vault = await open(Promise.resolve(store))
  await keepAll(vault, AGENT, [first])
  await vault.forget(AGENT, null)
  expect([vault.has(first.root), ...(await store.list(''))]).toEqual([false])
})

describe('where the medium takes nothing more', () => {
  /** Refuses whatever it is given, deletions too, as long as it is full. */
  async function stubborn() {
    const disk = new MemoryDisk()
    const store = await disk.open()
    const medium = { isFull: false }
    const vault = await open(
      Promise.resolve({
        ...store,
        commit: (writes) =>
          medium.isFull ? Promise.reject(new StoreFullError('there is no room')) : store.commit(writes),
      }),
    )
    return { disk, store, medium, vault }
  }

  it('deletes with the next what could not be deleted', async () => {
    const { medium, vault, store } = await stubborn()
    const [first, second] = [checkpoint(1), checkpoint(2)] as const
    await keepAll(vault, AGENT, [first])
    await keepAll(vault, other(2), [second])
    medium.isFull = true
    await vault.forget(AGENT, null, true)
    expect(await store.list('block/')).toHaveLength(first.blocks.size + second.blocks.size)
    medium.isFull = false
    await vault.forget(other(2), null, true)
    expect(await store.list('')).toEqual([])
  })

  it('does not delete later what is needed again by then', async () => {
    const { medium, vault, store } = await stubborn()
    const [first, second] = [checkpoint(1), checkpoint(2)] as const
    await keepAll(vault, AGENT, [first])
    await keepAll(vault, other(2), [second])
    medium.isFull = true
    await vault.forget(AGENT, null, true)
    medium.isFull = false
    await keepAll(vault, AGENT, [first])
    await vault.forget(other(2), null, true)
    expect(await store.list('block/')).toHaveLength(first.blocks.size)
  })

  it('does not cache what it cannot record, for the next life would not know of it', async () => {
    const { medium, store, vault } = await stubborn()
    const [first, second] = [checkpoint(1), checkpoint(2)] as const
    await keepAll(vault, AGENT, [first])
    await keepAll(vault, other(2), [second])
    medium.isFull = true
    await vault.forget(AGENT, null)
    expect([...here(vault, [first, second]), vault.cachedBytes]).toEqual([false, true, 0])
    medium.isFull = false
    await vault.forget(other(2), null, true)
    expect(await store.list('')).toEqual([])
  })

  it('writes those blocks of a checkpoint again that were cached, and gave way for it', async () => {
    const image = (...fills: number[]) => smallImage({ pages: new Map(fills.map((fill, i) => [3 + i, page(fill)])) })
    const [first, second] = [sealCheckpoint(image(1)), sealCheckpoint(image(1, 2))]
    const measured = new MemoryDisk()
    await keepAll(await open(measured.open()), AGENT, [second])
    const disk = new MemoryDisk({ capacityBytes: measured.usedBytes + 100 })
    const vault = await Vault.open(await disk.open(), CACHE_BYTES_DEFAULT)
    await keepAll(vault, AGENT, [first])
    await vault.forget(AGENT, null)
    await keepAll(vault, other(2), [second])
    for (const cid of second.blocks.keys()) expect(await vault.get(cid)).not.toBeNull()
    disk.crash()
    const again = await open(disk.open())
    expect(await again.places(second.root)).not.toBeNull()
  })
})

it('records what comes into the cache again as it goes out of it', async () => {
  const disk = new MemoryDisk()
  const store = await disk.open()
  const vault = await Vault.open(store, CACHE_BYTES_DEFAULT)
  const [back, ...others] = [checkpoint(1), checkpoint(2), checkpoint(3)] as const
  await keepAll(vault, AGENT, [back])
  await vault.forget(AGENT, null)
  await keepAll(vault, AGENT, [...others, back])
  await vault.forget(AGENT, null)
  expect(here(vault, [back, ...others])).toEqual([true, false, true])
  await store.close()
  const again = await open(disk.open())
  await again.sweep([])
  expect(here(again, [back, ...others])).toEqual([true, false, true])
})

it('keeps a block of a bundle that is also a page of an agent, when the agent goes', async () => {
  const disk = new MemoryDisk()
  const first = checkpoint(1)
  const shared = rawCid(page(1))
  const vault = await open(disk.open(), 0)
  await keepAll(vault, AGENT, [first])
  await vault.keepBundle(new Map(), [shared])
  await vault.forget(AGENT, null, true)
  expect([vault.has(first.root), vault.has(shared)]).toEqual([false, true])
  await vault.keepBundle(new Map([[rawCid(page(2)), page(2)]]))
  await keepAll(vault, AGENT, [checkpoint(2)])
  await vault.forget(AGENT, null)
  expect(vault.has(rawCid(page(2)))).toBe(true)
})
