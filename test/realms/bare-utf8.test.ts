import { expect, it, vi } from 'vitest'
import { integerBelow, seededRandom } from '../../src/base/random.ts'

/** Against the realm's own, which it stands in for in an engine's shell. */
const native = { TextEncoder, TextDecoder }
vi.stubGlobal('TextEncoder', undefined)
vi.stubGlobal('TextDecoder', undefined)
await import('../../src/realms/bare-utf8.ts')
const bare = { TextEncoder, TextDecoder }
vi.unstubAllGlobals()

it('encodes and decodes as the standard says, ill-formed bytes too (seed 4)', () => {
  expect(bare.TextDecoder).not.toBe(native.TextDecoder)
  const random = seededRandom(4)
  const parts = [0x41, 0x7f, 0x80, 0xbf, 0xc1, 0xc2, 0xe0, 0xa0, 0xed, 0xef, 0xbb, 0xf0, 0x90, 0xf4, 0x8f, 0xf5, 0xff]
  for (let i = 0; i < 5_000; i++) {
    const bytes = Uint8Array.from({ length: integerBelow(random, 9) }, () => parts[integerBelow(random, parts.length)])
    const text = new native.TextDecoder().decode(bytes)
    expect(new bare.TextDecoder().decode(bytes), bytes.join()).toBe(text)
    const mixed = `${text}${String.fromCharCode(0xd7f0 + integerBelow(random, 0x900))}${text}`
    expect([...new bare.TextEncoder().encode(mixed)]).toEqual([...new native.TextEncoder().encode(mixed)])
  }
  const strict = new bare.TextDecoder('utf-8', { fatal: true })
  expect(() => strict.decode(Uint8Array.of(0xed, 0xa0, 0x80))).toThrow(TypeError)
})
