import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import {
  amount,
  count,
  harmless,
  hostNames,
  jsonLine,
  progressBar,
  tableLines,
} from '../../src/entry/node/plain-text.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'

const did = createSigner(generateSecretKey(seededRandom(1))).did

describe('text of strangers', () => {
  it('cannot move the cursor, set the title or turn the writing round', () => {
    expect(harmless('\u001b]0;owned\u0007 \u009b2J \u202egnp.exe \u2066x')).toBe(
      '\\u001b]0;owned\\u0007 \\u009b2J \\u202egnp.exe \\u2066x',
    )
    expect(harmless('tab\tand\nline stay, as do é, 漢 and 🦔')).toBe('tab\tand\nline stay, as do é, 漢 and 🦔')
  })

  it('stays the same JSON value on one line', () => {
    const value = { text: '\u009b31m\u202e', lines: 'a\nb', fine: 'é' }
    const line = jsonLine(JSON.stringify(value, null, 2))
    expect(line).toBe('{"text":"\\u009b31m\\u202e","lines":"a\\nb","fine":"é"}')
    expect(JSON.parse(line)).toEqual(value)
  })

  it('becomes a string where it is no JSON', () => {
    expect(jsonLine('{oops\n')).toBe('"{oops\\n"')
  })

  it('does not break a table into more lines', () => {
    const rows = [{ name: 'a\nb\u001b[2J', size: 5 }]
    expect(
      tableLines(rows, [
        { title: 'NAME', text: ({ name }) => name },
        { title: 'SIZE', text: ({ size }) => String(size), right: true },
      ]),
    ).toEqual(['NAME          SIZE', 'a b\\u001b[2J     5'])
  })
})

describe('a table', () => {
  it('is as wide as its widest cell, numbers to the right, nothing trailing', () => {
    const rows = [
      { name: 'long name', fuel: '1' },
      { name: 'b', fuel: '12345' },
    ]
    expect(
      tableLines(rows, [
        { title: 'FUEL', text: ({ fuel }) => fuel, right: true },
        { title: 'NAME', text: ({ name }) => name },
      ]),
    ).toEqual([' FUEL  NAME', '    1  long name', '12345  b'])
  })
})

it.each([
  [null, ''],
  [0, '──────────   0 %'],
  [0.449, '━━━━──────  44 %'],
  [1, '━━━━━━━━━━ 100 %'],
  [7, '━━━━━━━━━━ 100 %'],
  [-1, '──────────   0 %'],
])('the bar of %s is "%s"', (fraction, bar) => {
  expect(progressBar(fraction)).toBe(bar)
})

it.each([
  [0, '0'],
  [999, '999'],
  [1000, '1.00 k'],
  [123_456, '123 k'],
  [999_999, '1.00 M'],
  [4_840_000_000, '4.84 G'],
  [1e15, '1.00 P'],
])('%d is %s', (value, text) => {
  expect(amount(value)).toBe(text)
})

it('hosts are called by their name, and by the end of their key where they have none', () => {
  const nameOf = hostNames([{ did, name: 'edge\u001b-1' }])
  expect(nameOf(did)).toBe('edge\\u001b-1')
  expect(hostNames([])(did)).toBe(`…${did.slice(-6)}`)
  expect(hostNames([{ did, name: '' }])(did)).toBe(`…${did.slice(-6)}`)
})

it('counts in the right number', () => {
  expect([count(0, 'hop'), count(1, 'hop'), count(2, 'recovery', 'recoveries')]).toEqual([
    '0 hops',
    '1 hop',
    '2 recoveries',
  ])
})
