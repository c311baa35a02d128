import { rawCid } from '../../base/digest.ts'
import { DEPTH_STANDARD } from '../../bundle/limits.ts'
import { createVerifier } from '../../identity/verifier.ts'
import type { Quota } from '../../permit/quota.ts'
import { buildAgent } from '../../platform/node/bundle-builder.ts'
import { readBundleFile } from '../../platform/node/bundle-file.ts'
import type { GuestOrder } from '../../sandbox/port.ts'

/** What `sojourn run` runs: source is built and a bundle opened, but nothing is signed and no author needs to be trusted. */
export interface LocalProgram {
  readonly code: string
  readonly sourceMap: string | null
  readonly kernels: GuestOrder['kernels']
  readonly assets: ReadonlyMap<string, Uint8Array>
  /** What its author asked for. */
  readonly quota: Partial<Quota>
  readonly depth: number
}

export async function loadLocalProgram(path: string): Promise<LocalProgram> {
  if (path.endsWith('.car')) {
    const { bundle } = await readBundleFile(path, createVerifier(globalThis.crypto.subtle))
    const assets = new Map([...bundle.assets].map(([name, { bytes }]) => [name, bytes] as const))
    return { ...bundle, assets, quota: bundle.manifest.quota, depth: bundle.manifest.needs.depth }
  }
  const { kernels, ...parts } = await buildAgent(path)
  return {
    ...parts,
    depth: parts.needs.depth ?? DEPTH_STANDARD,
    kernels: new Map([...kernels].map(([name, wasm]) => [name, { cid: rawCid(wasm), wasm }] as const)),
  }
}
