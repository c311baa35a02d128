import type { Command } from 'commander'
import { type Did, shortDid } from '../../../identity/did.ts'
import type { NodeLine } from '../../../wire/messages.ts'
import { bindOption, identityOption, joinOption, jsonOption } from '../arguments.ts'
import { AnswerError, type ClusterClient, type ClusterOptions, inCluster } from '../cluster-client.ts'
import type { ClusterView } from '../cluster-view.ts'
import { hostNamed } from '../naming.ts'
import { CommandError, printResult, say } from '../output.ts'
import { hostNames, tableLines } from '../plain-text.ts'

/** `sojourn nodes`: the nodes databases of your hosts: who was let in where, on what ground, and who is banned. */
interface NodesOptions extends ClusterOptions {
  readonly of?: string
  readonly json: boolean
}

export function register(program: Command): void {
  program
    .command('nodes')
    .summary('show whom your hosts know, and who is banned')
    .description(
      'Shows the nodes database of each host that you operate or administer: who was let in there, at what age, on what ' +
        'ground (static, author, invited or open), when it was last heard of, and who is banned.',
    )
    .option('--of <host>', 'only of this host: its name, short id or did')
    .addOption(joinOption())
    .addOption(identityOption('in whose name to ask (default: your identity)'))
    .addOption(bindOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sojourn nodes --join http://127.0.0.1:9000 --of edge-1')
    .action(nodes)
}

interface Known extends NodeLine {
  /** Whose database it stands in. */
  readonly by: Did
}

async function nodes(options: NodesOptions): Promise<void> {
  await inCluster(options, async (client) => {
    const view = await client.look()
    const asked = options.of === undefined ? view.hosts.map(({ did }) => did) : [hostNamed(view, options.of)]
    const refusals: string[] = []
    const known: Known[] = []
    for (const by of asked)
      try {
        for (const line of await databaseOf(client, by)) known.push({ ...line, by })
      } catch (error) {
        if (!(error instanceof AnswerError)) throw error
        refusals.push(error.message)
      }
    if (known.length === 0 && refusals.length > 0)
      throw new CommandError('NOT_AUTHORISED', `no host shows you whom it has met: ${refusals[0]}`)
    if (refusals.length > 0) say(`${refusals.length} of ${asked.length} hosts do not show you whom they have met`)
    printResult(options.json, { ok: true, nodes: known, refusals }, lines(known, view))
  })
}

async function databaseOf(client: ClusterClient, host: Did): Promise<readonly NodeLine[]> {
  const all: NodeLine[] = []
  let after = 0
  for (;;) {
    const { nodes: page, next } = await client.ask(host, 'nodes', { after })
    all.push(...page)
    // What does not go on is at its end, whatever it says.
    if (next === null || next <= after) return all
    after = next
  }
}

function lines(known: readonly Known[], { hosts }: ClusterView): string[] {
  const nameOf = hostNames(hosts)
  if (known.length === 0) return ['nobody has been there']
  return tableLines(known, [
    { title: 'BY', text: ({ by }) => nameOf(by) },
    { title: 'HOST', text: ({ did }) => `…${shortDid(did)}` },
    { title: 'NAME', text: ({ met }) => met?.name ?? '' },
    { title: 'KIND', text: ({ met }) => met?.kind ?? '' },
    { title: 'AGE', text: ({ met }) => (met ? String(met.age) : ''), right: true },
    { title: 'ADMITTED', text: ({ met, isStatic }) => (met ? met.ground : isStatic ? 'static, never here' : '') },
    { title: 'HEARD', text: ({ met, isHere }) => (isHere ? 'now' : met ? dateText(met.heardMs) : '') },
    { title: 'BANNED', text: ({ banned }) => banned ?? '' },
    { title: 'KEY', text: ({ did }) => did },
  ])
}

const dateText = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
