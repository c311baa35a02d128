import * as fc from 'fast-check'
import { base32 } from 'multiformats/bases/base32'
import { expect, it } from 'vitest'
import { decodeBase32, encodeBase32 } from '../../src/base/base32.ts'

it('writes and reads what the multiformats library does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      expect(`b${encodeBase32(bytes)}`).toBe(base32.encode(bytes))
      expect(decodeBase32(encodeBase32(bytes))).toEqual(bytes)
    }),
  )
})

it('reads no text that it would not have written', () => {
  for (const text of ['A', 'aa=', 'a1', 'aé', 'a', 'ab', 'aaa', '7'.repeat(58)])
    expect(decodeBase32(text), text).toBeNull()
  fc.assert(
    fc.property(fc.string({ maxLength: 70 }), (text) => {
      const bytes = decodeBase32(text)
      if (bytes) expect(encodeBase32(bytes)).toBe(text)
    }),
  )
})
