/**
 * `npm run soak [-- OPTIONS]`: a cluster of real processes and real tabs on this machine, agents launched all the time, and
 * hosts killed, stopped, frozen, closed and started again all the time. At the end every agent's result is there once and
 * right, and everything it has said is there once and in order; exit code 1 where anything is not.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Cid } from '../base/digest.ts'
import { integerBelow, type Random, seededRandom } from '../base/random.ts'
import type { Effects } from '../bundle/manifest.ts'
import { sealBundle } from '../bundle/seal.ts'
import type { AgentId } from '../directory/agent-id.ts'
import { type ClusterClient, joinCluster } from '../entry/node/cluster-client.ts'
import { buildAgent } from '../platform/node/bundle-builder.ts'
import { loadOrCreateIdentity } from '../platform/node/identity-file.ts'
import { type SoakCluster, startSoakCluster } from './cluster.ts'
import { FAULT_KINDS, type FaultKind, Faults } from './faults.ts'
import { Flock } from './flock.ts'
import { HEALED_MS_MAX, LAUNCH_TRIES_MAX, LAUNCHING_SHARE, SIZE, type Size, UNDER_WAY_MAX } from './limits.ts'
import type { Edge } from './processes.ts'
import { PROGRAM, TASK_KINDS, type Task, type TaskKind } from './program.ts'
import { type Report, reportOf, tableOf } from './report.ts'

const HELP = `npm run soak [-- OPTIONS]: agents on real processes and tabs of this machine, which are killed all the time

  --minutes N     faults go on for so long (2); then everything is healed, and what is under way comes to its end
  --agents N      launched meanwhile (110 a minute)
  --seed N        of faults and agents (1); what happens between them is the machine's affair
  --faults KINDS  of ${FAULT_KINDS.join(', ')}; all where nothing is said, none for "none"
  --witnesses NUMBERS
                  of an agent, drawn from these for each (1,3)
  --kinds KINDS   of agents: computes, says, travels, sees, reads
  --homes N, --edges N, --tabs N
                  how many of each (${SIZE.homes}, ${SIZE.edges}, ${SIZE.tabs})
  --json          the report as one line of JSON on stdout, instead of a table
  --keep          keep the folder with data and logs also when all is well

Example:
  npm run soak -- --minutes 20 --agents 2200 --seed 7 --json

Exit code 0 when every result is there once and right, and every emit once and in order; 1 otherwise, and the folder with the
logs of all processes is kept and named.
`

interface Options {
  readonly minutes: number
  readonly agents: number
  readonly seed: number
  readonly faults: readonly FaultKind[]
  /** Of agents, each as often as it is in the list. */
  readonly kinds: readonly TaskKind[]
  /** How many decide about an agent, drawn for each. */
  readonly witnesses: readonly number[]
  readonly size: Size
  readonly json: boolean
  readonly keep: boolean
}

const AGENTS_A_MINUTE = 110

/** How often each kind is drawn: what computes takes a processor for seconds; a writer comes with each reader. */
const KINDS: readonly TaskKind[] = TASK_KINDS.flatMap((kind) =>
  kind === 'writes' ? [] : new Array<TaskKind>(kind === 'computes' ? 1 : 3).fill(kind),
)

function optionsOf(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '2' },
      agents: { type: 'string' },
      seed: { type: 'string', default: '1' },
      faults: { type: 'string', default: FAULT_KINDS.join() },
      witnesses: { type: 'string', default: '1,3' },
      kinds: { type: 'string', default: KINDS.join() },
      homes: { type: 'string', default: String(SIZE.homes) },
      edges: { type: 'string', default: String(SIZE.edges) },
      tabs: { type: 'string', default: String(SIZE.tabs) },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  const minutes = numberOf('minutes', values.minutes)
  const faults = values.faults === 'none' ? [] : values.faults.split(',')
  const unknown = faults.filter((kind) => !FAULT_KINDS.some((one) => one === kind))
  if (unknown.length > 0) throw new Error(`there is no fault ${unknown.join()}; there are ${FAULT_KINDS.join(', ')}`)
  return {
    minutes,
    agents: values.agents === undefined ? Math.ceil(minutes * AGENTS_A_MINUTE) : numberOf('agents', values.agents),
    seed: numberOf('seed', values.seed),
    faults: FAULT_KINDS.filter((kind) => faults.includes(kind)),
    witnesses: values.witnesses.split(',').map((text) => numberOf('witnesses', text)),
    kinds: KINDS.filter((kind) => values.kinds.split(',').includes(kind)),
    size: {
      homes: numberOf('homes', values.homes),
      edges: numberOf('edges', values.edges),
      tabs: values.tabs === '0' ? 0 : numberOf('tabs', values.tabs),
    },
    json: values.json,
    keep: values.keep,
  }
}

function numberOf(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0) || !Number.isFinite(value)) throw new Error(`--${name} ${text} is not a number above 0`)
  return value
}

const startMs = Date.now()
const say = (line: string): void =>
  void process.stderr.write(`${((Date.now() - startMs) / 1000).toFixed(1).padStart(7)} s  ${line}\n`)

/** Mostly agents that live for some seconds and do little: there shall be many to be hit. A reader and its writer count as two. */
function drawTasks(random: Random, kinds: readonly TaskKind[], manners: readonly number[]): readonly Task[] {
  const below = (n: number): number => integerBelow(random, n)
  const kind = kinds[below(kinds.length)] ?? 'says'
  const witnesses = manners[below(manners.length)] ?? 1
  const start = below(2 ** 31)
  if (kind === 'computes')
    return [{ kind, start, rounds: 1, steps: 3_000_000 + below(3_000_000), pauseMs: 0, witnesses }]
  const task = { start, rounds: 4 + below(5), steps: 10_000 + below(20_000), pauseMs: 400 + below(600), witnesses }
  return kind === 'reads'
    ? [
        { ...task, kind },
        { ...task, kind: 'writes' },
      ]
    : [{ ...task, kind }]
}

