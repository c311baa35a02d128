import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** docs/SECURITY.md promises a test or a reason for every attack; this keeps the promise honest. */
const document = readFileSync(new URL('../docs/SECURITY.md', import.meta.url), 'utf8')
const rows = document
  .split('\n')
  .filter((line) => /^\| \d+ \|/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))

describe('the threat table', () => {
  it('has every row, once and in order', () => {
    expect(rows.map(([, number]) => Number(number))).toEqual(Array.from({ length: 41 }, (_, index) => index + 1))
  })

  it.each(rows.map((row) => [row[1], row] as const))(
    'row %s names tests that exist, or says why not',
    (_number, row) => {
      const [, , , , happens = '', tests = ''] = row
      const paths = [...tests.matchAll(/\(\.\.\/(test\/[^)]+)\)/g)].map(([, path]) => path ?? '')
      for (const path of paths) expect(existsSync(new URL(`../${path}`, import.meta.url)), path).toBe(true)
      if (!happens.startsWith('Why not: ')) expect(paths.length).toBeGreaterThan(0)
    },
  )
})
