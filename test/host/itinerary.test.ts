import { describe, expect, it } from 'vitest'
import { verifyItinerary } from '../../src/audit/itinerary.ts'
import { seededRandom } from '../../src/base/random.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Host } from '../../src/host/host.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import { Cluster } from './cluster.ts'

const authority = createAuthority(createSigner(generateSecretKey(seededRandom(7))), createVerifier())

/** What home shows of an agent, against every head that home has told of on the way. */
async function verified(home: Host, agent: AgentId) {
  const itinerary = home.itinerary(agent)
  const story = home.story(agent, 0)
  if (!itinerary || !story) throw new Error(`no row of ${agent}`)
  const told = story.lines.filter(({ kind }) => kind === 'hop').map(({ valueJson }) => JSON.parse(valueJson))
  const checked = await verifyItinerary(itinerary, authority, [...told, story.row])
  if (!checked.ok) throw new Error(`${checked.code}: ${checked.reason}`)
  return { itinerary, anchors: [...told, story.row], ...checked.value }
}

describe('the itinerary that a home keeps', () => {
  it('verifies through hand-overs, a recovery and a restart of home, with every head that home has told', async () => {
    const world = new Cluster()
    const launcher = await world.start(1, { kind: 'launcher', slots: 0 })
    for (const seed of [2, 3, 4]) await world.start(seed)
    await world.time.advance(5_000)
    const moves = [1_000, 2_000, 3_000].map((at) => ({ at, where: 'anywhere' }))
    const agent = await world.launch(launcher.host, { steps: 12_000, emitEvery: 0, moves })
    await world.time.advance(5_000)
    await world.kill(world.holders(agent)[0])
    await world.time.advance(6_000)
    const home = (await world.start(1, { kind: 'launcher', slots: 0 }, await world.kill(1))).host
    await world.ended(home, agent)
    const { stages, anchors } = await verified(home, agent)
    expect(stages[0]).toMatchObject({ epoch: 1, from: launcher.did, given: true, reason: 'place' })
    expect(stages.filter(({ given }) => !given).length).toBeGreaterThan(0)
    expect(stages.length).toBeGreaterThan(5)
    expect(anchors.length).toBeGreaterThan(5)
  })

  it('of an agent that was made by a fork begins with the head of the one which it was made of', async () => {
    const world = new Cluster()
    const launcher = await world.start(1, { kind: 'launcher', slots: 0 })
    for (const seed of [2, 3]) await world.start(seed)
    await world.time.advance(5_000)
    const agent = await world.launch(launcher.host, { steps: 6_000, emitEvery: 0, forks: [{ at: 2_000, n: 2 }] })
    await world.ended(launcher.host, agent)
    const made = (launcher.host.story(agent, 0)?.lines ?? [])
      .filter(({ kind }) => kind === 'fork')
      .flatMap(({ valueJson }) => JSON.parse(valueJson).agents as AgentId[])
    const [child] = made
    if (!child) throw new Error('nobody was made')
    await world.ended(launcher.host, child)
    const parent = await verified(launcher.host, agent)
    const { itinerary, stages } = await verified(launcher.host, child)
    expect(stages.length).toBeGreaterThan(0)
    expect(parent.stages.map(({ head }) => head)).toContain(itinerary.origin.after)
    expect(parent.itinerary.origin.after).toBeNull()
  })
})
