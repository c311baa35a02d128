import { deflateRawSync, gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { concatBytes, equalBytes } from '../../src/base/bytes.ts'
import { CODEC_DAG_CBOR, CODEC_RAW, cborCid, rawCid } from '../../src/base/digest.ts'
import { nodeDeflate, promptDeflate } from '../../src/platform/node/deflate.ts'
import { applyDelta, writeDelta } from '../../src/wire/block-delta.ts'
import { violation } from '../../src/wire/fields.ts'
import { PACK_BLOCKS_BYTES_MAX, PACK_BYTES_MAX, PACK_RATIO_MAX } from '../../src/wire/limits.ts'
import { writeNames } from '../../src/wire/names.ts'
import { encodeEntry, openPack, type Pack, type PackBounds, type PackEntry, sealPack } from '../../src/wire/pack.ts'
import { REQUEST_SCHEMAS } from '../../src/wire/schemas.ts'

const seal = (entries: readonly PackEntry[]): Promise<Pack> => sealPack(entries.map(encodeEntry), promptDeflate)
const bounds: PackBounds = { blockBytesMax: 8_192, entriesMax: 64, bytesMax: 1e6 }
const noBlock = async (): Promise<null> => null
const open = (pack: Pack, before: (index: number) => Promise<Uint8Array | null> = noBlock, at = bounds) =>
  openPack(pack, before, at, promptDeflate)
const whole = (bytes: Uint8Array, codec = CODEC_RAW): PackEntry => ({ codec, bytes, before: null })
const deflated = (plain: Uint8Array, part: Partial<Pack> = {}): Pack => ({
  byteLength: plain.length,
  deflated: true,
  bytes: Uint8Array.from(deflateRawSync(plain)),
  ...part,
})

/** A page that deflates to about a half, so that no limit but the one in question is near. */
const page = (seed: number): Uint8Array =>
  Uint8Array.from({ length: 4_096 }, (_, i) => (Math.imul(i + seed * 7919, 0x9e3779b1) >>> 20) & 0x0f)

describe('a delta', () => {
  it('makes of the block before the block after, whatever the two are', () => {
    const bytes = fc.uint8Array({ maxLength: 300 })
    fc.assert(
      fc.property(bytes, bytes, (before, after) => {
        const delta = writeDelta(before, after)
        if (delta === null) return
        expect(delta.length).toBeLessThanOrEqual(after.length)
        const again = applyDelta(before, delta, after.length)
        expect(again.ok && equalBytes(again.value, after)).toBe(true)
      }),
    )
  })

  it('of a page in which ten bytes differ is some thirty bytes', () => {
    const after = Uint8Array.from(page(1))
    for (let i = 0; i < 10; i++) after[400 * i] = 0xff
    expect(writeDelta(page(1), after)?.length).toBeLessThan(45)
    expect(writeDelta(page(1), page(1))).toHaveLength(0)
    expect(writeDelta(page(1), page(2))).toBeNull()
  })

  it('never writes outside the block, and never throws, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (delta) => {
        const after = applyDelta(page(1), delta, 64)
        expect(after.ok ? after.value.length : after.code).toBe(after.ok ? 64 : 'DELTA')
      }),
    )
  })
})

describe('a pack', () => {
  it('carries blocks whole, as differences, and the word that one is not there', async () => {
    const after = Uint8Array.from(page(1))
    after[17] = 0xaa
    const pack = await seal([
      whole(page(2)),
      null,
      { codec: CODEC_RAW, bytes: after, before: { index: 5, bytes: page(1) } },
      whole(Uint8Array.of(0xa0), CODEC_DAG_CBOR),
    ])
    expect(pack.deflated).toBe(true)
    const opened = await open(pack, async (index) => (index === 5 ? page(1) : null))
    expect(opened.ok && opened.value.map((block) => block?.cid ?? null)).toEqual([
      rawCid(page(2)),
      null,
      rawCid(after),
      cborCid(Uint8Array.of(0xa0)),
    ])
  })

  it('names a block by what came, so that another block than the one told against is seen', async () => {
    const after = Uint8Array.from(page(1))
    after[17] = 0xaa
    const pack = await seal([{ codec: CODEC_RAW, bytes: after, before: { index: 0, bytes: page(1) } }])
    const opened = await open(pack, async () => page(3))
    expect(opened.ok && opened.value[0]?.cid).not.toBe(rawCid(after))
  })

  it('is the same off the thread', async () => {
    const pages = Array.from({ length: 60 }, (_, i) => whole(page(i)))
    const pack = await sealPack(pages.map(encodeEntry), nodeDeflate)
    expect(pack).toEqual(await seal(pages))
    const opened = await openPack(pack, noBlock, bounds, nodeDeflate)
    expect(opened.ok && opened.value).toHaveLength(60)
  })

  it('goes as it is where it would shrink by more than a receiver believes', async () => {
    const pack = await seal([whole(new Uint8Array(4_096).fill(1))])
    expect(pack.deflated).toBe(true)
    const zeros = await sealPack([[new Uint8Array(800_000)]], promptDeflate)
    expect(zeros).toMatchObject({ deflated: false, byteLength: 800_000 })
  })
})

