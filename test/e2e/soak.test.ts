import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

/** The harness of `npm run soak`, small: the faults themselves take minutes, and are its own affair. */
const run = promisify(execFile)

it('a soak of a few agents, in which an edge worker is killed, ends well and says so', async () => {
  const sizes = ['--homes', '1', '--edges', '2', '--tabs', '0']
  const args = ['--minutes', '0.15', '--agents', '5', ...sizes, '--faults', 'edge-kill', '--json']
  const { stdout, stderr } = await run(process.execPath, ['dist/node/soak/main.js', ...args])
  const report = JSON.parse(stdout)
  expect(report, stderr).toMatchObject({ ok: true, agents: 5, results: 5, lost: [], doubled: [] })
  expect(report.kills, stderr).toBeGreaterThan(0)
})

it('a soak refuses a fault that it does not know, and says which there are', async () => {
  const refused = run(process.execPath, ['dist/node/soak/main.js', '--faults', 'earthquake'])
  await expect(refused).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('tab-freeze') })
})
