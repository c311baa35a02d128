import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCsv } from '../../agents/survey/csv.ts'
import { shards } from '../../agents/survey/shards.ts'
import { add, emptySummary, findings, merge, type Summary } from '../../agents/survey/statistics.ts'
import { agree, truth } from '../../agents/survey/truth.ts'

/** Daily weather of Seattle 2012 to 2015, from NOAA (public domain), as the package vega-datasets ships it. */
const file = new URL('../../node_modules/vega-datasets/data/seattle-weather.csv', import.meta.url)
const weather = existsSync(file) ? readFileSync(file, 'utf8') : null
if (!weather) console.warn('skipped: vega-datasets is not installed')

const COLUMNS = ['precipitation', 'temp_max', 'temp_min', 'wind']

function summaryOf(csv: string, column: string): Summary {
  const table = readCsv(csv)
  const at = table.columns.indexOf(column)
  const summary = emptySummary()
  for (const row of table.rows) add(summary, Number(row[at]))
  return summary
}

/** What the survey does with so many hosts, without the hosts. */
function surveyed(csv: string, count: number, column: string) {
  const total = emptySummary()
  for (const shard of shards(csv, count)) merge(total, summaryOf(shard, column))
  return findings(total)
}

describe.skipIf(!weather)('the survey of a real table', () => {
  const csv = weather ?? ''
  it('has the rows that its publisher says', () => {
    const { columns, rows } = readCsv(csv)
    expect(columns).toEqual(['date', 'precipitation', 'temp_max', 'temp_min', 'wind', 'weather'])
    expect(rows.length).toBe(1461)
  })

  it.each([1, 2, 3, 7, 50])('agrees with the truth when the rows lie on %i hosts', (count) => {
    const direct = truth(csv, COLUMNS)
    for (const column of COLUMNS) {
      const expected = direct[column] ?? expect.fail()
      expect(agree(surveyed(csv, count, column), expected)).toBe(true)
    }
  })

  it('is not agreed with when one row is missing', () => {
    const direct = truth(csv, COLUMNS)
    const less = csv.split('\n').toSpliced(700, 1).join('\n')
    for (const column of COLUMNS) expect(agree(surveyed(less, 3, column), direct[column] ?? expect.fail())).toBe(false)
  })

  it('keeps far fewer numbers than there are rows', () => {
    for (const column of COLUMNS) expect(summaryOf(csv, column).occurrences.size).toBeLessThan(250)
  })
})

describe('shards', () => {
  it('hold every row once, each with the header, and are about equally long', () => {
    const csv = `a,b\n${[...Array(10).keys()].map((n) => `${n},x`).join('\n')}\n`
    const cut = shards(csv, 3).map(readCsv)
    expect(cut.flatMap(({ rows }) => rows.map(([first]) => Number(first)))).toEqual([...Array(10).keys()])
    expect(cut.map(({ columns }) => columns)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ])
    expect(cut.map(({ rows }) => rows.length)).toEqual([3, 3, 4])
  })

  it('may be empty, and change nothing then', () => {
    const csv = 'a\n1\n2\n'
    expect(agree(surveyed(csv, 5, 'a'), truth(csv, ['a']).a ?? expect.fail())).toBe(true)
  })
})

it('merging pieces in any cut gives what one pass gives', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -500, max: 500 }), { minLength: 2, maxLength: 60 }),
      fc.nat(60),
      (tenths, cut) => {
        const values = tenths.map((tenth) => tenth / 10)
        const [left, right, whole] = [emptySummary(), emptySummary(), emptySummary()]
        values.forEach((value, index) => {
          add(index < cut ? left : right, value)
          add(whole, value)
        })
        merge(left, right)
        expect(agree(findings(left), findings(whole))).toBe(true)
        expect(agree(findings(left), truth(`a\n${values.join('\n')}\n`, ['a']).a ?? expect.fail())).toBe(true)
      },
    ),
    { seed: 3, numRuns: 300 },
  )
})
