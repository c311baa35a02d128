import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { complete, openings } from '../../agents/queens/boards.ts'

/** The counts of OEIS A000170. */
const KNOWN = [
  [4, 2],
  [6, 4],
  [8, 92],
] as const

const folder = fileURLToPath(new URL('../../', import.meta.url))

it.each(KNOWN)('counts the ways to place %i queens, however many rows are filled first', (size, ways) => {
  for (const rows of [1, 2, 3])
    expect(openings(size, rows).reduce((sum, board) => sum + complete(board, size), 0)).toBe(ways)
})

it('forks, and the shares of all that came of it are the whole', async () => {
  const input = JSON.stringify({ size: 8, parts: 4 })
  const told = await new Promise<string>((resolve, reject) =>
    execFile(
      process.execPath,
      ['bin/sojourn.js', 'run', 'agents/queens', '--input', input],
      { cwd: folder },
      (error, stdout) => (error ? reject(error) : resolve(stdout)),
    ),
  )
  const results = told
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(results.map(({ index, of }) => [index, of])).toEqual([0, 1, 2, 3].map((index) => [index, 4]))
  expect(results.reduce((sum, { solutions }) => sum + solutions, 0)).toBe(92)
}, 30_000)
