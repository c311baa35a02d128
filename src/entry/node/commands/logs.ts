import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import type { Signer } from '../../../identity/signer.ts'
import { defaultIdentityPath, loadIdentity } from '../../../platform/node/identity-file.ts'
import { bindOption, identityOption, joinOption, jsonOption } from '../arguments.ts'
import { type ClusterOptions, inCluster } from '../cluster-client.ts'
import { followStory, tellStory, type Watcher } from '../follow.ts'
import { agentNamed } from '../naming.ts'
import { say } from '../output.ts'
import { type HostNames, hostNames } from '../plain-text.ts'
import { readingAs } from '../sealing.ts'
import { rowText, storyData, storyText } from '../story-text.ts'

/** `sojourn logs`: an agent's story, as its home tells it. */
interface LogsOptions extends ClusterOptions {
  readonly follow: boolean
  readonly identity?: string
  readonly json: boolean
}

export function register(program: Command): void {
  program
    .command('logs')
    .summary('tell the story of an agent')
    .description(
      'Tells the story of an agent: its console, what it emitted, its hops and recoveries, its result; what is sealed to you is opened. Without --follow ' +
        'as far as it is known now. With --json one JSON object a line.',
    )
    .argument('<agent>', 'id, whole or short, e.g. abc123.4')
    .addOption(joinOption())
    .option('--follow', 'until the agent has ended', false)
    .addOption(identityOption('who asks, and opens what is sealed (default: your identity, if you have one)'))
    .addOption(bindOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sojourn logs abc123.4 --follow --join http://127.0.0.1:9000')
    .action(logs)
}

async function logs(text: string, options: LogsOptions): Promise<void> {
  await inCluster(options, async (client) => {
    const view = await client.look()
    const agent = agentNamed(view, text)
    const watcher = options.json ? forPrograms : forPeople(hostNames(view.hosts))
    const reading = readingAs(await reader(options.identity), client)
    const row = await (options.follow ? followStory : tellStory)(reading, agent, watcher)
    if (!options.json) say(rowText(row))
  })
}

/** Whoever has no identity reads what is not sealed. */
async function reader(identity: string | undefined): Promise<Signer | null> {
  if (identity !== undefined) return loadIdentity(identity)
  return existsSync(defaultIdentityPath()) ? loadIdentity(defaultIdentityPath()) : null
}

const forPrograms: Watcher = {
  onLine: (line) => void process.stdout.write(`${JSON.stringify(storyData(line))}\n`),
}

const forPeople = (nameOf: HostNames): Watcher => ({
  onLine(line) {
    const text = storyText(line, nameOf)
    if (text !== null) process.stdout.write(`${text}\n`)
  },
})
