import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AgentBuildError } from './agent-build-error.ts'
import { prepareKernel } from './kernel-build.ts'

/**
 * A kernel as a bundle carries it: AssemblyScript is compiled, any other compiler's .wasm is taken, and both are made able
 * to suspend (kernel-build.ts). Paths are relative to the agent's folder, so that they are the same everywhere.
 */
export async function buildKernel(root: string, path: string): Promise<Uint8Array> {
  const wasm = path.endsWith('.wasm') ? await readFile(join(root, path)) : await compile(root, path)
  const prepared = await prepareKernel(Uint8Array.from(wasm))
  if (!prepared.ok) throw new AgentBuildError(`${path}: ${prepared.reason}`)
  return prepared.value.wasm
}

/**
 * Optimised for speed, with assertions and bounds checks (an author leaves one out with `unchecked`). The low 64 KiB stay
 * free for the frames of a suspended call. Memory is never given back: a kernel lives as long as its agent.
 */
const ASC_OPTIONS = ['-O3', '--runtime', 'stub', '--memoryBase', '65536'] as const

async function compile(root: string, path: string): Promise<Uint8Array> {
  // Loaded only when needed: the compiler is 8 MB of JavaScript.
  const { default: asc } = await import('assemblyscript/asc')
  let wasm: Uint8Array | null = null
  const { error, stderr } = await asc.main([path, '--outFile', 'kernel.wasm', ...ASC_OPTIONS], {
    readFile: (name, folder) => readFile(join(root, folder, name), 'utf8').catch(() => null),
    writeFile: (name, content) => {
      if (name === 'kernel.wasm' && content instanceof Uint8Array) wasm = Uint8Array.from(content)
    },
    listFiles: () => [],
  })
  if (error || !wasm)
    throw new AgentBuildError(`${path} does not compile:\n${stderr.toString().trim()}`, { cause: error })
  return wasm
}
