import type { HomeRow } from '../host/state.ts'
import { launchOnce, type SimAgent } from './agents.ts'
import { drawAgents } from './draw-agents.ts'
import { judgeTheEnd } from './endgame.ts'
import { Families } from './families.ts'
import { faultsOf, Misfortunes } from './faults.ts'
import { HEALING_MS_MAX } from './limits.ts'
import type { SimOptions } from './options.ts'
import { Oracles } from './oracles.ts'
import { Parts } from './parts.ts'
import type { Report } from './report.ts'
import { Sometimes } from './sometimes.ts'
import { TraceHash } from './trace.ts'
import { World, type WorldPowers } from './world.ts'

/** Runs one seed to its end, twice, and says what came of it: whatever happens, the second must be as the first. */
export async function runSeed(options: SimOptions, powers: WorldPowers): Promise<Report> {
  const first = await runOnce(options, powers)
  const second = await runOnce(options, powers)
  if (first.traceHash === second.traceHash) return first
  const text = `${first.traceHash} of ${first.events} events, then ${second.traceHash} of ${second.events}`
  return { ...first, ok: false, violations: [...first.violations, { invariant: 'determinism', text, atMs: 0 }] }
}

/** Virtual time goes on in pieces of so much, between which it is looked whether all is over. */
const PIECE_MS = 1_000

export async function runOnce(options: SimOptions, powers: WorldPowers): Promise<Report> {
  const { seed, agents: count, seconds } = options
  const world = new World(options, powers)
  const trace = new TraceHash()
  world.watch((_host, life, event, effects) => trace.add(world.nowMs(), life.number, event, effects))
  const agents = drawAgents(world, options)
  const families = new Families(world, agents)
  const sometimes = new Sometimes()
  const oracles = new Oracles(world, families, sometimes)
  const parts = new Parts(world)
  const misfortunes = new Misfortunes(world, faultsOf(options), seed)

  world.startAll()
  while (world.nowMs() < seconds * 1_000) {
    for (const agent of agents) if (world.nowMs() >= agent.launchMs) launchOnce(world, agent)
    await world.advance(PIECE_MS)
  }
  misfortunes.stop()
  for (const host of world.hosts) host.lies = false
  const isOver = await heal(world, agents, families, oracles)
  for (const [name, n] of misfortunes.struck) sometimes.add(`fault ${name}`, n)
  const rows = [...families.rows()]
  const results = rows.filter(({ outcome }) => outcome !== null).length
  for (const text of world.stops) oracles.fail('crashed', text)
  if (!isOver) oracles.fail('liveness', stuck(rows, agents))
  else await judgeTheEnd(world, agents, families, oracles, parts)
  const { violations } = oracles
  return {
    ok: violations.length === 0,
    seed,
    traceHash: trace.text(),
    events: trace.events,
    agents: count,
    results,
    violations,
    sometimes: sometimes.counts,
  }
}

/** All faults are off, all hosts come back; true as soon as every agent has its end. */
async function heal(world: World, agents: readonly SimAgent[], families: Families, oracles: Oracles): Promise<boolean> {
  const untilMs = world.nowMs() + HEALING_MS_MAX
  while (world.nowMs() < untilMs) {
    world.startAll()
    for (const agent of agents) launchOnce(world, agent)
    await world.advance(PIECE_MS)
    if (areAllOver(agents, families, oracles)) return true
  }
  return areAllOver(agents, families, oracles, (row) => families.looksForOneGone(row))
}

/** Of what a liar has run, nothing can be asked. */
function areAllOver(
  agents: readonly SimAgent[],
  families: Families,
  oracles: Oracles,
  mayWait: (row: HomeRow) => boolean = () => false,
): boolean {
  if (agents.some(({ id }) => id === null)) return false
  const rows = [...families.rows()]
  return (
    rows.length >= agents.length &&
    rows.every((row) => row.outcome !== null || oracles.isFalsified(row) || mayWait(row))
  )
}

function stuck(rows: readonly HomeRow[], agents: readonly SimAgent[]): string {
  const unlaunched = agents.filter(({ id }) => id === null).map(({ index }) => `agent ${index} is not launched`)
  const waiting = rows.filter(({ outcome }) => outcome === null)
  const where = waiting.map(({ agent, state, epoch, holder }) => `${agent} is ${state} in epoch ${epoch} at ${holder}`)
  return [...unlaunched, ...where].join('; ')
}
