import type { CallName } from './calls.ts'

/**
 * What an agent may use. A bundle asks, a permit grants, a host has its own ceiling; what holds is the minimum of all.
 * Every number is a whole number of its unit; `fuel` counts instrumented steps of the engine (DESIGN: exact, the same on
 * every host), 1e9 fuel being of the order of 5 s of busy JavaScript. Totals are of its whole life, on all its hosts
 * together: they travel with it. The two rates are of one host's time.
 */
export interface Quota {
  readonly fuel: number
  readonly memoryBytes: number
  /** Of one checkpoint of it, as a host's disk has it: pages that differ from the engine's own. */
  readonly storageBytes: number
  readonly lifetimeMs: number
  /** Calls and console lines. */
  readonly messages: number
  /** Of the calls' arguments, console lines and the result, as UTF-8. */
  readonly sentBytes: number
  readonly messagesPerSecond: number
  readonly bytesPerSecond: number
  readonly hops: number
  /** Agents that it and those it forks into may become beside itself, together and ever. */
  readonly children: number
  /** What it may ask of a host. */
  readonly calls: readonly CallName[]
}

export const QUOTA_FIELDS = [
  'fuel',
  'memoryBytes',
  'storageBytes',
  'lifetimeMs',
  'messages',
  'sentBytes',
  'messagesPerSecond',
  'bytesPerSecond',
  'hops',
  'children',
] as const satisfies readonly (keyof Quota)[]

export type QuotaField = (typeof QUOTA_FIELDS)[number]

/** A quota of one number for each field. */
export function quotaBy(amount: (field: QuotaField) => number, calls: readonly CallName[]): Quota {
  const numbers = Object.fromEntries(QUOTA_FIELDS.map((field) => [field, amount(field)]))
  return { ...(numbers as Record<QuotaField, number>), calls }
}

export function minQuota(first: Quota, ...others: readonly Quota[]): Quota {
  return quotaBy(
    (field) => others.reduce((low, quota) => Math.min(low, quota[field]), first[field]),
    first.calls.filter((call) => others.every(({ calls }) => calls.includes(call))),
  )
}

/** The first field in which `asked` exceeds `ceiling`, as the violated condition; null when all fit. */
export function exceeds(
  asked: Quota,
  ceiling: Quota,
  fields: readonly (QuotaField | 'calls')[] = [...QUOTA_FIELDS, 'calls'],
): string | null {
  for (const field of fields) {
    if (field === 'calls') {
      const extra = asked.calls.find((call) => !ceiling.calls.includes(call))
      if (extra !== undefined) return `call "${extra}" is not granted`
    } else if (asked[field] > ceiling[field]) return `${field} ${asked[field]} > ${ceiling[field]}`
  }
  return null
}
