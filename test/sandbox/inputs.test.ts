import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { encode } from '../../src/base/codec.ts'
import { encodeInputs, parseInputs } from '../../src/sandbox/inputs.ts'
import { INPUTS_BYTES_MAX, INPUTS_MAX } from '../../src/sandbox/limits.ts'
import type { Act, Input } from '../../src/sandbox/trace.ts'

// A machine busy with something else must not look like a test that hangs.
vi.setConfig({ testTimeout: 60_000 })

const whole = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const request = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    kind: fc.constant('deliver' as const),
    delivery: fc.record({
      request,
      outcome: fc.oneof(
        fc.record({ ok: fc.constant(true as const), valueJson: fc.json() }),
        fc.record({ ok: fc.constant(false as const), code: fc.string({ maxLength: 40 }), reason: fc.string() }),
      ),
    }),
  }),
  fc.record({ kind: fc.constant('limit' as const), fuelMax: whole, sentBytesMax: whole }),
  fc.record({ kind: fc.constantFrom('rest' as const, 'drain' as const) }),
  fc.record({ kind: fc.constant('refuse' as const), request }),
)
const standing = fc.constantFrom('turn' as const, 'interrupt' as const, 'kernel' as const, 'call' as const)
/** As they come: fuel and time ascend. */
const anyInputs = fc
  .array(fc.record({ fuel: fc.nat({ max: 1_000 }), ms: fc.option(fc.nat({ max: 1_000 })), standing, act: anyAct }))
  .map((steps): Input[] => {
    let [fuelUsed, now] = [0, 0]
    return steps.map(({ fuel, ms, standing: at, act }) => {
      fuelUsed += fuel
      if (ms === null) return { fuelUsed, standing: at, act }
      now += ms + 1
      return { fuelUsed, standing: at, act: { kind: 'clock', ms: now } }
    })
  })

const log = (inputs: unknown): Uint8Array => encode({ type: 'sojourn/inputs', version: 1, inputs })
const reasonOf = (bytes: Uint8Array): string => {
  const parsed = parseInputs(bytes)
  return parsed.ok ? 'taken' : parsed.reason
}

describe('the inputs of a trace as bytes', () => {
  test('are read back as they were, and equal inputs have equal bytes', () => {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        const bytes = encodeInputs(inputs)
        const parsed = parseInputs(bytes)
        expect(parsed).toEqual({ ok: true, value: inputs })
        expect(encodeInputs(parsed.ok ? parsed.value : [])).toEqual(bytes)
      }),
      { numRuns: 100 },
    )
  })

  test('are refused where no guest can have had them, with the reason', () => {
    const cases: [bytes: Uint8Array, reason: string][] = [
      [
        log([
          [5, 'turn', 'rest'],
          [4, 'turn', 'rest'],
        ]),
        'inputs[1] fuelUsed 4 < 5',
      ],
      [log([[-1, 'turn', 'rest']]), 'inputs[0] fuelUsed -1 < 0'],
      [log([[1.5, 'turn', 'rest']]), 'inputs[0] fuelUsed is not a whole number'],
      [log([[1, 'nowhere', 'rest']]), 'inputs[0] standing is none of turn, interrupt, kernel, call'],
      [log([[1, 'turn', 'dream']]), 'inputs[0] kind is none of deliver, clock, limit, rest, refuse, drain'],
      [log([[1, 'turn', 'rest', 1]]), 'inputs[0] length 1 > 0'],
      [log([[1, 'turn', 'clock']]), 'inputs[0] length 0 != 1'],
      [log([[1, 'turn', 'clock', 9e15]]), 'inputs[0] clock 9000000000000000 > 8640000000000000'],
      [
        log([
          [1, 'turn', 'clock', 9],
          [1, 'turn', 'clock', 9],
        ]),
        'inputs[1] clock 9 does not ascend from 9',
      ],
      [log([[1, 'turn', 'deliver', 0, 'ok', '1']]), 'inputs[0] request 0 < 1'],
      [log([[1, 'turn', 'deliver', 1, 'ok', '1', '']]), 'inputs[0] length 4 > 3'],
      [log([[1, 'turn', 'deliver', 1, 'no', 'x']]), 'inputs[0] length 3 != 4'],
      [log([[1, 'turn', 'limit', -5, 1]]), 'inputs[0] fuelMax -5 < 0'],
      [log([[1, 'turn', 'deliver', 1, 'ok', '1', '', '']]), 'inputs[0] length 8 > 7'],
      [log({}), 'inputs is not a list'],
      [encode({ type: 'sojourn/checkpoint', version: 1, inputs: [] }), 'type is none of sojourn/inputs'],
      [encode({ type: 'sojourn/inputs', version: 2, inputs: [] }), 'version 2 > 1'],
      [
        new Uint8Array(INPUTS_BYTES_MAX + 1),
        `inputs bytes ${INPUTS_BYTES_MAX + 1} > INPUTS_BYTES_MAX ${INPUTS_BYTES_MAX}`,
      ],
    ]
    for (const [bytes, reason] of cases) expect(reasonOf(bytes)).toBe(reason)
  })

  test('are as many as a guest may have, and not one more', () => {
    const rests = Array.from({ length: INPUTS_MAX + 1 }, () => [7, 'turn', 'rest'])
    expect(reasonOf(log(rests.slice(1)))).toBe('taken')
    expect(reasonOf(log(rests))).toBe(`inputs length ${INPUTS_MAX + 1} > ${INPUTS_MAX}`)
  })

  test('are refused, and nothing worse, whatever bytes they are', () => {
    const good = encodeInputs([
      {
        fuelUsed: 3,
        standing: 'interrupt',
        act: { kind: 'deliver', delivery: { request: 1, outcome: { ok: true, valueJson: '"x"' } } },
      },
      { fuelUsed: 9, standing: 'turn', act: { kind: 'clock', ms: 1_700_000_000_001 } },
    ])
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })), { minLength: 1 }),
        fc.uint8Array(),
        (edits, tail) => {
          const bytes = Uint8Array.from([...good, ...tail])
          for (const [at, byte] of edits) bytes[at] = byte
          const parsed = parseInputs(bytes)
          if (parsed.ok) expect(encodeInputs(parsed.value)).toEqual(bytes)
        },
      ),
      { numRuns: 500 },
    )
  })
})
