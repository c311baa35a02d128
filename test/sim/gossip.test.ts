import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { addressOf } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { Cluster, didOfSeed } from '../host/cluster.ts'

/**
 * Bans in a cluster that falls apart: each half hears of its own, one host is away, and when all is whole again everybody
 * knows everything. The same seed gives the same run.
 */
const admin = createSigner(generateSecretKey(seededRandom(77)))
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8]
const VILLAINS = [21, 22, 23]

async function run(): Promise<{ knows: Record<string, number[][]>; trace: string[] }> {
  const world = new Cluster()
  const administrators = [admin.did]
  for (const seed of SEEDS) await world.start(seed, { administrators })
  // The administrator's own host: it bans in its own name.
  const chair = await world.start(9, { signer: admin, transport: async () => world.network.join(addressOf(admin.did)) })
  world.online.add(addressOf(admin.did))
  for (const seed of VILLAINS) await world.start(seed)
  await world.time.advance(8_000)

  const address = (seed: number): string => addressOf(seed === 9 ? admin.did : didOfSeed(seed))
  const halves = [
    [1, 2, 3, 4, 9],
    [5, 6, 7, 8, ...VILLAINS],
  ] as const
  const pairs = halves[0].flatMap((one) => halves[1].map((other) => [address(one), address(other)] as const))
  const away = await world.kill(4)
  for (const [one, other] of pairs) world.network.cut(one, other)
  await world.time.advance(2_000)
  await chair.host.ban(didOfSeed(21), 'first')
  await world.time.advance(3_000)
  const knows: Record<string, number[][]> = { apart: known(world) }

  for (const [one, other] of pairs) world.network.heal(one, other)
  await world.time.advance(8_000)
  await chair.host.ban(didOfSeed(22), 'second')
  await world.time.advance(3_000)
  knows.whole = known(world)
  await world.start(4, { administrators }, away)
  await world.time.advance(8_000)
  knows.back = known(world)
  return { knows, trace: [...world.hosts.values()].flatMap(({ logs }) => logs) }
}

/** For each villain, who of the others does not deal with it any more. */
const known = (world: Cluster): number[][] =>
  VILLAINS.map((villain) =>
    SEEDS.filter((seed) => {
      const host = world.hosts.get(seed)?.host
      return host && !host.snapshot().acquaintances.some(({ id }) => id === didOfSeed(villain))
    }),
  )

describe('a ban', { timeout: 60_000 }, () => {
  it('reaches everybody in a cluster that was apart, and who was away; the same every time', async () => {
    const first = await run()
    const all = SEEDS
    expect(first.knows.apart?.[0]).toEqual([1, 2, 3])
    expect(first.knows.whole?.slice(0, 2)).toEqual([all.filter((seed) => seed !== 4), all.filter((seed) => seed !== 4)])
    expect(first.knows.back).toEqual([all, all, []])
    expect((await run()).trace).toEqual(first.trace)
  })
})
