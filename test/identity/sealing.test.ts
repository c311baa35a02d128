import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, fromUtf8, toHex, utf8 } from '../../src/base/bytes.ts'
import { seededRandom } from '../../src/base/random.ts'
import { publicKeyOf } from '../../src/identity/did.ts'
import { agree, cipherFor, deriveSecret, montgomeryPublic, publicOf, sharedSecret } from '../../src/identity/hpke.ts'
import { ABOUT_CHARS_MAX, SEALED_BYTES_MAX } from '../../src/identity/limits.ts'
import { parseSealed, type SealedValue, sealedJson } from '../../src/identity/sealed-value.ts'
import { openSealed, sealerTo, sealTo } from '../../src/identity/sealing.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'

const random = seededRandom(42)
const reader = createSigner(generateSecretKey(random))
const other = createSigner(generateSecretKey(random))
const hex = (text: string): Uint8Array<ArrayBuffer> => fromHex(text) ?? new Uint8Array()
const seal = (json: string): SealedValue => sealTo(reader.did, json, 'a test', random)

/** RFC 9180 appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode. */
const RFC_9180 = {
  info: hex('4f6465206f6e2061204772656369616e2055726e'),
  ikmE: hex('909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b'),
  pkEm: '1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a',
  skEm: 'f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600',
  ikmR: hex('1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df'),
  pkRm: '4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a',
  skRm: '8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb',
  sharedSecret: '0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7',
  pt: hex('4265617574792069732074727574682c20747275746820626561757479'),
  aad: hex('436f756e742d30'),
  ct: '1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28',
}

describe('the hybrid encryption under sealed values', () => {
  it('is that of RFC 9180 appendix A.2.1, from the bytes of chance to the ciphertext', () => {
    const { ikmE, ikmR, info, aad, pt } = RFC_9180
    const [ephemeral, own] = [deriveSecret(ikmE), deriveSecret(ikmR)]
    expect([toHex(ephemeral), toHex(own)]).toEqual([RFC_9180.skEm, RFC_9180.skRm])
    const [enc, theirs] = [publicOf(ephemeral), publicOf(own)]
    expect([toHex(enc), toHex(theirs)]).toEqual([RFC_9180.pkEm, RFC_9180.pkRm])
    const shared = sharedSecret(agree(ephemeral, theirs), enc, theirs)
    expect(toHex(shared)).toBe(RFC_9180.sharedSecret)
    expect(toHex(sharedSecret(agree(own, enc), enc, theirs))).toBe(RFC_9180.sharedSecret)
    expect(toHex(cipherFor(shared, info, aad).encrypt(pt))).toBe(RFC_9180.ct)
    expect(fromUtf8(cipherFor(shared, info, aad).decrypt(hex(RFC_9180.ct)))).toBe('Beauty is truth, truth beauty')
  })

  it('refuses every point of small order, whose secret everybody knows', () => {
    const secret = deriveSecret(random.bytes(32))
    const points = [
      '0000000000000000000000000000000000000000000000000000000000000000',
      '0100000000000000000000000000000000000000000000000000000000000000',
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    ]
    for (const point of points) expect(() => agree(secret, hex(point)), point).toThrow()
  })

  it('finds for the two halves of an identity keys that belong together', async () => {
    const ephemeral = deriveSecret(random.bytes(32))
    const theirs = montgomeryPublic(publicKeyOf(reader.did))
    expect(toHex(await reader.agree(publicOf(ephemeral)))).toBe(toHex(agree(ephemeral, theirs)))
  })
})

