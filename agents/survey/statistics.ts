/**
 * Statistics that can be gathered in pieces and put together: the order of the pieces, and where they were gathered, do
 * not matter. Mean and variance after B. P. Welford (1962) within a piece and T. F. Chan, G. H. Golub, R. J. LeVeque (1979)
 * between pieces. Quantiles are exact: how often each value occurs is kept, which for measurements to a tenth of a unit is
 * a few hundred numbers however many rows there are.
 */
export interface Summary {
  count: number
  mean: number
  /** Sum of squared differences from the mean. */
  squares: number
  /** How often each value occurs. */
  occurrences: Map<number, number>
}

export const emptySummary = (): Summary => ({ count: 0, mean: 0, squares: 0, occurrences: new Map() })

export function add(summary: Summary, value: number): void {
  summary.count += 1
  const before = value - summary.mean
  summary.mean += before / summary.count
  summary.squares += before * (value - summary.mean)
  summary.occurrences.set(value, (summary.occurrences.get(value) ?? 0) + 1)
}

/** Adds the second to the first. */
export function merge(into: Summary, other: Summary): void {
  if (other.count === 0) return
  const count = into.count + other.count
  const difference = other.mean - into.mean
  into.squares += other.squares + (difference * difference * into.count * other.count) / count
  into.mean += (difference * other.count) / count
  into.count = count
  for (const [value, times] of other.occurrences)
    into.occurrences.set(value, (into.occurrences.get(value) ?? 0) + times)
}

export interface Findings {
  readonly count: number
  readonly mean: number
  /** Of the sample: divided by count - 1. */
  readonly variance: number
  readonly min: number
  readonly quartiles: readonly [number, number, number]
  readonly max: number
}

export function findings(summary: Summary): Findings {
  const sorted = [...summary.occurrences].sort(([a], [b]) => a - b)
  return {
    count: summary.count,
    mean: summary.mean,
    variance: summary.squares / (summary.count - 1),
    min: quantile(sorted, summary.count, 0),
    quartiles: [
      quantile(sorted, summary.count, 0.25),
      quantile(sorted, summary.count, 0.5),
      quantile(sorted, summary.count, 0.75),
    ],
    max: quantile(sorted, summary.count, 1),
  }
}

/** The smallest value that at least the share `q` of all values do not exceed (type 1 of Hyndman and Fan). */
function quantile(sorted: readonly (readonly [number, number])[], count: number, q: number): number {
  const rank = Math.max(1, Math.ceil(q * count))
  let seen = 0
  for (const [value, times] of sorted) {
    seen += times
    if (seen >= rank) return value
  }
  return Number.NaN
}
