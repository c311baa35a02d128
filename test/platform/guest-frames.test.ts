import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameReader, frameOf } from '../../src/platform/node/guest-frames.ts'

const bytesOf = (message: unknown): Uint8Array => Buffer.concat(frameOf(message))
const frame = (json: string, beside: readonly number[] = []): Uint8Array => {
  const head = Buffer.alloc(8)
  head.writeUInt32LE(Buffer.byteLength(json), 0)
  head.writeUInt32LE(beside.length, 4)
  return Buffer.concat([head, Buffer.from(json), Buffer.from(beside)])
}
const newReader = (valuesMax = 10_000) => new FrameReader({ bytesMax: 10_000, valuesMax })
const read = (bytes: Uint8Array) => newReader().take(bytes)

describe('a frame', () => {
  const message = {
    kind: 'frozen',
    fuel: 12345678901234567890n,
    odd: [Number.NaN, Number.POSITIVE_INFINITY, -0, 0.1, 'a\ud800', null, true],
    pages: { at: Uint32Array.of(1, 2 ** 32 - 1), bytes: new Uint8Array([0, 255]) },
    globals: new Map<string, unknown>([['$bytes', 3n]]),
    inputs: Float64Array.of(9_007_199_254_740_991, -0, Number.NaN),
  }

  test('brings what structured cloning brings', () => {
    expect(read(bytesOf(message))).toEqual({ ok: true, value: [message] })
  })

  test('comes whole however the pipe cuts it, two in a row', () => {
    const stream = Buffer.concat([bytesOf(message), bytesOf({ kind: 'pulse' })])
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (cuts) => {
        const reader = newReader()
        const got: unknown[] = []
        for (let at = 0, i = 0; at < stream.length; i++) {
          const next = at + (cuts[i % cuts.length] ?? 1)
          const taken = reader.take(stream.subarray(at, next))
          if (taken.ok) got.push(...taken.value)
          at = next
        }
        expect(got).toEqual([message, { kind: 'pulse' }])
      }),
      { numRuns: 30 },
    )
  })

  test('is refused when it announces more than may come, before any of it has', () => {
    const head = Buffer.alloc(8, 255)
    expect(read(head)).toMatchObject({ ok: false, reason: 'frameBytes 8589934598 > 10000' })
  })

  test('is refused when its JSON has more values than may come, however short it is, and texts count as one', () => {
    const most = { a: ['[,{,[', '\\"[', [], 1] }
    expect(newReader(7).take(bytesOf(most))).toEqual({ ok: true, value: [most] })
    expect(newReader(6).take(bytesOf(most))).toMatchObject({ ok: false, reason: 'more than 6 values in a message' })
  })

  test.each([
    ['no JSON', frame('{')],
    ['no UTF-8', Buffer.concat([frame('"aa"').subarray(0, 8), Buffer.from([0x22, 0xff, 0xff, 0x22])])],
    ['bytes that are not there', frame('{"$bytes":3}', [1, 2])],
    ['a negative number of bytes', frame('{"$bytes":-1}')],
    ['bytes that belong to nothing', frame('1', [1])],
    ['numbers of a million digits', frame(`{"$whole":"${'9'.repeat(1_000)}"}`)],
    ['a map of no pairs', frame('{"$map":3}')],
    ['nesting without end', frame('['.repeat(3_000) + ']'.repeat(3_000))],
  ])('is refused with %s', (_, bytes) => {
    expect(read(bytes)).toMatchObject({ ok: false, code: 'FRAME' })
  })

  test('that is garbage never does more than be refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.string({ maxLength: 60 }), (bytes, json) => {
        read(bytes)
        read(frame(json, [...bytes]))
        return true
      }),
      { numRuns: 500 },
    )
  })
})
