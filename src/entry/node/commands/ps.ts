import type { Command } from 'commander'
import { shortAgentId } from '../../../directory/agent-id.ts'
import { shortDid } from '../../../identity/did.ts'
import { bindOption, identityOption, joinOption, jsonOption } from '../arguments.ts'
import { type ClusterOptions, inCluster, sayMissing } from '../cluster-client.ts'
import { type AgentView, type ClusterView, type HostView, hasEnded, inOrder } from '../cluster-view.ts'
import { printResult } from '../output.ts'
import { amount, type HostNames, hostNames, progressBar, tableLines } from '../plain-text.ts'

/** `sojourn ps`: the agents of a cluster, and its hosts. */
interface PsOptions extends ClusterOptions {
  readonly all: boolean
  readonly hosts: boolean
  readonly json: boolean
}

export function register(program: Command): void {
  program
    .command('ps')
    .summary('show the agents of a cluster, and its hosts')
    .description(
      'Shows your agents in a cluster, and all that are on hosts of yours: what they are called, how far they are, and where.',
    )
    .addOption(joinOption())
    .option('--all', 'agents that have ended, too', false)
    .option('--hosts', 'the hosts, too', false)
    .addOption(identityOption('in whose name to ask (default: your identity)'))
    .addOption(bindOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sojourn ps --join http://127.0.0.1:9000 --all --hosts')
    .action(ps)
}

async function ps(options: PsOptions): Promise<void> {
  const view = await inCluster(options, (client) => client.look())
  sayMissing(view)
  const agents = inOrder(view.agents.filter(({ state }) => options.all || !hasEnded(state)))
  printResult(options.json, { ok: true, agents, hosts: view.hosts, silent: view.silent }, [
    ...agentLines(agents, hostNames(view.hosts)),
    ...(options.hosts ? ['', ...hostLines(view)] : []),
  ])
}

export const agentLines = (agents: readonly AgentView[], nameOf: HostNames): string[] =>
  agents.length === 0
    ? ['no agents']
    : tableLines(agents, [
        { title: 'AGENT', text: ({ agent }) => shortAgentId(agent) },
        { title: 'NAME', text: nameAndOrigin },
        { title: 'STATE', text: ({ state }) => state },
        { title: 'PROGRESS', text: ({ progress, note }) => [progressBar(progress), note].join('  ') },
        { title: 'WHERE', text: (agent) => (hasEnded(agent.state) ? '' : nameOf(agent.holder)) },
        { title: 'HOPS', text: ({ hops }) => String(hops), right: true },
        { title: 'FUEL', text: ({ fuelUsed }) => amount(fuelUsed), right: true },
      ])

/** Its index, and whom it was made of, where a fork made it. */
const nameAndOrigin = ({ name, forkedFrom }: AgentView): string =>
  forkedFrom ? `${name} (${forkedFrom.index} of ${shortAgentId(forkedFrom.agent)})` : name

export const hostLines = ({ hosts }: ClusterView): string[] =>
  hosts.length === 0
    ? ['no hosts']
    : tableLines(
        [...hosts].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
        [
          { title: 'HOST', text: ({ did }) => `…${shortDid(did)}` },
          { title: 'NAME', text: ({ name }) => name },
          { title: 'KIND', text: ({ kind }) => kind },
          { title: 'AGENTS', text: ({ load }) => `${load.agents} of ${load.slots}`, right: true },
          { title: 'STATE', text: hostState },
          { title: 'KEY', text: ({ did }) => did },
        ],
      )

const hostState = ({ kind, load }: HostView): string =>
  load.accepting ? 'open' : kind === 'launcher' ? 'launches only' : 'closed'
