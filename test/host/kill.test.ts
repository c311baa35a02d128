import { expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { createSigner, generateSecretKey, type Signer } from '../../src/identity/signer.ts'
import { Cluster, importProgram } from './cluster.ts'

/** Signing takes a few turns of the event loop, as WebCrypto's does: moments between a RELEASE and its decision. */
function slowSigner(seed: number): Signer {
  const signer = createSigner(generateSecretKey(seededRandom(seed)))
  return {
    ...signer,
    async sign(domain, message) {
      for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
      return signer.sign(domain, message)
    },
  }
}

/** Long enough for every step of a first hand-over. */
const MOMENTS = 110

it('a killed agent stops wherever it is, also at any moment of a hand-over', async () => {
  const missed: number[] = []
  for (let moment = 1; moment <= MOMENTS; moment++) {
    const world = new Cluster()
    const { host: home } = await world.start(1, { kind: 'launcher', slots: 0, signer: slowSigner(1) })
    await world.start(2)
    await world.time.advance(4_000)
    const bundle = await importProgram(home, { steps: 600_000, emitEvery: 0 })
    // Between two effects of the home there is a turn of the event loop: each of them is a moment.
    let turns = 0
    const agent = await home.launch(bundle)
    const kill = (): void => {
      turns += 1
      if (turns === moment) home.kill(agent)
      else setImmediate(kill)
    }
    setImmediate(kill)
    while (turns < moment) await world.time.advance(1)
    expect(await world.ended(home, agent)).toEqual({ ok: false, value: { code: 'KILLED', reason: 'killed by order' } })
    await world.time.advance(3_000)
    if (world.holders(agent).length > 0) missed.push(moment)
    for (const seed of world.hosts.keys()) await world.kill(seed)
  }
  expect(missed).toEqual([])
}, 30_000)
