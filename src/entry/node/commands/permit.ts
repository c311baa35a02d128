import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Cid } from '../../../base/digest.ts'
import { type Did, parseDid } from '../../../identity/did.ts'
import type { Signer } from '../../../identity/signer.ts'
import { createVerifier } from '../../../identity/verifier.ts'
import { CALLS, type CallName } from '../../../permit/calls.ts'
import { type ChainFault, chainFault, openChain, type PermitFault } from '../../../permit/chain.ts'
import { COMMANDS } from '../../../permit/command.ts'
import { type AllegedDelegation, grantPermit } from '../../../permit/delegation.ts'
import { NONCE_BYTES } from '../../../permit/limits.ts'
import type { QuotaField } from '../../../permit/quota.ts'
import { policyOfTerms, termsOf } from '../../../permit/terms.ts'
import { conditions, dateText, grantSentence, quotaWords } from '../../../permit/words.ts'
import { readBundleFile } from '../../../platform/node/bundle-file.ts'
import { defaultIdentityPath, loadIdentity } from '../../../platform/node/identity-file.ts'
import { nodeRandom } from '../../../platform/node/time.ts'
import { createAuthority } from '../../../wire/authority.ts'
import type { Revocation } from '../../../wire/statements.ts'
import { bindOption, fuel, identityOption, joinOption, jsonOption, mebibytes, wholeNumber } from '../arguments.ts'
import { type ClusterOptions, inCluster } from '../cluster-client.ts'
import { CommandError, printResult } from '../output.ts'
import { parsePermit, permitText, readPermit } from '../permit-file.ts'

/** `sojourn permit`: who may launch what, how much of it, until when: given, explained and taken back. */
export function register(program: Command): void {
  const permit = program
    .command('permit')
    .summary('let somebody launch agents, and take it back')
    .description('Permits: who may do what, how much of it and until when, each out of the one it hangs on.')
  const amount = wholeNumber(0, Number.MAX_SAFE_INTEGER)
  permit
    .command('grant')
    .summary('let somebody do something')
    .description(
      'Lets somebody do something in your name, or, with --proof, in the name of whoever let you, and never more than you ' +
        'were let. Amounts are for each agent; what you leave out you do not bound. Prints the permit as text, to be kept in ' +
        'a file.',
    )
    .requiredOption('--to <did>', 'who may', didOf)
    .option('--command <command>', `what: / or ${Object.keys(COMMANDS).join(', ')}`, commandOf, '/agent/run')
    .option('--fuel <n>', 'what an agent may burn; 1e9 are some 5 s of busy JavaScript', fuel)
    .option('--memory <mib>', 'memory', mebibytes)
    .option('--storage <mib>', 'of disk for its state', mebibytes)
    .option('--lifetime <time>', 'from its launch, e.g. 90s, 30m, 12h, 7d', durationOf)
    .option('--messages <n>', 'calls and console lines', amount)
    .option('--sent <mib>', 'of what it says', mebibytes)
    .option('--messages-per-second <n>', 'on one host', amount)
    .option('--kib-per-second <n>', 'on one host', amount)
    .option('--hops <n>', 'how often it may move', amount)
    .option('--children <n>', 'how many it may fork into', amount)
    .option('--calls <names>', `what it may ask of a host: ${CALLS.join(',')}`, callsOf)
    .option('--bundle <cid>', 'only agents of this bundle')
    .option('--author <did>', 'only agents of this author', didOf)
    .addOption(
      new Option('--expires <time>', 'for how long, e.g. 12h, 7d')
        .argParser(durationOf)
        .default(durationOf('7d'), '7d'),
    )
    .option('--proof <file>', 'the permit by which you may yourself')
    .addOption(identityOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  sojourn permit grant --to did:key:z6Mk… --fuel 1e12 --memory 64 --calls move,emit,progress --expires 7d > bob.permit',
    )
    .action(grant)
  permit
    .command('show')
    .summary('explain a permit')
    .description(
      'Says in plain words what a permit allows, draws its chain, and says why it is not valid where it is not.',
    )
    .argument('<file>')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sojourn permit show bob.permit')
    .action(show)
  permit
    .command('revoke')
    .summary('take a permit, or a bundle, back')
    .description(
      'Takes back what you gave in this permit, for good, and with it all that hangs on it. The hosts of the cluster pass it ' +
        'on to all that they meet, and stop what runs by it. Of a bundle (.car) that you have signed they let no new agents in, ' +
        'and its version makes no other one old.',
    )
    .argument('<file>')
    .option('--reason <text>', 'why, for people', 'taken back by who gave it')
    .addOption(joinOption())
    .addOption(identityOption())
    .addOption(bindOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sojourn permit revoke bob.permit --join http://127.0.0.1:9000')
    .action(revoke)
}

interface GrantOptions {
  readonly to: Did
  readonly command: string
  readonly fuel?: number
  readonly memory?: number
  readonly storage?: number
  readonly lifetime?: number
  readonly messages?: number
  readonly sent?: number
  readonly messagesPerSecond?: number
  readonly kibPerSecond?: number
  readonly hops?: number
  readonly children?: number
  readonly calls?: readonly CallName[]
  readonly bundle?: string
  readonly author?: Did
  readonly expires: number
  readonly proof?: string
  readonly identity?: string
  readonly json: boolean
}

async function grant(options: GrantOptions): Promise<void> {
  const signer = await loadIdentity(options.identity ?? defaultIdentityPath())
  const chain = options.proof === undefined ? [] : await readPermit(options.proof)
  const links = parsePermit(options.proof ?? '', chain)
  const last = links.at(-1)
  if (last && last.audience !== signer.did)
    throw new CommandError('PERMIT', `${options.proof} is made out to ${last.audience}, and you are ${signer.did}`)
  const expiresMs = Date.now() + options.expires
  const given = await grantPermit(signer, {
    audience: options.to,
    subject: links[0]?.issuer ?? signer.did,
    command: options.command,
    policy: policyOfTerms({
      quota: quotaOf(options),
      ...(options.calls && { calls: options.calls }),
      ...(options.bundle !== undefined && { bundle: options.bundle }),
      ...(options.author !== undefined && { author: options.author }),
    }),
    expiresMs,
    nonce: nodeRandom.bytes(NONCE_BYTES),
  })
  const whole = [...chain, given]
  const account = await explain(signer, parsePermit('the permit', whole), whole)
  const { words, fault } = account
  if (fault !== null) throw new CommandError(fault.code, `this would be no permit: ${fault.reason}`)
  if (options.json) printResult(true, { ok: true, ...account, chain: whole.map(base64) }, [])
  else process.stdout.write(permitText(whole, words))
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

function quotaOf(options: GrantOptions): Partial<Record<QuotaField, number>> {
  const amounts: Readonly<Record<QuotaField, number | undefined>> = {
    fuel: options.fuel,
    memoryBytes: options.memory,
    storageBytes: options.storage,
    lifetimeMs: options.lifetime,
    messages: options.messages,
    sentBytes: options.sent,
    messagesPerSecond: options.messagesPerSecond,
    bytesPerSecond: options.kibPerSecond === undefined ? undefined : options.kibPerSecond * 1024,
    hops: options.hops,
    children: options.children,
  }
  return Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount !== undefined))
}