async function soak(options: Options, folder: string, cluster: SoakCluster, client: ClusterClient): Promise<Report> {
  const { minutes, seed } = options
  const signer = await loadOrCreateIdentity(join(folder, 'author.json'))
  const agentFolder = join(folder, 'soaked')
  await mkdir(agentFolder)
  await writeFile(join(agentFolder, 'agent.ts'), PROGRAM)
  const parts = await buildAgent(agentFolder)
  const bundleOf = async (effects: Effects): Promise<Cid> => {
    const { car } = await sealBundle({ ...parts, name: `soaked-${effects}`, effects }, signer)
    const bundle = await client.host.importBundle(car)
    if (!bundle.ok) throw new Error(bundle.reason)
    return bundle.value.id
  }
  const bundles = { fast: await bundleOf('fast'), durable: await bundleOf('durable') }
  const faults = new Faults(
    {
      ...cluster,
      didOfTab: ({ name }) => client.host.snapshot().acquaintances.find((one) => one.name === name)?.id ?? null,
      heldBy: (host) => flock.heldBy(host).map(({ agent }) => agent),
      say,
    },
    seededRandom(seed),
    options.faults,
  )
  const isThere = (host: object): boolean => !faults.isDisturbed(host)
  const keepers = [...cluster.homes, ...cluster.edges]
  const flock: Flock = new Flock({ client, signer, bundles, keepers, isThere, say })
  const [faulty, following] = [new AbortController(), new AbortController()]
  const followed = flock.follow(following.signal)
  const faulted = options.faults.length > 0 ? faults.run(faulty.signal) : Promise.resolve()
  await launchAll(options, flock, cluster, isThere)
  while (Date.now() - startMs < minutes * 60_000) await pause(500)
  faulty.abort()
  say(`all ${flock.agents.length} agents are launched; healing, with ${flock.underWay.length} under way`)
  await faulted
  const lateMs = Date.now() + HEALED_MS_MAX
  for (let i = 1; flock.underWay.length > 0 && Date.now() < lateMs; i++) {
    await pause(500)
    if (i % 40 === 0) for (const line of await flock.standing()) say(line)
  }
  following.abort()
  await followed
  say('reading every story again')
  const verdicts = await flock.judgeAll()
  return reportOf({ seed, startMs, verdicts, happenings: faults.happenings, unanswered: flock.unanswered })
}

async function launchAll(
  { agents, minutes, seed, kinds, witnesses }: Options,
  flock: Flock,
  { homes }: SoakCluster,
  isThere: (host: object) => boolean,
): Promise<void> {
  const random = seededRandom(seed + 1)
  const fromMs = Date.now()
  const everyMs = (minutes * 60_000 * LAUNCHING_SHARE) / agents
  let [launching, told] = [0, 0]
  const someHome = (): Edge | undefined => {
    const there = homes.filter(isThere)
    return there[integerBelow(random, there.length)]
  }
  /** The reader first: its writer has to know its name, and is launched until somebody takes it. */
  const launch = async (tasks: readonly Task[]): Promise<void> => {
    let to: AgentId | null = null
    for (const task of tasks) {
      let launched: AgentId | null = null
      for (let tries = 0; launched === null && tries < LAUNCH_TRIES_MAX; tries++) {
        const home = someHome()
        if (home) launched = await flock.launch(to === null ? task : { ...task, to }, home)
        else await pause(500)
      }
      if (launched === null) return
      to = launched
    }
  }
  while (flock.agents.length + launching < agents) {
    const begun = flock.agents.length + launching
    if (Date.now() >= fromMs + begun * everyMs && launching + flock.underWay.length < UNDER_WAY_MAX) {
      const tasks = drawTasks(random, kinds, witnesses)
      launching += tasks.length
      void launch(tasks).finally(() => {
        launching -= tasks.length
      })
    } else await pause(20)
    if (Date.now() - told > 10_000) {
      told = Date.now()
      say(`${flock.agents.length} of ${agents} launched, ${flock.underWay.length} under way`)
    }
    // A launch that came to nothing is made up for.
    if (flock.agents.length + launching >= agents) while (launching > 0) await pause(100)
  }
}

async function main(): Promise<boolean> {
  const options = optionsOf(process.argv.slice(2))
  if (!options) {
    process.stdout.write(HELP)
    return true
  }
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-soak-'))
  const identity = join(folder, 'author.json')
  const { did } = await loadOrCreateIdentity(identity)
  let [cluster, client]: [SoakCluster | null, ClusterClient | null] = [null, null]
  const leave = async (): Promise<void> => {
    await client?.close().catch(() => undefined)
    await cluster?.close()
  }
  process.once('SIGINT', () => void leave().then(() => process.exit(130)))
  process.once('SIGTERM', () => void leave().then(() => process.exit(143)))
  let report: Report
  try {
    cluster = await startSoakCluster(options.size, did, folder, say)
    client = await joinCluster({ join: cluster.rendezvous.url, identity })
    say(
      `${cluster.homes.length} homes, ${cluster.edges.length} edge workers and ${cluster.tabs.length} tabs are on line; ${folder}`,
    )
    report = await soak(options, folder, cluster, client)
  } finally {
    await leave()
  }
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`)
  else process.stdout.write(`${tableOf(report).join('\n')}\n`)
  if (report.ok && !options.keep) await rm(folder, { recursive: true, force: true })
  else say(`data and logs are in ${folder}`)
  return report.ok
}

try {
  process.exit((await main()) ? 0 : 1)
} catch (error) {
  process.stderr.write(`soak: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(2)
}
