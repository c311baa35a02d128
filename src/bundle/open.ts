import { assert } from '../base/assert.ts'
import { concatBytes, fromUtf8 } from '../base/bytes.ts'
import { decode } from '../base/codec.ts'
import { type Cid, CODEC_DAG_CBOR, cborCid, parseCid, rawCid } from '../base/digest.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import type { Did } from '../identity/did.ts'
import { type EnvelopeFault, openEnvelope, parseEnvelope } from '../identity/envelope.ts'
import type { Verifier } from '../identity/verifier.ts'
import { readCar } from './car.ts'
import { BLOCK_BYTES_MAX } from './limits.ts'
import { blocksOf, bytesOf, type FileLink, type Manifest, parseManifest } from './manifest.ts'
import { hasIdentity } from './secrets.ts'

/**
 * The only way to a VerifiedBundle: every byte has its hash, the manifest has its author's signature and its limits hold.
 * Whether the author is trusted, and whether the host grants what is asked, is not decided here; nor are kernels looked
 * into (the engine re-instruments them). Nothing in a bundle is compressed, so nothing here can swell (THREATS 34).
 */
export interface VerifiedBundle {
  readonly [verified]: true
  readonly id: Cid
  readonly author: Did
  readonly manifest: Manifest
  readonly code: string
  readonly sourceMap: string | null
  readonly kernels: ReadonlyMap<string, { readonly cid: Cid; readonly wasm: Uint8Array }>
  readonly assets: ReadonlyMap<string, { readonly cid: Cid; readonly bytes: Uint8Array }>
}
declare const verified: unique symbol

export type BundleFault = EnvelopeFault | 'CAR' | 'BLOCK' | 'MANIFEST' | 'SECRET'

/** Opens a bundle file. It must hold the blocks of the bundle, all of them and nothing else. */
export async function openBundle(car: Uint8Array, verifier: Verifier): Promise<Result<VerifiedBundle, BundleFault>> {
  const file = readCar(car)
  if (!file.ok) return file
  const { root, blocks } = file.value
  const bundle = await openBundleBlocks(root, async (cid) => blocks.get(cid) ?? null, verifier)
  if (!bundle.ok) return bundle
  const known = new Set([root, ...blocksOf(bundle.value.manifest)])
  for (const cid of blocks.keys()) if (!known.has(cid)) return refuse('BLOCK', `block ${cid} is not of this bundle`)
  return bundle
}

/** Gives a block by its name, or null where there is none. What it gives is checked, so it may ask strangers. */
export type GetBlock = (cid: Cid) => Promise<Uint8Array | null>

/** Opens a bundle from wherever its blocks are. All blocks under the root are asked for at once; errors of `getBlock` pass through. */
export async function openBundleBlocks(
  root: Cid,
  getBlock: GetBlock,
  verifier: Verifier,
): Promise<Result<VerifiedBundle, BundleFault>> {
  const name = parseCid(root)
  if (!name.ok || name.value.codec !== CODEC_DAG_CBOR)
    return refuse('BLOCK', `root ${root} is not dag-cbor with sha2-256`)
  const envelope = check(root, await getBlock(root), cborCid)
  if (!envelope.ok) return envelope
  const opened = await openEnvelope(verifier, 'bundle', envelope.value)
  if (!opened.ok) return opened
  const manifest = parseManifest(opened.value.value)
  if (!manifest.ok) return manifest
  const blocks = new Map<Cid, Uint8Array>()
  for (const [cid, alleged] of await Promise.all(
    blocksOf(manifest.value).map(async (cid) => [cid, await getBlock(cid)] as const),
  )) {
    const block = check(cid, alleged, rawCid)
    if (!block.ok) return block
    blocks.set(cid, block.value)
  }
  return assemble(root, opened.value.signer, manifest.value, blocks)
}

