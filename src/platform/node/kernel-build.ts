/**
 * Makes a kernel able to suspend, on its author's machine: safepoints, then binaryen's Asyncify and -O3. What comes out
 * travels in the bundle; every host meters it anew (engine/instrument/kernel.ts) and trusts nothing of this.
 */
import { join } from 'node:path'
import { accept, type Result, refuse } from '../../base/result.ts'
import { instrumentKernel } from '../../engine/instrument/kernel.ts'
import { weaveSafepoints } from '../../engine/instrument/safepoints.ts'
import { wasmOpt } from './engine-build.ts'
import { packageRoot } from './engine-files.ts'

/** asc options a suspendable AssemblyScript kernel needs beside its own: the low 64 KiB stay free for its frames. */
export const KERNEL_ASC_OPTIONS = ['--memoryBase', '65536', '--runtime', 'stub', '--noAssert', '-O3'] as const

const FEATURES = [
  '--enable-bulk-memory',
  '--enable-nontrapping-float-to-int',
  '--enable-mutable-globals',
  '--enable-sign-ext',
  '--enable-multivalue',
]
const ASYNCIFY = [
  ...FEATURES,
  '--asyncify',
  '--pass-arg=asyncify-imports@sojourn.yield',
  '-O3',
  '--strip-debug',
  '--strip-producers',
]

export interface PreparedKernel {
  /** For the bundle. */
  readonly wasm: Uint8Array
  /** Whether an agent can be frozen in the middle of a call of it. */
  readonly suspendable: boolean
}

/** From any compiler's module to what a bundle carries; refuses what no host would run. */
export async function prepareKernel(wasm: Uint8Array): Promise<Result<PreparedKernel, 'KERNEL'>> {
  const woven = weaveSafepoints(wasm)
  if (!woven.ok) return woven
  let prepared: Uint8Array = woven.value.wasm
  if (woven.value.suspendable) {
    try {
      prepared = await wasmOpt(prepared, ASYNCIFY, join(packageRoot(), '.cache/engine/scratch'))
    } catch (error) {
      return refuse('KERNEL', `wasm-opt: ${error instanceof Error ? error.message : 'failed'}`)
    }
  }
  const metered = instrumentKernel(prepared)
  if (!metered.ok) return metered
  return accept({ wasm: prepared, suspendable: woven.value.suspendable })
}
