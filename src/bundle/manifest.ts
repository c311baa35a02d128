import { type Cid, CODEC_RAW, parseCid } from '../base/digest.ts'
import type { Result } from '../base/result.ts'
import { list, misshapen, oneOf, reading, record, text, whole } from '../base/shape.ts'
import { CALLS } from '../permit/calls.ts'
import { QUOTA_FIELDS, type Quota, quotaBy } from '../permit/quota.ts'
import {
  ASSET_PATH_CHARS_MAX,
  ASSETS_MAX,
  BLOCK_BYTES_MAX,
  BUNDLE_BYTES_MAX,
  CODE_BYTES_MAX,
  DEPTH_MAX,
  DEPTH_STANDARD,
  DESCRIPTION_CHARS_MAX,
  EXPIRES_MS_MAX,
  KERNEL_BYTES_MAX,
  KERNELS_MAX,
  NAME_CHARS_MAX,
  QUOTA_ASKED_MAX,
  SOURCE_MAP_BYTES_MAX,
  VERSION_CHARS_MAX,
} from './limits.ts'

/**
 * What a bundle declares. A manifest asks, it grants nothing: what an agent gets is the least of what it asks, what its
 * launcher gives and what its host allows. Links are CIDs as text: the manifest travels inside a signed payload, which
 * no IPLD walker looks into anyway.
 */
export interface Manifest {
  /** Format of the manifest itself; a host refuses what it does not know. */
  readonly format: 1
  readonly name: string
  /** Semantic version of the agent, for people and for refusing roll-backs. */
  readonly version: string
  readonly description: string
  /** From then on no host lets new agents of it in, as milliseconds since 1970; null for never. */
  readonly expiresMs: number | null
  /** The program: one script, UTF-8. */
  readonly entry: FileLink
  readonly sourceMap: FileLink | null
  readonly kernels: ReadonlyMap<string, FileLink>
  readonly assets: ReadonlyMap<string, FileLink>
  readonly needs: Needs
  readonly quota: Quota
  readonly effects: Effects
}

/** Where it can run. `kind: null`: anywhere. `depth`: only where so many segments are offered; it has so many, anywhere. */
export interface Needs {
  readonly kind: 'edge' | 'tab' | null
  readonly depth: number
}

/**
 * `durable`: an effect leaves a host when what it comes of is logged by a majority of the agent's witnesses; whatever is
 * lost, the agent is heard to have lived once. With one witness that costs nothing that was measured. `fast`: effects leave
 * at once; after a recovery the program may be told something else and say something else under the same numbers, which is
 * shown as a conflict.
 */
export type Effects = 'fast' | 'durable'

/** A file: its length and the raw blocks it is cut into, all but the last of them BLOCK_BYTES_MAX long. */
export interface FileLink {
  readonly bytes: number
  readonly blocks: readonly Cid[]
}

const FIELDS = [
  'format',
  'name',
  'version',
  'description',
  'expiresMs',
  'entry',
  'sourceMap',
  'kernels',
  'assets',
  'needs',
  'quota',
  'effects',
] as const

/** Reads a decoded manifest; the reason of a refusal is the first condition that does not hold. */
export function parseManifest(value: unknown): Result<Manifest, 'MANIFEST'> {
  return reading('MANIFEST', () => {
    const fields = record(value, 'manifest', FIELDS)
    const manifest: Manifest = {
      format: fields.format === 1 ? 1 : misshapen(`format is not 1`),
      name: matching(text(fields.name, 'name', NAME_CHARS_MAX), 'name', /^[a-z][a-z0-9-]*$/),
      version: matching(
        text(fields.version, 'version', VERSION_CHARS_MAX),
        'version',
        /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/,
      ),
      description: plainText(fields.description, 'description', DESCRIPTION_CHARS_MAX),
      expiresMs: fields.expiresMs === null ? null : whole(fields.expiresMs, 'expiresMs', 0, EXPIRES_MS_MAX),
      entry: fileLink(fields.entry, 'entry', CODE_BYTES_MAX),
      sourceMap: fields.sourceMap === null ? null : fileLink(fields.sourceMap, 'sourceMap', SOURCE_MAP_BYTES_MAX),
      kernels: fileLinks(fields.kernels, 'kernels', KERNELS_MAX, KERNEL_BYTES_MAX, kernelName),
      assets: fileLinks(fields.assets, 'assets', ASSETS_MAX, BUNDLE_BYTES_MAX, assetPath),
      needs: needs(fields.needs),
      quota: quota(fields.quota),
      effects: oneOf(fields.effects, 'effects', ['fast', 'durable']),
    }
    const total = bytesOf(manifest)
    if (total > BUNDLE_BYTES_MAX) misshapen(`bundleBytes ${total} > BUNDLE_BYTES_MAX ${BUNDLE_BYTES_MAX}`)
    return manifest
  })
}

