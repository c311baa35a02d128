import type { Command } from 'commander'
import { shortAgentId } from '../../../directory/agent-id.ts'
import { defaultIdentityPath, loadIdentity } from '../../../platform/node/identity-file.ts'
import { bindOption, identityOption, joinOption, jsonOption } from '../arguments.ts'
import { type ClusterOptions, inCluster } from '../cluster-client.ts'
import { agentNamed, workingRow } from '../naming.ts'
import { orderCommand } from '../orders.ts'
import { printResult } from '../output.ts'

/** `sojourn kill`: an agent ends, by its home's decision. */
interface KillOptions extends ClusterOptions {
  readonly identity?: string
  readonly json: boolean
}

export function register(program: Command): void {
  program
    .command('kill')
    .summary('end an agent')
    .description(
      'Ends an agent of yours. Its home decides, at once; a host that cannot be reached just now stops it when it can.',
    )
    .argument('<agent>', 'id, whole or short, e.g. abc123.4')
    .addOption(joinOption())
    .addOption(identityOption())
    .addOption(bindOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sojourn kill abc123.4 --join http://127.0.0.1:9000')
    .action(kill)
}

async function kill(text: string, options: KillOptions): Promise<void> {
  const signer = await loadIdentity(options.identity ?? defaultIdentityPath())
  await inCluster(options, async (client) => {
    const view = await client.look()
    const { agent, home } = workingRow(view, agentNamed(view, text))
    await orderCommand(client, signer, home, { verb: 'kill', agent, to: null })
    printResult(options.json, { ok: true, agent }, [`${shortAgentId(agent)} is killed`])
  })
}
