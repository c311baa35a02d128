import { decode as decodeByLibrary, encode as encodeByLibrary } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodePlain, encodePlain } from '../../src/base/plain-cbor.ts'

/** The short cut must never say anything that the library does not: neither of what it writes nor of what it reads. */
const leaf = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 70 }),
  fc.string({ maxLength: 300 }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(
    0,
    -0,
    23,
    24,
    255,
    256,
    65_535,
    65_536,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 53 - 1,
    -(2 ** 53 - 1),
    -24,
    -25,
    -256,
    -257,
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n) || Number.isSafeInteger(n)),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 300 }),
)
const key = fc.oneof(
  fc.string({ minLength: 1, maxLength: 40 }),
  fc.constantFrom('agent', 'epoch', 'a', 'b', 'ab', 'é', 'toString'),
)
const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 6 },
    leaf,
    fc.array(tie('any'), { maxLength: 40 }),
    fc.dictionary(key, tie('any'), { maxKeys: 70, noNullPrototype: true }),
  ),
})).any

describe('plain values', () => {
  it('are written as the library writes them, and read as it reads them', () => {
    let plain = 0
    fc.assert(
      fc.property(value, (one) => {
        const bytes = Uint8Array.from(encodeByLibrary(one))
        const written = encodePlain(one)
        if (written) expect(written).toEqual(bytes)
        const read = decodePlain(bytes)
        if (read) expect(read.value).toEqual(decodeByLibrary(bytes))
        if (written && read) plain += 1
      }),
      { numRuns: 2_000 },
    )
    expect(plain).toBeGreaterThan(400)
  })

  it('are not read from bytes that anything else would be written as', () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.nat(255), fc.boolean(), (one, place, byte, cut) => {
        const bytes = Uint8Array.from(encodeByLibrary(one))
        bytes[place % bytes.length] = byte
        const other = cut ? bytes.subarray(0, place % bytes.length) : bytes
        const read = decodePlain(other)
        if (read) expect(Uint8Array.from(encodeByLibrary(read.value))).toEqual(Uint8Array.from(other))
      }),
      { numRuns: 5_000 },
    )
  })

  it.each([
    ['undefined', undefined],
    ['a number beyond the safe ones', 2 ** 60],
    ['a bigint', 1n],
    ['NaN', Number.NaN],
    ['a Map', new Map([['a', 1]])],
    ['half a pair', '\ud800'],
    ['a hole in a list', new Array(2)],
    ['nesting without end', nest(40)],
  ])('are not %s', (_, one) => {
    expect(encodePlain(one)).toBeNull()
    expect(encodePlain({ in: [one] })).toBeNull()
  })

  it('do not keep what was written before, nor what was read', () => {
    const first = encodePlain({ a: 'one' })
    encodePlain({ a: 'two' })
    expect(first).toEqual(Uint8Array.from(encodeByLibrary({ a: 'one' })))
    const bytes = Uint8Array.from(encodeByLibrary({ bytes: Uint8Array.of(1, 2) }))
    const read = decodePlain(bytes)
    bytes.fill(0)
    expect(read?.value).toEqual({ bytes: Uint8Array.of(1, 2) })
  })
})

function nest(depth: number): unknown {
  return depth === 0 ? 1 : [nest(depth - 1)]
}
