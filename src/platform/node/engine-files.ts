/** Loads the built engine in Node. Deliberately does not build it: that is engine-build.ts, at build time. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { type EngineBuild, prepareEngine } from '../../engine/machine.ts'
import type { EngineManifest } from './engine-build.ts'

/**
 * Node 20's V8 otherwise gives the asyncified interpreter native frames of 40 KB, and 19 calls deep overflow the stack. It
 * must be set before the module is compiled, in the main thread or in any worker thread (flags are the process's).
 */
export const V8_ENGINE_FLAG = '--no-turbo-use-mid-tier-regalloc-for-huge-functions'

export const allowHugeFunctions = (): void => setFlagsFromString(V8_ENGINE_FLAG)

export interface EngineFiles {
  readonly manifest: EngineManifest
  readonly module: WebAssembly.Module
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

/** The movable build, compiled. */
export async function loadEngineFiles(folder: string = engineFolder()): Promise<EngineFiles> {
  allowHugeFunctions()
  const manifest = JSON.parse(await readFile(join(folder, 'engine.json'), 'utf8')) as EngineManifest
  const wasm = await readFile(join(folder, 'movable.wasm'))
  return { manifest, module: new WebAssembly.Module(wasm) }
}

/** Loads and prepares in one step, for a realm that runs agents itself. */
export async function loadEngine(folder?: string): Promise<EngineBuild> {
  const { manifest, module } = await loadEngineFiles(folder)
  return prepareEngine(manifest.id, module)
}