/** As plain data for the encoder: maps become records, absent things null. */
export const manifestData = (manifest: Manifest): unknown => ({
  ...manifest,
  kernels: Object.fromEntries(manifest.kernels),
  assets: Object.fromEntries(manifest.assets),
})

const filesOf = (manifest: Manifest): readonly FileLink[] => [
  manifest.entry,
  ...(manifest.sourceMap ? [manifest.sourceMap] : []),
  ...manifest.kernels.values(),
  ...manifest.assets.values(),
]

/** All files together, as declared. */
export const bytesOf = (manifest: Manifest): number => filesOf(manifest).reduce((sum, file) => sum + file.bytes, 0)

/** Every block under the manifest, each once, in the order of its first mention. */
export const blocksOf = (manifest: Manifest): readonly Cid[] => [
  ...new Set(filesOf(manifest).flatMap((file) => file.blocks)),
]

/** No control characters and no overrides of the writing direction: it is shown in terminals and before a consent button. */
function plainText(value: unknown, what: string, charsMax: number): string {
  const plain = text(value, what, charsMax)
  return /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(plain) ? misshapen(`${what} has control characters`) : plain
}

function matching(value: string, what: string, pattern: RegExp): string {
  return pattern.test(value) ? value : misshapen(`${what} ${JSON.stringify(value)} does not match ${pattern.source}`)
}

const kernelName = (name: string): string =>
  matching(text(name, 'kernel name', NAME_CHARS_MAX), 'kernel name', /^[A-Za-z][A-Za-z0-9_-]*$/)

/** A relative path with plain names, so that no tool that unpacks a bundle can be led out of its folder. */
function assetPath(path: string): string {
  text(path, 'asset path', ASSET_PATH_CHARS_MAX)
  return matching(path, 'asset path', /^[A-Za-z0-9_@+-][A-Za-z0-9_@+.-]*(\/[A-Za-z0-9_@+-][A-Za-z0-9_@+.-]*)*$/)
}

function fileLinks(
  value: unknown,
  what: string,
  countMax: number,
  bytesMax: number,
  nameOf: (name: string) => string,
): ReadonlyMap<string, FileLink> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return misshapen(`${what} is not an object`)
  const entries = Object.entries(value)
  if (entries.length > countMax) return misshapen(`${what} ${entries.length} > ${countMax}`)
  return new Map(entries.map(([name, link]) => [nameOf(name), fileLink(link, `${what} "${name}"`, bytesMax)]))
}

function fileLink(value: unknown, what: string, bytesMax: number): FileLink {
  const fields = record(value, what, ['bytes', 'blocks'])
  const bytes = whole(fields.bytes, `${what} bytes`, 0, bytesMax)
  const count = blockCount(bytes)
  const blocks = list(fields.blocks, `${what} blocks`, count).map((block) => {
    const cid = parseCid(block)
    if (!cid.ok) return misshapen(`${what}: ${cid.reason}`)
    if (cid.value.codec !== CODEC_RAW) return misshapen(`${what}: block ${cid.value.cid} is not raw`)
    return cid.value.cid
  })
  if (blocks.length !== count) return misshapen(`${what} blocks ${blocks.length} != ${count}`)
  return { bytes, blocks }
}

/** An empty file is one empty block, so that every file has a first block to name it. */
export const blockCount = (fileBytes: number): number => Math.max(1, Math.ceil(fileBytes / BLOCK_BYTES_MAX))

function needs(value: unknown): Needs {
  const { kind, depth } = record(value, 'needs', ['kind', 'depth'])
  return {
    kind: kind === null ? null : oneOf(kind, 'needs kind', ['edge', 'tab']),
    depth: whole(depth, 'needs depth', DEPTH_STANDARD, DEPTH_MAX),
  }
}

function quota(value: unknown): Quota {
  const fields = record(value, 'quota', [...QUOTA_FIELDS, 'calls'])
  return quotaBy(
    (field) => whole(fields[field], `quota ${field}`, 0, QUOTA_ASKED_MAX[field]),
    list(fields.calls, 'quota calls', CALLS.length).map((call) => oneOf(call, 'quota call', CALLS)),
  )
}
