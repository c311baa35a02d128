import { readFileSync } from 'node:fs'
import { cpus, hostname } from 'node:os'
import { join } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { DEPTH_MAX, DEPTH_STANDARD } from '../../../bundle/limits.ts'
import { type Admission, OPEN, parseAdmission } from '../../../host/admission.ts'
import { DEPTH_OFFERED, SLOTS_MAX } from '../../../host/limits.ts'
import { type Did, parseDid } from '../../../identity/did.ts'
import { createSigner, generateSecretKey } from '../../../identity/signer.ts'
import { findCage } from '../../../platform/node/cage.ts'
import { loadOrCreateIdentity } from '../../../platform/node/identity-file.ts'
import type { Isolation } from '../../../platform/node/sandbox.ts'
import { nodeRandom } from '../../../platform/node/time.ts'
import { isolateOption, mebibytes, wholeNumber } from '../arguments.ts'
import { logLine, type NodeHost, startNodeHost } from '../node-host.ts'
import { readPermit } from '../permit-file.ts'

/** `sojourn edge`: lends this machine, without a browser. Its identity, records and checkpoints live in --data. */
interface EdgeOptions {
  readonly join: string
  readonly agents: number
  readonly depth: number
  readonly name: string
  readonly data?: string
  readonly cache?: number
  readonly share?: string
  readonly trust: readonly Did[]
  readonly trustCluster: boolean
  readonly operator: readonly Did[]
  readonly isolate: Isolation
  readonly root: readonly Did[]
  readonly admit: Admission
  readonly static: readonly Did[]
  readonly admin: readonly Did[]
  readonly invitation?: string
  readonly bind?: string
  readonly private: boolean
  readonly json: boolean
  readonly quiet: boolean
}

const say = (line: string): void => void process.stderr.write(`${line}\n`)

export function register(program: Command): void {
  program
    .command('edge')
    .summary('lend this machine as an edge worker')
    .description(
      'Lends this machine to agents, without a browser, until it is stopped (Ctrl-C hands its agents over first).',
    )
    .requiredOption('--join <url>', 'rendezvous to join, e.g. http://127.0.0.1:9000', process.env.SOJOURN_JOIN)
    .option('--agents <n>', 'how many agents to run at once', parseSlots, Math.max(1, cpus().length))
    .option(
      '--depth <n>',
      'how deep they may go, in segments of the stack',
      wholeNumber(DEPTH_STANDARD, DEPTH_MAX),
      DEPTH_OFFERED.edge,
    )
    .option('--name <name>', 'what others see', hostname())
    .option('--data <folder>', 'keep identity, checkpoints and records here; in memory when absent')
    .option(
      '--cache <mib>',
      'room for agents that have left, should they come back (default: 256, in memory 32)',
      mebibytes,
    )
    .option('--share <folder>', 'files that agents here may read')
    .option('--trust <did>', 'an author whose agents may run here; repeatable', collectDid, [])
    .option('--trust-cluster', 'trust the authors and roots that the rendezvous announces', false)
    .option('--root <did>', 'whose permits to launch agents are obeyed; repeatable', collectDid, [])
    .option('--operator <did>', 'whose orders to give this machine back are obeyed; repeatable', collectDid, [])
    .option(
      '--admit <policy>',
      'whom to let in: open, invited, closed, or rules, e.g. "invited by did:key:…, else open for tabs only"',
      admission,
      OPEN,
    )
    .option(
      '--static <did|file>',
      'a host that is always let in, or a file with one a line; repeatable',
      collectStatic,
      [],
    )
    .option('--admin <did>', 'whose bans are obeyed, and whose invitations are good; repeatable', collectDid, [])
    .option(
      '--invitation <file>',
      'a permit to join, for hosts that want one (sojourn permit grant --command /host/join)',
    )
    .addOption(isolateOption())
    .option('--bind <address>', 'the only network address for WebRTC, e.g. 127.0.0.1')
    .option('--private', 'only through the cluster’s relay: other hosts do not learn this machine’s address', false)
    .option('--json', 'one line of JSON on stdout when on line', false)
    .option('--quiet', 'no log on stderr', false)
    .addHelpText(
      'after',
      '\nExample:\n  sojourn edge --join http://127.0.0.1:9000 --agents 4 --data ~/.sojourn-edge --trust-cluster',
    )
    .action(edge)
}

