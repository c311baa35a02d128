import { existsSync, readFileSync } from 'node:fs'
import { Point } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, equalBytes, fromHex, toHex, utf8 } from '../../src/base/bytes.ts'
import { seededRandom } from '../../src/base/random.ts'
import { didOf, parseDid, publicKeyOf } from '../../src/identity/did.ts'
import { signedMessage } from '../../src/identity/domain.ts'
import { getPublicKey, sign, signatureIsStrict, verifyOnCurve } from '../../src/identity/ed25519.ts'
import { publicKeyFault } from '../../src/identity/public-key.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier, type SubtlePort } from '../../src/identity/verifier.ts'
import { createNativeSubtle, lendNativeSignatures } from '../../src/platform/node/native-signatures.ts'

/** RFC 8032 section 7.1, TEST 1 to 3 and TEST SHA(abc): secret key, public key, message, signature. */
const RFC_8032 = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
  [
    '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  ],
] as const

const bytes = (hex: string): Uint8Array<ArrayBuffer> => fromHex(hex) ?? expect.fail(`bad hex ${hex}`)

const ORDER = Point.CURVE().n
const P = 2n ** 255n - 19n
const integer = (le: Uint8Array): bigint => BigInt(`0x${toHex(Uint8Array.from(le).reverse())}`)
const littleEndian = (n: bigint): Uint8Array => bytes(n.toString(16).padStart(64, '0')).reverse()

/** A point of order 8: it generates the torsion subgroup. */
const TORSION = Point.fromBytes(bytes('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'))
const torsionPoints = [...Array(8).keys()].map((k) => TORSION.multiply(BigInt(k), false))

const subtle: SubtlePort = globalThis.crypto.subtle
const verifiers = {
  library: createVerifier(),
  webCrypto: createVerifier(subtle),
  native: createVerifier(createNativeSubtle()),
}
const alice = createSigner(generateSecretKey(seededRandom(1)))
const bob = createSigner(generateSecretKey(seededRandom(2)))

describe('RFC 8032 vectors', () => {
  const file = new URL('../../../shared/vectors/ed25519/rfc8032.json', import.meta.url)
  const more: { priv: string; pub: string; msg: string; sig: string }[] = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : []
  if (more.length === 0)
    console.warn('skipped: vectors/ed25519/rfc8032.json is not there; the four vectors in this file stay')
  const all = [...RFC_8032, ...more.map(({ priv, pub, msg, sig }) => [priv, pub, msg, sig] as const)]
  it.each(all)('derive, sign and verify as the standard does (%s)', async (secret, key, message, signature) => {
    expect(toHex(getPublicKey(bytes(secret)))).toBe(key)
    expect(toHex(sign(bytes(message), bytes(secret)))).toBe(signature)
    expect(publicKeyFault(bytes(key))).toBeNull()
    expect(signatureIsStrict(bytes(signature))).toBe(true)
    expect(verifyOnCurve(bytes(key), bytes(message), bytes(signature))).toBe(true)
    const imported = await subtle.importKey('raw', bytes(key), 'Ed25519', false, ['verify'])
    expect(await subtle.verify('Ed25519', imported, bytes(signature), bytes(message))).toBe(true)
  })
})

