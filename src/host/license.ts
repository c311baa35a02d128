import { utf8 } from '../base/bytes.ts'
import { type Cid, rawCid } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { checkPermit, type IsRevoked, type VerifiedPermit } from '../permit/chain.ts'
import { exceeds, minQuota, type Quota } from '../permit/quota.ts'
import { runArgument, termsOf } from '../permit/terms.ts'
import { statementCid } from '../wire/chain.ts'
import type { Brief, Offer } from '../wire/messages.ts'
import type { License } from '../wire/statements.ts'
import type { BundleFacts, Fault } from './events.ts'
import { CLOCK_SKEW_MS, ORDER_LIFE_MS } from './limits.ts'
import { banOf, isRevoked, noteIssuers } from './notices.ts'
import type { HostState } from './state.ts'
import type { Turn } from './turn.ts'

/**
 * By whose leave an agent runs. Its launcher's order names bundle, input and quota; the launcher is a root that this host
 * knows, or has a permit of one: a trusted author is the root for bundles of its own, and whom the owner of this host has
 * named a root is it for all. Home asks at the launch, every other host at the offer, before a byte of state moves, and
 * each at every tick, all from what travels with the agent and nobody's word. What home says of a fork's share is bounded
 * by the order; that it made no more agents of one order than it was given is home's word alone.
 */
export interface Licensed {
  readonly permit: VerifiedPermit
  /** The most that any agent of the order may have. */
  readonly quota: Quota
}

export function licensed(
  state: HostState,
  license: License,
  { id, author }: Pick<BundleFacts, 'id' | 'author'>,
  wallMs: number,
): Result<Licensed, Fault['code']> {
  const { statement: order, signer } = license.order
  const chain = license.permits.map(({ statement }) => statement)
  for (const did of [signer, ...license.permits.map((link) => link.signer)]) {
    const ban = banOf(state, did)
    if (ban !== null) return refuse('BANNED', `${did}, by whose leave it runs, is ${ban}`)
  }
  if (!state.trusted.has(author) && !authorsNamed(state, license).includes(author))
    return refuse('UNTRUSTED_AUTHOR', `author ${author} is not trusted here`)
  if (order.bundle !== id) return refuse('REFUSED', `the order is for bundle ${order.bundle}`)
  if (order.permits.join() !== chain.map(({ cid }) => cid).join())
    return refuse('NOT_AUTHORISED', 'the permits are not those that the order names')
  const quota = minQuota(order.quota, termsOf(chain.map(({ policy }) => policy)))
  const permit = checkPermit(chain, {
    roots: rootsFor(state, author),
    audience: signer,
    command: '/agent/run',
    argument: runArgument({ author, bundle: id, input: order.input, home: order.home }, quota),
    nowMs: wallMs,
    isRevoked: revocations(state),
  })
  if (!permit.ok)
    return refuse(permit.code === 'EXPIRED' ? 'EXPIRED' : 'NOT_AUTHORISED', `${permit.code}: ${permit.reason}`)
  return accept({ permit: permit.value, quota })
}

/** Of an agent that is offered: for this home, and with no more than the order gives any of its agents. */
export function offerLicenseFault(turn: Turn, { license, agent, allowance }: Offer, facts: BundleFacts): Fault | null {
  const may = licensed(turn.state, license, facts, turn.wallMs)
  if (!may.ok) return may
  noteIssuers(turn, may.value.permit.issuers)
  if (license.order.statement.home !== homeOf(agent))
    return { code: 'NOT_AUTHORISED', reason: 'the order is for another home' }
  const over = exceeds(allowance, may.value.quota)
  return over ? { code: 'QUOTA', reason: `offered more than the order gives: ${over}` } : null
}

/** Who may say who launches this author's bundles: whom this host has named for all, and the author where it is trusted. */
const rootsFor = ({ roots, trusted, self }: HostState, author: Did): ReadonlySet<Did> =>
  new Set([...roots, self, ...(trusted.has(author) ? [author] : [])])

const rootOf = ({ order, permits }: License): Did => permits[0]?.signer ?? order.signer

/**
 * In whose name places are counted. Whoever launches by the leave of a trusted author counts as the author, who could make
 * any number of keys launch; below a root of a grid it is the launcher.
 */
export const launcherOf = ({ roots }: HostState, license: License): Did =>
  roots.has(rootOf(license)) ? license.order.signer : rootOf(license)

/** Before anything is fetched: whether somebody whom this host knows stands at the beginning of it. */
export function strangerFault(state: HostState, license: License): Fault | null {
  const root = rootOf(license)
  return state.roots.has(root) || state.trusted.has(root)
    ? null
    : { code: 'UNTRUSTED_AUTHOR', reason: `${root}, by whose leave it runs, is not trusted here` }
}

/** Authors whose bundles this host takes for the sake of a root's permit, which names them, though it trusts them not itself. */
export const authorsNamed = ({ roots }: HostState, license: License): readonly Did[] =>
  roots.has(rootOf(license)) ? [...license.permits.map(({ signer }) => signer), license.order.signer] : []

/** Bundles of all that has not ended here, each with the authors whom its permit names. */
export function bundlesNeeded(state: HostState): ReadonlyMap<Cid, readonly Did[]> {
  const needed = new Map<Cid, readonly Did[]>()
  for (const { bundle, license, outcome } of [...state.rows.values(), ...state.mirrors.values()])
    if (!outcome) needed.set(bundle, authorsNamed(state, license))
  for (const { brief, license } of state.residents.values()) needed.set(brief.bundle, authorsNamed(state, license))
  return needed
}

/** Whether the agent that comes is the one that was ordered. `launchedMs` is home's word; the order's own date bounds it. */
export function launchFault(
  { order }: License,
  { inputJson, launchedMs, origin, resultTo }: Pick<Brief, 'inputJson' | 'launchedMs' | 'origin' | 'resultTo'>,
): Fault | null {
  const { input, expiresMs } = order.statement
  if (origin.order !== statementCid(order.statement))
    return { code: 'REFUSED', reason: 'its chain of hops begins with another order' }
  if (order.statement.resultTo !== resultTo)
    return { code: 'REFUSED', reason: 'what it says is sealed to another key than was ordered' }
  if (rawCid(utf8(inputJson)) !== input) return { code: 'REFUSED', reason: 'the input is not the one that was ordered' }
  const early = launchedMs < expiresMs - ORDER_LIFE_MS - CLOCK_SKEW_MS
  return early || launchedMs > expiresMs + CLOCK_SKEW_MS
    ? { code: 'REFUSED', reason: 'it was launched at another time than it was ordered for' }
    : null
}

/** Why a permit that has been good is no longer; null while it is. */
export function lapse(state: HostState, { permits }: License, wallMs: number): { code: string; reason: string } | null {
  const issuers: Did[] = []
  for (const { statement, signer } of permits) {
    issuers.push(signer)
    const { cid, expiresMs } = statement
    if (expiresMs !== null && wallMs >= expiresMs) return { code: 'EXPIRED', reason: `permit ${cid} has expired` }
    if (isRevoked(state, cid, issuers)) return { code: 'REVOKED', reason: `permit ${cid} has been revoked` }
  }
  return null
}

export const revocations =
  (state: HostState): IsRevoked =>
  (permit, issuers) =>
    isRevoked(state, permit, issuers)
