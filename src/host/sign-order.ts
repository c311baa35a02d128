import { toHex, utf8 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { type Cid, rawCid } from '../base/digest.ts'
import type { Random } from '../base/random.ts'
import type { Result } from '../base/result.ts'
import type { Did } from '../identity/did.ts'
import { UNBOUNDED } from '../permit/grant.ts'
import { CHAIN_LENGTH_MAX } from '../permit/limits.ts'
import type { Quota } from '../permit/quota.ts'
import type { Authority, StatementFault } from '../wire/authority.ts'
import type { LaunchOrder, License, PermitLink, Sealed } from '../wire/statements.ts'
import { ORDER_LIFE_MS, ORDER_NONCE_BYTES } from './limits.ts'

/** What a launcher wants run, where, and by which permit: its delegations as bytes, root first; none for a root. */
export interface LaunchWish {
  readonly home: Did
  readonly bundle: Cid
  readonly inputJson: string
  readonly resultTo: Did | null
  /** 1 where nothing is said: its home alone. */
  readonly witnesses?: number | undefined
  /** What is left out is as the bundle asks, within the permit. */
  readonly quota?: Partial<Quota> | undefined
  readonly permit?: readonly Uint8Array[] | undefined
  readonly nonce: string
  readonly expiresMs: number
}

/** An order that is good from now on for as long as one may be, and makes one agent. */
export const goodOnce = (random: Random, clock: Clock): Pick<LaunchWish, 'nonce' | 'expiresMs'> => ({
  nonce: toHex(random.bytes(ORDER_NONCE_BYTES)),
  expiresMs: clock.wallMs() + ORDER_LIFE_MS,
})

/** The launcher's signature under it. Refused only where a delegation of the permit is none. */
export async function signOrder(authority: Authority, wish: LaunchWish): Promise<Result<License, StatementFault>> {
  const { home, bundle, inputJson, resultTo, quota, permit = [], nonce, expiresMs } = wish
  const opened = await openPermits(authority, permit)
  if (!opened.ok) return opened
  const permits = opened.value
  const order = await authority.seal<LaunchOrder>({
    type: 'launch',
    home,
    bundle,
    input: rawCid(utf8(inputJson)),
    quota: { ...UNBOUNDED, ...quota },
    resultTo,
    witnesses: wish.witnesses ?? 1,
    permits: permits.map(({ statement }) => statement.cid),
    nonce,
    expiresMs,
  })
  return { ok: true, value: { order, permits } }
}

/** A chain's links, each with its signature verified. */
export async function openPermits(
  authority: Authority,
  permit: readonly Uint8Array[],
): Promise<Result<readonly Sealed<PermitLink>[], StatementFault>> {
  const links: Sealed<PermitLink>[] = []
  for (const bytes of permit.slice(0, CHAIN_LENGTH_MAX + 1)) {
    const link = await authority.open<PermitLink>(bytes, 'permit')
    if (!link.ok) return link
    links.push(link.value)
  }
  return { ok: true, value: links }
}
