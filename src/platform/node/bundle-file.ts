import { readFile, stat } from 'node:fs/promises'
import { CAR_BYTES_MAX, EXPIRES_DAYS } from '../../bundle/limits.ts'
import { type BundleFault, openBundle, type VerifiedBundle } from '../../bundle/open.ts'
import { type AgentParts, sealBundle } from '../../bundle/seal.ts'
import { keyInParts } from '../../bundle/secrets.ts'
import type { Signer } from '../../identity/signer.ts'
import type { Verifier } from '../../identity/verifier.ts'
import { buildAgent } from './bundle-builder.ts'

/** Bundles as files and from source, for command lines. */
export interface BundleFile {
  /** The bundle as it travels. */
  readonly car: Uint8Array
  readonly bundle: VerifiedBundle
}

/** A bundle that is refused, or a file that cannot be read. */
export class BundleFileError extends Error {
  override readonly name = 'BundleFileError'
  readonly code: BundleFault | 'FILE'

  constructor(code: BundleFault | 'FILE', message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Opens a .car file. A file larger than any bundle is not read at all. */
export async function readBundleFile(path: string, verifier: Verifier): Promise<BundleFile> {
  let car: Uint8Array
  try {
    const { size } = await stat(path)
    if (size > CAR_BYTES_MAX)
      throw new BundleFileError('SIZE', `${path}: carBytes ${size} > CAR_BYTES_MAX ${CAR_BYTES_MAX}`)
    car = Uint8Array.from(await readFile(path))
  } catch (cause) {
    if (cause instanceof BundleFileError) throw cause
    throw new BundleFileError('FILE', `cannot read ${path}${cause instanceof Error ? `: ${cause.message}` : ''}`, {
      cause,
    })
  }
  const opened = await openBundle(car, verifier)
  if (!opened.ok) throw new BundleFileError(opened.code, `${path} is refused: ${opened.reason}`)
  return { car, bundle: opened.value }
}

const DAY_MS = 24 * 3600_000

/** The end of the day, UTC, so many days from now: what is built again on the same day is the same bundle. */
export const expiryIn = (days: number): number => (Math.floor(Date.now() / DAY_MS) + 1 + days) * DAY_MS - 1

/** Throws where an author's files have a key in them that every host would read. */
export function refuseKeys(path: string, parts: AgentParts): void {
  const found = keyInParts(parts)
  if (found !== null)
    throw new BundleFileError(
      'SECRET',
      `${path}: ${found}: every host that runs an agent reads its bundle. Let the key travel sealed (sojourn launch --seal-to), or, where it is none: sojourn build --allow-keys`,
    )
}

/** What a user names as an agent: a .car file is opened; a script or a folder is built, and signed by `signer`. */
export async function bundleFrom(path: string, signer: Signer, verifier: Verifier): Promise<BundleFile> {
  if (path.endsWith('.car')) return readBundleFile(path, verifier)
  const parts = await buildAgent(path)
  refuseKeys(path, parts)
  const { car } = await sealBundle({ ...parts, expiresMs: expiryIn(EXPIRES_DAYS) }, signer)
  const opened = await openBundle(car, verifier)
  if (!opened.ok) throw new BundleFileError(opened.code, `${path}: what was just built is refused: ${opened.reason}`)
  return { car, bundle: opened.value }
}
