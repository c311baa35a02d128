import { Worker } from 'node:worker_threads'
import { HEAP_MB, STACK_MB, YOUNG_HEAP_MB } from '../../sandbox/limits.ts'

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

/** A guest's worker thread, started on its one script (guest-script.ts). */
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