describe('public keys', () => {
  it('refuses every encoding of every small-order point', () => {
    let refused = 0
    for (const point of torsionPoints) {
      const y = integer(point.toBytes()) & (2n ** 255n - 1n)
      for (const alias of [y, y + P].filter((value) => value < 2n ** 255n)) {
        for (const sign of [0n, 2n ** 255n]) {
          expect(publicKeyFault(littleEndian(alias + sign))).toBe('key has small order')
          refused += 1
        }
      }
    }
    expect(refused).toBeGreaterThanOrEqual(14)
  })

  it('refuses a y that is not below the prime', () => {
    for (let y = P + 2n; y < 2n ** 255n; y++) {
      expect(publicKeyFault(littleEndian(y))).toBe('key y >= 2^255 - 19 is not canonical')
    }
  })

  it('refuses 32 bytes that are not on the curve, and other lengths', () => {
    expect(publicKeyFault(littleEndian(2n))).toBe('key is not on the curve')
    expect(publicKeyFault(new Uint8Array(31))).toBe('keyBytes 31 != 32')
    expect(publicKeyFault(new Uint8Array(33))).toBe('keyBytes 33 != 32')
  })

  it('refuses a small-order key as a did', () => {
    for (const point of torsionPoints) {
      expect(parseDid(didOf(point.toBytes()))).toMatchObject({ ok: false, code: 'DID', reason: 'key has small order' })
    }
  })

  it('reads back the did it wrote and refuses every other text', () => {
    expect(parseDid(alice.did)).toEqual({ ok: true, value: alice.did })
    expect(didOf(publicKeyOf(alice.did))).toBe(alice.did)
    const texts = [
      '',
      'did:key:',
      'did:web:example.org',
      `${alice.did} `,
      ` ${alice.did}`,
      alice.did.slice(0, -1),
      'did:key:z0OIl',
      null,
      7,
    ]
    for (const text of texts) expect(parseDid(text)).toMatchObject({ ok: false, code: 'DID' })
  })

  it('has one text for a key: whatever parses is what didOf writes', () => {
    const alphabet = [...'123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz 0']
    fc.assert(
      fc.property(fc.nat(alice.did.length), fc.constantFrom(...alphabet), fc.boolean(), (at, letter, insert) => {
        const text = alice.did.slice(0, at) + letter + alice.did.slice(insert ? at : at + 1)
        const parsed = parseDid(text)
        if (parsed.ok) expect(didOf(publicKeyOf(parsed.value))).toBe(text)
      }),
      { seed: 1, numRuns: 500 },
    )
  })
})

describe.each(Object.entries(verifiers))('a signature, verified by the %s', (_name, verifier) => {
  it('is accepted from its signer, for its domain and its payload', async () => {
    const payload = utf8('the same bytes')
    expect(await verifier.verify(alice.did, 'vote', payload, await alice.sign('vote', payload))).toBe(true)
  })

  it('is refused under another key, another domain, another payload', async () => {
    const payload = utf8('the same bytes')
    const signature = await alice.sign('vote', payload)
    expect(await verifier.verify(bob.did, 'vote', payload, signature)).toBe(false)
    expect(await verifier.verify(alice.did, 'release', payload, signature)).toBe(false)
    expect(await verifier.verify(alice.did, 'vote', utf8('the same byteS'), signature)).toBe(false)
    expect(await verifier.verify(alice.did, 'vote', utf8('the same bytes '), signature)).toBe(false)
  })

  it('is refused when its S is not below the group order', async () => {
    const payload = utf8('malleable')
    const signature = await alice.sign('vote', payload)
    const s = integer(signature.subarray(32))
    expect(
      await verifier.verify(
        alice.did,
        'vote',
        payload,
        concatBytes(signature.subarray(0, 32), littleEndian(s + ORDER)),
      ),
    ).toBe(false)
  })

  it('is refused at any length but 64', async () => {
    const payload = utf8('short')
    const signature = await alice.sign('vote', payload)
    for (const wrong of [new Uint8Array(), signature.subarray(0, 63), concatBytes(signature, Uint8Array.of(0))]) {
      expect(await verifier.verify(alice.did, 'vote', payload, wrong)).toBe(false)
    }
  })

  it('is refused when its R has small order', async () => {
    // R = T, S = k a: R + kA - SB = T, so that the equation with cofactor holds.
    const { did, secretScalar } = mixedKey(0)
    const payload = utf8('nonce zero')
    for (const R of torsionPoints) {
      const S = (challenge(R, did, payload) * secretScalar) % ORDER
      expect(await verifier.verify(did, 'vote', payload, concatBytes(R.toBytes(), littleEndian(S)))).toBe(false)
    }
  })
})

/** A key with a torsion part: a B + t T. Its owner knows a. */
function mixedKey(t: number) {
  const secretScalar = 123456789n
  const A = Point.BASE.multiply(secretScalar).add(TORSION.multiply(BigInt(t), false))
  return { did: didOf(A.toBytes()), secretScalar }
}

