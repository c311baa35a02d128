import { existsSync, readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/base/bytes.ts'
import { CBOR_DEPTH_MAX, decode, encode } from '../../src/base/codec.ts'

const folder = new URL('../../../shared/vectors/dag-cbor/', import.meta.url)
const here = existsSync(folder)
if (!here) console.warn('skipped: vectors/dag-cbor is not there')
const bytesOf = (hex: string): Uint8Array => fromHex(hex.replaceAll(' ', '')) ?? expect.fail(`bad hex ${hex}`)

describe.skipIf(!here)('the fixtures of ipld/codec-fixtures', () => {
  const names = here ? readdirSync(folder).filter((name) => name.endsWith('.dag-cbor')) : []
  it.each(names)('%s decodes and encodes to the same bytes', (name) => {
    const bytes = Uint8Array.from(readFileSync(new URL(encodeURIComponent(name), folder)))
    const decoded = decode(bytes)
    expect(decoded).toMatchObject({ ok: true })
    if (decoded.ok) expect(encode(decoded.value)).toEqual(bytes)
  })

  const negatives: { name: string; hex: string; error: string }[] = here
    ? JSON.parse(readFileSync(new URL('negative-duplicate-keys.json', folder), 'utf8'))
    : []
  it.each(negatives)('refuses $name', ({ hex, error }) => {
    const decoded = decode(bytesOf(hex))
    expect(decoded).toMatchObject({ ok: false, code: 'ENCODING' })
    if (!decoded.ok) expect(decoded.reason).toContain(error)
  })
})

describe('decode refuses', () => {
  it.each([
    ['nothing', ''],
    ['trailing bytes', '01 00'],
    ['a truncated list', '82 01'],
    ['keys in the wrong order', 'a2 61 62 01 61 61 02'],
    ['a repeated key', 'a2 61 61 01 61 61 02'],
    ['a key that is not text', 'a1 01 02'],
    ['an integer longer than need be', '18 01'],
    ['a length longer than need be', '58 01 00'],
    ['a list of indefinite length', '9f 01 ff'],
    ['a map of indefinite length', 'bf 61 61 01 ff'],
    ['bytes of indefinite length', '5f 41 01 ff'],
    ['text that is not UTF-8', '61 ff'],
    ['a 16-bit float', 'f9 3c00'],
    ['a 32-bit float', 'fa 3f800000'],
    ['an integer written as a float', 'fb 3ff0000000000000'],
    ['NaN', 'fb 7ff8000000000000'],
    ['Infinity', 'fb 7ff0000000000000'],
    ['undefined', 'f7'],
    ['a simple value', 'f0'],
    ['a tag that is not 42', 'c0 61 61'],
    ['a link that is not bytes', 'd82a 61 61'],
    [
      'a link without its leading zero',
      'd82a 58 24 01711220 0000000000000000000000000000000000000000000000000000000000000000',
    ],
    ['a list that claims 2^53 items', '9b 0020000000000000 01'],
    ['bytes that claim 2^32', '5b 0000000100000000 01'],
  ])('%s', (_what, hex) => {
    expect(decode(bytesOf(hex))).toMatchObject({ ok: false, code: 'ENCODING' })
  })

  it('what is nested deeper than the limit, and takes what is nested as deep', () => {
    const nested = (depth: number) => new Uint8Array(depth + 1).fill(0x81, 0, depth)
    expect(decode(nested(CBOR_DEPTH_MAX))).toMatchObject({ ok: true })
    const reason = `nesting > CBOR_DEPTH_MAX ${CBOR_DEPTH_MAX}`
    expect(decode(nested(CBOR_DEPTH_MAX + 1))).toEqual({ ok: false, code: 'ENCODING', reason })
    expect(decode(nested(1_000_000))).toEqual({ ok: false, code: 'ENCODING', reason })
  })
})

describe('what decodes', () => {
  it('has the key __proto__ as a field like any other', () => {
    const decoded = decode(bytesOf('a1 69 5f5f70726f746f5f5f a1 61 78 01'))
    expect(decoded).toMatchObject({ ok: true })
    if (!decoded.ok) return
    expect(Object.getPrototypeOf(decoded.value)).toBe(Object.prototype)
    expect(Object.keys(Object(decoded.value))).toEqual(['__proto__'])
  })

  it('has plain bytes of its own, in Node too', () => {
    const whole = encode({ data: new Uint8Array(3000).fill(7) })
    const decoded = decode(Buffer.from(whole))
    const data = decoded.ok ? Object(decoded.value).data : null
    for (const bytes of [whole, data]) {
      expect(bytes.constructor).toBe(Uint8Array)
      expect(bytes.buffer.byteLength).toBe(bytes.length)
    }
  })
})

describe('whatever bytes come', () => {
  it('decode answers, and what it accepts encodes to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const decoded = decode(bytes)
        if (decoded.ok) expect(encode(decoded.value)).toEqual(Uint8Array.from(bytes))
      }),
      { seed: 11, numRuns: 3000 },
    )
  })
})
