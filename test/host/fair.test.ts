import { expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { Cluster, importProgram } from './cluster.ts'
import { leaveOf } from './licenses.ts'

const OWNERS = 10
const PLACES = 5
const CROWD = 40
const OTHERS_EACH = 9
/** Agents of each owner that are watched. */
const SHARE = 5

it('gives nine owners at least 80 % of their share of a host that the tenth floods with agents', async () => {
  const world = new Cluster()
  const owners = Array.from({ length: OWNERS }, (_, i) => createSigner(generateSecretKey(seededRandom(300 + i))))
  await world.start(1, { slots: PLACES, trust: owners.map(({ did }) => did) })
  const homes = []
  for (const [i, owner] of owners.entries()) {
    const { host, did } = await world.start(10 + i, { kind: 'launcher', slots: 0, trust: [owner.did] })
    homes.push({ host, permit: [await leaveOf(owner, did)], owner })
  }
  await world.time.advance(5_000)
  const finished = Array.from({ length: OWNERS }, () => 0)
  for (const [i, { host, permit, owner }] of homes.entries()) {
    const bundle = await importProgram(host, { steps: 400, emitEvery: 0 }, owner)
    for (let n = 0; n < (i === 0 ? CROWD : OTHERS_EACH); n++)
      void host.launch(bundle, { permit }).then(async (agent) => {
        if ((await host.outcome(agent))?.ok) finished[i] = (finished[i] ?? 0) + 1
      })
    // The one with the crowd is there first, and has all places.
    if (i === 0) await world.time.advance(500)
  }
  const total = () => finished.reduce((sum, count) => sum + count, 0)
  // What the crowd was given while nobody else had asked is over; from here on all of them want every place.
  await world.time.runUntil(() => total() >= 3 * PLACES, 60_000)
  const before = [...finished]
  await world.time.runUntil(() => total() >= 3 * PLACES + SHARE * OWNERS, 60_000)
  for (const [i, count] of finished.entries()) {
    const got = count - (before[i] ?? 0)
    expect(got, `owner ${i} of ${finished}`).toBeGreaterThanOrEqual(0.8 * SHARE)
    expect(got, `owner ${i} of ${finished}`).toBeLessThanOrEqual(1.4 * SHARE)
  }
}, 60_000)
