import type { Command } from 'commander'
import { EXPIRES_DAYS } from '../../../bundle/limits.ts'
import { partsFault, sealBundle } from '../../../bundle/seal.ts'
import { type AgentId, shortAgentId } from '../../../directory/agent-id.ts'
import type { Did } from '../../../identity/did.ts'
import type { Signer } from '../../../identity/signer.ts'
import { createVerifier } from '../../../identity/verifier.ts'
import { buildAgent } from '../../../platform/node/bundle-builder.ts'
import { bundleFrom, expiryIn, refuseKeys } from '../../../platform/node/bundle-file.ts'
import { defaultIdentityPath, loadIdentity } from '../../../platform/node/identity-file.ts'
import type { Row, StoryLine } from '../../../wire/messages.ts'
import {
  bindOption,
  fuel,
  identityOption,
  inputJson,
  joinOption,
  jsonOption,
  mebibytes,
  permitOption,
  witnesses,
} from '../arguments.ts'
import { type ClusterClient, type ClusterOptions, inCluster } from '../cluster-client.ts'
import { type ClusterView, leastLoaded } from '../cluster-view.ts'
import { followFamily } from '../follow.ts'
import { hostNamed } from '../naming.ts'
import { orderLaunch } from '../orders.ts'
import { CommandError, printResult, say } from '../output.ts'
import { permitIn } from '../permit-file.ts'
import { hostNames, jsonLine } from '../plain-text.ts'
import { readingAs, resultToOption, type SealingOptions, sealingFor, sealToOption } from '../sealing.ts'
import { failureText, rowText, storyText } from '../story-text.ts'

/** `sojourn launch`: an agent into a cluster, where it goes on without us; or with --wait, until it has ended. */
interface LaunchOptions extends ClusterOptions, SealingOptions {
  readonly input: string
  readonly fuel?: number
  readonly memory?: number
  readonly home?: string
  readonly witnesses: number
  readonly wait: boolean
  readonly name?: string
  readonly identity?: string
  readonly permit?: string
  readonly json: boolean
}

export function register(program: Command): void {
  program
    .command('launch')
    .summary('launch an agent in a cluster')
    .description(
      'Launches an agent: its home, an edge worker, keeps it placed, checkpointed and found, and this command may end. ' +
        'Source is built and signed with your identity, which the hosts must trust. Prints the id of the agent; with ' +
        '--wait tells what happens on stderr and prints the result; of an agent that forks, one for each that came of it, its ' +
        'own first.',
    )
    .argument('<agent>', 'script, folder or .car file')
    .addOption(joinOption())
    .option('--input <json>', 'JSON, or @file', 'null')
    .option('--fuel <n>', 'what it may burn (default: what the bundle asks for)', fuel)
    .option('--memory <mib>', 'memory it may have (default: what the bundle asks for)', mebibytes)
    .option('--home <host>', 'its home: name, short id or did (default: the least loaded edge worker)')
    .option(
      '--witnesses <n>',
      'hosts that decide about it, its home among them: 1, 3, 5 …; of 3 one may be lost for good, be it its home',
      witnesses,
      1,
    )
    .option('--wait', 'until it has ended; the exit code says how', false)
    .option('--name <name>', 'what the agent is called, when it is built here (default: that of its file)')
    .addOption(sealToOption())
    .addOption(resultToOption())
    .addOption(identityOption())
    .addOption(permitOption())
    .addOption(bindOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  sojourn launch agents/mandelbrot --input \'{"width":640}\' --wait --join http://127.0.0.1:9000',
    )
    .action(launch)
}

