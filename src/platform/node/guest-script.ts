import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { HEAP_MB, STACK_MB, YOUNG_HEAP_MB } from '../../sandbox/limits.ts'
import { packageRoot } from './engine-files.ts'

/**
 * A guest's worker thread, started on one script. A script, because Node gives a script that runs without a loader of its
 * own no `import()` either, whatever text it makes code from; and one, because thirty modules through Node's loader, and a
 * thread of hooks to shut that loader afterwards, cost four times the processor time of all the rest.
 */
export const GUEST_SCRIPT = join(packageRoot(), 'dist/guest/guest.cjs')

/** `require` opens Node's own modules while the script runs for the first time, and nothing afterwards. */
const BOOTSTRAP = `{
  const { runInThisContext } = require('node:vm')
  const { workerData } = require('node:worker_threads')
  const load = require
  let open = true
  const guarded = (name) => {
    if (!open) throw new Error('a guest loads nothing')
    return load(name)
  }
  const run = runInThisContext('"use strict";(function (require, exports, module) {' + workerData + '\\n})', { filename: 'guest.cjs' })
  const module = { exports: {} }
  run(guarded, module.exports, module)
  open = false
}`

export function startGuestThread(script: string): Worker {
  return new Worker(BOOTSTRAP, {
    eval: true,
    name: 'sojourn guest',
    workerData: script,
    env: {},
    argv: [],
    execArgv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    trackUnmanagedFds: true,
    resourceLimits: { stackSizeMb: STACK_MB, maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
  })
}

export const readGuestScript = (): string => readFileSync(GUEST_SCRIPT, 'utf8')
