import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { packageRoot } from './engine-files.ts'
import { GUEST_SCRIPT } from './guest-script.ts'

/** Puts the guest's modules into one script for each realm, at build time: where guests run nothing can be loaded. */
const root = packageRoot()
const ONE_SCRIPT: BuildOptions = { bundle: true, minify: true, logLevel: 'warning' }

/** guest-script.ts says more. */
await build({
  ...ONE_SCRIPT,
  entryPoints: [join(root, 'dist/node/platform/node/sandbox-worker.js')],
  outfile: GUEST_SCRIPT,
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
