import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { EXPIRES_DAYS } from '../../../bundle/limits.ts'
import { openBundle } from '../../../bundle/open.ts'
import { sealBundle } from '../../../bundle/seal.ts'
import type { Signer } from '../../../identity/signer.ts'
import { createVerifier } from '../../../identity/verifier.ts'
import { buildAgent } from '../../../platform/node/bundle-builder.ts'
import { expiryIn, refuseKeys } from '../../../platform/node/bundle-file.ts'
import { defaultIdentityPath, loadIdentity, loadOrCreateIdentity } from '../../../platform/node/identity-file.ts'
import { wholeNumber } from '../arguments.ts'
import { bytesText, CommandError, columns, expiryText, printResult, say } from '../output.ts'

/** `sojourn build`: source in, signed bundle out. */
interface BuildOptions {
  readonly out?: string
  readonly key?: string
  readonly expires: number | null
  readonly allowKeys: boolean
  readonly json: boolean
}

export function register(program: Command): void {
  program
    .command('build')
    .summary('build and sign an agent')
    .description(
      'Builds an agent and signs it as a bundle. The agent is a .ts or .js file, or a folder with agent.ts and, if it\n' +
        'likes, kernels/*.ts (AssemblyScript), assets/ and sojourn.json (name, version, description, needs, quota, effects).',
    )
    .argument('<agent>', 'script or folder')
    .option('--out <file>', 'the bundle (default: <name>-<version>.car)')
    .option('--key <file>', 'who signs (default: your identity, made when there is none)')
    .option(
      '--expires <days>',
      'hosts let no new agents of it in after so many days, or "never"',
      daysOrNever,
      EXPIRES_DAYS,
    )
    .option('--allow-keys', 'build it although it seems to have a secret key in it', false)
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExample:\n  sojourn build agents/golomb --out golomb.car --expires 90')
    .action(build)
}

async function build(agent: string, { out, key, expires, allowKeys, json }: BuildOptions): Promise<void> {
  const parts = { ...(await buildAgent(agent)), expiresMs: expires === null ? null : expiryIn(expires) }
  if (!allowKeys) refuseKeys(agent, parts)
  const signer = key === undefined ? await ownIdentity() : await loadIdentity(key)
  const { car, id } = await sealBundle(parts, signer)
  const opened = await openBundle(car, createVerifier(globalThis.crypto.subtle))
  if (!opened.ok) throw new CommandError(opened.code, `what was just built is refused: ${opened.reason}`)
  const path = out ?? `${parts.name}-${parts.version}.car`
  await writeFile(path, car).catch((cause: unknown) => {
    throw new CommandError('FILE', `cannot write ${path}${cause instanceof Error ? `: ${cause.message}` : ''}`, {
      cause,
    })
  })
  const { name, version } = parts
  const kernels = [...parts.kernels.keys()]
  printResult(
    json,
    {
      ok: true,
      path,
      id,
      author: signer.did,
      name,
      version,
      expires: expiryText(parts.expiresMs),
      bytes: car.length,
      kernels,
      assets: [...parts.assets.keys()],
    },
    columns([
      ['bundle', `${path} (${bytesText(car.length)})`],
      ['id', id],
      ['agent', `${name} ${version}`],
      ['author', signer.did],
      ['expires', expiryText(parts.expiresMs)],
      ...(kernels.length > 0 ? [['kernels', kernels.join(', ')] as const] : []),
    ]),
  )
}

function daysOrNever(text: string): number | null {
  return text === 'never' ? null : wholeNumber(1, 10 * EXPIRES_DAYS)(text)
}

async function ownIdentity(): Promise<Signer> {
  const path = defaultIdentityPath()
  const isNew = !existsSync(path)
  const signer = await loadOrCreateIdentity(path)
  if (isNew) say(`made an identity for you: ${signer.did} in ${path}`)
  return signer
}
