import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { text as readStream } from 'node:stream/consumers'
import type { Command } from 'commander'
import type { Host } from '../../../host/host.ts'
import { ROWS_MAX } from '../../../host/limits.ts'
import { createSigner, generateSecretKey, type Signer } from '../../../identity/signer.ts'
import { createVerifier } from '../../../identity/verifier.ts'
import { bundleFrom } from '../../../platform/node/bundle-file.ts'
import { defaultIdentityPath, loadIdentity } from '../../../platform/node/identity-file.ts'
import { nodeRandom } from '../../../platform/node/time.ts'
import {
  bindOption,
  fuel,
  identityOption,
  jsonFault,
  jsonOption,
  mebibytes,
  permitOption,
  wholeNumber,
} from '../arguments.ts'
import { edgesByDefault, joinForMap, type MapCluster, startOwnCluster } from '../map-cluster.ts'
import { type MapProgress, type MapRun, startMap } from '../map-run.ts'
import { CommandError, say } from '../output.ts'
import { permitIn } from '../permit-file.ts'
import { count, progressBar } from '../plain-text.ts'
import { showProgress } from '../progress-line.ts'
import { openEffect, resultToOption, type SealingOptions, sealingFor, sealToOption } from '../sealing.ts'

/** `sojourn map`: one agent for each line of input, on a cluster of its own or one that is there. */
interface MapOptions extends SealingOptions {
  readonly hosts?: number
  readonly join?: string
  readonly out?: string
  readonly concurrency?: number
  readonly fuel?: number
  readonly memory?: number
  readonly identity?: string
  readonly permit?: string
  readonly bind?: string
  readonly json: boolean
}

/** A cluster where nobody has taken a single agent for so long does not want them. */
const NOBODY_MS = 6_000

export function register(program: Command): void {
  program
    .command('map')
    .summary('run one agent for each line of input')
    .description(
      'Runs one agent for each line of JSON and prints one result a line, in the order of the input; a failed one as ' +
        '{"error":{"code":…,"reason":…}}, and the exit code is 1 at the end. Of an agent that forks it is the result of the ' +
        'one that was launched. Without --join on a cluster of its own: edge workers as processes on this machine, gone ' +
        'afterwards. Progress and a summary go to stderr.',
    )
    .argument('<agent>', 'script, folder or .car file')
    .argument('<inputs>', 'file with a JSON value a line, or - for stdin')
    .option('--hosts <n>', 'edge workers to start (default: one a core)', wholeNumber(1, 64))
    .option('--join <url>', 'rendezvous of a cluster that is there')
    .option('--out <file>', 'results go there instead of stdout')
    .option(
      '--concurrency <n>',
      'agents under way at once (default: twice the places there are)',
      wholeNumber(1, 10_000),
    )
    .option('--fuel <n>', 'what each may burn (default: what the bundle asks for)', fuel)
    .option('--memory <mib>', 'memory each may have (default: what the bundle asks for)', mebibytes)
    .addOption(sealToOption())
    .addOption(resultToOption())
    .addOption(identityOption())
    .addOption(permitOption())
    .addOption(bindOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  sojourn map square.ts numbers.ndjson > squares.ndjson\n  seq 10 | sojourn map square.ts - --join http://127.0.0.1:9000',
    )
    .action(map)
}

