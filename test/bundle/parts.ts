import { seededRandom } from '../../src/base/random.ts'
import type { AgentParts } from '../../src/bundle/seal.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'

/** A small bundle's parts and who signs and checks it, for the tests of this folder. */
export const author = createSigner(generateSecretKey(seededRandom(20)))
export const stranger = createSigner(generateSecretKey(seededRandom(21)))
export const verifier = createVerifier(globalThis.crypto.subtle)

export const parts: AgentParts = {
  name: 'golomb',
  version: '1.2.3',
  description: 'Optimal rulers, searched by many hosts',
  code: 'globalThis.__agent = async () => "häll😀"',
  sourceMap: '{"version":3}',
  kernels: new Map([['search', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)]]),
  assets: new Map([
    ['table.json', Uint8Array.of(0x7b, 0x7d)],
    ['deep/er/empty.bin', new Uint8Array()],
  ]),
  needs: { kind: null },
  quota: { fuel: 5e9 },
  effects: 'fast',
}
