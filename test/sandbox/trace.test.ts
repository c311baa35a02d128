import { describe, expect, test } from 'vitest'
import type { GuestEvent } from '../../src/sandbox/port.ts'
import { digestEffect, type Input, joinTraces, NO_EFFECTS, type Trace } from '../../src/sandbox/trace.ts'

type Effect = Extract<GuestEvent, { kind: 'call' | 'console' | 'finished' }>
const line = (text: string): Effect => ({ kind: 'console', level: 'log', text })
const call = (argsJson: string): Effect => ({
  kind: 'call',
  call: { request: 1, name: 'emit', argsJson },
  again: false,
})
const digest = (...effects: Effect[]) => effects.reduce(digestEffect, NO_EFFECTS)

const clock = (fuelUsed: number, ms: number): Input => ({ fuelUsed, standing: 'turn', act: { kind: 'clock', ms } })
const trace = (inputs: Input[], { from = NO_EFFECTS, effects = NO_EFFECTS } = {}): Trace => ({
  from: { fuelMax: 10, sentBytesMax: 20, sentBytes: 1, effects: from },
  inputs,
  until: { fuelUsed: 5, standing: 'interrupt' },
  effects,
})

describe('the digest of effects', () => {
  test('differs for any change, cut, addition or other order', () => {
    const ends = [
      digest(line('a'), call('1')),
      digest(call('1'), line('a')),
      digest(line('a')),
      digest(line('a'), call('1'), line('')),
      digest(line('b'), call('1')),
      digest(line('a'), call('2')),
      digest({ kind: 'console', level: 'warn', text: 'a' }, call('1')),
      digest(line('a'), { kind: 'finished', resultJson: '1', fuelUsed: 1, stateHash: '' }),
    ]
    expect(new Set(ends).size).toBe(ends.length)
  })

  // Computed with another program than ours.
  test('is the same wherever it is computed', () => {
    expect(digest(line('é\ud800'), call('{"a":1}'))).toBe(
      '1fa947dde287ce5582a5a2bf352256d0556fa1ba84667ed624e6bffe287eb724',
    )
  })
})

describe('two traces of one guest', () => {
  test('are one, in which the image between them is a rest', () => {
    const middle = digest(line('a'))
    const end = digestEffect(middle, line('b'))
    const joined = joinTraces(
      trace([clock(1, 10)], { effects: middle }),
      trace([clock(7, 12)], { from: middle, effects: end }),
    )
    expect(joined.inputs).toEqual([
      clock(1, 10),
      { fuelUsed: 5, standing: 'interrupt', act: { kind: 'rest' } },
      clock(7, 12),
    ])
    expect([joined.from.effects, joined.effects]).toEqual([NO_EFFECTS, end])
  })

  test('are not joined where a trace between them is missing', () => {
    expect(() => joinTraces(trace([], { effects: digest(line('a')) }), trace([]))).toThrow('does not go on')
  })
})
