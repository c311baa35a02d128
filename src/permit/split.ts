import { accept, type Result, refuse } from '../base/result.ts'
import type { Quota } from './quota.ts'

/**
 * How a budget is divided when an agent forks: equal shares, and what does not divide stays with the one that goes on, at
 * index 0. Shares add up to what there was, so however often a program forks, all that come of it together use no more
 * than its permit gave. Not divided: `lifetimeMs`, which ends for all at the moment it ends for the first; `memoryBytes` and
 * `storageBytes`, which are what each may take of the host that it is on, and `children` bounds how often a launcher pays
 * that; and `calls`, which are no amount.
 */
const DIVIDED = ['fuel', 'messages', 'sentBytes', 'messagesPerSecond', 'bytesPerSecond', 'hops', 'children'] as const

export type Budget = Pick<Quota, (typeof DIVIDED)[number]>

/** What each of `n` gets of what is left, by index; the violated condition where a share would be of no use. */
export function splitBudget(left: Budget, n: number): Result<readonly Budget[], 'QUOTA'> {
  if (n - 1 > left.children) return refuse('QUOTA', `children ${n - 1} > ${left.children}`)
  for (const field of DIVIDED)
    if (field !== 'children' && left[field] < n) return refuse('QUOTA', `${field} ${left[field]} < ${n}, one for each`)
  const whole: Budget = { ...left, children: left.children - (n - 1) }
  const divided = (of: (amount: number) => number): Budget =>
    Object.fromEntries(DIVIDED.map((field) => [field, of(whole[field])])) as unknown as Budget
  const share = divided((amount) => Math.floor(amount / n))
  const first = divided((amount) => amount - (n - 1) * Math.floor(amount / n))
  return accept([first, ...Array.from({ length: n - 1 }, () => share)])
}
