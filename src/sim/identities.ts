import { seededRandom } from '../base/random.ts'
import { addressOf, type Did } from '../identity/did.ts'
import { createSigner, generateSecretKey, type Signer } from '../identity/signer.ts'
import { createVerifier, type Verifier } from '../identity/verifier.ts'
import { cheapSigner, cheapVerifier } from './signatures.ts'

/**
 * The keys of simulated hosts and their author: the same number, the same key, in every run. Keys are real in any case,
 * for hosts look for them on the curve; `signatures` says whether what is signed is.
 */
export type Signatures = 'cheap' | 'real'

export interface Identity {
  readonly did: Did
  readonly address: string
  readonly signer: Signer
}

const KEYS_FROM = 1_000_000
const known = new Map<string, Identity>()
const KNOWN_MAX = 20_000

export function identityOf(number: number, signatures: Signatures): Identity {
  const name = `${signatures} ${number}`
  const before = known.get(name)
  if (before) return before
  const real = createSigner(generateSecretKey(seededRandom(KEYS_FROM + number)))
  const signer = signatures === 'real' ? real : cheapSigner(real.did)
  const identity = { did: real.did, address: addressOf(real.did), signer }
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(name, identity)
  return identity
}

/** Of all bundles of a simulation, and who lets homes launch them. */
export const authorOf = (signatures: Signatures): Identity => identityOf(0, signatures)

export const verifierOf = (signatures: Signatures): Verifier =>
  signatures === 'real' ? createVerifier() : cheapVerifier
