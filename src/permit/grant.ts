import { accept, type Result, refuse } from '../base/result.ts'
import { CALLS } from './calls.ts'
import { exceeds, minQuota, QUOTA_FIELDS, type Quota, quotaBy } from './quota.ts'

/** No bound: of a launcher that gives what the bundle asks, of a permit that says nothing. */
export const UNBOUNDED: Quota = quotaBy(() => Number.MAX_SAFE_INTEGER, CALLS)

export const sameQuota = (a: Quota, b: Quota): boolean => exceeds(a, b) === null && exceeds(b, a) === null

/** What a host that gives less makes slower or refuses at the call; of anything else a program would fail in the middle. */
const NEEDED = QUOTA_FIELDS.filter((field) => field !== 'messagesPerSecond' && field !== 'bytesPerSecond')

/**
 * What an agent gets on this host. A bundle that asks for more than the host allows anyone is refused: it would fail in
 * the middle. A launcher that gives less than the bundle asks is obeyed: it is its money.
 */
export function grantedQuota(asked: Quota, allowance: Quota, policy: Quota): Result<Quota, 'QUOTA'> {
  const over = exceeds(asked, policy, NEEDED)
  if (over) return refuse('QUOTA', `bundle asks for more than this host allows: ${over}`)
  return accept(minQuota(asked, allowance, policy))
}
