import { readFile } from 'node:fs/promises'
import type { Did } from '../../identity/did.ts'
import type { Signer } from '../../identity/signer.ts'
import { expiryOf } from '../../permit/chain.ts'
import { type AllegedDelegation, grantPermit, parseDelegation } from '../../permit/delegation.ts'
import { CHAIN_LENGTH_MAX, NONCE_BYTES, PERMIT_BYTES_MAX } from '../../permit/limits.ts'
import { nodeRandom } from '../../platform/node/time.ts'
import { CommandError } from './output.ts'

/**
 * A permit as a file that people can mail: a delegation a line in base64, root first, and what it says in words before it,
 * in lines that begin with #. The words are for the eye and are never read back.
 */
export function permitText(chain: readonly Uint8Array[], words: readonly string[]): string {
  const lines = [...words.map((line) => `# ${line}`), ...chain.map((bytes) => Buffer.from(bytes).toString('base64'))]
  return `${lines.join('\n')}\n`
}

/** Room for as long a chain as there can be, and its words. */
const FILE_CHARS_MAX = 2 * CHAIN_LENGTH_MAX * PERMIT_BYTES_MAX

export async function readPermit(path: string): Promise<readonly Uint8Array[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CommandError('FILE', `cannot read ${path}: ${cause instanceof Error ? cause.message : ''}`, { cause })
  })
  if (text.length > FILE_CHARS_MAX) throw new CommandError('PERMIT', `${path} is too long for a permit`)
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  if (lines.length === 0 || lines.length > CHAIN_LENGTH_MAX)
    throw new CommandError('PERMIT', `${path} has ${lines.length} delegations; a permit has 1 to ${CHAIN_LENGTH_MAX}`)
  return lines.map((line) => Uint8Array.from(Buffer.from(line.trim(), 'base64')))
}

/** `--permit FILE`, where it is said. */
export const permitIn = async (path: string | undefined): Promise<readonly Uint8Array[]> =>
  path === undefined ? [] : readPermit(path)

/** What a file says of itself; nobody has looked at the signatures. */
export function parsePermit(path: string, chain: readonly Uint8Array[]): readonly AllegedDelegation[] {
  return chain.map((bytes, at) => {
    const link = parseDelegation(bytes)
    if (!link.ok) throw new CommandError('PERMIT', `${path}, delegation ${at + 1}: ${link.reason}`)
    return link.value
  })
}

/** How long a permit lasts that a command gives to a host of its own, which is gone long before. */
const PASSED_ON_MS = 24 * 3600_000

/** The permit handed on, whole, to a host that launches for its holder; a root hands on its own powers. */
export async function passOn(signer: Signer, chain: readonly Uint8Array[], audience: Did): Promise<Uint8Array[]> {
  const links = parsePermit('the permit', chain)
  const last = links.at(-1)
  if (last && last.audience !== signer.did)
    throw new CommandError('PERMIT', `the permit is made out to ${last.audience}, and you are ${signer.did}`)
  const given = await grantPermit(signer, {
    audience,
    subject: links[0]?.issuer ?? signer.did,
    command: '/agent/run',
    policy: [],
    expiresMs: Math.min(expiryOf(links) ?? Number.POSITIVE_INFINITY, Date.now() + PASSED_ON_MS),
    nonce: nodeRandom.bytes(NONCE_BYTES),
  })
  return [...chain, given]
}