async function map(path: string, source: string, options: MapOptions): Promise<void> {
  if (options.join !== undefined && options.hosts !== undefined)
    throw new CommandError('OPTIONS', '--hosts starts hosts, --join uses those that are there: say one of them')
  const inputs = inputLines(await readInputs(source), source)
  const signer = await signerFor(options)
  const permit = await permitIn(options.permit)
  const { car, bundle } = await bundleFrom(path, signer, createVerifier(globalThis.crypto.subtle))
  const startedMs = performance.now()
  const cluster =
    options.join === undefined
      ? await startOwnCluster(options.hosts ?? edgesByDefault(), bundle.author)
      : await joinForMap(options.join, bundle.author, signer, permit, options.bind)
  const interrupted = new AbortController()
  const interrupt = (): void => interrupted.abort(new CommandError('INTERRUPTED', 'interrupted'))
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  const out = options.out === undefined ? null : createWriteStream(options.out)
  try {
    const imported = await cluster.home.importBundle(car)
    if (!imported.ok) throw new CommandError(imported.code, imported.reason)
    const { resultTo, sealed } = sealingFor(options, signer, bundle.id)
    const run = startMap({
      host: cluster.home,
      bundle: bundle.id,
      inputs: inputs.map(sealed),
      launch: {
        resultTo,
        quota: {
          ...(options.fuel !== undefined && { fuel: options.fuel }),
          ...(options.memory !== undefined && { memoryBytes: options.memory }),
        },
      },
      open: (agent, kind, valueJson) => openEffect(signer, agent, kind, valueJson),
      width: () => options.concurrency ?? 2 * placesOf(cluster.home),
      onResult: (line) => void (out ?? process.stdout).write(`${line}\n`),
      signal: interrupted.signal,
    })
    const end = await watched(run, cluster, interrupted, startedMs, options)
    if (end.failed > 0) process.exitCode = 1
    summarise(end, performance.now() - startedMs, options.json)
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
    await cluster.close()
    if (out) await new Promise<void>((resolve) => out.end(resolve))
  }
}

/** On our own cluster nobody needs to know who signs. */
const signerFor = async ({ join, identity }: MapOptions): Promise<Signer> =>
  join === undefined && identity === undefined
    ? createSigner(generateSecretKey(nodeRandom))
    : loadIdentity(identity ?? defaultIdentityPath())

async function readInputs(source: string): Promise<string> {
  if (source === '-') return readStream(process.stdin)
  return readFile(source, 'utf8').catch((cause: unknown) => {
    throw new CommandError('FILE', `cannot read ${source}: ${cause instanceof Error ? cause.message : ''}`, { cause })
  })
}

/** Lines that are empty are no inputs. */
function inputLines(text: string, source: string): string[] {
  const inputs: string[] = []
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const fault = jsonFault(line)
    if (fault !== null) throw new CommandError('INPUT', `${source === '-' ? 'stdin' : source}, line ${i + 1}: ${fault}`)
    inputs.push(line.trim())
  }
  if (inputs.length > ROWS_MAX)
    throw new CommandError('INPUT', `inputs ${inputs.length} > ROWS_MAX ${ROWS_MAX}: split them`)
  return inputs
}

const placesOf = (home: Host): number => home.snapshot().acquaintances.reduce((places, { slots }) => places + slots, 0)

async function watched(
  run: MapRun,
  cluster: MapCluster,
  interrupted: AbortController,
  startedMs: number,
  { json }: MapOptions,
): Promise<MapProgress> {
  const line = json
    ? null
    : showProgress(process.stderr, () => progressText(run.progress(), performance.now() - startedMs))
  const nobody = setInterval(() => {
    const why = run.progress().hops === 0 ? cluster.whyNobody() : null
    if (why !== null) interrupted.abort(new CommandError('NOBODY', why))
  }, NOBODY_MS)
  try {
    return await run.ended
  } finally {
    clearInterval(nobody)
    line?.close()
  }
}

const progressText = ({ total, finished, failed, running, fraction, hops, hosts }: MapProgress, ms: number): string =>
  [
    progressBar(fraction, 20),
    `${finished + failed} of ${count(total, 'agent')}`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    `${running} under way`,
    count(hosts.size, 'host'),
    count(hops, 'hop'),
    `${Math.round(ms / 1000)} s`,
  ].join('  ')

function summarise(end: MapProgress, ms: number, json: boolean): void {
  const { total, failed, hops, recoveries } = end
  const [hosts, seconds] = [end.hosts.size, Math.round(ms / 100) / 10]
  if (json) return say(JSON.stringify({ ok: failed === 0, agents: total, failed, hops, recoveries, hosts, seconds }))
  const bad = failed > 0 ? `, ${failed} failed` : ''
  const again = recoveries > 0 ? `, ${count(recoveries, 'recovery', 'recoveries')}` : ''
  say(`${count(total, 'agent')}${bad}, ${count(hops, 'hop')}${again}, ${count(hosts, 'host')}, ${seconds} s`)
}
