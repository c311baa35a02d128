import { type Command, InvalidArgumentError } from 'commander'
import { type Did, parseDid } from '../../../identity/did.ts'
import { createVerifier } from '../../../identity/verifier.ts'
import { defaultIdentityPath, loadIdentity } from '../../../platform/node/identity-file.ts'
import { createAuthority } from '../../../wire/authority.ts'
import { NOTICE_REASON_CHARS_MAX } from '../../../wire/limits.ts'
import type { Ban } from '../../../wire/statements.ts'
import { bindOption, identityOption, joinOption, jsonOption } from '../arguments.ts'
import { type ClusterOptions, inCluster } from '../cluster-client.ts'
import { CommandError, printResult } from '../output.ts'
import { hostNames } from '../plain-text.ts'

/** `sojourn ban`: an administrator's word against a key, told to every host on line. */
interface BanOptions extends ClusterOptions {
  readonly reason: string
  readonly json: boolean
}

export function register(program: Command): void {
  program
    .command('ban')
    .summary('ban a host, author or launcher for good')
    .description(
      'Bans a key: hosts that accept you as an administrator deal no more with it as a host, end agents that it wrote or ' +
        'launched, and pass the ban on to all that they meet. Nothing takes it back.',
    )
    .argument('<did>', 'the key', didOf)
    .requiredOption('--reason <text>', 'why, for people', reason)
    .addOption(joinOption())
    .addOption(identityOption('the administrator (default: your identity)'))
    .addOption(bindOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  sojourn ban did:key:z6Mk… --reason "it doubled agents" --join http://127.0.0.1:9000',
    )
    .action(ban)
}

async function ban(subject: Did, options: BanOptions): Promise<void> {
  const signer = await loadIdentity(options.identity ?? defaultIdentityPath())
  if (subject === signer.did) throw new CommandError('SELF', 'that is your own key')
  const authority = createAuthority(signer, createVerifier(globalThis.crypto.subtle))
  const notice = {
    kind: 'ban' as const,
    ban: await authority.seal<Ban>({ type: 'ban', subject, reason: options.reason, issuedMs: Date.now() }),
  }
  await inCluster(options, async (client) => {
    const view = await client.look()
    const others = view.hosts.filter(({ did }) => did !== subject)
    const told = await Promise.all(
      others.map(async ({ did }) => {
        const refusal = await client.ask(did, 'publish', { notice }).then(
          () => null,
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        )
        return { did, refusal }
      }),
    )
    const refused = told.flatMap(({ did, refusal }) => (refusal === null ? [] : [{ host: did, reason: refusal }]))
    const taken = told.length - refused.length
    if (taken === 0)
      throw new CommandError('UNHEARD', `no host keeps the ban: ${refused[0]?.reason ?? 'none is on line'}`)
    const nameOf = hostNames(view.hosts)
    printResult(options.json, { ok: true, subject, hosts: taken, refused }, [
      `${subject} is banned: ${taken} of ${told.length} hosts keep it and pass it on`,
      ...refused.map(({ host, reason: why }) => `  not ${nameOf(host)}: ${why}`),
    ])
  })
}

function didOf(text: string): Did {
  const did = parseDid(text)
  if (!did.ok) throw new InvalidArgumentError(`${did.reason}.`)
  return did.value
}

function reason(text: string): string {
  if (text.trim() === '' || text.length > NOTICE_REASON_CHARS_MAX)
    throw new InvalidArgumentError(`it has 1 to ${NOTICE_REASON_CHARS_MAX} characters.`)
  return text
}
