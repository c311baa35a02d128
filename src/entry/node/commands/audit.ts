import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { type Judgement, type Proof, sealProof } from '../../../audit/proof.ts'
import { chanceFound } from '../../../audit/rate.ts'
import { type AgentId, homeOf, shortAgentId } from '../../../directory/agent-id.ts'
import type { Did } from '../../../identity/did.ts'
import type { Requests } from '../../../wire/messages.ts'
import type { RateLine, SegmentLine } from '../../../wire/proofs.ts'
import { bindOption, identityOption, joinOption, jsonOption, wholeNumber } from '../arguments.ts'
import { type ClusterClient, type ClusterOptions, inCluster, sayMissing } from '../cluster-client.ts'
import { findAgent, findHost } from '../cluster-view.ts'
import { bringProof } from '../evidence.ts'
import { CommandError, printResult, say } from '../output.ts'
import { amount, type HostNames, hostNames, progressBar, tableLines } from '../plain-text.ts'
import { showProgress } from '../progress-line.ts'
import { openProofSandbox } from '../proof-sandbox.ts'
import { proofLines } from './verify.ts'

/**
 * `sojourn audit`: what homes have receipts for, what was run again by whom, and some of it run again here and now. What a home
 * says of its hosts is its word; what is run here is seen.
 */
interface AuditOptions extends ClusterOptions {
  readonly host?: string
  readonly all: boolean
  readonly segments: number
  readonly out?: string
  readonly json: boolean
}

/** A segment, at which home it was asked for, and what came of running it here. */
interface Audited extends SegmentLine {
  readonly home: Did
  runHere: Judgement | null
}

export function register(program: Command): void {
  program
    .command('audit')
    .summary('run what hosts have signed for again, and see who lied')
    .description(
      'Shows the segments that hosts have signed for, who ran each, and who has run it again with what verdict; ' +
        'runs some of those again here whose evidence is still at home. Exit code 0 only if nobody was caught.',
    )
    .argument('[agent]', 'one agent (default: all there are)')
    .addOption(joinOption())
    .option('--host <host>', 'only what this host has run')
    .option('--segments <n>', 'how many to run again here, drawn by lot', wholeNumber(0, 10_000), 4)
    .option('--all', 'run all of them again', false)
    .option('--out <file>', 'write the proof of the first lie that is found; sojourn verify runs it off line')
    .addOption(identityOption('in whose name to ask (default: your identity)'))
    .addOption(bindOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sojourn audit --join http://127.0.0.1:9000 --all --out proof.car')
    .action(audit)
}

async function audit(name: string | undefined, options: AuditOptions): Promise<void> {
  await inCluster(options, async (client) => {
    const view = await client.look()
    sayMissing(view)
    const agent = name === undefined ? null : chosen(findAgent(view, name))
    const host = options.host === undefined ? null : chosen(findHost(view, options.host))
    const homes = agent === null ? view.hosts.map(({ did }) => did) : [homeOf(agent)]
    const { segments, hosts } = await ask(client, homes, agent, host)
    const proof = await runAgain(client, segments, options)
    const nameOf = hostNames(view.hosts)
    const isFraud = segments.some(({ state, runHere }) => state === 'fraud' || runHere?.proven)
    printResult(
      options.json,
      {
        ok: !isFraud,
        segments: segments.map(({ runHere, ...line }) => ({
          ...line,
          runHere: runHere && (runHere.proven ? 'fraud' : runHere.reason),
        })),
        hosts,
        proof: proof === null ? null : (options.out ?? null),
      },
      [...segmentLines(segments, nameOf), '', ...rateLines(hosts, nameOf)],
    )
    if (isFraud) process.exitCode = 1
  })
}

function chosen<T>(found: { ok: true; value: T } | { ok: false; code: string; reason: string }): T {
  if (!found.ok) throw new CommandError(found.code, found.reason)
  return found.value
}

async function ask(client: ClusterClient, homes: readonly Did[], agent: AgentId | null, host: Did | null) {
  const segments: Audited[] = []
  const hosts: (RateLine & { readonly home: Did })[] = []
  for (const home of homes) {
    let after: number | null = 0
    while (after !== null) {
      const answer: Requests['segments']['answer'] = await client.ask(home, 'segments', { agent, host, after })
      segments.push(...answer.segments.map((line) => ({ ...line, home, runHere: null })))
      if (after === 0) hosts.push(...answer.hosts.map((rate) => ({ ...rate, home })))
      after = answer.next
    }
  }
  return { segments, hosts }
}

/** Those that a home has found false first, so that there is a proof of them. */
async function runAgain(client: ClusterClient, segments: Audited[], options: AuditOptions): Promise<Proof | null> {
  const here = segments.filter((segment) => segment.here)
  const found = here.filter(({ state }) => state === 'fraud')
  const others = shuffled(here.filter(({ state }) => state !== 'fraud'))
  const wanted = options.all ? [...found, ...others] : [...found, ...others.slice(0, options.segments)]
  if (wanted.length === 0) return null
  const sandbox = await openProofSandbox()
  let done = 0
  const progress = showProgress(
    process.stderr,
    () => `${progressBar(done / wanted.length)}  ${done} of ${wanted.length} segments run again`,
  )
  let first: Proof | null = null
  try {
    for (const segment of wanted) {
      const proof = await bringProof(client.host, segment)
      segment.runHere = proof && (await sandbox.judge(proof))
      done += 1
      if (!proof || !segment.runHere?.proven || first) continue
      first = proof
      for (const line of proofLines(proof, segment.runHere)) progress.say(line)
      const file = options.out === undefined ? null : await sealProof(proof)
      if (file && options.out !== undefined) await writeFile(options.out, file)
    }
  } finally {
    progress.close()
    sandbox.close()
  }
  if (first && options.out !== undefined) say(`the proof is in ${options.out}`)
  return first
}

function shuffled<T>(list: T[]): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    const [a, b] = [list[i], list[j]]
    if (a !== undefined && b !== undefined) [list[i], list[j]] = [b, a]
  }
  return list
}

