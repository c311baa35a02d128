import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { packImage } from '../../src/sandbox/packed-image.ts'
import { parseGuestMessage } from '../../src/sandbox/protocol.ts'
import { anyImage } from '../checkpoint/images.ts'
import { image } from './orders.ts'

const parse = (message: unknown) => parseGuestMessage(structuredClone(message))

describe('a guest’s message is read as what it says', () => {
  test.each([
    { kind: 'ready' },
    { kind: 'call', call: { request: 1, name: 'move', argsJson: '{}' }, again: true },
    { kind: 'console', level: 'warn', text: 'hot' },
    { kind: 'pulse', fuelUsed: 5, sentBytes: 6 },
    { kind: 'finished', resultJson: '1', fuelUsed: 7, stateHash: 'ab' },
    { kind: 'failed', code: 'THROWN', reason: 'Error: no', fuelUsed: 7 },
  ])('$kind', (message) => {
    expect(parse(message)).toEqual({ ok: true, value: message })
  })

  test('frozen, whatever the image', () => {
    fc.assert(
      fc.property(anyImage, (any) => {
        const { packed, transfer } = packImage(any)
        const sent = structuredClone({ kind: 'frozen', image: packed, gone: null }, { transfer: [...transfer] })
        const value = { kind: 'frozen', image: any, gone: null }
        // Vitest's own equality walks bytes one by one.
        expect(isDeepStrictEqual(parseGuestMessage(sent), { ok: true, value })).toBe(true)
      }),
      { numRuns: 20 },
    )
  })
})

