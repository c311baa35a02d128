import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { decode, encode } from '../../src/base/codec.ts'
import { type Cid, cborCid, parseCid, rawCid } from '../../src/base/digest.ts'
import { PAGE_BYTES, TABLE_ENTRIES_MAX, WASM_PAGE_BYTES } from '../../src/checkpoint/limits.ts'
import { blocksOfRoot, blocksOfTable, missingBlocks, openAfter, openCheckpoint } from '../../src/checkpoint/open.ts'
import { sealCheckpoint } from '../../src/checkpoint/seal.ts'
import type { MachineImage } from '../../src/engine/image.ts'
import { WASM_PAGE_BYTES as ENGINE_WASM_PAGE_BYTES, IMAGE_PAGE_BYTES } from '../../src/engine/limits.ts'
import { anyImage, manyPages, page, smallImage } from './images.ts'

type Blocks = ReadonlyMap<Cid, Uint8Array>
const from = (blocks: Blocks) => async (cid: Cid) => blocks.get(cid) ?? null
const value = <T>(result: { ok: boolean; value?: T; reason?: string }): T => {
  expect(result.reason).toBeUndefined()
  return result.value as T
}
const rootBytes = (image: MachineImage) => {
  const { root, blocks } = sealCheckpoint(image)
  return blocks.get(root) as Uint8Array
}

/** Seals an image, lets `twist` change the decoded root, and opens the result as a stranger's checkpoint. */
async function openTwisted(image: MachineImage, twist: (root: Record<string, unknown>) => void) {
  const { root, blocks } = sealCheckpoint(image)
  const decoded = value(decode(blocks.get(root) as Uint8Array)) as Record<string, unknown>
  twist(decoded)
  const twisted = encode(decoded)
  return openCheckpoint(cborCid(twisted), from(new Map([...blocks, [cborCid(twisted), twisted]])))
}

// A machine busy with something else must not look like a test that hangs.
vi.setConfig({ testTimeout: 60_000 })

