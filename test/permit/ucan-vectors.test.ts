import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Cid, cborCid } from '../../src/base/digest.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { type ChainFault, chainFault, openChain } from '../../src/permit/chain.ts'
import { openDelegation } from '../../src/permit/delegation.ts'
import { openInvocation } from '../../src/permit/invocation.ts'
import { parsePolicy, violatedBy } from '../../src/permit/policy.ts'

/** The fixtures of UCAN 1.0.0 (ucan-wg/spec, fixtures/1.0.0), where they are. */
const folder = new URL('../../../shared/vectors/ucan/', import.meta.url)
const here = existsSync(folder)
if (!here) console.warn('skipped: vectors/ucan is not there')

const read = (name: string, repair = (text: string): string => text) =>
  here ? JSON.parse(repair(readFileSync(new URL(name, folder), 'utf8'))) : { valid: [], invalid: [] }
const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'))
const verifier = createVerifier()

interface DelegationVector {
  readonly name: string
  readonly token: string
  readonly cid: string
  readonly envelope: { readonly payload: { iss: string; aud: string; sub: string; cmd: string; exp: number } }
}

describe.skipIf(!here)('delegation.json', () => {
  const { valid } = read('delegation.json') as { valid: DelegationVector[] }
  it.each(valid)('opens $name', async ({ token, cid, envelope }) => {
    const opened = await openDelegation(verifier, bytesOf(token))
    if (!opened.ok) return expect.fail(opened.reason)
    const { iss, aud, sub, cmd, exp } = envelope.payload
    expect(opened.value).toMatchObject({ cid, issuer: iss, audience: aud, subject: sub, command: cmd, policy: [] })
    expect(opened.value.expiresMs).toBe(exp * 1000)
  })
})

interface InvocationVector {
  readonly name: string
  readonly invocation: { '/': { bytes: string } }
  readonly proofs: readonly { '/': { bytes: string } }[]
  readonly time: number
  readonly error?: { name: string }
}

type Fault = ChainFault | 'UNAVAILABLE' | 'SIGNATURE'
const FAULTS: Readonly<Record<string, Fault>> = {
  InvalidClaim: 'CLAIM',
  UnavailableProof: 'UNAVAILABLE',
  Expired: 'EXPIRED',
  TooEarly: 'TOO_EARLY',
  InvalidAudience: 'AUDIENCE',
  InvalidSubject: 'SUBJECT',
  InvalidSignature: 'SIGNATURE',
  MatchError: 'POLICY',
}

/** As whoever is asked to do what an invocation says would look at it. */
async function faultOf(vector: InvocationVector): Promise<string | null> {
  const opened = await openInvocation(verifier, bytesOf(vector.invocation['/'].bytes))
  if (!opened.ok) return opened.code
  const { issuer, subject, command, argument, proofs, expiresMs } = opened.value
  const nowMs = vector.time * 1000
  if (expiresMs !== null && nowMs >= expiresMs) return 'EXPIRED'
  const known = new Map<Cid, Uint8Array>(
    vector.proofs.map(({ '/': { bytes } }) => [cborCid(bytesOf(bytes)), bytesOf(bytes)]),
  )
  const bytes = proofs.flatMap((cid) => known.get(cid) ?? [])
  if (bytes.length !== proofs.length) return 'UNAVAILABLE'
  const chain = await openChain(verifier, bytes)
  if (!chain.ok) return chain.code
  const fault = chainFault(chain.value, {
    audience: issuer,
    subject,
    command,
    argument,
    nowMs,
    isRevoked: () => false,
  })
  return fault?.code ?? null
}

describe.skipIf(!here)('invocation.json', () => {
  const { valid, invalid } = read('invocation.json') as { valid: InvocationVector[]; invalid: InvocationVector[] }
  it.each(valid)('allows: $name', async (vector) => {
    expect(await faultOf(vector)).toBeNull()
  })
  it.each(invalid)('refuses: $name', async (vector) => {
    expect(await faultOf(vector)).toBe(FAULTS[vector.error?.name ?? ''])
  })
})

interface PolicyVector {
  readonly args: unknown
  readonly policies: readonly unknown[]
}

/** One of its maps is published with its braces doubled, which no JSON parser takes. */
const single = (text: string): string =>
  text.replace(/"newsletters": \{\s*\{/, '"newsletters": {').replace(/(\]\s*\}\s*\}\s*\})\s*\}(,\s*"policies")/, '$1$2')

describe.skipIf(!here)('policy.json', () => {
  const vectors = read('policy.json', single) as { valid: PolicyVector[]; invalid: PolicyVector[] }
  const cases = (kind: 'valid' | 'invalid') =>
    vectors[kind].flatMap(({ args, policies }) =>
      policies.map((policy) => ({ text: JSON.stringify(policy), args, policy })),
    )
  const violated = (policy: unknown, args: unknown) => {
    const parsed = parsePolicy(policy)
    return parsed.ok ? violatedBy(parsed.value, args) : expect.fail(parsed.reason)
  }
  it.each(cases('valid'))('holds: $text', ({ policy, args }) => {
    expect(violated(policy, args)).toBeNull()
  })
  it.each(cases('invalid'))('does not hold: $text', ({ policy, args }) => {
    expect(violated(policy, args)).not.toBeNull()
  })
})
