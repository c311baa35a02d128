import { Argument, type Command } from 'commander'
import { homeOf } from '../../../directory/agent-id.ts'
import { parseName } from '../../../directory/name.ts'
import { enterName, type NameFacts, newNameBook } from '../../../directory/name-book.ts'
import { keeperFault } from '../../../host/standing.ts'
import { type Did, shortDid } from '../../../identity/did.ts'
import type { NameEntry } from '../../../wire/mail.ts'
import { NAME_GROUPS, NAME_MARK_BYTES, NAME_MARKS_BYTES } from '../../../wire/mail-limits.ts'
import { bindOption, identityOption, joinOption, jsonOption } from '../arguments.ts'
import { AnswerError, type ClusterClient, type ClusterOptions, inCluster } from '../cluster-client.ts'
import { CommandError, printResult } from '../output.ts'
import { tableLines } from '../plain-text.ts'

/** `sojourn names`: what agents are called, from the records that their keepers have signed, checked here. */
interface NamesOptions extends ClusterOptions {
  readonly json: boolean
}

export function register(program: Command): void {
  program
    .command('names')
    .summary('show what agents are called, or which one has a name')
    .description(
      'Shows the names that agents have taken, with the agent, the launcher whose name it is, and until when it is its ' +
        'own without being renewed; or the one agent that has a name. Every record is signed by the host that keeps the ' +
        'agent and verified here; of two for one name the older counts, as it does for the agents.',
    )
    .addArgument(new Argument('[name]', 'only this one; with @ and a did, of that launcher: tally@did:key:z6Mk…'))
    .addOption(joinOption())
    .addOption(identityOption('in whose name to ask (default: your identity)'))
    .addOption(bindOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sojourn names tally --join http://127.0.0.1:9000')
    .action(names)
}

async function names(name: string | undefined, options: NamesOptions): Promise<void> {
  const asked = name === undefined ? null : parseName(name)
  if (asked && !asked.ok) throw new CommandError('NAME', asked.reason)
  await inCluster(options, async (client) => {
    const book = newNameBook<NameEntry>(NAME_GROUPS, NAME_MARK_BYTES)
    const nowMs = Date.now()
    const view = await client.look()
    for (const { did } of view.hosts)
      for (const entry of await namesOf(client, did)) {
        const facts = entry.record.statement
        if (isProven(entry)) enterName(book, facts, entry, nowMs)
      }
    const live = [...book.entries.values()].map(({ facts }) => facts).filter(({ untilMs }) => untilMs > nowMs)
    const wanted = asked?.ok ? asked.value : null
    const found = live.filter(
      (one) => !wanted || (one.name === wanted.name && (wanted.owner === null || one.owner === wanted.owner)),
    )
    if (wanted && found.length === 0) throw new CommandError('NOT_FOUND', `no agent is called "${name}"`)
    const sorted = found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.owner < b.owner ? -1 : 1))
    printResult(options.json, { ok: true, names: sorted }, lines(sorted))
  })
}

/** A host that does not answer leaves its names to the others. */
async function namesOf(client: ClusterClient, host: Did): Promise<readonly NameEntry[]> {
  const all: NameEntry[] = []
  let from = 0
  try {
    for (;;) {
      const { entries, next } = await client.ask(host, 'names', { from, marks: new Uint8Array(NAME_MARKS_BYTES) })
      all.push(...entries)
      // What does not go on is at its end, whatever it says.
      if (next === null || next <= from) return all
      from = next
    }
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error
    return all
  }
}

const isProven = (entry: NameEntry): boolean => {
  const { agent, owner } = entry.record.statement
  const { signer, statement } = entry.order
  return signer === owner && statement.home === homeOf(agent) && keeperFault(entry.record.signer, agent, entry) === null
}

function lines(found: readonly NameFacts[]): string[] {
  if (found.length === 0) return ['no agent has a name']
  return tableLines(found, [
    { title: 'NAME', text: ({ name }) => name },
    { title: 'LAUNCHER', text: ({ owner }) => `…${shortDid(owner)}` },
    { title: 'SINCE', text: ({ sinceMs }) => dateText(sinceMs) },
    { title: 'UNTIL', text: ({ untilMs }) => dateText(untilMs) },
    { title: 'AGENT', text: ({ agent }) => agent },
  ])
}

const dateText = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