const segmentLines = (segments: readonly Audited[], nameOf: HostNames): string[] =>
  segments.length === 0
    ? ['no segments']
    : tableLines(segments, [
        { title: 'AGENT', text: ({ agent }) => shortAgentId(agent) },
        { title: 'SEGMENT', text: ({ epoch, number, ended }) => `${epoch}.${number}${ended ? ' end' : ''}` },
        { title: 'RAN BY', text: ({ host }) => nameOf(host) },
        { title: 'FUEL', text: ({ fuelFrom, fuelTo }) => amount(fuelTo - fuelFrom), right: true },
        {
          title: 'INPUTS OF HOST/HOME/CLOCK',
          text: ({ inputs }) => (inputs ? `${inputs.host}/${inputs.home}/${inputs.clock}` : ''),
        },
        { title: 'AUDITED BY', text: ({ auditor }) => (auditor ? nameOf(auditor) : '') },
        { title: 'VERDICT', text: verdictText },
        {
          title: 'HERE',
          text: ({ runHere }) =>
            runHere === null ? '' : runHere.proven ? 'FRAUD' : runHere.truth ? 'true' : 'cannot be run',
        },
        { title: 'NOTE', text: ({ note }) => note },
      ])

const VERDICTS: Readonly<Record<SegmentLine['state'], string>> = {
  kept: 'not run again',
  due: 'is to be',
  good: 'true',
  fraud: 'FRAUD',
  lapsed: 'cannot be',
}

const verdictText = ({ state }: Audited): string => VERDICTS[state]

/** Lies in a hundred segments of a host that lies in one of twenty. */
const LIES = 5

const rateLines = (hosts: readonly (RateLine & { readonly home: Did })[], nameOf: HostNames): string[] =>
  hosts.length === 0
    ? ['no hosts']
    : [
        ...tableLines(hosts, [
          { title: 'HOST', text: ({ host }) => nameOf(host) },
          { title: 'AS SEEN BY', text: ({ home }) => nameOf(home) },
          { title: 'TRUE', text: ({ good }) => String(good), right: true },
          { title: 'IN A ROW', text: ({ streak }) => String(streak), right: true },
          { title: 'NOT RUN AGAIN', text: ({ unaudited }) => String(unaudited), right: true },
          { title: 'LAPSED', text: ({ lapsed }) => String(lapsed), right: true },
          { title: 'CAUGHT', text: ({ strikes }) => String(strikes), right: true },
          { title: 'RATE', text: ({ every }) => (every === 1 ? 'every one' : `1 in ${every}`) },
          { title: 'FOUND', text: ({ every }) => `${(100 * chanceFound(LIES, every)).toFixed(1)} %`, right: true },
        ]),
        'FOUND: the chance that a host which lies in one segment of twenty is found within a hundred, at that rate.',
      ]
