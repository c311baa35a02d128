import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

/** The main job, as a newcomer runs it, with one misfortune more than the demo plans for itself. */
const main = fileURLToPath(new URL('../../dist/node/entry/node/demo/main.js', import.meta.url))

it('the demo comes to the right answers although one more edge worker is killed on the way', {
  timeout: 400_000,
}, async () => {
  const child = spawn(process.execPath, [main, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  let told = ''
  let killed: number | null = null
  child.stdout.on('data', (text) => {
    said += text
  })
  child.stderr.on('data', (text) => {
    told += text
    const pids = /edge workers: processes ([\d, ]+)/.exec(told)?.[1]?.split(', ').map(Number)
    // In the thick of it: everything is launched, nothing has been evicted or killed yet.
    if (killed === null && pids && told.includes('one agent travels')) {
      killed = pids[1] ?? 0
      process.kill(killed, 'SIGKILL')
    }
  })
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  expect(killed).not.toBeNull()
  expect(code, told).toBe(0)
  const summary = JSON.parse(said.trim().split('\n').at(-1) ?? '{}')
  expect(summary).toMatchObject({ ok: true, golomb: { ok: true, order: 11, length: 72 }, survey: { ok: true } })
  expect(summary.hops).toBeGreaterThan(20)
})
