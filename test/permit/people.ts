import { seededRandom } from '../../src/base/random.ts'
import type { Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { type Grant, grantPermit } from '../../src/permit/delegation.ts'
import { createNativeSubtle, lendNativeSignatures } from '../../src/platform/node/native-signatures.ts'

/** A grid's people, from its root to whoever runs an agent, and somebody from outside. */
lendNativeSignatures()
export const random = seededRandom(7)
const person = () => createSigner(generateSecretKey(random))
export const root = person()
export const administrator = person()
export const operator = person()
export const author = person()
export const launcher = person()
export const stranger = person()
export const line = [root, administrator, operator, author, launcher]
export const verifier = createVerifier(createNativeSubtle())

export const NOW_MS = Date.UTC(2026, 10, 26)
export const DAY_MS = 86_400_000

export const grant = (audience: Did, more: Partial<Grant> = {}): Grant => ({
  audience,
  subject: root.did,
  command: '/agent/run',
  policy: [],
  expiresMs: NOW_MS + DAY_MS,
  nonce: random.bytes(16),
  ...more,
})

/** From the root down the line, each link as it is told, or as usual. */
export const chainOf = (length: number, more: (at: number) => Partial<Grant> = () => ({})): Promise<Uint8Array[]> =>
  Promise.all(
    line.slice(0, length).map((giver, at) => {
      const taker = line[at + 1]
      return taker ? grantPermit(giver, grant(taker.did, more(at))) : Promise.reject(new Error('the line ends here'))
    }),
  )