describe('a guest’s message is a breach', () => {
  const frozen = (changes: Record<string, unknown>) => ({
    kind: 'frozen',
    image: { ...packImage(image()).packed, ...changes },
    gone: null,
  })
  const gone = (...indexes: number[]) => ({ ...frozen({}), gone: Uint32Array.from(indexes) })
  const at = (...indexes: number[]) => ({
    pages: { at: Uint32Array.from(indexes), bytes: new Uint8Array(4096 * indexes.length) },
  })
  const breaches: [string, unknown, string][] = [
    ['nothing', undefined, 'message has no kind'],
    ['a text', 'ready', 'message has no kind'],
    ['an unknown kind', { kind: 'exec' }, 'kind is none of ready,'],
    ['a kind that only a host sends', { kind: 'deliver' }, 'kind is none of ready,'],
    [
      'a claim that only the warden may make',
      { kind: 'failed', code: 'UNRESPONSIVE', reason: '', fuelUsed: 0 },
      'code is none of THROWN,',
    ],
    ['an unknown field', { kind: 'ready', port: 1 }, 'ready has an unknown field "port"'],
    ['a missing field', { kind: 'pulse', fuelUsed: 1 }, 'pulse has no "sentBytes"'],
    ['an accessor’s worth of nothing', { kind: 'call', call: null, again: false }, 'call is not an object'],
    ['request 0', { kind: 'call', call: { request: 0, name: '', argsJson: '' }, again: false }, 'request 0 < 1'],
    [
      'a long name',
      { kind: 'call', call: { request: 1, name: 'n'.repeat(65), argsJson: '' }, again: false },
      'name length 65 > 64',
    ],
    [
      'long arguments',
      { kind: 'call', call: { request: 1, name: '', argsJson: 'x'.repeat(524_289) }, again: false },
      'argsJson length 524289 > 524288',
    ],
    ['a long line', { kind: 'console', level: 'log', text: 'x'.repeat(8_257) }, 'text length 8257 > 8256'],
    ['a level of its own', { kind: 'console', level: 'trace', text: '' }, 'level is none of log,'],
    [
      'a long result',
      { kind: 'finished', resultJson: 'x'.repeat(524_289), fuelUsed: 1, stateHash: '' },
      'resultJson length 524289 > 524288',
    ],
    [
      'a long reason',
      { kind: 'failed', code: 'TRAP', reason: 'x'.repeat(8_193), fuelUsed: 1 },
      'reason length 8193 > 8192',
    ],
    ['fuel that is no number', { kind: 'pulse', fuelUsed: Number.NaN, sentBytes: 0 }, 'fuelUsed is not a whole number'],
    ['fuel below nothing', { kind: 'pulse', fuelUsed: -1, sentBytes: 0 }, 'fuelUsed -1 < 0'],
    ['pages out of order', frozen(at(4, 3)), 'pages.at[1] 3 does not ascend from 4'],
    ['a page twice', frozen(at(4, 4)), 'pages.at[1] 4 does not ascend from 4'],
    ['a page beyond the memory', frozen(at(320)), 'pages.at[0] 320 > 319'],
    [
      'too few bytes',
      frozen({ pages: { at: Uint32Array.of(1, 2), bytes: new Uint8Array(4096) } }),
      'pages.bytes length 4096 != 2 × 4096',
    ],
    [
      'too many bytes',
      frozen({ pages: { at: Uint32Array.of(1), bytes: new Uint8Array(8192) } }),
      'pages.bytes length 8192 > 4096',
    ],
    [
      'memory that it still shares',
      frozen({ pages: { at: Uint32Array.of(1), bytes: new Uint8Array(new SharedArrayBuffer(4096)) } }),
      'pages.bytes are in shared memory',
    ],
    [
      'indexes that it still shares',
      frozen({ pages: { at: new Uint32Array(new SharedArrayBuffer(4)), bytes: new Uint8Array(4096) } }),
      'pages.at is not own 32-bit numbers',
    ],
    ['gone pages out of order', gone(4, 3), 'gone[1] 3 does not ascend from 4'],
    ['a gone page beyond the memory', gone(320), 'gone[0] 320 > 319'],
    [
      'gone pages that it still shares',
      { ...frozen({}), gone: new Uint32Array(new SharedArrayBuffer(4)) },
      'gone is not own 32-bit numbers',
    ],
    ['no word about what is gone', { kind: 'frozen', image: packImage(image()).packed }, 'frozen has no "gone"'],
    ['more memory than there is', frozen({ memoryPages: 16385 }), 'memoryPages 16385 > 16384'],
    ['globals that are no map', frozen({ globals: { __fuel: 1 } }), 'globals is not a map'],
    ['a global of text', frozen({ globals: new Map([['g', '1']]) }), 'globals holds no number'],
    ['a global of 65 bits', frozen({ globals: new Map([['g', 2n ** 64n]]) }), 'globals is outside 64 bits'],
    ['a kernel standing where nothing stands', frozen({ standing: 'limbo' }), 'standing is none of turn,'],
    ['fuel that is no bigint', frozen({ fuelUsed: 5 }), 'fuelUsed is not a bigint of at least 0'],
    ['a clock before time', frozen({ clockMs: -1 }), 'clockMs is outside 0..8640000000000000'],
    ['endless timers', frozen({ timers: Array.from({ length: 10_001 }, () => 0) }), 'timers length 10001 > 10000'],
    [
      'an outcome of both kinds',
      frozen({ inbox: [{ request: 1, outcome: { ok: true, valueJson: '', code: 'X' } }] }),
      'inbox[0] outcome has an unknown field "code"',
    ],
  ]
  test.each(breaches)('%s', (_, message, reason) => {
    const parsed = parse(message)
    expect(parsed).toMatchObject({ ok: false, code: 'BREACH' })
    if (!parsed.ok) expect(parsed.reason).toContain(reason)
  })

  test('or a message, whatever is sent; the parser never throws', () => {
    const kinds = fc.constantFrom('ready', 'call', 'console', 'pulse', 'frozen', 'finished', 'failed')
    const anything = fc.oneof(
      fc.anything({ withBigInt: true, withMap: true, withTypedArray: true, maxDepth: 3 }),
      fc.anything(),
    )
    const message = fc.tuple(
      kinds,
      fc.dictionary(fc.constantFrom('call', 'again', 'image', 'text', 'level', 'reason'), anything),
    )
    fc.assert(
      fc.property(message, ([kind, fields]) => {
        parseGuestMessage({ kind, ...fields })
      }),
      { numRuns: 500 },
    )
  })
})
