import { readFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

/**
 * The simulator as one file for a worker thread, built from its sources: as they are, or with some of their text replaced,
 * so that a rule of the protocol can be broken without a switch for it in the code.
 */
export interface Patch {
  /** Path of a source file from the root of the package, e.g. `src/host/witness.ts`. */
  readonly file: string
  /** Must be in the file exactly once. */
  readonly find: string
  readonly replace: string
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Of the simulator, or of another module. Rejects where a patch does not fit. Returns the path of a module for `new Worker(path)`; it lies in a folder of its own. */
export async function bundleSimulator(
  patches: readonly Patch[] = [],
  entry = 'src/entry/node/sim/worker.ts',
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-sim-'))
  const outfile = join(folder, 'simulator.mjs')
  const unused = new Set(patches.map(({ file }) => resolve(ROOT, file)))
  for (const { file, find } of patches) {
    const count = readFileSync(resolve(ROOT, file), 'utf8').split(find).length - 1
    if (count !== 1) throw new Error(`${file} has "${find}" ${count} times, not once`)
  }
  const patching: Plugin = {
    name: 'patches',
    setup(building) {
      building.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const own = patches.filter(({ file }) => resolve(ROOT, file) === path)
        if (own.length === 0) return null
        unused.delete(path)
        const contents = own.reduce(
          (text, { find, replace }) => text.replace(find, () => replace),
          readFileSync(path, 'utf8'),
        )
        return { contents, loader: 'ts' }
      })
    },
  }
  await build({
    entryPoints: [join(ROOT, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
    plugins: [patching],
  })
  const [first] = unused
  if (first) throw new Error(`${relative(ROOT, first)} is no part of the simulator`)
  return outfile
}
