import { accept, type Result, refuse } from '../base/result.ts'
import { exceeds, minQuota, type Quota } from './quota.ts'

/** What a launcher gives an agent, and home after each fork; the rest is the bundle's and the host's to say. */
export interface Allowance {
  readonly fuelMax: number
  readonly memoryBytesMax: number
  readonly sentBytesMax: number
  readonly hopsMax: number
  readonly childrenMax: number
}

/** A launcher that says nothing gives what the bundle asks. */
export const ALL_ASKED: Allowance = {
  fuelMax: Number.MAX_SAFE_INTEGER,
  memoryBytesMax: Number.MAX_SAFE_INTEGER,
  sentBytesMax: Number.MAX_SAFE_INTEGER,
  hopsMax: Number.MAX_SAFE_INTEGER,
  childrenMax: Number.MAX_SAFE_INTEGER,
}

export const allowanceOf = ({ fuel, memoryBytes, sentBytes, hops, children }: Quota): Allowance => ({
  fuelMax: fuel,
  memoryBytesMax: memoryBytes,
  sentBytesMax: sentBytes,
  hopsMax: hops,
  childrenMax: children,
})

export const quotaOf = (allowance: Allowance, lifetimeMs: number): Quota => ({
  fuel: allowance.fuelMax,
  memoryBytes: allowance.memoryBytesMax,
  lifetimeMs,
  sentBytes: allowance.sentBytesMax,
  hops: allowance.hopsMax,
  children: allowance.childrenMax,
})

export const sameAllowance = (a: Allowance, b: Allowance): boolean =>
  a.fuelMax === b.fuelMax &&
  a.memoryBytesMax === b.memoryBytesMax &&
  a.sentBytesMax === b.sentBytesMax &&
  a.hopsMax === b.hopsMax &&
  a.childrenMax === b.childrenMax

/**
 * What an agent gets on this host. A bundle that asks for more than the host allows anyone is refused: it would fail in
 * the middle. A launcher that gives less than the bundle asks is obeyed: it is its money.
 */
export function grantedQuota(asked: Quota, order: Allowance, policy: Quota): Result<Quota, 'QUOTA'> {
  const over = exceeds(asked, policy)
  if (over) return refuse('QUOTA', `bundle asks for more than this host allows: ${over}`)
  return accept(minQuota(asked, quotaOf(order, asked.lifetimeMs)))
}
