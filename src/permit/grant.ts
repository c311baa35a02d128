import { accept, type Result, refuse } from '../base/result.ts'
import { exceeds, minQuota, type Quota } from './quota.ts'

/** What a launcher gives an agent; it is silent about the rest. Part of every launch order. */
export interface Allowance {
  readonly fuelMax: number
  readonly memoryBytesMax: number
}

/**
 * What an agent gets on this host. A bundle that asks for more than the host allows anyone is refused: it would fail in
 * the middle. A launcher that gives less than the bundle asks is obeyed: it is its money.
 */
export function grantedQuota(asked: Quota, order: Allowance, policy: Quota): Result<Quota, 'QUOTA'> {
  const over = exceeds(asked, policy)
  if (over) return refuse('QUOTA', `bundle asks for more than this host allows: ${over}`)
  return accept(minQuota(asked, { ...asked, fuel: order.fuelMax, memoryBytes: order.memoryBytesMax }))
}