async function show(path: string, { json }: { readonly json: boolean }): Promise<void> {
  const chain = await readPermit(path)
  const account = await explain(null, parsePermit(path, chain), chain)
  if (account.fault !== null) process.exitCode = 1
  printResult(json, { ok: account.fault === null, ...account }, account.words)
}

interface Account {
  readonly root: Did
  readonly holder: Did
  readonly command: string
  readonly expiresMs: number | null
  /** The least of all links; what nobody bounds is left out. */
  readonly quota: Readonly<Record<string, unknown>>
  readonly permits: readonly string[]
  readonly words: readonly string[]
  readonly fault: { readonly code: PermitFault; readonly reason: string } | null
}

/** As a host would look at it that knows its root, now, and has heard of no revocation. */
async function explain(
  reader: Signer | null,
  links: readonly AllegedDelegation[],
  chain: readonly Uint8Array[],
): Promise<Account> {
  const [first, last] = [links[0], links.at(-1)]
  if (!first || !last) throw new CommandError('PERMIT', 'there is no delegation in it')
  const nameOf = (did: Did): string => (did === reader?.did ? `you (${did})` : did)
  const terms = termsOf(links.map(({ policy }) => policy))
  const expiresMs = links.reduce((first, link) => Math.min(first, link.expiresMs ?? first), Number.MAX_SAFE_INTEGER)
  const fault = await faultOf(chain, first.issuer, last)
  const bounded = Object.entries(terms).filter(([, amount]) => amount !== Number.MAX_SAFE_INTEGER)
  return {
    root: first.issuer,
    holder: last.audience,
    command: last.command,
    expiresMs: expiresMs === Number.MAX_SAFE_INTEGER ? null : expiresMs,
    quota: Object.fromEntries(bounded),
    permits: links.map(({ cid }) => cid),
    fault,
    words: [
      ...links.flatMap((link, at) => {
        const indent = '  '.repeat(at)
        return [
          `${indent}${at > 0 ? '└ ' : ''}${grantSentence(link, nameOf)}`,
          ...conditions(link).map((one) => `${indent}  ${one}`),
        ]
      }),
      ...(links.length > 1 ? [`Together: ${quotaWords(terms).join(', ') || 'no amount is bounded'}.`] : []),
      fault === null
        ? `Valid for hosts that know ${first.issuer} as a root${expiresMs === Number.MAX_SAFE_INTEGER ? '' : `, until ${dateText(expiresMs)}`}.`
        : `NOT VALID: ${fault.reason}.`,
    ],
  }
}

