import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/**
 * Vitest's global set-up: brings dist/node up to date, for the tests that start worker threads and processes from
 * compiled code, and makes the engine where there is none. Incremental, so nearly free when nothing changed. A type error
 * does not stop the tests (the compiler emits all the same); `npm run build` and `npm run check` do stop at it.
 */
const TSC = 'node_modules/typescript/bin/tsc'
const PROJECTS = ['tsconfig.core.json', 'tsconfig.guest.json', 'tsconfig.node.json']
const GUEST_BUILD = 'dist/node/platform/node/guest-build.js'
const ENGINE_BUILD = 'dist/node/platform/node/engine-build.js'

export default function build(): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [TSC, '-b', ...PROJECTS], { encoding: 'utf8' })
  if (status !== 0) console.error(`${stdout}${stderr}The tests run against what the compiler emitted in spite of this.`)
  spawnSync(process.execPath, [GUEST_BUILD], { stdio: 'inherit' })
  if (!existsSync('dist/engine/engine.json')) spawnSync(process.execPath, [ENGINE_BUILD], { stdio: 'inherit' })
}
