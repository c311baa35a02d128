import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import { type AgentId, homeOf, shortAgentId } from '../../../directory/agent-id.ts'
import type { Did } from '../../../identity/did.ts'
import type { Signer } from '../../../identity/signer.ts'
import { defaultIdentityPath, loadIdentity } from '../../../platform/node/identity-file.ts'
import { bindOption, identityOption, joinOption, jsonOption, permitOption } from '../arguments.ts'
import { arrivalOf } from '../arrival.ts'
import { type ClusterClient, type ClusterOptions, inCluster } from '../cluster-client.ts'
import type { ClusterView } from '../cluster-view.ts'
import { agentOrHostNamed, hostNamed, workingRow } from '../naming.ts'
import { orderCommand } from '../orders.ts'
import { CommandError, printResult } from '../output.ts'
import { permitIn } from '../permit-file.ts'
import { count, hostNames } from '../plain-text.ts'

/** `sojourn evict`: the owner is back. Everything leaves a host, or one agent does; `--resume` takes it back. */
interface EvictOptions extends ClusterOptions {
  readonly resume: boolean
  readonly identity?: string
  readonly permit?: string
  readonly json: boolean
}

/** An eviction that takes longer has met agents that nobody takes, not even their home. */
const EVICTION_MS_MAX = 30_000
const LOOK_AGAIN_MS = 200

/** Agents at their own home that have not left for so long have found no taker: a hand-over takes well under a second. */
const PARKED_MS = 3_000

export function register(program: Command): void {
  program
    .command('evict')
    .summary('give a host back to its owner')
    .description(
      'Sends everything away from a host that you operate, which then takes no agents until --resume; or sends one agent ' +
        'of yours away from where it is. Waits until they have left. Agents that nobody takes are parked at their home.',
    )
    .argument('<host|agent>', 'name or id, whole or short')
    .option('--resume', 'let the host take agents again', false)
    .addOption(joinOption())
    .addOption(identityOption())
    .addOption(permitOption())
    .addOption(bindOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  sojourn evict edge-2 --join http://127.0.0.1:9000\n  sojourn evict edge-2 --resume --join http://127.0.0.1:9000',
    )
    .action(evict)
}

async function evict(text: string, options: EvictOptions): Promise<void> {
  const signer = await loadIdentity(options.identity ?? defaultIdentityPath())
  await inCluster(options, async (client) => {
    const view = await client.look()
    if (options.resume) return resume(client, view, signer, hostNamed(view, text), options)
    const whom = agentOrHostNamed(view, text)
    if ('host' in whom) return evictHost(client, view, signer, whom.host, options)
    const row = workingRow(view, whom.agent)
    const { agent, home } = row
    const { host } = await orderCommand(
      client,
      signer,
      home,
      { verb: 'evict', agent, to: null },
      await permitIn(options.permit),
    )
    const to = await arrivalOf(client, row, host)
    const nameOf = hostNames(view.hosts)
    printResult(options.json, { ok: true, agent, from: host, to }, [
      `${shortAgentId(agent)} left ${nameOf(host)} for ${nameOf(to)}`,
    ])
  })
}

async function resume(
  client: ClusterClient,
  { hosts }: ClusterView,
  signer: Signer,
  host: Did,
  { json, permit }: EvictOptions,
): Promise<void> {
  await orderCommand(client, signer, host, { verb: 'resume', agent: null, to: null }, await permitIn(permit))
  printResult(json, { ok: true, host }, [`${hostNames(hosts)(host)} takes agents again`])
}

async function evictHost(
  client: ClusterClient,
  { hosts }: ClusterView,
  signer: Signer,
  host: Did,
  { json, permit }: EvictOptions,
): Promise<void> {
  const before = (await client.ask(host, 'status', {})).here.map(({ agent }) => agent)
  await orderCommand(client, signer, host, { verb: 'evict', agent: null, to: null }, await permitIn(permit))
  const staying = await emptied(client, host)
  const left = before.filter((agent) => !staying.includes(agent))
  const strangers = staying.filter((agent) => homeOf(agent) !== host)
  if (strangers.length > 0)
    throw new CommandError('STAYED', `frozen, but still there: ${strangers.map(shortAgentId).join(', ')}`)
  const parked = staying.length === 0 ? '' : `, ${count(staying.length, 'agent')} parked there, its home`
  printResult(json, { ok: true, host, left, parked: staying }, [
    `${count(left.length, 'agent')} left ${hostNames(hosts)(host)}${parked}`,
  ])
}

/** Waits until nobody leaves any more, and says who is still there: agents whose home it is may have nowhere to go. */
async function emptied(client: ClusterClient, host: Did): Promise<readonly AgentId[]> {
  const deadlineMs = performance.now() + EVICTION_MS_MAX
  let settledMs = performance.now()
  let last: readonly AgentId[] = []
  for (;;) {
    const here = (await client.ask(host, 'status', {})).here.map(({ agent }) => agent)
    if (here.join() !== last.join()) settledMs = performance.now()
    last = here
    const onlyItsOwn = here.every((agent) => homeOf(agent) === host)
    const settled = onlyItsOwn && performance.now() - settledMs > PARKED_MS
    if (here.length === 0 || settled || performance.now() > deadlineMs) return here
    await pause(LOOK_AGAIN_MS)
  }
}