describe('a sealed checkpoint', () => {
  test('opens to the image it was sealed from, whatever the image', async () => {
    await fc.assert(
      fc.asyncProperty(anyImage, async (image) => {
        const { root, blocks } = sealCheckpoint(image)
        // Vitest's own equality walks bytes one by one.
        expect(isDeepStrictEqual(value(await openCheckpoint(root, from(blocks))), image)).toBe(true)
      }),
      { numRuns: 25 },
    )
  })

  test('that was opened and is sealed again has no fresh page, nor have its kernels', async () => {
    const kernel = { memoryPagesMax: 1, memoryPages: 1, globals: new Map(), suspended: null, instance: '' }
    const kernels = [1, 2].map((id) => ({ ...kernel, id, name: 'twice', pages: new Map([[id, page(id)]]) }))
    const { root, blocks } = sealCheckpoint(smallImage({ kernels }))
    const opened = value(await openAfter(root, async (cid) => blocks.get(cid) ?? null))
    const again = sealCheckpoint(opened.image, opened.hashed)
    expect([again.root, again.freshBytes]).toEqual([root, 0])
  })

  test('has the same root whether its pages were hashed now or remembered', () => {
    fc.assert(
      fc.property(anyImage, anyImage, (before, image) => {
        const fresh = sealCheckpoint(image)
        expect(sealCheckpoint(image, sealCheckpoint(before).hashed).root).toBe(fresh.root)
        expect(isDeepStrictEqual(sealCheckpoint(image, fresh.hashed).blocks, fresh.blocks)).toBe(true)
      }),
      { numRuns: 15 },
    )
  })

  test('has the same root and blocks at every step of a life whose pages are remembered', () => {
    const anyStep = fc.array(fc.tuple(fc.nat(600), fc.nat(255), fc.boolean()), { maxLength: 8 })
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 1, maxLength: 6 }), (steps) => {
        let pages: ReadonlyMap<number, Uint8Array> = manyPages(400)
        let hashed = sealCheckpoint(smallImage({ memoryPages: 100, pages })).hashed
        for (const step of steps) {
          const next = new Map(pages)
          for (const [index, fill, gone] of step) gone ? next.delete(index) : next.set(index, page(fill))
          pages = new Map([...next].sort(([a], [b]) => a - b))
          const image = smallImage({ memoryPages: 100, pages })
          const sealed = sealCheckpoint(image, hashed)
          const fresh = sealCheckpoint(image)
          expect(sealed.root).toBe(fresh.root)
          expect([...sealed.blocks.keys()].sort()).toEqual([...fresh.blocks.keys()].sort())
          for (const [cid, block] of sealed.blocks)
            expect(Buffer.compare(block, fresh.blocks.get(cid) ?? page(0))).toBe(0)
          hashed = sealed.hashed
        }
      }),
      { numRuns: 5 },
    )
  })

  test('opens to its image after another one of the agent, whose tables and pages are not read again', async () => {
    const before = sealCheckpoint(smallImage({ memoryPages: 100, pages: manyPages(600) }))
    const changed = new Map(manyPages(600))
    changed.set(300, page(9))
    changed.delete(599)
    const image = smallImage({ memoryPages: 100, pages: changed })
    const { root, blocks } = sealCheckpoint(image, before.hashed)
    const read: Cid[] = []
    const reading = async (cid: Cid) => {
      read.push(cid)
      return blocks.get(cid) ?? null
    }
    const opened = value(await openAfter(root, reading, { known: before.hashed }))
    expect(isDeepStrictEqual(opened.image, image)).toBe(true)
    expect(opened.image.pages.get(5)).toBe(before.hashed.get('')?.pages.get(5)?.bytes)
    // The root, two tables and one page.
    expect(read.length).toBe(4)
    expect(sealCheckpoint(image, opened.hashed).root).toBe(root)
  })

  test('names every one of its blocks by the hash of its bytes', () => {
    const { blocks } = sealCheckpoint(smallImage({ memoryPages: 100, pages: manyPages(600) }))
    for (const [cid, block] of blocks) expect([rawCid(block), cborCid(block)]).toContain(cid)
  })

  test('keeps no block for a page of zeros, and few enough bytes for a small agent', () => {
    const { root, blocks } = sealCheckpoint(smallImage())
    expect(blocks.size).toBe(3)
    expect(blocks.get(root)?.length).toBeLessThan(700)
  })

  test('changes one leaf and the root when one page of many changes', () => {
    const pages = new Map(manyPages(1000))
    const before = sealCheckpoint(smallImage({ memoryPages: 100, pages }))
    pages.set(777, page(99))
    const after = sealCheckpoint(smallImage({ memoryPages: 100, pages }), before.hashed)
    const fresh = [...after.blocks.keys()].filter((cid) => !before.blocks.has(cid))
    expect(fresh.length).toBe(3)
  })

  test('cuts long queues into blocks that fit a frame', async () => {
    const image = smallImage({ inbox: [{ request: 1, outcome: { ok: true, valueJson: `"${'é'.repeat(300_000)}"` } }] })
    const { root, blocks } = sealCheckpoint(image)
    for (const block of blocks.values()) expect(block.length).toBeLessThanOrEqual(32_768)
    expect(value(await openCheckpoint(root, from(blocks)))).toEqual(image)
  })

  test('uses the engine’s page sizes', () => {
    expect([PAGE_BYTES, WASM_PAGE_BYTES]).toEqual([IMAGE_PAGE_BYTES, ENGINE_WASM_PAGE_BYTES])
  })
})

describe('a destination', () => {
  test('learns from root and tables exactly the blocks it needs', async () => {
    const image = smallImage({
      memoryPages: 100,
      pages: manyPages(600),
      inbox: [{ request: 1, outcome: { ok: true, valueJson: 'x'.repeat(50_000) } }],
    })
    const { root, blocks } = sealCheckpoint(image)
    const named = value(blocksOfRoot(blocks.get(root) as Uint8Array))
    expect(named.tables.length).toBe(3)
    const pages = named.tables.flatMap((cid) => value(blocksOfTable(blocks.get(cid) as Uint8Array)))
    expect(new Set([root, ...named.tables, ...named.raw, ...pages])).toEqual(new Set(blocks.keys()))
  })

  test('is told what it lacks, level by level, until nothing is missing', async () => {
    const { root, blocks } = sealCheckpoint(smallImage({ memoryPages: 100, pages: manyPages(600) }))
    const here = new Map<Cid, Uint8Array>()
    const rounds: number[] = []
    for (;;) {
      const missing = value(await missingBlocks(root, from(here), (cid) => here.has(cid)))
      if (missing.length === 0) break
      rounds.push(missing.length)
      for (const cid of missing) here.set(cid, blocks.get(cid) as Uint8Array)
    }
    expect(rounds).toEqual([1, 3, 600])
    expect((await openCheckpoint(root, from(here))).ok).toBe(true)
  })
})

