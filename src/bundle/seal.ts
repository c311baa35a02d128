import { assert } from '../base/assert.ts'
import { utf8 } from '../base/bytes.ts'
import { type Cid, cborCid, rawCid } from '../base/digest.ts'
import { sealEnvelope } from '../identity/envelope.ts'
import type { Signer } from '../identity/signer.ts'
import type { Quota } from '../permit/quota.ts'
import { writeCar } from './car.ts'
import { BLOCK_BYTES_MAX, DEFAULT_QUOTA, DEPTH_STANDARD } from './limits.ts'
import {
  blockCount,
  type Effects,
  type FileLink,
  type Manifest,
  manifestData,
  type Needs,
  parseManifest,
} from './manifest.ts'

/** What an author brings; the builder makes it from files (platform/node/bundle-builder.ts). */
export interface AgentParts {
  readonly name: string
  readonly version: string
  readonly description: string
  /** One script that sets `globalThis.__agent`, or a plain script. */
  readonly code: string
  readonly sourceMap: string | null
  readonly kernels: ReadonlyMap<string, Uint8Array>
  readonly assets: ReadonlyMap<string, Uint8Array>
  /** What is left out: any kind of host, DEPTH_STANDARD. */
  readonly needs: Partial<Needs>
  /** What is left out is asked for as DEFAULT_QUOTA says; storage, as much as memory. */
  readonly quota: Partial<Quota>
  readonly effects: Effects
  /** Never, where it is left out; the command line sets it (bundle-file.ts). */
  readonly expiresMs?: number | null
}

export interface SealedBundle {
  readonly car: Uint8Array<ArrayBuffer>
  /** The CID of the root, the signed envelope: the bundle's name everywhere. */
  readonly id: Cid
}

/** Why these parts cannot become a bundle, as the violated condition; null when they can. Call it on what an author wrote. */
export function partsFault(parts: AgentParts): string | null {
  const manifest = parseManifest(manifestData(layOut(parts).manifest))
  return manifest.ok ? null : manifest.reason
}

/** Signs the manifest and packs everything under it. Asserts that `partsFault` finds nothing. */
export async function sealBundle(parts: AgentParts, signer: Signer): Promise<SealedBundle> {
  const fault = partsFault(parts)
  assert(fault === null, `not a bundle: ${fault}`)
  const { manifest, blocks } = layOut(parts)
  const root = await sealEnvelope(signer, 'bundle', manifestData(manifest))
  const id = cborCid(root)
  return { car: writeCar(id, new Map([[id, root], ...blocks])), id }
}

/** Cuts the files into blocks; equal blocks are kept once. */
function layOut(parts: AgentParts): { manifest: Manifest; blocks: Map<Cid, Uint8Array> } {
  const blocks = new Map<Cid, Uint8Array>()
  const link = (file: Uint8Array): FileLink => {
    const cids: Cid[] = []
    for (let index = 0; index < blockCount(file.length); index++) {
      const block = file.subarray(index * BLOCK_BYTES_MAX, (index + 1) * BLOCK_BYTES_MAX)
      const cid = rawCid(block)
      blocks.set(cid, block)
      cids.push(cid)
    }
    return { bytes: file.length, blocks: cids }
  }
  const links = (files: ReadonlyMap<string, Uint8Array>) =>
    new Map([...files].map(([name, file]) => [name, link(file)] as const))
  const { name, version, description, needs, effects } = parts
  const manifest: Manifest = {
    format: 1,
    name,
    version,
    description,
    expiresMs: parts.expiresMs ?? null,
    entry: link(utf8(parts.code)),
    sourceMap: parts.sourceMap === null ? null : link(utf8(parts.sourceMap)),
    kernels: links(parts.kernels),
    assets: links(parts.assets),
    needs: { kind: null, depth: DEPTH_STANDARD, ...needs },
    quota: {
      ...DEFAULT_QUOTA,
      ...(parts.quota.memoryBytes !== undefined && { storageBytes: parts.quota.memoryBytes }),
      ...parts.quota,
    },
    effects,
  }
  return { manifest, blocks }
}
