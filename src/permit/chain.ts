import type { Cid } from '../base/digest.ts'
import { accept, type Refusal, type Result, refuse } from '../base/result.ts'
import type { Did } from '../identity/did.ts'
import type { Verifier } from '../identity/verifier.ts'
import { type Command, covers } from './command.ts'
import { type Delegation, openDelegation } from './delegation.ts'
import { CHAIN_LENGTH_MAX } from './limits.ts'
import { statementData, violatedBy } from './policy.ts'
import type { Quota } from './quota.ts'
import { termsOf } from './terms.ts'
import type { TokenFault } from './token.ts'

/**
 * What a chain of delegations allows, by UCAN's rules and without asking anybody: the first is given by the subject
 * itself, each next one by whom the last was given to, all are about that subject (or about anybody's, behind the first),
 * cover the command, are in force, and have policies that hold of the argument. Each link can only take away: what is
 * done must pass every one of them.
 */
export type ChainFault =
  /** The first delegation is not given by its own subject. */
  'CLAIM' | 'AUDIENCE' | 'SUBJECT' | 'COMMAND' | 'POLICY' | 'EXPIRED' | 'TOO_EARLY' | 'REVOKED' | 'CHAIN_LENGTH'

/** Why a permit does not allow it. */
export type PermitFault = TokenFault | ChainFault | 'ROOT'

/**
 * Whether a delegation has been taken back. `issuers`: who gave it and who gave what it hangs on, root first; a revocation
 * by anybody else means nothing.
 */
export type IsRevoked = (permit: Cid, issuers: readonly Did[]) => boolean

export interface Use {
  /** Who does it: the last delegation's audience. */
  readonly audience: Did
  /** In whose name. */
  readonly subject: Did
  readonly command: string
  readonly argument: unknown
  readonly nowMs: number
  readonly isRevoked: IsRevoked
}

/** Why the chain does not allow this use; null when it does. An empty chain allows everything to the subject itself. */
export function chainFault(chain: readonly Delegation[], use: Use): Refusal<ChainFault> | null {
  if (chain.length > CHAIN_LENGTH_MAX)
    return refuse('CHAIN_LENGTH', `chainLength ${chain.length} > CHAIN_LENGTH_MAX ${CHAIN_LENGTH_MAX}`)
  let holder = use.subject
  const issuers: Did[] = []
  for (const [at, link] of chain.entries()) {
    const { cid, issuer, subject } = link
    if (at === 0 && subject !== issuer) return refuse('CLAIM', `${cid}: the first issuer is not the subject`)
    if (subject !== null && subject !== use.subject)
      return refuse('SUBJECT', `${cid}: subject ${subject} != ${use.subject}`)
    if (issuer !== holder) return refuse('AUDIENCE', `${cid}: issuer ${issuer} != ${holder}, who was given the last`)
    issuers.push(issuer)
    const fault = linkFault(link, issuers, use)
    if (fault) return fault
    holder = link.audience
  }
  if (holder === use.audience) return null
  return chain.length === 0
    ? refuse('CLAIM', `${use.audience} is not ${use.subject} and has no permit of it`)
    : refuse('AUDIENCE', `given to ${holder}, not to ${use.audience}`)
}

/** What can be said of one link by itself. */
function linkFault(link: Delegation, issuers: readonly Did[], use: Use): Refusal<ChainFault> | null {
  const { cid, notBeforeMs, expiresMs } = link
  if (!covers(link.command, use.command))
    return refuse('COMMAND', `${cid}: ${link.command} does not cover ${use.command}`)
  if (expiresMs !== null && use.nowMs >= expiresMs) return refuse('EXPIRED', `${cid}: expired ${dateOf(expiresMs)}`)
  if (notBeforeMs !== null && use.nowMs < notBeforeMs)
    return refuse('TOO_EARLY', `${cid}: not before ${dateOf(notBeforeMs)}`)
  if (use.isRevoked(cid, issuers)) return refuse('REVOKED', `${cid}: revoked`)
  const violated = violatedBy(link.policy, use.argument)
  return violated ? refuse('POLICY', `${cid}: does not hold: ${JSON.stringify(statementData(violated))}`) : null
}

const dateOf = (ms: number): string => new Date(ms).toISOString()

/** What a host knows once a permit has passed. */
export interface VerifiedPermit {
  /** Whose powers these are: one of the roots that the host knows. */
  readonly root: Did
  /** Who may. */
  readonly holder: Did
  readonly command: Command
  /** Root first; nobody where the holder is the root. */
  readonly issuers: readonly Did[]
  /** The delegations' names, root first. */
  readonly permits: readonly Cid[]
  /** When the first of them ends; null: never. */
  readonly expiresMs: number | null
  /** The least of what the delegations give. */
  readonly terms: Quota
}

export interface Demand {
  readonly roots: { has(did: Did): boolean }
  readonly audience: Did
  readonly command: Command
  readonly argument: unknown
  readonly nowMs: number
  readonly isRevoked: IsRevoked
}

/** Of delegations whose signatures have been verified. A root needs no permit. */
export function checkPermit(chain: readonly Delegation[], demand: Demand): Result<VerifiedPermit, PermitFault> {
  const { audience, command } = demand
  const subject = chain[0]?.issuer ?? audience
  const fault = chainFault(chain, { ...demand, subject })
  if (fault) return fault
  if (!demand.roots.has(subject)) return refuse('ROOT', `${subject} is not a root that this host knows`)
  return accept({
    root: subject,
    holder: audience,
    command,
    issuers: chain.map(({ issuer }) => issuer),
    permits: chain.map(({ cid }) => cid),
    expiresMs: expiryOf(chain),
    terms: termsOf(chain.map(({ policy }) => policy)),
  })
}

export const expiryOf = (chain: readonly Pick<Delegation, 'expiresMs'>[]): number | null =>
  chain.reduce<number | null>(
    (first, { expiresMs }) => (expiresMs === null ? first : Math.min(first ?? expiresMs, expiresMs)),
    null,
  )

/** From bytes of anybody's: cheap checks first, then a signature each. */
export async function openChain(
  verifier: Verifier,
  chain: readonly Uint8Array[],
): Promise<Result<readonly Delegation[], PermitFault>> {
  if (chain.length > CHAIN_LENGTH_MAX)
    return refuse('CHAIN_LENGTH', `chainLength ${chain.length} > CHAIN_LENGTH_MAX ${CHAIN_LENGTH_MAX}`)
  const opened: Delegation[] = []
  for (const bytes of chain) {
    const delegation = await openDelegation(verifier, bytes)
    if (!delegation.ok) return delegation
    opened.push(delegation.value)
  }
  return accept(opened)
}

export async function verifyPermit({
  verifier,
  chain,
  ...demand
}: Demand & {
  readonly verifier: Verifier
  readonly chain: readonly Uint8Array[]
}): Promise<Result<VerifiedPermit, PermitFault>> {
  const opened = await openChain(verifier, chain)
  return opened.ok ? checkPermit(opened.value, demand) : opened
}