describe('a message with a pack or with names is refused before anything is opened', () => {
  const refusal = (schema: v.GenericSchema<unknown>, value: unknown): string => {
    const parsed = v.safeParse(schema, value)
    return parsed.success ? 'accepted' : violation(parsed.issues, 'fetch')
  }
  const { ask, answer } = REQUEST_SCHEMAS.fetch

  it('where it says that it becomes longer than packs are, or is', () => {
    const pack = { byteLength: 1, deflated: false, bytes: Uint8Array.of(1) }
    expect(refusal(answer, { pack: { ...pack, byteLength: PACK_BYTES_MAX } })).toBe('accepted')
    for (const byteLength of [PACK_BYTES_MAX + 1, 2 ** 31, 2 ** 53 - 1, 2 ** 53, -1, 0.5])
      expect(refusal(answer, { pack: { ...pack, byteLength } })).toMatch(/^fetch.pack.byteLength: /)
    expect(refusal(answer, { pack: { ...pack, bytes: new Uint8Array(PACK_BYTES_MAX + 1) } })).toBe(
      `fetch.pack.bytes: bytes ${PACK_BYTES_MAX + 1} > ${PACK_BYTES_MAX}`,
    )
  })

  it('where the names are no names', () => {
    const names = writeNames([rawCid(page(1)), null])
    expect(refusal(ask, { transfer: 1, agent: null, names, against: names })).toBe('accepted')
    const cases: readonly [Uint8Array, string][] = [
      [new Uint8Array(34), 'nameBytes 34 is no multiple of 33'],
      [new Uint8Array(33).fill(1), 'name 0 has codec 1'],
    ]
    for (const [bad, reason] of cases) {
      expect(refusal(ask, { transfer: 1, agent: null, names: bad, against: names })).toBe(`fetch.names: ${reason}`)
      expect(refusal(ask, { transfer: 1, agent: null, names, against: bad })).toBe(`fetch.against: ${reason}`)
    }
  })
})