async function edge(options: EdgeOptions): Promise<void> {
  const { data, cache, share, bind, trust, root, operator, agents, depth, name, quiet } = options
  const identity = data === undefined ? null : await loadOrCreateIdentity(join(data, 'identity.json'))
  const signer = identity ?? createSigner(generateSecretKey(nodeRandom))
  const running = await startNodeHost({
    rendezvous: options.join,
    signer,
    kind: 'edge',
    name,
    slots: agents,
    depth,
    isolate: options.isolate,
    trust,
    operators: operator,
    roots: root,
    admission: options.admit,
    statics: options.static,
    administrators: options.admin,
    ...(options.invitation === undefined ? {} : { invitation: await readPermit(options.invitation) }),
    ...(data === undefined || !identity ? {} : { disk: { folder: data, key: identity.storeKey } }),
    ...(cache === undefined ? {} : { cacheBytes: cache }),
    ...(share === undefined ? {} : { shareFolder: share }),
    ...(bind === undefined ? {} : { bindAddress: bind }),
    relayOnly: options.private,
    log: (level, text, agent) => {
      if (!quiet) say(logLine(level, text, agent))
    },
  })
  const { authors } = running.transport.cluster
  if (options.trustCluster)
    for (const { did, isRoot } of authors) {
      running.host.trust(did)
      if (isRoot) running.host.obey(did, true)
    }
  if (options.json)
    process.stdout.write(`${JSON.stringify({ did: signer.did, name, agents, age: running.host.age })}\n`)
  else if (!quiet) greet(running, options)
  stopWhenTold(running, quiet)
}

function greet(
  { host, transport }: NodeHost,
  { agents, isolate, trust, root, trustCluster, join: url }: EdgeOptions,
): void {
  say(`on line at ${url} as ${host.did}, for ${agents} agents at once`)
  if (isolate === 'process') say(`each agent in its ${findCage().words}`)
  if (trust.length > 0 || root.length > 0) return
  const { authors } = transport.cluster
  if (trustCluster && authors.length > 0)
    say(`trusting ${authors.map(({ name, did }) => `${name} (${did})`).join(', ')}`)
  else
    say(
      'no author is trusted, so nothing will run here: name one with --trust DID, a root with --root DID, or use --trust-cluster',
    )
}

/** The first signal hands the agents over, the second stops at once. A parent that is gone counts as a second one. */
function stopWhenTold(running: NodeHost, quiet: boolean): void {
  let stopping = false
  const stop = async (): Promise<void> => {
    if (stopping) process.exit(130)
    stopping = true
    if (!quiet) say('handing agents over; once more to stop at once')
    await running.host.drain()
    await running.close()
    process.exit(0)
  }
  process.on('SIGINT', () => void stop())
  process.on('SIGTERM', () => void stop())
  process.on('disconnect', () => process.exit(0))
}

function parseSlots(text: string): number {
  const slots = Number(text)
  if (!Number.isInteger(slots) || slots < 1 || slots > SLOTS_MAX)
    throw new InvalidArgumentError(`it is a whole number from 1 to ${SLOTS_MAX}.`)
  return slots
}

function admission(text: string): Admission {
  const rules = parseAdmission(text)
  if (!rules.ok) throw new InvalidArgumentError(`${rules.reason}.`)
  return rules.value
}

/** A did, or a file with a did a line; what follows # is for people. */
function collectStatic(text: string, before: readonly Did[]): readonly Did[] {
  if (text.startsWith('did:')) return collectDid(text, before)
  let content: string
  try {
    content = readFileSync(text, 'utf8')
  } catch (cause) {
    throw new InvalidArgumentError(`cannot read ${text}: ${cause instanceof Error ? cause.message : ''}`)
  }
  const lines = content.split('\n').map((line) => line.replace(/#.*/, '').trim())
  return lines.filter((line) => line !== '').reduce<readonly Did[]>((dids, line) => collectDid(line, dids), before)
}

function collectDid(text: string, before: readonly Did[]): readonly Did[] {
  const did = parseDid(text)
  if (!did.ok) throw new InvalidArgumentError(`${did.reason}.`)
  return [...before, did.value]
}