function challenge(R: Point, did: ReturnType<typeof didOf>, payload: Uint8Array): bigint {
  return integer(sha512(concatBytes(R.toBytes(), publicKeyOf(did), signedMessage('vote', payload)))) % ORDER
}

describe('both verifiers give the same answer', () => {
  it('on keys and nonces with a torsion part, where cofactors matter', async () => {
    let accepted = 0
    let refused = 0
    for (let keyTorsion = 0; keyTorsion < 8; keyTorsion++) {
      const { did, secretScalar } = mixedKey(keyTorsion)
      expect(parseDid(did).ok).toBe(true)
      for (let nonceTorsion = 0; nonceTorsion < 8; nonceTorsion++) {
        for (let nonce = 2n; nonce < 5n; nonce++) {
          const payload = utf8(`torsion ${nonce}`)
          const R = Point.BASE.multiply(nonce).add(TORSION.multiply(BigInt(nonceTorsion), false))
          const S = (nonce + challenge(R, did, payload) * secretScalar) % ORDER
          const signature = concatBytes(R.toBytes(), littleEndian(S))
          const byLibrary = await verifiers.library.verify(did, 'vote', payload, signature)
          expect(await verifiers.webCrypto.verify(did, 'vote', payload, signature)).toBe(byLibrary)
          if (byLibrary) accepted += 1
          else refused += 1
        }
      }
    }
    expect(accepted).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(accepted)
  })

  it('on signatures with flipped bits, and that answer is no', async () => {
    const payload = utf8('one bit')
    const signature = await alice.sign('vote', payload)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 511 }), async (bit) => {
        const flipped = Uint8Array.from(signature)
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(await verifiers.library.verify(alice.did, 'vote', payload, flipped)).toBe(false)
        expect(await verifiers.webCrypto.verify(alice.did, 'vote', payload, flipped)).toBe(false)
      }),
      { seed: 7, numRuns: 60 },
    )
  })

  it('on random signatures over random payloads', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (payload, spoil) => {
        const signature = await bob.sign('launch', payload)
        const message = spoil ? concatBytes(payload, Uint8Array.of(1)) : payload
        expect(await verifiers.library.verify(bob.did, 'launch', message, signature)).toBe(!spoil)
        expect(await verifiers.webCrypto.verify(bob.did, 'launch', message, signature)).toBe(!spoil)
      }),
      { seed: 9, numRuns: 40 },
    )
  })
})

describe('a WebCrypto that cannot', () => {
  const payload = utf8('fall back')
  it('is passed over when it has no Ed25519', async () => {
    const refusing: SubtlePort = {
      importKey: () => Promise.reject(new Error('NotSupportedError')),
      verify: () => Promise.reject(new Error('NotSupportedError')),
    }
    const verifier = createVerifier(refusing)
    const signature = await alice.sign('vote', payload)
    expect(await verifier.verify(alice.did, 'vote', payload, signature)).toBe(true)
    expect(await verifier.verify(bob.did, 'vote', payload, signature)).toBe(false)
  })

  it('is passed over when it says yes to everything', async () => {
    const gullible: SubtlePort = { importKey: () => Promise.resolve({}), verify: () => Promise.resolve(true) }
    const verifier = createVerifier(gullible)
    expect(await verifier.verify(bob.did, 'vote', payload, await alice.sign('vote', payload))).toBe(false)
  })
})

it('signs the domain, a zero byte, the length and the payload, in this order', async () => {
  const message = signedMessage('launch', Uint8Array.of(1, 2, 3))
  expect(equalBytes(message, concatBytes(utf8('sojourn/v1/launch'), Uint8Array.of(0, 0, 0, 0, 3, 1, 2, 3)))).toBe(true)
  const secret = generateSecretKey(seededRandom(1))
  expect(toHex(await createSigner(secret).sign('launch', Uint8Array.of(1, 2, 3)))).toBe(toHex(sign(message, secret)))
})

it('signs the very same bytes with what Node lends', async () => {
  const secret = generateSecretKey(seededRandom(7))
  const sign = () => createSigner(secret).sign('release', utf8('once for an epoch'))
  const byLibrary = await sign()
  lendNativeSignatures()
  expect(toHex(await sign())).toBe(toHex(byLibrary))
})
