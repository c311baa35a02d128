import type { Command } from 'commander'
import { type AgentId, shortAgentId } from '../../../directory/agent-id.ts'
import { defaultIdentityPath, loadIdentity } from '../../../platform/node/identity-file.ts'
import { bindOption, identityOption, joinOption, jsonOption, permitOption } from '../arguments.ts'
import { type ClusterOptions, inCluster } from '../cluster-client.ts'
import { type AgentView, familyOf, hasEnded } from '../cluster-view.ts'
import { agentNamed, workingRow } from '../naming.ts'
import { orderCommand } from '../orders.ts'
import { printResult } from '../output.ts'
import { permitIn } from '../permit-file.ts'

/** `sojourn kill`: an agent ends, by its home's decision. */
interface KillOptions extends ClusterOptions {
  readonly children: boolean
  readonly identity?: string
  readonly permit?: string
  readonly json: boolean
}

export function register(program: Command): void {
  program
    .command('kill')
    .summary('end an agent')
    .description(
      'Ends an agent of yours. Its home decides, or the witness in its place, at once; a host that cannot be reached just now stops it when it can. ' +
        'Agents that it has forked into are agents of their own and go on, unless --children is said.',
    )
    .argument('<agent>', 'id, whole or short, e.g. abc123.4')
    .option('--children', 'and all that it has forked into', false)
    .addOption(joinOption())
    .addOption(identityOption())
    .addOption(permitOption())
    .addOption(bindOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sojourn kill abc123.4 --join http://127.0.0.1:9000')
    .action(kill)
}

async function kill(text: string, options: KillOptions): Promise<void> {
  const signer = await loadIdentity(options.identity ?? defaultIdentityPath())
  const permit = await permitIn(options.permit)
  await inCluster(options, async (client) => {
    const view = await client.look()
    const named = agentNamed(view, text)
    const order = ({ agent, home }: AgentView) =>
      orderCommand(client, signer, home, { verb: 'kill', agent, to: null }, permit)
    if (!options.children) {
      const row = workingRow(view, named)
      await order(row)
      return printResult(options.json, { ok: true, agent: row.agent }, [`${shortAgentId(row.agent)} is killed`])
    }
    if (familyOf(view, named).every(({ state }) => hasEnded(state))) workingRow(view, named)
    const killed: AgentId[] = []
    // Looked at again until nobody is left: one of them may have forked meanwhile.
    for (let seen = view; ; seen = await client.look()) {
      const working = familyOf(seen, named).filter(({ agent, state }) => !hasEnded(state) && !killed.includes(agent))
      if (working.length === 0) break
      for (const row of working) {
        await order(row)
        killed.push(row.agent)
      }
    }
    printResult(
      options.json,
      { ok: true, agents: killed },
      killed.map((agent) => `${shortAgentId(agent)} is killed`),
    )
  })
}
