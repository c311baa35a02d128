import { beforeEach, describe, expect, it } from 'vitest'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { addressOf } from '../../src/identity/did.ts'
import { type CheapProgram, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import type { Requests, StoryLine } from '../../src/wire/messages.ts'
import { Cluster, importProgram } from './cluster.ts'

/** What is told of an agent with three witnesses while its keeper and the others do not hear of each other. */
const HOME = 1
const EDGES = [2, 3, 4, 5]
const program: CheapProgram = { steps: 40_000, emitEvery: 1_000 }
const ALL_EMITS = Array.from({ length: 40 }, (_, i) => (i + 1) * 1_000)

let world: Cluster
let agent: AgentId
let holder: number
let others: readonly number[]

const hostOf = (seed: number) => world.hosts.get(seed)?.host ?? expect.fail(`no host ${seed}`)
const addressAt = (seed: number): string => addressOf(hostOf(seed).did)

/** Home and the other witnesses hear nothing of each other; whoever holds the agent hears all of them. */
function setApart(apart: boolean): void {
  for (const other of others)
    if (apart) world.network.cut(addressAt(HOME), addressAt(other))
    else world.network.heal(addressAt(HOME), addressAt(other))
}

/** Reads on from where it has come to, at whoever keeps the row, as `logs --follow` does. */
function follower() {
  const read: StoryLine[] = []
  return {
    read,
    emits: () => read.filter(({ kind }) => kind === 'emit').map(({ valueJson }) => JSON.parse(valueJson).done),
    async look(ms: number): Promise<void> {
      for (let passed = 0; passed < ms; passed += 250) {
        await world.time.advance(250)
        const next = (read.at(-1)?.number ?? 0) + 1
        const told = [HOME, ...EDGES].flatMap((seed) => world.hosts.get(seed)?.host.story(agent, next) ?? [])
        read.push(...(told[0]?.lines ?? []))
      }
    },
  }
}

beforeEach(async () => {
  world = new Cluster()
  await world.start(HOME, { kind: 'launcher', slots: 0 })
  for (const edge of EDGES) await world.start(edge, { slots: 3 })
  await world.time.advance(4_000)
  const home = hostOf(HOME)
  const launching = home.launch(await importProgram(home, program), { witnesses: 3 })
  await world.time.advance(4_000)
  agent = await launching
  const witnesses = home.itinerary(agent)?.origin.witnesses ?? []
  others = EDGES.filter((seed) => witnesses.includes(hostOf(seed).did))
  holder = EDGES.find((seed) => !others.includes(seed)) ?? expect.fail('every host is a witness')
  home.move(agent, hostOf(holder).did)
  await world.time.advance(2_000)
  expect(world.holders(agent)).toEqual([holder])
})

describe('the story of an agent with three witnesses', () => {
  it('tells nothing that its keeper alone has, and then all of it, each word once', async () => {
    const reader = follower()
    await reader.look(1_000)
    const heard = reader.emits().length
    expect(heard).toBeGreaterThan(0)
    setApart(true)
    // Longer than an emit takes, shorter than the lease after which another keeps the row. Its holder says one thing after the other.
    await reader.look(3_000)
    expect(reader.emits().length).toBe(heard)
    setApart(false)
    await reader.look(60_000)
    expect(reader.emits()).toEqual(ALL_EMITS)
  })

  it('is the same for who follows it while another takes the place of its keeper, and gives it back', async () => {
    const reader = follower()
    await reader.look(1_000)
    setApart(true)
    await reader.look(25_000)
    expect(world.hosts.get(HOME)?.host.story(agent, 0)).toBeDefined()
    setApart(false)
    await reader.look(60_000)
    expect(reader.emits()).toEqual(ALL_EMITS)
    const results = reader.read.filter(({ kind }) => kind === 'result')
    expect(results.map(({ valueJson }) => JSON.parse(valueJson))).toEqual([cheapTruth(program)])
  })
  it('is shown by its other witnesses when it has ended and its keeper is gone, and by nobody else while that one is there', async () => {
    const rowsAt = async (seed: number) => {
      const asking = hostOf(seed).ask(hostOf(seed).did, 'status', {})
      await world.time.advance(100)
      const answer = await asking
      return answer.ok ? (answer.body as Requests['status']['answer']).rows : expect.fail(answer.reason)
    }
    await follower().look(60_000)
    const [other = expect.fail('it has no second witness')] = others
    expect(await rowsAt(HOME)).toMatchObject([{ agent, state: 'finished' }])
    expect(await rowsAt(other)).toEqual([])
    await world.kill(HOME)
    await world.time.advance(10_000)
    expect(await rowsAt(other)).toMatchObject([{ agent, state: 'finished' }])
  })
})
