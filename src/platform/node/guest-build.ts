import { join } from 'node:path'
import { build } from 'esbuild'
import { packageRoot } from './engine-files.ts'
import { GUEST_SCRIPT } from './guest-script.ts'

/** Puts the guest's compiled modules into one script, at build time; guest-script.ts says why. */
await build({
  entryPoints: [join(packageRoot(), 'dist/node/platform/node/sandbox-worker.js')],
  outfile: GUEST_SCRIPT,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  minify: true,
  logLevel: 'warning',
})
