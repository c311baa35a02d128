import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { pino } from 'pino'
import { type Did, parseDid, shortDid } from '../../../identity/did.ts'
import { packageRoot } from '../../../platform/node/engine-files.ts'
import { parsePublicHost } from '../../../rendezvous/names.ts'
import { type Rendezvous, serve } from '../../../rendezvous/serve.ts'
import { type Cluster, type IceServer, parseCluster, parseIceServers } from '../../../wire/cluster.ts'
import { wholeNumber } from '../arguments.ts'
import { CommandError, say } from '../output.ts'

/** `sojourn serve`: a rendezvous, and the volunteer page where it has been built. */
interface ServeOptions {
  readonly port: number
  readonly host: string
  readonly publicHost: readonly string[]
  readonly name: string
  readonly author: Cluster['authors']
  readonly root: Cluster['authors']
  readonly admin: readonly Did[]
  readonly ice: readonly IceServer[]
  readonly turn?: string
  readonly turnUser?: string
  readonly turnPassword?: string
  readonly json: boolean
  readonly quiet: boolean
}

export function register(program: Command): void {
  program
    .command('serve')
    .summary('open a rendezvous, with the volunteer page')
    .description(
      'Opens a rendezvous, where hosts find each other, and serves the page for volunteers; until it is stopped. It is ' +
        'trusted with nothing: hosts prove themselves to each other. Its log goes to stderr.',
    )
    .option('--port <n>', 'port to listen on; 0 for any free one', wholeNumber(0, 65_535), 9000)
    .option('--host <address>', 'address to listen on; 0.0.0.0 for the whole network', '127.0.0.1')
    .option(
      '--public-host <host[:port]>',
      'a name in DNS or of a proxy, as in the URL that hosts use; repeatable; addresses of this machine need none',
      collectPublicHost,
      [],
    )
    .option('--name <name>', 'what the cluster is called', 'sojourn')
    .option('--author <did[=name]>', 'an author announced to volunteers; repeatable', collectAuthor, [])
    .option('--root <did[=name]>', 'announced too, and its permits to launch agents; repeatable', collectAuthor, [])
    .option(
      '--admin <did>',
      'an administrator announced to volunteers, whose bans their tabs obey; repeatable',
      collectDid,
      [],
    )
    .option('--ice <url...>', 'STUN or TURN server for hosts, e.g. stun:stun.example.org:3478', collectIce, [])
    .option('--turn <url>', 'your own relay, for hosts that hide their address, e.g. turn:relay.example.org:3478')
    .option('--turn-user <name>', 'its user; told, with the password, to everybody who can reach this rendezvous')
    .option('--turn-password <text>', 'its password, better in the environment', process.env.SOJOURN_TURN_PASSWORD)
    .option('--quiet', 'no log', false)
    .option('--json', 'one line of JSON on stdout when open', false)
    .addHelpText(
      'after',
      '\nExamples:\n  sojourn serve\n  sojourn serve --host 0.0.0.0 --name "lab 3" --author did:key:z6Mk…=Alice\n' +
        '  sojourn serve --host 0.0.0.0 --public-host lab.example:9000\n' +
        '  SOJOURN_TURN_PASSWORD=… sojourn serve --host 0.0.0.0 --turn turn:relay.example.org:3478 --turn-user sojourn',
    )
    .action(open)
}

async function open(options: ServeOptions): Promise<void> {
  const { host, port, name, author, root, publicHost: publicHosts, quiet } = options
  const iceServers = [...options.ice, ...relayOf(options)]
  const authors = [...author, ...root.map((one) => ({ ...one, isRoot: true }))]
  const cluster = parseCluster({ name, authors, iceServers, administrators: options.admin })
  if (!cluster.ok) throw new CommandError('CLUSTER', cluster.reason)
  const pageFolder = join(packageRoot(), 'dist/page')
  const hasPage = existsSync(join(pageFolder, 'index.html'))
  const rendezvous = await serve({
    host,
    port,
    publicHosts,
    cluster: cluster.value,
    ...(hasPage ? { pageFolder } : {}),
    log: pino({ name: 'rendezvous', level: quiet ? 'silent' : 'warn' }, pino.destination(2)),
  }).catch((cause: unknown) => {
    throw new CommandError(
      'LISTEN',
      `cannot listen on ${host}:${port}: ${cause instanceof Error ? cause.message : ''}`,
      {
        cause,
      },
    )
  })
  if (options.json) process.stdout.write(`${JSON.stringify({ url: rendezvous.url, port: rendezvous.port })}\n`)
  else greet(rendezvous, options, hasPage)
  await stopped()
  await rendezvous.close()
}

/** The operator's relay; there is none that hosts would use unless the operator names it. */
function relayOf({ turn, turnUser, turnPassword }: ServeOptions): IceServer[] {
  if (turn === undefined) return []
  if (!/^turns?:/.test(turn)) throw new CommandError('TURN', `${turn} is not turn: or turns:`)
  if (turnUser === undefined || turnPassword === undefined)
    throw new CommandError('TURN', 'a relay needs --turn-user and --turn-password (or SOJOURN_TURN_PASSWORD)')
  return [{ urls: [turn], username: turnUser, credential: turnPassword }]
}

function greet({ url, port }: Rendezvous, { host, author }: ServeOptions, hasPage: boolean): void {
  const anywhere = host === '0.0.0.0' || host === '::'
  const shown = anywhere ? `http://<this machine>:${port}` : url
  process.stdout.write(`${shown}\n`)
  say(
    hasPage
      ? `the page for volunteers is at ${shown}${anywhere ? ' (other machines need https: browsers say so)' : ''}`
      : 'the page for volunteers has not been built (npm run build); edge workers can join',
  )
  if (anywhere) say('hosts reach it by an address of this machine, or by a name given with --public-host')
  say(
    `an edge worker joins with: sojourn edge --join ${shown} ${author.length > 0 ? '--trust-cluster' : '--trust DID'}`,
  )
}

const stopped = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })

function collectDid(text: string, before: readonly Did[]): readonly Did[] {
  const did = parseDid(text)
  if (!did.ok) throw new InvalidArgumentError(`${did.reason}.`)
  return [...before, did.value]
}

function collectAuthor(text: string, before: Cluster['authors']): Cluster['authors'] {
  const at = text.indexOf('=')
  const did = parseDid(at < 0 ? text : text.slice(0, at))
  if (!did.ok) throw new InvalidArgumentError(`${did.reason}.`)
  return [...before, { did: did.value, name: at < 0 ? `…${shortDid(did.value)}` : text.slice(at + 1) }]
}

function collectPublicHost(text: string, before: readonly string[]): readonly string[] {
  const names = parsePublicHost(text)
  if (!names.ok) throw new InvalidArgumentError(`${names.reason}.`)
  return [...before, text]
}

function collectIce(url: string, before: readonly IceServer[]): readonly IceServer[] {
  const servers = parseIceServers([...before, { urls: [url] }])
  if (!servers.ok) throw new InvalidArgumentError(`${servers.reason}.`)
  return servers.value
}
