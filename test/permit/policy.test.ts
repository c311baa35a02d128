import { describe, expect, it } from 'vitest'
import { parsePolicy, violatedBy } from '../../src/permit/policy.ts'

const holds = (statement: unknown, args: unknown): boolean => {
  const parsed = parsePolicy([statement])
  return parsed.ok ? violatedBy(parsed.value, args) === null : expect.fail(parsed.reason)
}

describe('a selector', () => {
  const args = {
    a: { b: [10, 20, 30] },
    'odd name': { 'with "quotes"': 1 },
    text: 'abcdef',
    bytes: Uint8Array.of(1, 2, 3),
  }
  it.each([
    ['.a.b[0]', 10],
    ['.a.b[-1]', 30],
    ['.a["b"][1]', 20],
    ['.["odd name"]["with \\"quotes\\""]', 1],
    ['.a.b[1:]', [20, 30]],
    ['.a.b[:-1]', [10, 20]],
    ['.text[1:3]', 'bc'],
    ['.bytes[1:]', Uint8Array.of(2, 3)],
    ['.a[]', [[10, 20, 30]]],
    ['.nothing?', null],
    ['.nothing?.further?', null],
    ['.', args],
  ])('%s finds what it names', (path, value) => {
    expect(holds(['==', path, value], args)).toBe(true)
  })

  it.each([
    '',
    'a',
    '..',
    '.a..b',
    '.a[',
    '.a[1',
    '.a[x]',
    '.[',
    '."a"',
    '.a b',
    '.a[1:2:3]',
    '.1a',
    '.?a',
    `.${'a'.repeat(128)}`,
  ])('refuses %j', (path) => {
    expect(parsePolicy([['==', path, 1]])).toMatchObject({ ok: false, code: 'SHAPE' })
  })

  it('does not find what every object has by itself', () => {
    for (const path of ['.constructor', '.__proto__', '.toString', '.a.b.length'])
      expect(holds(['!=', path, null], args)).toBe(false)
  })
})

describe('what is said of something that is not there', () => {
  it.each([
    [['==', '.missing', 1]],
    [['!=', '.missing', 1]],
    [['not', ['==', '.missing', 1]]],
    [['not', ['and', [['==', '.missing', 1]]]]],
    [['not', ['or', [['==', '.missing', 1]]]]],
    [['not', ['any', '.list', ['==', '.missing', 1]]]],
    [['not', ['all', '.list', ['==', '.missing', 1]]]],
    [['<=', '.fuel', 5]],
    [['<=', '.text', 5]],
    [['like', '.number', '*']],
    [['all', '.number', ['==', '.', 1]]],
  ])('does not hold: %j', (statement) => {
    expect(holds(statement, { list: [{}], text: 'a', number: 1 })).toBe(false)
  })
})

describe('parsing a policy', () => {
  it.each([
    ['a policy that is no list', { a: 1 }, 'policy is not a list'],
    ['an unknown operator', [['=', '.a', 1]], 'operator "=" is not known'],
    ['a statement with a part too many', [['==', '.a', 1, 2]], 'statement length 4 > 3'],
    ['a statement with a part too few', [['==', '.a']], '== length 2 != 3'],
    ['an order of texts', [['<', '.a', 'b']], '< without a number'],
    ['a not of nothing', [['not']], 'not length 1 != 2'],
    [
      'more statements than are looked at',
      Array.from({ length: 257 }, () => ['==', '.a', 1]),
      'policy length 257 > 256',
    ],
    [
      'as many, one inside the other',
      [['and', Array.from({ length: 256 }, () => ['==', '.a', 1])]],
      'statements > POLICY_STATEMENTS_MAX 256',
    ],
  ])('refuses %s', (_what, policy, reason) => {
    expect(parsePolicy(policy)).toEqual({ ok: false, code: 'SHAPE', reason })
  })

  it('reads a pattern of stars in one go', () => {
    const pattern = `${'*a'.repeat(200)}b`
    expect(holds(['like', '.text', pattern], { text: 'a'.repeat(100_000) })).toBe(false)
  })
})