describe('a hostile checkpoint is refused', () => {
  const refusals: [string, (root: Record<string, unknown>) => void, string][] = [
    ['another type', (root) => Object.assign(root, { type: 'sojourn/manifest' }), 'type is none of sojourn/checkpoint'],
    ['a later version', (root) => Object.assign(root, { version: 2 }), 'version 2 > 1'],
    ['a missing field', (root) => delete root.standing, 'root has no "standing"'],
    ['an unknown field', (root) => Object.assign(root, { permit: 1 }), 'root has an unknown field "permit"'],
    ['a page beyond the memory', (root) => Object.assign(root, { memoryPages: 19 }), 'pages.at[2] 319 > 303'],
    [
      'more memory than any host has',
      (root) => Object.assign(root, { memoryPages: 16385 }),
      'memoryPages 16385 > 16384',
    ],
    [
      'unsorted pages',
      (root) => Object.assign(root.pages as object, { at: [4, 3, 319] }),
      'pages.at[1] 3 does not ascend from 4',
    ],
    [
      'a page twice',
      (root) => Object.assign(root.pages as object, { at: [3, 3, 319] }),
      'pages.at[1] 3 does not ascend from 3',
    ],
    [
      'a digest too few',
      (root) => Object.assign(root.pages as object, { digests: new Uint8Array(64) }),
      'pages.digests length 64 != 96',
    ],
    [
      'more pages than a table holds',
      (root) =>
        Object.assign(root, {
          pages: { at: Array.from({ length: 257 }, (_, i) => i), digests: new Uint8Array(257 * 32) },
        }),
      'pages.at length 257 > 256',
    ],
    [
      'leaves where a table would do',
      (root) =>
        Object.assign(root, { pages: { count: 200, leaves: { at: [0], digests: new Uint8Array(32).fill(1) } } }),
      'pages.count 200 < 257',
    ],
    [
      'a leaf of no bytes',
      (root) => Object.assign(root, { pages: { count: 300, leaves: { at: [0], digests: new Uint8Array(32) } } }),
      'pages.leaves.digests[0] is zero',
    ],
    [
      'unsorted globals',
      (root) => (root.globals as unknown[]).reverse(),
      'globals[1] "__fuel" does not ascend from "__stack_pointer"',
    ],
    [
      'a global of another type',
      (root) => Object.assign(root, { globals: [['g', 'f128', 1]] }),
      'globals[0] type is none of num, i64',
    ],
    [
      'a global that is no i64',
      (root) => Object.assign(root, { globals: [['g', 'i64', 2n ** 63n]] }),
      'globals "g" is outside 64 bits',
    ],
    [
      'a float in a second form',
      (root) => Object.assign(root, { globals: [['g', 'num', new Uint8Array([64, 0, 0, 0, 0, 0, 0, 0])]] }),
      'globals "g" is a whole number written as a float',
    ],
    [
      'a NaN that carries a message',
      (root) => Object.assign(root, { globals: [['g', 'num', new Uint8Array([127, 248, 0, 0, 0, 0, 0, 1])]] }),
      'globals "g" is a NaN with a payload',
    ],
    ['negative fuel', (root) => Object.assign(root, { fuelUsed: -1 }), 'fuelUsed -1 < 0'],
    [
      'a clock past the end of time',
      (root) => Object.assign(root, { clockMs: 9e15 }),
      'clockMs 9000000000000000 is outside 0..8640000000000000',
    ],
    [
      'standing nowhere',
      (root) => Object.assign(root, { standing: 'limbo' }),
      'standing is none of turn, interrupt, kernel, call',
    ],
    [
      'an address outside the memory',
      (root) => Object.assign(root, { asyncifyAddress: 2 ** 31 }),
      'asyncifyAddress 2147483648 > 1310720',
    ],
    ['queues that are not CBOR', (root) => Object.assign(root, { queues: new Uint8Array([255]) }), ''],
    [
      'queues longer than any agent’s',
      (root) => Object.assign(root, { queues: { byteLength: 2 ** 40, chunks: { at: [], digests: new Uint8Array() } } }),
      'queues.byteLength 1099511627776 > 33554432',
    ],
    [
      'a request twice',
      (root) =>
        Object.assign(root, {
          queues: encode({
            pending: [
              [1, 'a', ''],
              [1, 'a', ''],
            ],
            timers: [],
            inbox: [],
            kernelFrames: new Uint8Array(0),
          }),
        }),
      'pending request 1 does not ascend from 1',
    ],
    [
      'seventeen kernels',
      (root) => Object.assign(root, { kernels: Array.from({ length: 17 }, () => null) }),
      'kernels length 17 > 16',
    ],
  ]
  test.each(refusals)('%s', async (_, twist, reason) => {
    const opened = await openTwisted(smallImage(), twist)
    expect(opened.ok).toBe(false)
    if (!opened.ok) expect(opened.reason).toContain(reason)
  })

  test('a block whose bytes were changed', async () => {
    const { root, blocks } = sealCheckpoint(smallImage())
    for (const cid of blocks.keys()) {
      const bent = new Map(blocks)
      const bytes = Uint8Array.from(blocks.get(cid) as Uint8Array)
      bytes[5] = (bytes[5] ?? 0) ^ 1
      bent.set(cid, bytes)
      expect(await openCheckpoint(root, from(bent))).toMatchObject({ ok: false, code: 'CORRUPT' })
    }
  })

  test('a block that is not there', async () => {
    const { root, blocks } = sealCheckpoint(smallImage({ memoryPages: 100, pages: manyPages(300) }))
    for (const cid of [...blocks.keys()].filter((_, i) => i % 30 === 0 || i >= 300)) {
      const fewer = new Map(blocks)
      fewer.delete(cid)
      const opened = await openCheckpoint(root, from(fewer))
      expect(opened).toEqual({ ok: false, code: 'MISSING', reason: `block ${cid} is not here` })
    }
  })

  test('a page that is not a page long', async () => {
    const short = new Uint8Array(100).fill(1)
    const digest = value(parseCid(rawCid(short))).digest
    const { root, blocks } = sealCheckpoint(smallImage())
    const decoded = value(decode(blocks.get(root) as Uint8Array)) as Record<string, unknown>
    const twisted = encode({ ...decoded, pages: { at: [3], digests: digest } })
    const all = new Map([...blocks, [cborCid(twisted), twisted], [rawCid(short), short]] as const)
    const opened = await openCheckpoint(cborCid(twisted), from(all))
    expect(opened).toEqual({ ok: false, code: 'CHECKPOINT', reason: 'page 3 has 100 bytes, not 4096' })
  })

  test('a count of pages that the leaves do not hold', async () => {
    const image = smallImage({ memoryPages: 100, pages: manyPages(300) })
    const opened = await openTwisted(image, (root) => Object.assign(root.pages as object, { count: 301 }))
    expect(opened).toEqual({ ok: false, code: 'CHECKPOINT', reason: 'pages 300 != count 301' })
  })

  test('a root announced small and sent large', async () => {
    const huge = new Uint8Array(300_000)
    const opened = await openCheckpoint(cborCid(huge), async () => huge)
    expect(opened).toMatchObject({ ok: false, reason: 'blockBytes 300000 > ROOT_BYTES_MAX 262144' })
    expect(blocksOfRoot(huge)).toMatchObject({ ok: false, reason: 'rootBytes 300000 > ROOT_BYTES_MAX 262144' })
    expect(blocksOfTable(encode({ at: [TABLE_ENTRIES_MAX], digests: new Uint8Array(32) }))).toMatchObject({
      ok: false,
      reason: 'leaf.at[0] 256 > 255',
    })
  })

  test('any single changed byte of a root either refuses or opens to a well-formed image, and never throws', () => {
    const whole = rootBytes(
      smallImage({
        kernels: [
          {
            ...smallImage(),
            id: 0,
            name: 'k',
            instance: 'a',
            memoryPagesMax: 3,
            suspended: { exportName: 'f', cell: 15, frames: Uint8Array.of(1, 2, 3, 4) },
          },
        ],
      }),
    )
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bent = Uint8Array.from(whole)
        bent[at] = (bent[at] ?? 0) ^ change
        const named = blocksOfRoot(bent)
        if (!named.ok) expect(named.reason).not.toBe('')
      }),
      { numRuns: 400 },
    )
  })
})
