import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Stage, verifyItinerary } from '../../../audit/itinerary.ts'
import { toHex } from '../../../base/bytes.ts'
import { sealBundle } from '../../../bundle/seal.ts'
import type { AgentId } from '../../../directory/agent-id.ts'
import type { Host } from '../../../host/host.ts'
import { createSigner, generateSecretKey } from '../../../identity/signer.ts'
import { createVerifier } from '../../../identity/verifier.ts'
import { buildAgent } from '../../../platform/node/bundle-builder.ts'
import { packageRoot } from '../../../platform/node/engine-files.ts'
import { nodeRandom } from '../../../platform/node/time.ts'
import { createAuthority } from '../../../wire/authority.ts'
import type { Row } from '../../../wire/messages.ts'
import type { CommandOrder } from '../../../wire/statements.ts'
import { type LocalCluster, type LocalEdge, startLocalCluster } from '../local-cluster.ts'
import {
  type GolombModule,
  type KnownModule,
  loadAgentModule,
  type ShardsModule,
  type TruthModule,
} from './agent-modules.ts'
import { createScreen, picture, table } from './screen.ts'
import { openTab, type Tab } from './tab.ts'

/**
 * `npm run demo`: a rendezvous, three edge workers as processes of their own and a real browser tab find the shortest
 * Golomb rulers of order 11 and 13. On the way one owner wants the machine back, one edge worker is killed, and another agent
 * travels from host to host through a data set that stays where it is. Ends with 0 only if every answer is the known one.
 */
interface Problem {
  readonly order: number
  /** The length of the shortest ruler of that order: OEIS A003022. */
  readonly known: number
  readonly parts: number
}

/** The second is there for the road: its agents compute for seconds, long enough to be moved in the middle of a loop. */
const PROBLEM: Problem = { order: 11, known: 72, parts: 9 }
const HARDER: Problem = { order: 13, known: 106, parts: 12 }
const EDGES = 3
const SLOTS = 2
const COLUMNS = ['precipitation', 'temp_max', 'temp_min', 'wind'] as const
const HALF_DONE = 0.6
const DEADLINE_MS = 10 * 60_000

interface Findings {
  readonly count: number
  readonly mean: number
  readonly variance: number
  readonly quartiles: readonly number[]
}

interface Surveyed {
  readonly columns: Record<string, Findings>
  readonly missed: readonly { readonly host: string; readonly reason: string }[]
}

const json = process.argv.includes('--json')
const verbose = process.argv.includes('--verbose')
const signer = createSigner(generateSecretKey(nodeRandom))
const authority = createAuthority(signer, createVerifier(globalThis.crypto.subtle))
const startMs = performance.now()
const screen = createScreen(process.stderr, () => performance.now())

