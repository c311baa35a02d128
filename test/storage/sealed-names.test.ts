import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex, utf8 } from '../../src/base/bytes.ts'
import { hmacSha256 } from '../../src/base/hmac.ts'
import { sealedNames } from '../../src/storage/sealed-names.ts'

const names = sealedNames(new Uint8Array(32).fill(7))
const others = sealedNames(new Uint8Array(32).fill(8))

it('HMAC-SHA-256 is that of RFC 4231, test cases 1, 2 and 6', () => {
  const mac = (key: Uint8Array, text: string): string =>
    toHex(hmacSha256(key)(utf8(text.slice(0, 5)), utf8(text.slice(5))))
  expect(mac(fromHex('0b'.repeat(20)) ?? expect.fail(), 'Hi There')).toBe(
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  )
  expect(mac(utf8('Jefe'), 'what do ya want for nothing?')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  )
  expect(
    mac(fromHex('aa'.repeat(131)) ?? expect.fail(), 'Test Using Larger Than Block-Size Key - Hash Key First'),
  ).toBe('60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54')
})

describe('a sealed name', () => {
  it('comes back, is the same each time, and has one part for each of the key’s', () => {
    const part = fc.string({ unit: fc.constantFrom(...'abcXYZ019.:-_~'), maxLength: 70 })
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const key = parts.join('/')
        const sealed = names.seal(key)
        expect(names.open(sealed)).toBe(key)
        expect(names.seal(key)).toBe(sealed)
        expect(sealed.split('/').length).toBe(parts.length)
        expect(sealed).toMatch(/^[!-~]*$/)
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  it('shows the kind of record and nothing else of it', () => {
    const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
    const sealed = names.seal(`block/${cid}`)
    expect(sealed.startsWith('block/')).toBe(true)
    expect(sealed).not.toContain(cid.slice(7, 20))
    expect(others.seal(`block/${cid}`)).not.toBe(sealed)
  })

  it('begins alike where the keys begin alike, so that a prefix finds them, and differs where an earlier part does', () => {
    const [a, b, c] = ['story/one/1', 'story/one/2', 'story/two/1'].map((key) => names.seal(key).split('/'))
    expect(a?.[1]).toBe(b?.[1])
    expect(a?.[2]).not.toBe(b?.[2])
    expect(a?.[2]).not.toBe(c?.[2])
  })

  it('opens for no other key, under no other part, and not when a letter is changed', () => {
    const sealed = names.seal('row/agent')
    expect(others.open(sealed)).toBeNull()
    expect(names.open(sealed.replace('row/', 'rox/'))).toBeNull()
    for (let at = 4; at < sealed.length; at++) {
      const letter = sealed[at] === 'A' ? 'B' : 'A'
      expect(names.open(sealed.slice(0, at) + letter + sealed.slice(at + 1))).toBeNull()
    }
    for (const text of ['row/', 'row/!!!!', 'row/AAAA', `${sealed}A`]) expect(names.open(text)).toBeNull()
  })
})
