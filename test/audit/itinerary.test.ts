import { beforeAll, describe, expect, it } from 'vitest'
import { type Hop, verifyItinerary } from '../../src/audit/itinerary.ts'
import { seededRandom } from '../../src/base/random.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import { Cluster } from '../host/cluster.ts'

const authority = createAuthority(createSigner(generateSecretKey(seededRandom(7))), createVerifier())

describe('an itinerary', () => {
  let agent: AgentId
  let home: Did
  let hops: readonly Hop[]

  beforeAll(async () => {
    const world = new Cluster()
    const launcher = await world.start(1, { kind: 'launcher', slots: 0 })
    for (const seed of [2, 3, 4]) await world.start(seed)
    await world.time.advance(5_000)
    home = launcher.did
    const moves = [1_000, 2_000, 3_000].map((at) => ({ at, where: 'anywhere' }))
    agent = await world.launch(launcher.host, { steps: 9_000, emitEvery: 0, moves })
    await world.time.advance(5_000)
    await world.kill(world.holders(agent)[0])
    await world.ended(launcher.host, agent)
    hops = launcher.host.itinerary(agent)
  })

  const verify = (alleged: readonly Hop[]) => verifyItinerary(agent, alleged, [home], authority)

  it('verifies from home to the last host, and shows where the holder gave the agent away itself', async () => {
    const verified = await verify(hops)
    if (!verified.ok) throw new Error(verified.reason)
    expect(verified.value[0]).toMatchObject({ epoch: 1, from: home, given: true })
    expect(verified.value.filter(({ given }) => !given)).toHaveLength(1)
    expect(verified.value.length).toBeGreaterThan(5)
  })

  it('with a hop cut out is refused', async () => {
    expect(await verify([...hops.slice(0, 1), ...hops.slice(2)])).toMatchObject({ ok: false, code: 'GAP' })
  })

  it('with a hop of another epoch under a false number is refused', async () => {
    const [first, second] = hops
    const forged = { ...second, certificate: { ...second.certificate, epoch: 1 } }
    expect(await verify([forged, ...hops.slice(1)])).toMatchObject({ ok: false, code: 'VOTES' })
    expect(first.certificate.epoch).toBe(1)
  })

  it('with another holder than was voted for is refused', async () => {
    const [first] = hops
    const holding = { ...first.certificate.holding, holder: home }
    expect(await verify([{ ...first, certificate: { ...first.certificate, holding } }])).toMatchObject({
      ok: false,
      code: 'VOTES',
    })
  })

  it('without the release of its holder is refused', async () => {
    const [first] = hops
    expect(await verify([{ ...first, release: null }])).toMatchObject({ ok: false, code: 'RELEASE' })
    expect(await verify([first, { ...hops[1], release: first.release }])).toMatchObject({ ok: false, code: 'RELEASE' })
  })

  it('with one bit of a vote flipped is refused', async () => {
    const [first] = hops
    const envelope = Uint8Array.from(first.certificate.votes[0].envelope)
    envelope[60] ^= 1
    const votes = [{ ...first.certificate.votes[0], envelope }]
    expect(await verify([{ ...first, certificate: { ...first.certificate, votes } }])).toMatchObject({
      ok: false,
      code: 'SIGNATURE',
    })
  })

  it('without any votes is refused', async () => {
    expect(await verify([{ ...hops[0], certificate: { ...hops[0].certificate, votes: [] } }])).toMatchObject({
      ok: false,
      code: 'VOTES',
    })
  })
})
