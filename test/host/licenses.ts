import type { Cid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { signOrder } from '../../src/host/sign-order.ts'
import type { Did } from '../../src/identity/did.ts'
import type { Signer } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { type Grant, grantPermit } from '../../src/permit/delegation.ts'
import type { Quota } from '../../src/permit/quota.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import type { License } from '../../src/wire/statements.ts'

const random = seededRandom(77)

/** An order that is good now, signed by `launcher`. */
export async function licenseOf(
  launcher: Signer,
  wish: {
    readonly home: Did
    readonly bundle: Cid
    readonly nowMs: number
    readonly inputJson?: string
    readonly quota?: Partial<Quota>
    readonly permit?: readonly Uint8Array[]
    readonly nonce?: string
  },
): Promise<License> {
  const { nowMs, inputJson = 'null', nonce = 'once', ...rest } = wish
  const signed = await signOrder(createAuthority(launcher, createVerifier()), {
    ...rest,
    inputJson,
    resultTo: null,
    nonce,
    expiresMs: nowMs + 60_000,
  })
  if (!signed.ok) throw new Error(signed.reason)
  return signed.value
}

/** `giver` lets somebody launch agents in its own name, for a day of whatever time. */
export const leaveOf = (giver: Signer, audience: Did, more: Partial<Grant> = {}): Promise<Uint8Array> =>
  grantPermit(giver, {
    audience,
    subject: giver.did,
    command: '/agent/run',
    policy: [],
    expiresMs: 10 * 365 * 86_400_000 + 1.7e12,
    nonce: random.bytes(16),
    ...more,
  })