async function launch(path: string, options: LaunchOptions): Promise<void> {
  const input = await inputJson(options.input)
  const signer = await loadIdentity(options.identity ?? defaultIdentityPath())
  const car = await carOf(path, options.name, signer)
  await inCluster(options, async (client) => {
    const imported = await client.host.importBundle(car)
    if (!imported.ok) throw new CommandError(imported.code, `${path} is refused: ${imported.reason}`)
    const view = await client.look()
    const home = options.home === undefined ? edgeWorker(view) : hostNamed(view, options.home)
    const { id: bundle, manifest } = imported.value
    const { resultTo, sealed } = sealingFor(options, signer, bundle)
    const agent = await orderLaunch(client, signer, {
      home,
      bundle,
      inputJson: sealed(input),
      resultTo,
      witnesses: options.witnesses,
      permit: await permitIn(options.permit),
      quota: {
        ...(options.fuel !== undefined && { fuel: options.fuel }),
        ...(options.memory !== undefined && { memoryBytes: options.memory }),
      },
    })
    const launched = { agent, name: manifest.name, home, bundle }
    if (!options.wait) return printResult(options.json, { ok: true, ...launched }, [agent])
    say(`${manifest.name} is ${agent}, at home with ${hostNames(view.hosts)(home)}`)
    await outcome(readingAs(signer, client), view, agent, options.json, launched)
  })
}

async function carOf(path: string, name: string | undefined, signer: Signer): Promise<Uint8Array> {
  if (name === undefined) return (await bundleFrom(path, signer, createVerifier(globalThis.crypto.subtle))).car
  if (path.endsWith('.car')) throw new CommandError('NAME', `${path} is signed with its name: --name is for source`)
  const parts = { ...(await buildAgent(path)), name, expiresMs: expiryIn(EXPIRES_DAYS) }
  const fault = partsFault(parts)
  if (fault !== null) throw new CommandError('NAME', fault)
  refuseKeys(path, parts)
  return (await sealBundle(parts, signer)).car
}

function edgeWorker(view: ClusterView): Did {
  const found = leastLoaded(view)
  if (found) return found
  throw new CommandError(
    'NO_HOME',
    view.hosts.length === 0
      ? 'no host is on line; start one with: sojourn edge'
      : 'no edge worker on line takes agents; name another home with --home',
  )
}

/** Prints how it ended, it and all that it forked into; failing is an exit code, not an error of this command. */
async function outcome(
  client: ClusterClient,
  view: ClusterView,
  agent: AgentId,
  json: boolean,
  launched: object,
): Promise<void> {
  const nameOf = hostNames(view.hosts)
  const endings = new Map<AgentId, StoryLine>()
  const ended = await followFamily(client, agent, (one) => {
    const name = one === agent ? '' : `${shortAgentId(one)}: `
    let shown = ''
    return {
      onLine(line) {
        if (line.kind === 'result' || line.kind === 'failure') return void endings.set(one, line)
        const text = storyText(line, nameOf)
        if (text !== null) say(`${name}${text}`)
      },
      onRow(now) {
        const [before, after] = [shown, `${now.state} ${now.progress} ${now.note}`]
        shown = after
        if (before !== after && now.state === 'running') say(`${' '.repeat(14)}${name}${rowText(now)}`)
      },
    }
  })
  const told = ended.map(({ agent: one, row }) => {
    const name = one === agent ? 'the agent' : shortAgentId(one)
    const { forkedFrom } = row
    const end = tellOutcome(row, endings.get(one) ?? null, json, name)
    return forkedFrom ? { agent: one, forkedFrom: forkedFrom.agent, index: forkedFrom.index, ...end } : end
  })
  if (!json) return
  const [first, ...children] = told
  const { ok, ...how } = { ok: false, ...first }
  printResult(true, { ok, ...how, ...launched, ...(children.length > 0 ? { children } : {}) }, [])
}

/** Says it to people; returns what programs are told. */
function tellOutcome(row: Row, ending: StoryLine | null, json: boolean, name: string): object {
  const { state, hops, fuelUsed } = row
  const valueJson = ending?.valueJson ?? JSON.stringify({ code: 'KILLED', reason: 'killed by order' })
  if (state !== 'finished') process.exitCode = 1
  if (json) {
    const value: unknown = JSON.parse(jsonLine(valueJson))
    const how = state === 'finished' ? { ok: true, result: value } : { ok: false, error: value }
    return { ...how, state, hops, fuelUsed, head: { epoch: row.epoch, head: row.head } }
  }
  say(rowText(row))
  // Whoever keeps it can hold it against what home shows later: sojourn itinerary --seen.
  say(`head ${row.epoch}:${row.head}`)
  if (state === 'finished') printResult(false, {}, [jsonLine(valueJson)])
  else say(`sojourn: ${name} failed: ${failureText(valueJson)}`)
  return {}
}
