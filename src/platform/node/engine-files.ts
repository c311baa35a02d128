/** Loads the built engine in Node. Deliberately does not build it: that is engine-build.ts, at build time. */
import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { type EngineBuild, type EngineCode, type EngineModules, prepareEngine } from '../../engine/machine.ts'
import type { EngineManifest } from './engine-build.ts'

/**
 * Node 20's V8 otherwise gives the asyncified interpreter native frames of 40 KB, and 19 calls deep overflow the stack. It
 * must be set before the module is compiled, in the main thread or in any worker thread (flags are the process's).
 */
export const V8_ENGINE_FLAG = '--no-turbo-use-mid-tier-regalloc-for-huge-functions'

/**
 * What V8 counts down before it optimises a function: about the bytes of code it has run, by default 1.8 MB. A turn of the
 * interpreter's loop counts 36 KB, so any script passed that at once, and optimising that function takes a second of
 * processor time that even the process's end waits for. With the most that fits it is left to programs that compute for
 * some milliseconds, and to kernels for some tens.
 */
export const V8_TIERING_FLAG = '--wasm-tiering-budget=2000000000'

export function allowHugeFunctions(): void {
  setFlagsFromString(V8_ENGINE_FLAG)
  setFlagsFromString(V8_TIERING_FLAG)
}

export interface EngineFiles {
  readonly manifest: EngineManifest
  readonly modules: EngineModules
}

/** The folder with our package.json, from the compiled files as from the sources. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder)
    if (above === folder) throw new Error('no package.json above the engine')
    folder = above
  }
  return folder
}

/** Where the build lies. */
export const engineFolder = (): string => join(packageRoot(), 'dist/engine')

/** Both builds, compiled. */
export async function loadEngineFiles(folder: string = engineFolder()): Promise<EngineFiles> {
  allowHugeFunctions()
  const manifest = JSON.parse(await readFile(join(folder, 'engine.json'), 'utf8')) as EngineManifest
  const compiled = async (name: string) => new WebAssembly.Module(await readFile(join(folder, name)))
  const [movable, plain] = await Promise.all([compiled('movable.wasm'), compiled('plain.wasm')])
  return { manifest, modules: { movable, plain } }
}

/** Both builds as they lie there, for guests that a compiled module cannot be handed to. */
export function readEngineCode(folder: string = engineFolder()): { id: string; code: EngineCode } {
  const { id } = JSON.parse(readFileSync(join(folder, 'engine.json'), 'utf8')) as EngineManifest
  const bytes = (name: string) => Uint8Array.from(readFileSync(join(folder, name)))
  return { id, code: { movable: bytes('movable.wasm'), plain: bytes('plain.wasm') } }
}

/** Loads and prepares in one step, for a realm that runs agents itself. */
export async function loadEngine(folder?: string): Promise<EngineBuild> {
  const { manifest, modules } = await loadEngineFiles(folder)
  return prepareEngine(manifest.id, modules)
}
