import { type Bytes, concatBytes, equalBytes, utf8 } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'
import type { Did } from '../identity/did.ts'
import type { Domain } from '../identity/domain.ts'
import type { Signer } from '../identity/signer.ts'
import type { Verifier } from '../identity/verifier.ts'

/**
 * Signatures for simulations that are about something else: a hash over who says it, what for, and the words. Anybody could
 * forge one, and nobody in a simulation does; whoever changes a signed byte is found out as with real ones. A hundredth of
 * the price of the curve. With real signatures every run comes to the same end, only later.
 */
const signatureOf = (did: Did, domain: Domain, payload: Uint8Array): Bytes => {
  const half = sha256(concatBytes(utf8(`${did} ${domain} `), payload))
  return concatBytes(half, half)
}

export const cheapSigner = (did: Did): Signer => ({
  did,
  sign: async (domain, payload) => signatureOf(did, domain, payload),
  agree: async () => {
    throw new Error('nothing is sealed with a signature that anybody could forge')
  },
})

export const cheapVerifier: Verifier = {
  verify: async (did, domain, payload, signature) => equalBytes(signatureOf(did, domain, payload), signature),
}
