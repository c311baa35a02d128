/**
 * What an agent may use. A bundle asks, a launcher grants, a host has its own ceiling; what holds is the minimum of all.
 * Every number is a whole number of its unit; `fuel` counts instrumented steps of the engine (DESIGN: exact, the same on
 * every host), 1e9 fuel being of the order of 5 s of busy JavaScript.
 */
export interface Quota {
  readonly fuel: number
  readonly memoryBytes: number
  readonly lifetimeMs: number
  readonly sentBytes: number
  readonly hops: number
  /** Agents that it and those it forks into may become beside itself, together and ever. */
  readonly children: number
}

export const QUOTA_FIELDS = [
  'fuel',
  'memoryBytes',
  'lifetimeMs',
  'sentBytes',
  'hops',
  'children',
] as const satisfies readonly (keyof Quota)[]

export function minQuota(first: Quota, ...others: readonly Quota[]): Quota {
  const least = (field: keyof Quota): number => others.reduce((low, quota) => Math.min(low, quota[field]), first[field])
  return {
    fuel: least('fuel'),
    memoryBytes: least('memoryBytes'),
    lifetimeMs: least('lifetimeMs'),
    sentBytes: least('sentBytes'),
    hops: least('hops'),
    children: least('children'),
  }
}

/** The first field in which `asked` exceeds `ceiling`, as the violated condition; null when all fit. */
export function exceeds(asked: Quota, ceiling: Quota): string | null {
  for (const field of QUOTA_FIELDS)
    if (asked[field] > ceiling[field]) return `${field} ${asked[field]} > ${ceiling[field]}`
  return null
}
