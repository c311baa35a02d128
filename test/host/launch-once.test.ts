import { expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { goodOnce, signOrder } from '../../src/host/sign-order.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import { author, Cluster } from './cluster.ts'

it('an order that is repeated makes one agent, also where its home was killed before it could answer', async () => {
  const world = new Cluster()
  const client = await world.start(1, { kind: 'launcher', slots: 0 })
  let home = await world.start(2)
  await world.time.advance(4_000)
  const bundle = await world.bundle(client.host, { steps: 20_000, emitEvery: 0 })
  const license = await signOrder(createAuthority(author, createVerifier()), {
    home: home.did,
    bundle,
    inputJson: 'null',
    resultTo: null,
    ...goodOnce(seededRandom(5), world.time),
  })
  if (!license.ok) return expect.fail(license.reason)
  const launch = async () => {
    const asked = client.host.ask(home.did, 'launch', { license: license.value, inputJson: 'null' })
    await world.time.advance(2_000)
    return asked
  }
  const first = await launch()
  expect(first).toMatchObject({ ok: true })
  expect(await launch()).toEqual(first)
  const disk = await world.kill(2)
  home = await world.start(2, {}, disk)
  await world.time.advance(4_000)
  expect(await launch()).toEqual(first)
  expect(home.host.snapshot().agents).toHaveLength(1)
})
