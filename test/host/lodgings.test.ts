import { expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { readCar } from '../../src/bundle/car.ts'
import { sealBundle } from '../../src/bundle/seal.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { HostEvent } from '../../src/host/events.ts'
import { NOTHING_PUSHED } from '../../src/host/events.ts'
import { DEFAULT_POLICY } from '../../src/host/limits.ts'
import { Lodgings } from '../../src/host/lodgings.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { allowanceOf } from '../../src/permit/grant.ts'
import { CHEAP_ENGINE, CheapSandbox } from '../../src/sim/cheap-sandbox.ts'
import { agentNumber, memoryEnds } from './transfer-ends.ts'

const author = createSigner(generateSecretKey(seededRandom(9)))
const AGENT: AgentId = agentNumber(1)

/** Lodgings with one agent of so many steps, ready to run, and what they tell. */
async function lodging(steps: number) {
  const { time, to } = await memoryEnds()
  const program = { name: 'cheap', version: '1.0.0', description: '', code: JSON.stringify({ steps, emitEvery: 0 }) }
  const bundle = await sealBundle(
    {
      ...program,
      sourceMap: null,
      kernels: new Map(),
      assets: new Map(),
      needs: { kind: null },
      quota: {},
      effects: 'fast',
    },
    author,
  )
  const car = readCar(bundle.car)
  if (!car.ok) throw new Error(car.reason)
  await to.vault.keepBundle(car.value.blocks)
  const events: HostEvent[] = []
  const lodgings = new Lodgings({
    sandbox: new CheapSandbox(time),
    vault: to.vault,
    transfers: to.transfers,
    verifier: createVerifier(),
    engineId: CHEAP_ENGINE,
    hashAll: undefined,
    share: async () => null,
    trusts: () => true,
    emit: (event) => void events.push(event),
  })
  const brief = {
    agent: AGENT,
    bundle: car.value.root,
    inputJson: 'null',
    seed: 1,
    launchedMs: 0,
    allowance: allowanceOf(DEFAULT_POLICY),
    witnesses: [],
    hops: 0,
    consoleLines: 0,
    sentBytes: 0,
    movedBy: null,
    forkedFrom: null,
  }
  const prepared = lodgings.prepare(brief, null, null, NOTHING_PUSHED, DEFAULT_POLICY)
  await time.advance(10)
  expect((await prepared).fault).toBeNull()
  return { time, vault: to.vault, lodgings, events }
}

it('lends the image of an agent no longer than the agent is here', async () => {
  const { time, vault, lodgings, events } = await lodging(200)
  lodgings.run(AGENT)
  await time.advance(50)
  lodgings.image(AGENT)
  await time.advance(50)
  const imaged = events.find(({ kind }) => kind === 'imaged')
  if (imaged?.kind !== 'imaged') throw new Error('no image')
  expect(await vault.get(imaged.checkpoint)).not.toBeNull()
  await time.advance(1_000)
  expect(events.at(-1)?.kind).toBe('finished')
  expect(await vault.get(imaged.checkpoint)).toBeNull()
})
