import { type Itinerary, verifyItinerary } from '../audit/itinerary.ts'
import type { Cid } from '../base/digest.ts'
import { DEFAULT_QUOTA } from '../bundle/limits.ts'
import type { AgentId } from '../directory/agent-id.ts'
import { FORWARD_MS } from '../host/limits.ts'
import type { HomeRow } from '../host/state.ts'
import type { Quota } from '../permit/quota.ts'
import { BLOCK_PREFIX } from '../storage/blocks.ts'
import { createAuthority } from '../wire/authority.ts'
import type { SimAgent } from './agents.ts'
import type { Families } from './families.ts'
import { authorOf, verifierOf } from './identities.ts'
import { CLEARING_MS } from './limits.ts'
import type { Oracles } from './oracles.ts'
import type { Parts } from './parts.ts'
import { isExpectedEnd } from './programs.ts'
import type { SimHost } from './sim-host.ts'
import type { World } from './world.ts'

/** What must hold when all is over: every agent has its end, and nothing of it is left over. */
export async function judgeTheEnd(
  world: World,
  agents: readonly SimAgent[],
  families: Families,
  oracles: Oracles,
  parts: Parts,
): Promise<void> {
  const rows = [...families.rows()]
  for (const agent of agents) {
    const family = rows.filter((row) => families.launchedAs(row) === agent)
    const launched = family.filter(({ forkedFrom }) => forkedFrom === null)
    if (launched.length > 1) oracles.fail('result', `agent ${agent.index} was launched ${launched.length} times`)
    if (family.some((row) => oracles.isFalsified(row))) continue
    if (family.length !== families.sizeOf(agent))
      oracles.fail('result', `agent ${agent.index} has become ${family.length}, not ${families.sizeOf(agent)}`)
    for (const row of family) judgeResult(row, families, oracles)
    judgeBudget(world, agent, family, oracles)
  }
  await judgeChains(world, families, rows, oracles)
  judgeAccusations(world, oracles)
  killTheRest(world)
  await world.advance(CLEARING_MS)
  judgeForwards(world, oracles)
  await judgeLeftovers(world, oracles, parts)
}

function judgeResult(row: HomeRow, families: Families, oracles: Oracles): void {
  const expected = families.expected(row)
  if (!expected || !row.outcome) return
  const emits = row.story.filter(({ kind }) => kind === 'emit').length
  if (emits !== expected.emits.length)
    oracles.fail('effects-once', `${row.agent} has emitted ${emits} times, not ${expected.emits.length}`)
  const ends = row.story.filter(({ kind }) => kind === 'result' || kind === 'failure').length
  if (ends !== 1) oracles.fail('effects-once', `${row.agent} has ended ${ends} times`)
  const isRight = expected.ok ? row.outcome.ok && isExpectedEnd(row.outcome.valueJson, expected) : !row.outcome.ok
  if (!isRight) oracles.fail('result', `${row.agent} has come to ${row.outcome.valueJson}`)
}

/** What a family may use together is what its launcher gave, less what was used before it became several. */
function judgeBudget(world: World, { index, program }: SimAgent, family: readonly HomeRow[], oracles: Oracles): void {
  const fork = program.forks?.[0]
  if (!fork || family.length !== fork.n) return
  const others = family.length - 1
  const sum = (of: (allowance: Quota) => number): number =>
    family.reduce((total, { allowance }) => total + of(allowance), 0)
  // What was used before, an image counts: each of the others has it once more.
  const used = (sum(({ fuel }) => fuel) - DEFAULT_QUOTA.fuel) / others
  const { min, max } = world.guests.fuelOf(fork.at)
  if (!Number.isSafeInteger(used) || used < min || used > max)
    oracles.fail('budgets', `the family of agent ${index} had used ${used} fuel, not ${min} to ${max}`)
  const wanted: readonly [string, number, number][] = [
    ['sentBytes', sum(({ sentBytes }) => sentBytes), DEFAULT_QUOTA.sentBytes],
    ['messages', sum(({ messages }) => messages), DEFAULT_QUOTA.messages],
    ['hops', sum(({ hops }) => hops), DEFAULT_QUOTA.hops],
    ['children', sum(({ children }) => children), DEFAULT_QUOTA.children - others],
  ]
  for (const [what, is, should] of wanted)
    if (is !== should) oracles.fail('budgets', `the family of agent ${index} has ${is} ${what}, not ${should}`)
}