describe('a sealed value', () => {
  it('opens for its reader and says what was sealed', async () => {
    const json = JSON.stringify({ secret: 'ü — 漢字', list: [1, 2, 3] })
    expect(await openSealed(reader, seal(json))).toEqual({ ok: true, value: json })
    expect(await openSealed(reader, seal(''))).toEqual({ ok: true, value: '' })
  })

  it('opens for nobody else, not under another name either', async () => {
    const value = seal('"for one"')
    expect(await openSealed(other, value)).toMatchObject({ ok: false, code: 'READER' })
    expect(await openSealed(other, { ...value, to: other.did })).toMatchObject({ ok: false, code: 'SEALED' })
    expect(await openSealed({ ...other, did: reader.did }, value)).toMatchObject({ ok: false, code: 'SEALED' })
  })

  it('does not open with any bit of key, box or purpose changed, nor cut or longer', async () => {
    const value = seal('"one bit"')
    const spoilt = [
      { ...value, about: 'b test' },
      { ...value, about: 'a test ' },
      { ...value, box: value.box.slice(0, -1) },
      { ...value, box: Uint8Array.of(...value.box, 0) },
      { ...value, box: seal('"one bit"').box },
    ]
    for (let bit = 0; bit < 8 * value.box.length; bit += 5) spoilt.push({ ...value, box: flipped(value.box, bit) })
    for (let bit = 0; bit < 255; bit += 17) spoilt.push({ ...value, key: flipped(value.key, bit) })
    for (const one of spoilt) expect(await openSealed(reader, one)).toMatchObject({ ok: false, code: 'SEALED' })
  })

  it('is refused, not thrown at anybody, with a key of small order', async () => {
    const value = { ...seal('1'), key: new Uint8Array(32) }
    expect(await openSealed(reader, value)).toMatchObject({ ok: false, code: 'SEALED' })
  })

  it('is never the same twice, and shows nothing of its text', () => {
    const text = 'a text that nobody on the way shall find'
    const [first, second] = [sealedJson(seal(text)), sealedJson(seal(text))]
    expect(first).not.toBe(second)
    expect(first).not.toContain(text)
    expect(toHex(seal(text).box)).not.toContain(toHex(utf8(text)))
  })

  it('is one of many to one reader, each with a key of its own and no other’s purpose', async () => {
    const sealer = sealerTo(reader.did, random)
    const values = ['"a"', '"b"', '"a"'].map((json) => sealer(json, 'a word'))
    expect(values.map(({ about }) => about)).toEqual(['a word#0', 'a word#1', 'a word#2'])
    expect(new Set(values.map(({ key }) => toHex(key))).size).toBe(1)
    expect(new Set(values.map(({ box }) => toHex(box))).size).toBe(3)
    expect(
      (await Promise.all(values.map((value) => openSealed(reader, value)))).map((one) => one.ok && one.value),
    ).toEqual(['"a"', '"b"', '"a"'])
    const [first, second] = values as [SealedValue, SealedValue]
    expect(await openSealed(reader, { ...first, about: second.about })).toMatchObject({ ok: false, code: 'SEALED' })
  })

  it('comes back from its JSON as it was', () => {
    const value = seal('{"a":1}')
    expect(parseSealed(JSON.parse(sealedJson(value)))).toEqual({ ok: true, value })
  })

  it('takes a text at the limit and asserts against one above', async () => {
    const text = 'x'.repeat(SEALED_BYTES_MAX)
    const value = seal(text)
    const parsed = parseSealed(JSON.parse(sealedJson(value)))
    expect(parsed.ok && (await openSealed(reader, parsed.value))).toEqual({ ok: true, value: text })
    expect(() => seal(`${text}x`)).toThrow('SEALED_BYTES_MAX')
    expect(() => sealTo(reader.did, '1', 'a'.repeat(ABOUT_CHARS_MAX + 1), random)).toThrow('ABOUT_CHARS_MAX')
  })

  const good = JSON.parse(sealedJson(seal('1'))).$sealed
  it.each([
    ['is no object', null, 'a sealed value is not an object'],
    ['has a field too many', { $sealed: good, more: 1 }, 'unknown field "more"'],
    ['has a part too many', { $sealed: { ...good, more: 1 } }, 'unknown field "more"'],
    ['has a part too few', { $sealed: { ...good, key: undefined } }, '$sealed.key'],
    ['is for no key', { $sealed: { ...good, to: 'did:key:z6Mk' } }, '$sealed.to'],
    ['has a short key', { $sealed: { ...good, key: 'AAAA' } }, '$sealed.key has 3 bytes, not 32'],
    ['has a long key', { $sealed: { ...good, key: 'A'.repeat(48) } }, '$sealed.key'],
    ['has a box without a tag', { $sealed: { ...good, box: 'AAAA' } }, '$sealed.box has 3 bytes < 16'],
    ['is not base64', { $sealed: { ...good, box: '!'.repeat(44) } }, '$sealed.box is not base64'],
    ['has padding bits', { $sealed: { ...good, key: good.key.replace(/.=$/, '/=') } }, '$sealed.key'],
    ['has bytes as a list', { $sealed: { ...good, box: [1, 2] } }, '$sealed.box'],
    ['says a novel about itself', { $sealed: { ...good, about: 'x'.repeat(257) } }, '$sealed.about'],
  ])('is refused where it %s', (_, value, reason) => {
    const parsed = parseSealed(value)
    expect(parsed).toMatchObject({ ok: false, code: 'SEALED' })
    expect(parsed.ok ? '' : parsed.reason).toContain(reason)
  })

  it('is refused, never thrown at anybody, whatever JSON claims to be one', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(parseSealed({ $sealed: JSON.parse(json) }).ok).toBe(false)
      }),
      { seed: 3, numRuns: 200 },
    )
  })
})

function flipped(bytes: Uint8Array, bit: number): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(bytes)
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}
