/**
 * Builds the engine at build time: quickjs-wasi's binary through our instrumentation, then binaryen (-O3 for the plain
 * build; Asyncify and -O3 for the movable one). Nothing is downloaded and nothing depends on the machine: the same inputs
 * give the same bytes everywhere. Finished builds are cached in .cache/engine under the hash of all their inputs.
 * Run as a program: `node dist/node/platform/node/engine-build.js [--force]`; --force builds again and compares.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { baseIngredients } from '../../engine/base-image.ts'
import { instrumentEngine } from '../../engine/instrument/engine.ts'
import { packageRoot } from './engine-files.ts'

/** What dist/engine/engine.json says. */
export interface EngineManifest {
  /** Names this very engine: hash over both builds and the prelude. A checkpoint thaws on no other. */
  readonly id: string
  readonly quickjs: string
  readonly stock: string
  readonly instrumented: string
  readonly plain: string
  readonly movable: string
}

const FEATURES = [
  '--enable-bulk-memory',
  '--enable-nontrapping-float-to-int',
  '--enable-mutable-globals',
  '--enable-sign-ext',
]
const PLAIN = [...FEATURES, '-O3']
/** The imports at which a program may be suspended, or its stack put aside. */
const SUSPENDING = 'env.host_interrupt,env.host_call,env.host_segment'
const MOVABLE = [...FEATURES, '--asyncify', `--pass-arg=asyncify-imports@${SUSPENDING}`, '-O3']
const BINARYEN_VERSION_FILE = 'node_modules/binaryen/package.json'

const root = packageRoot()
const sha256 = (...parts: readonly (Uint8Array | string)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

/** binaryen's wasm-opt is a JavaScript program of its own; its memory goes with its process. */
export async function wasmOpt(input: Uint8Array, options: readonly string[], scratch: string): Promise<Uint8Array> {
  await mkdir(scratch, { recursive: true })
  const name = `${process.pid}-${sha256(input, options.join(' ')).slice(0, 16)}`
  const [from, to] = [join(scratch, `${name}.in.wasm`), join(scratch, `${name}.out.wasm`)]
  await writeFile(from, input)
  try {
    const tool = join(root, 'node_modules/binaryen/bin/wasm-opt')
    await promisify(execFile)(process.execPath, [tool, from, ...options, '-o', to], { maxBuffer: 16 * 1024 * 1024 })
    return await readFile(to)
  } finally {
    await Promise.all([rm(from, { force: true }), rm(to, { force: true })])
  }
}

async function stock(): Promise<{ wasm: Uint8Array; version: string }> {
  const folder = join(root, 'node_modules/quickjs-wasi')
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string }
  return { wasm: await readFile(join(folder, 'quickjs.wasm')), version }
}

/** Makes dist/engine what it should be. Returns what is there and whether it had to be built. */
export async function buildEngine({ force = false } = {}): Promise<{ manifest: EngineManifest; built: boolean }> {
  const { wasm, version } = await stock()
  const instrumented = instrumentEngine(wasm).wasm
  const binaryen = JSON.parse(await readFile(join(root, BINARYEN_VERSION_FILE), 'utf8')) as { version: string }
  const key = sha256(instrumented, JSON.stringify([binaryen.version, PLAIN, MOVABLE]))
  const cache = join(root, '.cache/engine', key)
  const cached = await readBuilds(cache)
  const builds = cached !== null && !force ? cached : await optimise(instrumented, cache)
  if (
    force &&
    cached !== null &&
    (sha256(cached.plain) !== sha256(builds.plain) || sha256(cached.movable) !== sha256(builds.movable))
  ) {
    throw new Error('the engine build is not reproducible: two builds of the same inputs differ')
  }
  const manifest: EngineManifest = {
    id: sha256(builds.movable, builds.plain, baseIngredients()),
    quickjs: `quickjs-wasi ${version}`,
    stock: sha256(wasm),
    instrumented: sha256(instrumented),
    plain: sha256(builds.plain),
    movable: sha256(builds.movable),
  }
  await publish(builds, manifest)
  return { manifest, built: builds !== cached }
}

interface Builds {
  readonly plain: Uint8Array
  readonly movable: Uint8Array
}

async function readBuilds(folder: string): Promise<Builds | null> {
  try {
    const [plain, movable] = await Promise.all([
      readFile(join(folder, 'plain.wasm')),
      readFile(join(folder, 'movable.wasm')),
    ])
    return { plain, movable }
  } catch {
    return null
  }
}

async function optimise(instrumented: Uint8Array, cache: string): Promise<Builds> {
  const scratch = join(root, '.cache/engine/scratch')
  const plain = await wasmOpt(instrumented, PLAIN, scratch)
  const movable = await wasmOpt(instrumented, MOVABLE, scratch)
  await mkdir(cache, { recursive: true })
  await writeWhole(join(cache, 'plain.wasm'), plain)
  await writeWhole(join(cache, 'movable.wasm'), movable)
  return { plain, movable }
}

async function publish({ plain, movable }: Builds, manifest: EngineManifest): Promise<void> {
  const out = join(root, 'dist/engine')
  const text = `${JSON.stringify(manifest, null, 2)}\n`
  const there = await readFile(join(out, 'engine.json'), 'utf8').catch(() => '')
  if (there === text && (await readBuilds(out)) !== null) return
  await mkdir(out, { recursive: true })
  await writeWhole(join(out, 'plain.wasm'), plain)
  await writeWhole(join(out, 'movable.wasm'), movable)
  await writeWhole(join(out, 'engine.json'), text)
}

/** A reader never sees half a file. */
async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const half = `${path}.${process.pid}`
  await writeFile(half, content)
  await rename(half, path)
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { manifest, built } = await buildEngine({ force: process.argv.includes('--force') })
  process.stderr.write(`engine ${manifest.id.slice(0, 16)} (${manifest.quickjs}): ${built ? 'built' : 'up to date'}\n`)
}
