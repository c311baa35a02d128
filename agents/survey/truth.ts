import { readCsv } from './csv.ts'
import type { Findings } from './statistics.ts'

/** The same findings straight from the whole table, the plain way (two passes, sorting): what the survey is held against. */
export function truth(csv: string, columns: readonly string[]): Record<string, Findings> {
  const table = readCsv(csv)
  return Object.fromEntries(
    columns.map((column) => {
      const at = table.columns.indexOf(column)
      return [column, plainly(table.rows.map((row) => Number(row[at])).sort((a, b) => a - b))]
    }),
  )
}

function plainly(sorted: readonly number[]): Findings {
  const count = sorted.length
  const mean = sorted.reduce((sum, value) => sum + value, 0) / count
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1)
  const at = (q: number): number => sorted[Math.max(1, Math.ceil(q * count)) - 1] ?? Number.NaN
  return { count, mean, variance, min: at(0), quartiles: [at(0.25), at(0.5), at(0.75)], max: at(1) }
}

/** Whether two findings are the same but for the order in which floating-point numbers were added up. */
export function agree(a: Findings, b: Findings): boolean {
  const near = (x: number, y: number): boolean => Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x), Math.abs(y))
  return (
    a.count === b.count &&
    near(a.mean, b.mean) &&
    near(a.variance, b.variance) &&
    a.min === b.min &&
    a.max === b.max &&
    a.quartiles.every((quartile, index) => quartile === b.quartiles[index])
  )
}