async function judgeChains(
  world: World,
  families: Families,
  rows: readonly HomeRow[],
  oracles: Oracles,
): Promise<void> {
  const { signatures } = world.options
  const authority = createAuthority(authorOf(signatures).signer, verifierOf(signatures))
  for (const { agent } of rows) {
    const way = wayOf(world, families, agent)
    if (!way) continue
    const checked = await verifyItinerary(way, authority, [])
    if (!checked.ok) oracles.fail('hop-chain', `${agent}: ${checked.reason}`)
  }
}

function wayOf(world: World, families: Families, agent: AgentId): Itinerary | null {
  const row = families.rowOf(agent)
  const keeper = world.hosts.find(({ life }) => row !== null && life?.state?.rows.get(agent) === row)
  return keeper?.life?.host?.itinerary(agent) ?? null
}

function judgeAccusations(world: World, oracles: Oracles): void {
  for (const { life, number } of world.hosts) {
    const state = life?.state
    if (!state) continue
    for (const [did, { strikes }] of state.audits.rates)
      if (strikes > 0 && !world.hasLied(did))
        oracles.fail('accused', `host ${number} counts ${strikes} strikes against an honest host`)
    for (const did of state.notices.banned.keys())
      if (!world.hasLied(did)) oracles.fail('accused', `host ${number} has banned an honest host`)
  }
}

/** Agents of which nothing can be asked, for a liar has run them: they may wait for ever, and must leave nothing either. */
function killTheRest(world: World): void {
  for (const { life } of world.hosts)
    for (const { agent, outcome } of life?.state?.rows.values() ?? []) if (!outcome) life?.host?.kill(agent)
}

/** Where an agent went is told for so long; from then on whoever seeks it asks its home. */
function judgeForwards(world: World, oracles: Oracles): void {
  for (const { life, number } of world.hosts)
    for (const [agent, { untilMs }] of life?.state?.forwards ?? []) {
      const leftMs = untilMs - (life?.time.nowMs() ?? 0)
      if (leftMs < -FORGETTING_MS || leftMs > FORWARD_MS)
        oracles.fail('leaks', `host ${number} tells where ${agent} went, ${Math.round(-leftMs)} ms after it should`)
    }
}

/** A tick, and what a host that is slow or throttled takes for it. */
const FORGETTING_MS = 5_000

/** Who starts again lets go of every block that nothing needs: what goes then had leaked, but for parts of checkpoints. */
async function judgeLeftovers(world: World, oracles: Oracles, parts: Parts): Promise<void> {
  for (const host of world.hosts) {
    const agents = host.life?.state?.residents.size ?? 0
    if (agents > 0) oracles.fail('leaks', `host ${host.number} still has ${agents} agents`)
  }
  const lives = world.hosts.map(({ life }) => life?.number ?? 0)
  for (const host of world.hosts) world.crash(host)
  const before = await Promise.all(world.hosts.map(blocksOn))
  const cached = await Promise.all(world.hosts.map((host, i) => parts.on(host, lives[i] ?? 0)))
  world.startAll()
  await world.advance(STARTED_MS)
  for (const host of world.hosts) world.crash(host)
  for (const [i, host] of world.hosts.entries()) {
    const after = new Set(await blocksOn(host))
    const leaked = before[i]?.filter((cid) => !after.has(cid) && !world.bundled.has(cid) && !cached[i]?.has(cid)) ?? []
    if (leaked.length > 0)
      oracles.fail('leaks', `host ${host.number} had ${leaked.length} blocks that nothing needs: ${leaked[0]} …`)
  }
}

/** After this a host that was started is there. */
const STARTED_MS = 3_000

const blocksOn = async ({ disk }: SimHost): Promise<readonly Cid[]> =>
  (await disk.keys(BLOCK_PREFIX)).map((key) => key.slice(BLOCK_PREFIX.length) as Cid)