async function main(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-demo-'))
  let cluster: LocalCluster | null = null
  let tab: Tab | null = null
  try {
    const csv = await readFile(join(packageRoot(), 'node_modules/vega-datasets/data/seattle-weather.csv'), 'utf8')
    cluster = await startLocalCluster({
      edges: EDGES,
      slots: SLOTS,
      signer,
      name: 'Sojourn demo',
      authorName: 'the demo',
      shareFolders: await layOutShards(folder, csv),
      dataFolder: join(folder, 'data'),
      supervise: true,
      loopbackOnly: false,
      ...(verbose ? { log: screen.say } : {}),
    })
    screen.say(
      `rendezvous at ${cluster.rendezvous.url}; ${EDGES} edge workers: processes ${cluster
        .edges()
        .map(({ process }) => process.pid)
        .join(', ')}`,
    )
    tab = await openTab(cluster.rendezvous.url, screen.say)
    if (tab) screen.say('a tab of the volunteer page is open in Chromium; its volunteer agreed and pressed start')
    await everybodyIsThere(cluster.home.host, EDGES + (tab ? 1 : 0), tab)
    return await perform(cluster, csv, tab !== null)
  } finally {
    await tab?.close()
    await cluster?.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** One shard of the data for each edge worker, in a folder that it shares and nobody else sees. */
async function layOutShards(folder: string, csv: string): Promise<string[]> {
  const { shards } = await loadAgentModule<ShardsModule>('survey/shards.ts')
  return Promise.all(
    shards(csv, EDGES).map(async (shard, index) => {
      const share = join(folder, `share-${index + 1}`)
      await mkdir(share, { recursive: true })
      await writeFile(join(share, 'weather.csv'), shard)
      return share
    }),
  )
}

async function everybodyIsThere(home: Host, count: number, tab: Tab | null): Promise<void> {
  const lateMs = performance.now() + 60_000
  while (home.snapshot().acquaintances.filter(({ slots }) => slots > 0).length < count) {
    if (performance.now() > lateMs)
      throw new Error(
        `only ${home.snapshot().acquaintances.length} of ${count} hosts came on line in a minute ${tab?.complaints.join('\n') ?? ''}`,
      )
    await pause(100)
  }
}

interface Launched {
  readonly surveyor: AgentId
  readonly searchers: ReadonlyMap<Problem, readonly AgentId[]>
}

async function launchAll(home: Host, edges: readonly LocalEdge[]): Promise<Launched> {
  const { split } = await loadAgentModule<GolombModule>('golomb/stubs.ts')
  const { shortRuler, lengthOf } = await loadAgentModule<KnownModule>('golomb/known.ts')
  const [golomb, survey] = await Promise.all([publish(home, 'golomb'), publish(home, 'survey')])
  const input = { hosts: edges.map(({ did }) => did), path: 'weather.csv', columns: COLUMNS }
  const surveyor = await home.launch(survey, { inputJson: JSON.stringify(input) })
  const searchers = new Map<Problem, readonly AgentId[]>()
  for (const problem of [PROBLEM, HARDER]) {
    const bound = lengthOf(shortRuler(problem.order))
    const parts = split(problem.order, problem.parts, bound)
    searchers.set(
      problem,
      await Promise.all(parts.map((part) => home.launch(golomb, { inputJson: JSON.stringify(part) }))),
    )
    screen.say(`${parts.length} agents look for rulers of ${problem.order} marks no longer than ${bound}`)
  }
  screen.say('one agent travels through the weather data, of which each edge worker holds a part')
  return { searchers, surveyor }
}

async function publish(home: Host, name: string) {
  const { car } = await sealBundle(await buildAgent(join(packageRoot(), 'agents', name)), signer)
  const bundle = await home.importBundle(car)
  if (!bundle.ok) throw new Error(`bundle ${name}: ${bundle.code}: ${bundle.reason}`)
  return bundle.value.id
}

async function perform(cluster: LocalCluster, csv: string, withTab: boolean): Promise<boolean> {
  const { host: home } = cluster.home
  const { searchers, surveyor } = await launchAll(home, cluster.edges())
  const agents = [surveyor, ...[...searchers.values()].flat()]
  const misfortunes = planMisfortunes(cluster)
  const lateMs = performance.now() + DEADLINE_MS
  for (;;) {
    const rows = agents.flatMap((agent) => home.story(agent, Number.MAX_SAFE_INTEGER)?.row ?? [])
    if (rows.every(({ state }) => state !== 'running' && state !== 'waiting')) break
    if (performance.now() > lateMs) throw new Error('the demo did not come to its end in ten minutes')
    screen.draw(picture(home.snapshot(), rows, hostNames(cluster)))
    await misfortunes(
      rows.reduce((sum, { state, progress }) => sum + (state === 'finished' ? 1 : (progress ?? 0)), 0) / rows.length,
      rows,
    )
    await pause(200)
  }
  screen.end()
  const stages = await verifiedHops(home, agents)
  showHops(cluster, home, agents, stages)
  const [golomb, harder] = await Promise.all(
    [PROBLEM, HARDER].map((problem) => judgeGolomb(home, problem, searchers.get(problem) ?? [])),
  )
  const survey = await judgeSurvey(home, surveyor, csv)
  const summary = {
    ok: golomb?.ok === true && harder?.ok === true && survey.ok,
    golomb,
    harder,
    survey,
    hops: stages.size === 0 ? 0 : [...stages.values()].reduce((sum, list) => sum + list.length, 0),
    evictions: countEvictions(home, agents),
    // Epochs that were decided without the holder before: taken back by home, or taken up again by a host that restarted.
    recoveries: [...stages.values()].flat().filter(({ given }) => !given).length,
    hosts: EDGES + (withTab ? 1 : 0),
    seconds: Math.round((performance.now() - startMs) / 100) / 10,
  }
  if (json) process.stdout.write(`${JSON.stringify(summary)}\n`)
  return summary.ok
}

/** What goes wrong on the way, each once, when so much of the work is done. */
function planMisfortunes(cluster: LocalCluster): (share: number, rows: readonly Row[]) => Promise<void> {
  const { host: home } = cluster.home
  // The edge worker with the most agents in the middle of their work.
  const busiest = (rows: readonly Row[], but: LocalEdge | null): LocalEdge | undefined => {
    // What home knows is up to a second old, so an agent counts only while much of its work is left.
    const busy = ({ did }: LocalEdge): number =>
      rows.filter(
        ({ holder, state, fuelUsed, progress }) =>
          holder === did && state === 'running' && fuelUsed > 0 && (progress ?? 0) < HALF_DONE,
      ).length
    return cluster
      .edges()
      .filter((edge) => edge.name !== but?.name && busy(edge) > 0)
      .sort((one, other) => busy(other) - busy(one))[0]
  }
  let evicted: LocalEdge | null = null
  const acts: { readonly from: number; act(rows: readonly Row[]): Promise<boolean> }[] = [
    {
      from: 0.1,
      async act(rows) {
        const edge = busiest(rows, null)
        if (!edge) return false
        const startMs = performance.now()
        const answer = await order(home, edge, 'evict')
        if (answer.startsWith('0 ')) {
          // What ran there has just ended: another owner comes back, a moment later.
          await order(home, edge, 'resume')
          return false
        }
        screen.say(`the owner of ${edge.name} is back: ${answer} (${(performance.now() - startMs).toFixed(0)} ms)`)
        evicted = edge
        return true
      },
    },
    {
      from: 0.3,
      async act(rows) {
        const edge = busiest(rows, evicted)
        if (!edge) return false
        edge.process.kill('SIGKILL')
        screen.say(
          `${edge.name} (process ${edge.process.pid}) is killed with -9; what it held comes back from its checkpoints`,
        )
        return true
      },
    },
    {
      from: 0.45,
      async act() {
        if (evicted) screen.say(`the owner of ${evicted.name} leaves again: ${await order(home, evicted, 'resume')}`)
        return true
      },
    },
  ]
  return async (share, rows) => {
    const next = acts[0]
    if (next && share >= next.from && (await next.act(rows))) acts.shift()
  }
}

async function order(home: Host, edge: LocalEdge, verb: 'evict' | 'resume'): Promise<string> {
  const sealed = await authority.seal<CommandOrder>({
    type: 'command',
    host: edge.did,
    verb,
    agent: null,
    to: null,
    nonce: toHex(nodeRandom.bytes(16)),
    expiresMs: Date.now() + 60_000,
  })
  const answer = await home.ask(edge.did, 'command', { order: sealed, permits: [] })
  return answer.ok ? (answer.body as { note: string }).note : `${answer.code}: ${answer.reason}`
}

/** Every itinerary, verified from its signatures; throws where one does not hold. */
async function verifiedHops(home: Host, agents: readonly AgentId[]): Promise<Map<AgentId, readonly Stage[]>> {
  const verified = new Map<AgentId, readonly Stage[]>()
  for (const agent of agents) {
    const itinerary = home.itinerary(agent)
    if (!itinerary) throw new Error(`nothing is known of ${agent}`)
    const { row } = home.story(agent, Number.MAX_SAFE_INTEGER) ?? {}
    const checked = await verifyItinerary(itinerary, authority, row ? [row] : [])
    if (!checked.ok) throw new Error(`itinerary of ${agent}: ${checked.code}: ${checked.reason}`)
    verified.set(agent, checked.value.stages)
  }
  return verified
}

function hostNames(cluster: LocalCluster): Map<string, string> {
  const names = new Map(cluster.edges().map(({ did, name }) => [did as string, name]))
  for (const { id, name, kind } of cluster.home.host.snapshot().acquaintances) if (kind === 'tab') names.set(id, name)
  return names
}

function showHops(
  cluster: LocalCluster,
  home: Host,
  agents: readonly AgentId[],
  stages: ReadonlyMap<AgentId, readonly Stage[]>,
): void {
  const names = hostNames(cluster).set(home.did, 'home')
  const nameOf = (did: string): string => names.get(did) ?? did.slice(-6)
  const rows = agents.flatMap((agent) => {
    const path = stages.get(agent) ?? []
    const moved = path.length > 1 ? path : []
    const name = home.story(agent, 0)?.row.name ?? ''
    return moved.length === 0
      ? []
      : [
          [
            `${name} ${agent.split('.')[2]}`,
            `home${path.map(({ to, given }) => `${given ? ' → ' : ' ⇢ '}${nameOf(to)}`).join('')}`,
          ],
        ]
  })
  process.stderr.write(
    `\nAgents that moved (→ handed over, ⇢ taken back from a checkpoint); all ${agents.length} itineraries verify:\n`,
  )
  process.stderr.write(`${table(['agent', 'way'], rows).join('\n')}\n\n`)
}

async function judgeGolomb(home: Host, { order, known }: Problem, searchers: readonly AgentId[]) {
  let best: { length: number; marks: readonly number[] } | null = null
  let searched = 0
  for (const agent of searchers) {
    const outcome = await home.outcome(agent)
    if (!outcome?.ok) {
      screen.say(`agent ${agent} failed: ${outcome?.valueJson}`)
      return { ok: false, order, length: null, marks: null }
    }
    const part = JSON.parse(outcome.valueJson) as {
      length: number | null
      marks: readonly number[] | null
      steps: number
    }
    searched += part.steps
    if (part.length !== null && part.marks && (!best || part.length < best.length))
      best = { length: part.length, marks: part.marks }
  }
  const ok = best !== null && best.length === known && isRuler(best.marks, order)
  screen.say(
    `shortest Golomb ruler of order ${order}: ${best ? `length ${best.length}, marks ${best.marks.join(' ')}` : 'none'}; ${searched.toLocaleString('en')} steps; known: ${known} (OEIS A003022): ${ok ? 'right' : 'WRONG'}`,
  )
  return { ok, order, length: best?.length ?? null, marks: best?.marks ?? null }
}

/** So many marks, and no distance twice. */
function isRuler(marks: readonly number[], order: number): boolean {
  const distances = marks.flatMap((mark, i) => marks.slice(0, i).map((earlier) => mark - earlier))
  return (
    marks.length === order &&
    new Set(distances).size === distances.length &&
    distances.every((distance) => distance > 0)
  )
}

async function judgeSurvey(home: Host, surveyor: AgentId, csv: string) {
  const { truth, agree } = await loadAgentModule<TruthModule<Findings>>('survey/truth.ts')
  const outcome = await home.outcome(surveyor)
  if (!outcome?.ok) {
    screen.say(`the survey failed: ${outcome?.valueJson}`)
    return { ok: false, days: 0 }
  }
  const { columns: findings, missed } = JSON.parse(outcome.valueJson) as Surveyed
  for (const { host, reason } of missed) screen.say(`the survey missed ${host}: ${reason}`)
  const known = truth(csv, COLUMNS)
  const ok = COLUMNS.every(
    (column) => findings[column] !== undefined && known[column] !== undefined && agree(findings[column], known[column]),
  )
  const { count = 0, mean = Number.NaN, variance = Number.NaN, quartiles = [] } = findings.temp_max ?? {}
  screen.say(
    `weather of Seattle, ${count} days on ${EDGES} hosts, without moving them: highest temperature ${mean.toFixed(2)} °C on average, deviation ${Math.sqrt(variance).toFixed(2)}, median ${quartiles[1]}; against the whole table: ${ok ? 'right' : 'WRONG'}`,
  )
  return { ok, days: count }
}

/** Hops that owners caused who came back. */
const countEvictions = (home: Host, agents: readonly AgentId[]): number =>
  agents
    .flatMap((agent) => home.story(agent, 0)?.lines ?? [])
    .filter(
      ({ kind, valueJson }) => kind === 'hop' && (JSON.parse(valueJson) as { reason?: string }).reason === 'evict',
    ).length

try {
  process.exitCode = (await main()) ? 0 : 1
} catch (error) {
  screen.end()
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`)
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, error: String(error) })}\n`)
  process.exitCode = 1
}