/** The blocks under a root that nobody has verified yet, so that they can be fetched in one go, and how long they are together. */
export function bundleBlocks(
  rootBytes: Uint8Array,
): Result<{ readonly cids: readonly Cid[]; readonly bytes: number }, 'SIZE' | 'ENCODING' | 'DID' | 'MANIFEST'> {
  const envelope = parseEnvelope(rootBytes)
  if (!envelope.ok) return envelope
  const value = decode(envelope.value.payload)
  if (!value.ok) return value
  const manifest = parseManifest(value.value)
  return manifest.ok ? accept({ cids: blocksOf(manifest.value), bytes: bytesOf(manifest.value) }) : manifest
}

/** Copies the block, so that nobody changes it between the check and its use. */
function check(cid: Cid, alleged: Uint8Array | null, nameOf: (bytes: Uint8Array) => Cid): Result<Uint8Array, 'BLOCK'> {
  if (!alleged) return refuse('BLOCK', `block ${cid} is missing`)
  const bytes = Uint8Array.from(alleged)
  return nameOf(bytes) === cid ? accept(bytes) : refuse('BLOCK', `block ${cid} does not have its hash`)
}

type Blocks = ReadonlyMap<Cid, Uint8Array>

function assemble(id: Cid, author: Did, manifest: Manifest, blocks: Blocks): Result<VerifiedBundle, BundleFault> {
  const code = readText(manifest.entry, 'entry', blocks)
  if (!code.ok) return code
  const sourceMap = manifest.sourceMap ? readText(manifest.sourceMap, 'sourceMap', blocks) : accept(null)
  if (!sourceMap.ok) return sourceMap
  const kernels = readFiles(manifest.kernels, 'kernels', blocks)
  if (!kernels.ok) return kernels
  const assets = readFiles(manifest.assets, 'assets', blocks)
  if (!assets.ok) return assets
  const texts = [code.value, sourceMap.value ?? '']
  if (
    hasIdentity(
      texts,
      [...assets.value.values()].map(({ bytes }) => bytes),
    )
  )
    return refuse('SECRET', 'it has the secret of a sojourn identity in it')
  const bundle: Omit<VerifiedBundle, typeof verified> = {
    id,
    author,
    manifest,
    code: code.value,
    sourceMap: sourceMap.value,
    kernels: new Map([...kernels.value].map(([name, { cid, bytes }]) => [name, { cid, wasm: bytes }])),
    assets: assets.value,
  }
  return accept(bundle as VerifiedBundle)
}

interface NamedFile {
  readonly cid: Cid
  readonly bytes: Uint8Array
}

function readFiles(
  links: ReadonlyMap<string, FileLink>,
  what: string,
  blocks: Blocks,
): Result<Map<string, NamedFile>, 'BLOCK'> {
  const files = new Map<string, NamedFile>()
  for (const [name, link] of links) {
    const bytes = readFile(link, `${what} "${name}"`, blocks)
    if (!bytes.ok) return bytes
    files.set(name, { cid: rawCid(bytes.value), bytes: bytes.value })
  }
  return accept(files)
}

function readText(link: FileLink, what: string, blocks: Blocks): Result<string, 'BLOCK' | 'ENCODING'> {
  const bytes = readFile(link, what, blocks)
  if (!bytes.ok) return bytes
  try {
    return accept(fromUtf8(bytes.value))
  } catch {
    return refuse('ENCODING', `${what} is not UTF-8`)
  }
}

/** The manifest says how long the file is, and so how long each of its blocks. */
function readFile(link: FileLink, what: string, blocks: Blocks): Result<Uint8Array, 'BLOCK'> {
  const parts: Uint8Array[] = []
  let left = link.bytes
  for (const cid of link.blocks) {
    const block = blocks.get(cid)
    assert(block, `block ${cid} of ${what} was checked and is gone`)
    const due = Math.min(left, BLOCK_BYTES_MAX)
    if (block.length !== due) return refuse('BLOCK', `${what} block bytes ${block.length} != ${due}`)
    parts.push(block)
    left -= due
  }
  return accept(concatBytes(...parts))
}
