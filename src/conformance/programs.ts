/**
 * The programs of the suite, from their folders: a script is a program, and a folder with an agent.js is an agent that the
 * author's own tools build, with what it imports and with the kernels beside it.
 */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildKernel } from '../platform/node/bundle-kernel.ts'
import { buildScript } from '../platform/node/bundle-script.ts'
import { packageRoot } from '../platform/node/engine-files.ts'
import type { ProgramSettings } from './protocol.ts'

export interface ConformanceProgram {
  readonly name: string
  readonly settings: ProgramSettings
  /** In the order of their names in the settings. */
  readonly kernels: readonly Uint8Array[]
}

const FOLDERS = ['test/programs', 'test/conformance/programs'] as const

/** Beside a folder of programs: what stands before each script of it. */
const FIRST = 'check.js'

const SETTINGS = {
  inputJson: '{"n":12}',
  seed: 7,
  startMs: 1_700_000_000_000,
  memoryBytesMax: 64 * 1_048_576,
  fuelMax: '1000000000',
} as const

export const programOf = (name: string, code: string): ConformanceProgram => ({
  name,
  settings: { ...SETTINGS, code, kernels: [] },
  kernels: [],
})

/** Every program, by name; `only` narrows by a part of the name. */
export async function readPrograms(only: string | null = null): Promise<ConformanceProgram[]> {
  const programs: ConformanceProgram[] = []
  for (const below of FOLDERS) {
    const folder = join(packageRoot(), below)
    const first = join(folder, '..', FIRST)
    const prefix = existsSync(first) ? await readFile(first, 'utf8') : ''
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const name = entry.name.replace(/\.js$/, '')
      if (only !== null && !name.includes(only)) continue
      const path = join(folder, entry.name)
      if (entry.isDirectory()) programs.push(await buildAgent(name, path))
      else programs.push(scriptOf(name, prefix, await readFile(path, 'utf8')))
    }
  }
  return programs.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Its first line may name settings of its own, as `//! {"fuelMax":"20000000"}`. */
function scriptOf(name: string, prefix: string, text: string): ConformanceProgram {
  const own = /^\/\/! (\{.*\})$/m.exec(text)?.[1]
  const { settings, kernels } = programOf(name, prefix + text)
  return { name, settings: { ...settings, ...(own === undefined ? {} : JSON.parse(own)) }, kernels }
}

async function buildAgent(name: string, root: string): Promise<ConformanceProgram> {
  const { code } = await buildScript(root, 'agent.js')
  const sources = existsSync(join(root, 'kernels')) ? (await readdir(join(root, 'kernels'))).sort() : []
  const kernels: Uint8Array[] = []
  for (const source of sources) kernels.push(await buildKernel(root, `kernels/${source}`))
  const names = sources.map((source) => source.replace(/\.\w+$/, ''))
  return { name, settings: { ...SETTINGS, code, kernels: names }, kernels }
}
