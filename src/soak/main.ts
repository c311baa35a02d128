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
import { integerBelow, type Random, seededRandom } from '../base/random.ts'
import { sealBundle } from '../bundle/seal.ts'
import { type ClusterClient, joinCluster } from '../entry/node/cluster-client.ts'
import { buildAgent } from '../platform/node/bundle-builder.ts'
import { loadOrCreateIdentity } from '../platform/node/identity-file.ts'
import { type SoakCluster, startSoakCluster } from './cluster.ts'
import { FAULT_KINDS, type FaultKind, Faults } from './faults.ts'
import { Flock } from './flock.ts'
import { HEALED_MS_MAX, LAUNCHING_SHARE, SIZE, type Size, UNDER_WAY_MAX } from './limits.ts'
import { PROGRAM, type Task } from './program.ts'
import { type Report, reportOf, tableOf } from './report.ts'

const HELP = `npm run soak [-- OPTIONS]: agents on real processes and tabs of this machine, which are killed all the time

  --minutes N     faults go on for so long (2); then everything is healed, and what is under way comes to its end
  --agents N      launched meanwhile (110 a minute)
  --seed N        of faults and agents (1); what happens between them is the machine's affair
  --faults KINDS  of ${FAULT_KINDS.join(', ')}; all where nothing is said, none for "none"
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
  readonly size: Size
  readonly json: boolean
  readonly keep: boolean
}

const AGENTS_A_MINUTE = 110

function optionsOf(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '2' },
      agents: { type: 'string' },
      seed: { type: 'string', default: '1' },
      faults: { type: 'string', default: FAULT_KINDS.join() },
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

/** Mostly agents that live for some seconds and do little: there shall be many to be hit. */
function drawTask(random: Random): Task {
  const below = (n: number): number => integerBelow(random, n)
  const start = below(2 ** 31)
  const chance = below(100)
  if (chance < 8) return { kind: 'computes', start, rounds: 1, steps: 8_000_000 + below(6_000_000), pauseMs: 0 }
  const kind = chance < 40 ? 'says' : chance < 65 ? 'travels' : 'sees'
  return { kind, start, rounds: 4 + below(5), steps: 10_000 + below(20_000), pauseMs: 400 + below(600) }
}

async function soak(options: Options, folder: string, cluster: SoakCluster, client: ClusterClient): Promise<Report> {
  const { minutes, seed } = options
  const signer = await loadOrCreateIdentity(join(folder, 'author.json'))
  const agentFolder = join(folder, 'soaked')
  await mkdir(agentFolder)
  await writeFile(join(agentFolder, 'agent.ts'), PROGRAM)
  const { car } = await sealBundle(await buildAgent(agentFolder), signer)
  const bundle = await client.host.importBundle(car)
  if (!bundle.ok) throw new Error(bundle.reason)
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
  const isThere = (home: object): boolean => !faults.isDisturbed(home)
  const flock: Flock = new Flock({ client, signer, bundle: bundle.value.id, homes: cluster.homes, isThere, say })
  const [faulty, following] = [new AbortController(), new AbortController()]
  const followed = flock.follow(following.signal)
  const faulted = options.faults.length > 0 ? faults.run(faulty.signal) : Promise.resolve()
  await launchAll(options, flock, cluster, isThere)
  while (Date.now() - startMs < minutes * 60_000) await pause(500)
  faulty.abort()
  say(`all ${flock.agents.length} agents are launched; healing, with ${flock.underWay.length} under way`)
  await faulted
  const lateMs = Date.now() + HEALED_MS_MAX
  while (flock.underWay.length > 0 && Date.now() < lateMs) await pause(500)
  following.abort()
  await followed
  say('reading every story again')
  const verdicts = await flock.judgeAll()
  return reportOf({ seed, startMs, verdicts, happenings: faults.happenings, unanswered: flock.unanswered })
}

async function launchAll(
  { agents, minutes, seed }: Options,
  flock: Flock,
  { homes }: SoakCluster,
  isThere: (home: object) => boolean,
): Promise<void> {
  const random = seededRandom(seed + 1)
  const fromMs = Date.now()
  const everyMs = (minutes * 60_000 * LAUNCHING_SHARE) / agents
  let [launching, told] = [0, 0]
  for (let i = 0; i < agents; ) {
    const home = homes.filter(isThere)[integerBelow(random, homes.length)]
    const isDue = Date.now() >= fromMs + i * everyMs
    if (home && isDue && launching + flock.underWay.length < UNDER_WAY_MAX) {
      i += 1
      launching += 1
      const task = drawTask(random)
      void flock.launch(task, home).then((launched) => {
        launching -= 1
        if (!launched) i -= 1
      })
    } else await pause(20)
    if (Date.now() - told > 10_000) {
      told = Date.now()
      say(`${flock.agents.length} of ${agents} launched, ${flock.underWay.length} under way`)
    }
  }
  while (launching > 0) await pause(100)
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
