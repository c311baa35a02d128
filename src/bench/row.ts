/** One figure of a benchmark. `ok` says whether it meets its bar, where it has one; nothing here fails a build. */
export interface Row {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly bar?: string
  readonly ok?: boolean
}

export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

/** The best of several runs, in milliseconds: the one the machine disturbed least. */
export function bestMs(runs: number, run: () => void): number {
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < runs; i++) {
    const from = performance.now()
    run()
    best = Math.min(best, performance.now() - from)
  }
  return best
}
