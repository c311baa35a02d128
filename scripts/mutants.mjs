import { mkdirSync } from 'node:fs'
import { build } from 'esbuild'

/** Runs test/sim/mutants-main.ts: `npm run mutants -- --help`. */
const outfile = '.cache/mutants/main.mjs'
mkdirSync('.cache/mutants', { recursive: true })
await build({
  entryPoints: ['test/sim/mutants-main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'warning',
})
await import(`../${outfile}`)
