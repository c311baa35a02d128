import type { Command } from 'commander'
import { shortAgentId } from '../../../directory/agent-id.ts'
import { defaultIdentityPath, loadIdentity } from '../../../platform/node/identity-file.ts'
import { bindOption, identityOption, joinOption, jsonOption, permitOption } from '../arguments.ts'
import { arrivalOf } from '../arrival.ts'
import { type ClusterOptions, inCluster } from '../cluster-client.ts'
import { agentNamed, hostNamed, workingRow } from '../naming.ts'
import { orderCommand } from '../orders.ts'
import { printResult } from '../output.ts'
import { permitIn } from '../permit-file.ts'
import { hostNames } from '../plain-text.ts'

/** `sojourn move`: an agent to another host, and not done before it is there. */
interface MoveOptions extends ClusterOptions {
  readonly to?: string
  readonly identity?: string
  readonly permit?: string
  readonly json: boolean
}

export function register(program: Command): void {
  program
    .command('move')
    .summary('move an agent to another host')
    .description('Moves an agent of yours to another host, and waits until it runs there.')
    .argument('<agent>', 'id, whole or short, e.g. abc123.4')
    .addOption(joinOption())
    .option('--to <host>', 'name, short id or did (default: the least loaded)')
    .addOption(identityOption())
    .addOption(permitOption())
    .addOption(bindOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sojourn move abc123.4 --to edge-2 --join http://127.0.0.1:9000')
    .action(move)
}

async function move(text: string, options: MoveOptions): Promise<void> {
  const signer = await loadIdentity(options.identity ?? defaultIdentityPath())
  const permit = await permitIn(options.permit)
  await inCluster(options, async (client) => {
    const view = await client.look()
    const row = workingRow(view, agentNamed(view, text))
    const to = options.to === undefined ? null : hostNamed(view, options.to)
    const { agent, home } = row
    const nameOf = hostNames(view.hosts)
    const told = (from: typeof home, there: typeof home): void =>
      printResult(options.json, { ok: true, agent, from, to: there }, [
        from === there
          ? `${shortAgentId(agent)} is at ${nameOf(there)} already`
          : `${shortAgentId(agent)} moved from ${nameOf(from)} to ${nameOf(there)}`,
      ])
    if (to === row.holder) return told(to, to)
    const { host } = await orderCommand(client, signer, home, { verb: 'move', agent, to }, permit)
    told(host, await arrivalOf(client, row, host))
  })
}
