import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { packageRoot } from '../platform/node/engine-files.ts'
import type { Row } from './row.ts'

/** The main job, as `npm run demo` runs it when everything is built. */
export async function benchDemo(): Promise<Row[]> {
  const child = spawn(process.execPath, [join(packageRoot(), 'dist/node/entry/node/demo/main.js'), '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let said = ''
  child.stdout.on('data', (text) => {
    said += text
  })
  await new Promise((resolve) => child.once('exit', resolve))
  const { ok, seconds } = JSON.parse(said.trim().split('\n').at(-1) ?? '{}') as { ok?: boolean; seconds?: number }
  if (!ok || seconds === undefined) throw new Error(`the demo failed: ${said}`)
  return [{ name: 'demo', value: seconds, unit: 's', bar: '≤ 120', ok: seconds <= 120 }]
}
