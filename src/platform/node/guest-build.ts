import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { packageRoot } from './engine-files.ts'
import { guestScriptPath } from './guest-script.ts'
import { processScriptPath } from './process-guest.ts'

/** Puts the guest's modules into one script for each realm, at build time: where guests run nothing can be loaded. */
const root = packageRoot()
const ONE_SCRIPT: BuildOptions = { bundle: true, minify: true, logLevel: 'warning' }

/** For a guest's thread, and for its own process; guest-script.ts says more. */
for (const [entry, outfile] of [
  ['sandbox-worker.js', guestScriptPath()],
  ['process-entry.js', processScriptPath()],
] as const)
  await build({
    ...ONE_SCRIPT,
    entryPoints: [join(root, 'dist/node/platform/node', entry)],
    outfile,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
  })

/** For the web worker that a page starts in a frame; the targets are those of the page. */
await build({
  ...ONE_SCRIPT,
  entryPoints: [join(root, 'src/platform/browser/guest-worker.ts')],
  outfile: join(root, 'dist/guest/guest-worker.js'),
  format: 'iife',
  platform: 'browser',
  target: ['chrome111', 'firefox114', 'safari16.4'],
})
