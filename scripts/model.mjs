import { mkdirSync } from 'node:fs'
import { build } from 'esbuild'

/** Runs test/model/main.ts: `npm run model -- --help`. */
const outfile = '.cache/model/main.mjs'
mkdirSync('.cache/model', { recursive: true })
await build({
  entryPoints: ['test/model/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  logLevel: 'warning',
})
await import(`../${outfile}`)
