import { link, mkdir, open, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fromHex, toHex } from '../../base/bytes.ts'
import { derivedKey } from '../../identity/derived-key.ts'
import { createSigner, generateSecretKey, type Signer } from '../../identity/signer.ts'
import { nodeRandom } from './time.ts'

/**
 * An identity as a JSON file that only its owner can read. The secret lies in it in the clear: whoever reads the file is
 * this identity, so a file that others may read is refused rather than used. No pass phrase: hosts start unattended.
 */
interface IdentityFile {
  readonly type: 'sojourn-identity'
  readonly version: 1
  readonly did: string
  /** RFC 8032 seed, 64 hex digits. */
  readonly secretKey: string
}

/** Who signs and reads, and the key to which this identity's host seals what it keeps. */
export interface Identity extends Signer {
  readonly storeKey: Uint8Array
}

/** The file is missing, open to others, damaged or in the way. The message says what to do. */
export class IdentityFileError extends Error {
  override readonly name = 'IdentityFileError'
  readonly code = 'IDENTITY'
}

/** `$SOJOURN_HOME/identity.json`, else `$XDG_CONFIG_HOME/sojourn/identity.json`, else `~/.config/sojourn/identity.json`. */
export function defaultIdentityPath(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const { SOJOURN_HOME: own, XDG_CONFIG_HOME: config } = environment
  return join(own || join(config || join(homedir(), '.config'), 'sojourn'), 'identity.json')
}

export async function loadIdentity(path: string): Promise<Identity> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    if (isCode(cause, 'ENOENT'))
      throw new IdentityFileError(`no identity at ${path}; make one with: sojourn keygen`, { cause })
    throw new IdentityFileError(`cannot read the identity at ${path}`, { cause })
  })
  try {
    const { mode } = await file.stat()
    // Windows has no such bits; there the user's profile folder is private by default.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new IdentityFileError(
        `others can read ${path} (mode ${(mode & 0o777).toString(8)}); mend it with: chmod 600 ${path}`,
      )
    }
    return parse(await file.readFile('utf8'), path)
  } finally {
    await file.close()
  }
}

/** Makes a new identity; a file that is there already stays as it is and is an error. */
export async function createIdentity(path: string): Promise<Identity> {
  const secretKey = generateSecretKey(nodeRandom)
  const signer = createSigner(secretKey)
  const content: IdentityFile = { type: 'sojourn-identity', version: 1, did: signer.did, secretKey: toHex(secretKey) }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  // Written whole under another name and then linked: nobody ever reads half a file, and of two at once one wins.
  const temporary = `${path}.${process.pid}.${toHex(nodeRandom.bytes(4))}`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(`${JSON.stringify(content, null, 2)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(temporary, path)
  } catch (cause) {
    if (isCode(cause, 'EEXIST'))
      throw new IdentityFileError(`${path} exists already; an identity is never overwritten`, { cause })
    throw new IdentityFileError(`cannot write the identity to ${path}`, { cause })
  } finally {
    await rm(temporary, { force: true })
  }
  return { ...signer, storeKey: derivedKey(secretKey, 'store') }
}

export async function loadOrCreateIdentity(path: string): Promise<Identity> {
  const exists = await stat(path).then(
    () => true,
    () => false,
  )
  if (exists) return loadIdentity(path)
  try {
    return await createIdentity(path)
  } catch (error) {
    if (error instanceof IdentityFileError && isCode(error.cause, 'EEXIST')) return loadIdentity(path)
    throw error
  }
}

function parse(text: string, path: string): Identity {
  const damaged = (what: string, cause?: unknown) =>
    new IdentityFileError(`${path} is not an identity file: ${what}`, { cause })
  let content: Partial<Record<keyof IdentityFile, unknown>>
  try {
    content = Object(JSON.parse(text))
  } catch (cause) {
    throw damaged('it is not JSON', cause)
  }
  if (content.type !== 'sojourn-identity' || content.version !== 1)
    throw damaged('it is not of type sojourn-identity, version 1')
  const secretKey =
    typeof content.secretKey === 'string' && content.secretKey.length === 64 ? fromHex(content.secretKey) : null
  if (!secretKey) throw damaged('secretKey is not 64 hex digits')
  const signer = createSigner(secretKey)
  if (signer.did !== content.did) throw damaged('did and secretKey do not belong together')
  return { ...signer, storeKey: derivedKey(secretKey, 'store') }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
