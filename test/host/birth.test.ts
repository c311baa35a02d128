import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Host } from '../../src/host/host.ts'
import { createSigner, generateSecretKey, type Signer } from '../../src/identity/signer.ts'
import { countOf, lettersOf } from '../../src/sim/cheap-mail.ts'
import type { CheapProgram } from '../../src/sim/cheap-sandbox.ts'
import { Cluster, importProgram } from './cluster.ts'

/** Agents whose first hop was decided without their home: they write letters and take names like any other. */
const reader: CheapProgram = { steps: 100, emitEvery: 0, receives: [{ at: 100, count: 3 }] }
const writer = (to: string): CheapProgram => ({
  steps: 800,
  emitEvery: 0,
  as: 1,
  sends: [200, 400, 600].map((at) => ({ at, to })),
})

async function begin(world: Cluster, home: Host, program: CheapProgram): Promise<AgentId> {
  const launching = home.launch(await importProgram(home, program), { witnesses: 3 })
  await world.time.advance(1_500)
  return launching
}

const keeperOf = (world: Cluster, agent: AgentId): Host | undefined =>
  [...world.hosts.values()].find(({ host }) => host.story(agent, 0))?.host

async function expectAll(world: Cluster, to: AgentId, by: AgentId): Promise<void> {
  await world.time.runUntil(() => [to, by].every((agent) => keeperOf(world, agent)), 30_000)
  const ended = (agent: AgentId) => world.ended(keeperOf(world, agent) ?? expect.fail('nobody keeps it'), agent)
  expect(await ended(by), 'the writer').toMatchObject({ ok: true, value: { mail: { refused: 0 } } })
  const mail = countOf(lettersOf(writer(to), to))
  expect(await ended(to), 'the reader').toMatchObject({ ok: true, value: { mail } })
}

describe('an agent with three witnesses', () => {
  it('writes letters although its first hop was decided before its home had voted', async () => {
    const world = new Cluster()
    const signer = createSigner(generateSecretKey(seededRandom(1)))
    const votesLate: Signer = {
      ...signer,
      sign: async (domain, payload) => {
        if (domain === 'vote') await new Promise<void>((resolve) => void world.time.after(200, resolve))
        return signer.sign(domain, payload)
      },
    }
    const { host: home } = await world.start(1, { kind: 'launcher', slots: 0, signer: votesLate })
    for (const seed of [2, 3, 4]) await world.start(seed, { slots: 1 })
    await world.time.advance(5_000)
    const to = await begin(world, home, reader)
    const by = await begin(world, home, writer(to))
    const [first] = home.itinerary(by)?.hops ?? []
    expect(first?.votes).toHaveLength(2)
    await expectAll(world, to, by)
  })

  it('writes letters and takes a name although its home died before its first hop', async () => {
    const world = new Cluster()
    const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
    for (const seed of [2, 3]) await world.start(seed, { slots: 0 })
    await world.time.advance(5_000)
    const to = await begin(world, home, { ...reader, registers: [{ at: 1, name: 'tally' }] })
    const by = await begin(world, home, writer('tally'))
    expect(home.itinerary(by)).toMatchObject({ hops: [], origin: { witnesses: { length: 3 } } })
    await world.kill(1)
    for (const seed of [5, 6]) await world.start(seed, { slots: 1 })
    await expectAll(world, to, by)
  })
})