/** An argument is only known when something is launched: here the chain is looked at without what its policies say of it. */
async function faultOf(
  chain: readonly Uint8Array[],
  subject: Did,
  last: AllegedDelegation,
): Promise<{ code: PermitFault | ChainFault; reason: string } | null> {
  const opened = await openChain(createVerifier(globalThis.crypto.subtle), chain)
  if (!opened.ok) return { code: opened.code, reason: opened.reason }
  const { audience, command } = last
  const links = opened.value.map((link) => ({ ...link, policy: [] }))
  const use = { audience, subject, command, argument: {}, nowMs: Date.now(), isRevoked: () => false }
  const fault = chainFault(links, use)
  return fault && { code: fault.code, reason: fault.reason }
}

interface RevokeOptions extends ClusterOptions {
  readonly reason: string
  readonly identity?: string
  readonly json: boolean
}

async function revoke(path: string, options: RevokeOptions): Promise<void> {
  const signer = await loadIdentity(options.identity ?? defaultIdentityPath())
  const revoked = path.endsWith('.car') ? await bundleIn(path) : await permitBy(signer, path)
  const authority = createAuthority(signer, createVerifier(globalThis.crypto.subtle))
  const revocation = await authority.seal<Revocation>({
    type: 'revocation',
    permit: revoked,
    reason: options.reason,
    issuedMs: Date.now(),
  })
  await inCluster(options, async (client) => {
    const { hosts } = await client.look()
    const told = await Promise.allSettled(
      hosts.map(({ did }) => client.ask(did, 'publish', { notice: { kind: 'revocation', revocation } })),
    )
    const refusals = told.flatMap((one) =>
      one.status === 'rejected' ? [String(one.reason?.message ?? one.reason)] : [],
    )
    const count = told.length - refusals.length
    if (count === 0) throw new CommandError('UNHEARD', `no host keeps it: ${refusals[0] ?? 'nobody is on line'}`)
    printResult(options.json, { ok: true, permit: revoked, hosts: count, refusals }, [
      `${revoked} is revoked: ${count} of ${told.length} hosts keep it and pass it on`,
      ...refusals.map((reason) => `  ${reason}`),
    ])
  })
}

async function permitBy(signer: Signer, path: string): Promise<Cid> {
  const mine = parsePermit(path, await readPermit(path)).findLast(({ issuer }) => issuer === signer.did)
  if (!mine) throw new CommandError('PERMIT', `nothing in ${path} was given by you, ${signer.did}`)
  return mine.cid
}

const bundleIn = async (path: string): Promise<Cid> =>
  (await readBundleFile(path, createVerifier(globalThis.crypto.subtle))).bundle.id

function didOf(text: string): Did {
  const did = parseDid(text)
  if (!did.ok) throw new InvalidArgumentError(`${did.reason}.`)
  return did.value
}

function commandOf(text: string): string {
  if (text !== '/' && !Object.keys(COMMANDS).some((one) => one === text || one.startsWith(`${text}/`)))
    throw new InvalidArgumentError(`it is / or one of ${Object.keys(COMMANDS).join(', ')}.`)
  return text
}

function callsOf(text: string): readonly CallName[] {
  return text.split(',').map((name) => {
    const call = CALLS.find((known) => known === name.trim())
    if (call === undefined) throw new InvalidArgumentError(`there is no call "${name}"; there are ${CALLS.join(', ')}.`)
    return call
  })
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function durationOf(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  const ms = Number(number) * (UNITS_MS[unit] ?? 0)
  if (ms <= 0) throw new InvalidArgumentError('it is a number and s, m, h or d, e.g. 7d.')
  return ms
}
