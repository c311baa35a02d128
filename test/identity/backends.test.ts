import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/base/bytes.ts'
import { didOf, parseDid } from '../../src/identity/did.ts'
import { signedMessage } from '../../src/identity/domain.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { createNativeSubtle } from '../../src/platform/node/native-signatures.ts'
import { EDGE_DOMAIN, type EdgeCase, edgeCases } from './edge-cases.ts'

/** The same signatures before every verifier that Node has; test/e2e/signatures.test.ts asks those of browsers. */
const BACKENDS = {
  'the library': createVerifier(),
  'Node’s WebCrypto': createVerifier(globalThis.crypto.subtle),
  'node:crypto': createVerifier(createNativeSubtle()),
}
const bytes = (hex: string): Uint8Array<ArrayBuffer> => fromHex(hex) ?? expect.fail(`bad hex ${hex}`)
const CASES = edgeCases()

describe.each(Object.entries(BACKENDS))('%s', (_, verifier) => {
  it.each(CASES.map((one) => [one.valid ? 'takes' : 'refuses', one.name, one] as const))(
    '%s a signature: %s',
    async (_verdict, _name, { key, payload, signature, valid }: EdgeCase) => {
      const did = parseDid(didOf(bytes(key)))
      const taken = did.ok && (await verifier.verify(did.value, EDGE_DOMAIN, bytes(payload), bytes(signature)))
      expect(taken).toBe(valid)
    },
  )
})

it('verifiers without our rule around them do not agree on these cases', async () => {
  const native = createNativeSubtle()
  const subtle = globalThis.crypto.subtle
  let wrong = 0
  for (const { key, payload, signature, valid } of CASES) {
    const message = signedMessage(EDGE_DOMAIN, bytes(payload))
    for (const bare of [native, subtle]) {
      const imported = await bare.importKey('raw', bytes(key), 'Ed25519', false, ['verify']).catch(() => null)
      const taken = imported !== null && (await bare.verify('Ed25519', imported as never, bytes(signature), message))
      if (taken !== valid) wrong += 1
    }
  }
  expect(wrong).toBeGreaterThan(0)
})
