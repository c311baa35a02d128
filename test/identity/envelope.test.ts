import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../src/base/bytes.ts'
import { encode } from '../../src/base/codec.ts'
import { seededRandom } from '../../src/base/random.ts'
import { openEnvelope, sealEnvelope } from '../../src/identity/envelope.ts'
import { ENVELOPE_BYTES_MAX } from '../../src/identity/limits.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'

const signer = createSigner(generateSecretKey(seededRandom(3)))
const verifier = createVerifier(globalThis.crypto.subtle)
const value = { type: 'vote', epoch: 3, list: [1, 2n ** 63n, 'x', null, Uint8Array.of(1, 2)] }

/** An envelope with parts of our choosing, properly encoded. */
async function forged(parts: Record<string, unknown>): Promise<Uint8Array> {
  const payload = encode(value)
  return encode({ payload, signature: await signer.sign('vote', payload), signer: signer.did, ...parts })
}

describe('an envelope', () => {
  it('gives back the value, the signer and the very bytes that were signed', async () => {
    const opened = await openEnvelope(verifier, 'vote', await sealEnvelope(signer, 'vote', value))
    expect(opened).toEqual({ ok: true, value: { value, signer: signer.did, payload: encode(value) } })
  })

  it('is refused as a statement of another kind', async () => {
    const envelope = await sealEnvelope(signer, 'vote', value)
    expect(await openEnvelope(verifier, 'release', envelope)).toEqual({
      ok: false,
      code: 'SIGNATURE',
      reason: `signature is not ${signer.did}'s over this release`,
    })
  })

  it.each([
    [
      'another signer',
      { signer: createSigner(generateSecretKey(seededRandom(4))).did },
      'SIGNATURE',
      /signature is not did:key/,
    ],
    ['another payload', { payload: encode({ ...value, epoch: 4 }) }, 'SIGNATURE', /signature is not did:key/],
    ['a signer that is no did', { signer: 'did:web:example.org' }, 'DID', /does not start with did:key:z/],
    ['a short signature', { signature: new Uint8Array(63) }, 'ENCODING', /signatureBytes 63 != 64/],
    ['a signature that is text', { signature: 'x'.repeat(64) }, 'ENCODING', /signature is not bytes/],
    ['a payload that is not bytes', { payload: value }, 'ENCODING', /payload is not bytes/],
    ['one more field', { extra: 1 }, 'ENCODING', /not a map of payload, signature and signer/],
  ] as const)('is refused with %s', async (_what, parts, code, reason) => {
    const refusal = await openEnvelope(verifier, 'vote', await forged(parts))
    expect(refusal).toMatchObject({ ok: false, code, reason: expect.stringMatching(reason) })
  })

  it('is refused when it is a list, a number, empty or cut', async () => {
    const envelope = await sealEnvelope(signer, 'vote', value)
    for (const bytes of [
      encode([1]),
      encode(1),
      new Uint8Array(),
      envelope.subarray(0, -1),
      concatBytes(envelope, Uint8Array.of(0)),
    ]) {
      expect(await openEnvelope(verifier, 'vote', bytes)).toMatchObject({ ok: false, code: 'ENCODING' })
    }
  })

  it('is refused when its payload is signed but not canonical', async () => {
    const payload = Uint8Array.of(0xa2, 0x61, 0x62, 0x01, 0x61, 0x61, 0x02) // {"b":1,"a":2}: keys in the wrong order
    const envelope = encode({ payload, signature: await signer.sign('vote', payload), signer: signer.did })
    expect(await openEnvelope(verifier, 'vote', envelope)).toEqual({
      ok: false,
      code: 'ENCODING',
      reason: 'payload: encoding is not canonical',
    })
  })

  it('is taken at the size limit and refused above', async () => {
    const envelope = async (payloadBytes: number) => {
      const payload = encode(new Uint8Array(payloadBytes))
      return encode({ payload, signature: await signer.sign('vote', payload), signer: signer.did })
    }
    const overhead = (await envelope(100_000)).length - 100_000
    expect(await openEnvelope(verifier, 'vote', await envelope(ENVELOPE_BYTES_MAX - overhead))).toMatchObject({
      ok: true,
    })
    expect(await openEnvelope(verifier, 'vote', await envelope(ENVELOPE_BYTES_MAX - overhead + 1))).toEqual({
      ok: false,
      code: 'SIZE',
      reason: `envelopeBytes ${ENVELOPE_BYTES_MAX + 1} > ENVELOPE_BYTES_MAX ${ENVELOPE_BYTES_MAX}`,
    })
  })

  it('never opens after any mutation, and never throws', async () => {
    const envelope = await sealEnvelope(signer, 'vote', value)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(envelope.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(envelope.length),
        async (at, change, keep) => {
          const mutated = Uint8Array.from(envelope)
          mutated[at] = (mutated[at] ?? 0) ^ change
          expect(await openEnvelope(verifier, 'vote', mutated)).toMatchObject({ ok: false })
          if (keep < envelope.length)
            expect(await openEnvelope(verifier, 'vote', envelope.subarray(0, keep))).toMatchObject({ ok: false })
        },
      ),
      { seed: 5, numRuns: 300 },
    )
  })
})