describe('a pack is refused', () => {
  const refusal = async (pack: Pack, at = bounds): Promise<string> => {
    const opened = await open(pack, noBlock, at)
    return opened.ok ? 'accepted' : `${opened.code}: ${opened.reason}`
  }
  const one = concatBytes(...encodeEntry(whole(page(1))))

  it('that becomes longer than it says, and no more than it said is made of it', async () => {
    let came = 0
    const counting = {
      ...promptDeflate,
      async inflate(bytes: Uint8Array, bytesMax: number) {
        const out = await promptDeflate.inflate(bytes, bytesMax)
        came = out.ok ? out.value.length : bytesMax
        return out
      },
    }
    const bomb = deflated(one, { byteLength: one.length - 1 })
    const opened = await openPack(bomb, noBlock, bounds, counting)
    expect(opened).toEqual({ ok: false, code: 'DEFLATE', reason: `inflatedBytes > ${one.length - 1}` })
    expect(came).toBe(one.length - 1)
  })

  it('that becomes shorter than it says', async () => {
    expect(await refusal(deflated(one, { byteLength: one.length + 1 }))).toBe(
      `PACK: byteLength ${one.length + 1} != ${one.length} that came`,
    )
    expect(await refusal({ byteLength: 4, deflated: false, bytes: Uint8Array.of(0) })).toBe(
      'PACK: byteLength 4 != 1 that came',
    )
    expect(await refusal(deflated(one, { byteLength: 0 }))).toMatch(/^(DEFLATE: inflatedBytes > 0|PACK: )/)
  })

  it('that says it becomes more than PACK_RATIO_MAX times as long; at the limit it is opened, above not', async () => {
    const bytes = Uint8Array.from(deflateRawSync(one))
    const at = { byteLength: bytes.length * PACK_RATIO_MAX, deflated: true, bytes }
    expect(await refusal(at)).toBe(`PACK: byteLength ${at.byteLength} != ${one.length} that came`)
    const small = { ...at, bytes: bytes.subarray(0, 40), byteLength: 40 * PACK_RATIO_MAX + 1 }
    expect(await refusal(small)).toBe(`PACK: byteLength 8001 > PACK_RATIO_MAX ${PACK_RATIO_MAX} times 40`)
    expect(await refusal({ ...at, byteLength: PACK_BYTES_MAX + 1 })).toContain('> PACK_BYTES_MAX')
  })

  it('of ten megabytes of zeros in ten kilobytes, and of such a thing inside another', async () => {
    const zeros = deflateRawSync(new Uint8Array(10_000_000))
    const bomb = { byteLength: PACK_BYTES_MAX, deflated: true, bytes: Uint8Array.from(zeros) }
    expect(await refusal(bomb)).toBe(`DEFLATE: inflatedBytes > ${PACK_BYTES_MAX}`)
    expect(await refusal(deflated(Uint8Array.from(zeros)))).toMatch(/^PACK: (entry|the head)/)
  })

  it('that ends in the middle, goes on behind its end, is two in one, or is no DEFLATE', async () => {
    const { bytes } = deflated(one)
    const cases: readonly [string, Uint8Array, RegExp][] = [
      ['cut', bytes.subarray(0, bytes.length - 9), /DEFLATE: the data end in the middle/],
      ['empty', new Uint8Array(4_096), /DEFLATE: /],
      ['tail', concatBytes(bytes, Uint8Array.of(0)), /DEFLATE: 1 bytes follow the end/],
      ['two', concatBytes(bytes, bytes), /DEFLATE: \d+ bytes follow the end/],
      ['gzip', Uint8Array.from(gzipSync(one)), /DEFLATE: the data are not DEFLATE/],
      ['garbage', page(5), /DEFLATE: /],
    ]
    for (const [name, body, reason] of cases)
      expect(await refusal({ byteLength: one.length, deflated: true, bytes: body }), name).toMatch(reason)
  })

  it('with a block, a sum of blocks or a number of entries above what was asked for; at the limit it is accepted', async () => {
    const two = await seal([whole(page(1)), whole(page(2))])
    expect(await refusal(two, { blockBytesMax: 4_096, entriesMax: 2, bytesMax: 8_192 })).toBe('accepted')
    expect(await refusal(two, { ...bounds, blockBytesMax: 4_095 })).toBe('PACK: blockBytes 4096 > 4095')
    expect(await refusal(two, { ...bounds, bytesMax: 8_191 })).toBe('ROOM: bytes of the blocks > 8191')
    expect(await refusal(two, { ...bounds, entriesMax: 1 })).toBe('PACK: entries > 1')
  })

  it('with a small delta that says it becomes a large block: the block counts, not the delta', async () => {
    const head = [3, 0, 0xff, 0xff, 0x7f, 0] // kind, index, 2^21 - 1 bytes, no delta
    const plain = Uint8Array.from(head)
    const pack = { byteLength: plain.length, deflated: false, bytes: plain }
    expect(await refusal(pack)).toBe('PACK: blockBytes 2097151 > 8192')
  })

  it('of a thousand empty deltas that become a quarter of a gigabyte, before it is made', async () => {
    const entry = Uint8Array.of(3, 0, 0x80, 0x80, 0x10, 0) // 256 KiB, no delta
    const bomb = deflated(concatBytes(...Array.from({ length: 1_000 }, () => entry)))
    expect(bomb.bytes.length).toBeLessThan(64)
    const wide = { blockBytesMax: 262_144, entriesMax: 2_048, bytesMax: 1e9 }
    let made = 0
    const opened = await open(bomb, async () => [page(1), made++][0] as Uint8Array, wide)
    expect(opened).toMatchObject({ reason: `bytes of the blocks > PACK_BLOCKS_BYTES_MAX ${PACK_BLOCKS_BYTES_MAX}` })
    expect(made).toBe(PACK_BLOCKS_BYTES_MAX / 262_144)
  })

  it('with a delta to a block that is not here, an entry of no kind, or numbers that are none', async () => {
    const cases: readonly [number[], RegExp][] = [
      [[3, 9, 1, 0], /PACK: a delta to block 9, which is not here/],
      [[7], /PACK: entry kind 7 is none/],
      [[1], /PACK: the head of an entry is malformed/],
      [[1, 0x80, 0x00], /PACK: the head/],
      [[1, 0xff, 0xff, 0xff, 0xff, 0x01], /PACK: the head/],
      [[1, 5, 1], /PACK: entry 0 ends beyond the pack/],
    ]
    for (const [plain, reason] of cases)
      expect(await refusal({ byteLength: plain.length, deflated: false, bytes: Uint8Array.from(plain) })).toMatch(
        reason,
      )
  })

  it('or opened, but never makes anything throw, whatever its bytes are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, isDeflated) => {
        await open({ byteLength: isDeflated ? 400 : bytes.length, deflated: isDeflated, bytes }, async () => page(1))
      }),
    )
  })
})
