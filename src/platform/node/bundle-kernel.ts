import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { instrumentKernel } from '../../engine/instrument/kernel.ts'
import { AgentBuildError } from './agent-build-error.ts'

/**
 * A kernel as a bundle carries it: AssemblyScript is compiled, any other compiler's .wasm is taken as it is. Every host
 * makes it metered and mobile by itself (engine/instrument/kernel.ts); that is done here too, so that an author learns at
 * once what every host would refuse. Paths are relative to the agent's folder, so that they are the same everywhere.
 */
export async function buildKernel(root: string, path: string): Promise<Uint8Array> {
  const wasm = path.endsWith('.wasm') ? Uint8Array.from(await readFile(join(root, path))) : await compile(root, path)
  const instrumented = instrumentKernel(wasm)
  if (!instrumented.ok) throw new AgentBuildError(`${path}: ${instrumented.reason}`)
  return wasm
}

/**
 * Optimised for speed, with assertions and bounds checks (an author leaves one out with `unchecked`). Memory is never
 * given back: a kernel lives as long as its agent, or as long as the agent keeps its instance.
 */
const ASC_OPTIONS = ['-O3', '--runtime', 'stub'] as const

/** Compiles AssemblyScript; `readText` gives a source by its path, or null. */
export async function compileKernel(
  path: string,
  readText: (path: string) => string | null | Promise<string | null>,
): Promise<Uint8Array> {
  // Loaded only when needed: the compiler is 8 MB of JavaScript.
  const { default: asc } = await import('assemblyscript/asc')
  let wasm: Uint8Array | null = null
  const { error, stderr } = await asc.main([path, '--outFile', 'kernel.wasm', ...ASC_OPTIONS], {
    readFile: readText,
    writeFile: (name, content) => {
      if (name === 'kernel.wasm' && content instanceof Uint8Array) wasm = Uint8Array.from(content)
    },
    listFiles: () => [],
  })
  if (error || !wasm)
    throw new AgentBuildError(`${path} does not compile:\n${stderr.toString().trim()}`, { cause: error })
  return wasm
}

const compile = (root: string, path: string): Promise<Uint8Array> =>
  compileKernel(path, (name) => readFile(join(root, name), 'utf8').catch(() => null))
