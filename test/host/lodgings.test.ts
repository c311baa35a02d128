import { describe, expect, it, vi } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { accept, refuse } from '../../src/base/result.ts'
import { readCar } from '../../src/bundle/car.ts'
import { sealBundle } from '../../src/bundle/seal.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { BundleShelf } from '../../src/host/bundle-shelf.ts'
import type { HostEvent } from '../../src/host/events.ts'
import { NOTHING_PUSHED } from '../../src/host/events.ts'
import { DEFAULT_POLICY } from '../../src/host/limits.ts'
import { Lodgings } from '../../src/host/lodgings.ts'
import type { Outcome } from '../../src/host/pull.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { CHEAP_ENGINE, CheapSandbox } from '../../src/sim/cheap-sandbox.ts'
import { NO_MAIL } from '../../src/wire/mail.ts'
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
    self: author.did,
    sandbox: new CheapSandbox(time),
    vault: to.vault,
    transfers: to.transfers,
    shelf: new BundleShelf({
      vault: to.vault,
      transfers: to.transfers,
      verifier: createVerifier(),
      trusts: () => true,
      blame: () => {},
    }),
    engineId: CHEAP_ENGINE,
    hashAll: undefined,
    share: async () => null,
    emit: (event) => void events.push(event),
  })
  const brief = {
    agent: AGENT,
    bundle: car.value.root,
    inputJson: 'null',
    seed: 1,
    launchedMs: 0,
    allowance: DEFAULT_POLICY,
    witnesses: [],
    hops: 0,
    consoleLines: 0,
    sentBytes: 0,
    messages: 0,
    movedBy: null,
    mail: NO_MAIL,
    birth: null,
    forkedFrom: null,
    origin: { order: null, after: null, witnesses: [] },
    head: car.value.root,
    history: null,
    resultTo: null,
  }
  const prepared = lodgings.prepare(brief, null, SOURCES)
  await time.advance(10)
  expect((await prepared).fault).toBeNull()
  return { time, vault: to.vault, transfers: to.transfers, lodgings, events, brief }
}

const SOURCES = { from: null, pushed: NOTHING_PUSHED, quota: DEFAULT_POLICY, authors: [] }

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

describe('an arrival whose blocks are still being written', () => {
  /** Thawed from its checkpoint again, while the disk takes as long as the test says. */
  async function arriving() {
    const { time, transfers, lodgings, events, brief } = await lodging(200)
    lodgings.run(AGENT)
    await time.advance(50)
    lodgings.freeze(AGENT)
    await time.advance(50)
    const frozen = events.find(({ kind }) => kind === 'frozen')
    if (frozen?.kind !== 'frozen') throw new Error('it does not stand')
    lodgings.terminate(AGENT)
    events.length = 0
    let written = (_outcome: Outcome<void>): void => {}
    const kept = new Promise<Outcome<void>>((resolve) => {
      written = resolve
    })
    const bring = transfers.bringCheckpoint.bind(transfers)
    vi.spyOn(transfers, 'bringCheckpoint').mockImplementation(async (...args) => {
      const brought = await bring(...args)
      return brought.ok ? accept({ ...brought.value, kept: brought.value.kept.then(() => kept) }) : brought
    })
    let answered = false
    const prepared = lodgings.prepare(brief, frozen.checkpoint, SOURCES)
    void prepared.then(() => {
      answered = true
    })
    await time.advance(1_000)
    return { time, lodgings, events, prepared, written, isAnswered: () => answered }
  }

  it('is not ready before they are durable, however long it has been thawed', async () => {
    const { time, lodgings, events, prepared, written, isAnswered } = await arriving()
    expect(isAnswered()).toBe(false)
    written(accept(undefined))
    expect((await prepared).fault).toBeNull()
    lodgings.run(AGENT)
    await time.advance(1_000)
    expect(events.at(-1)?.kind).toBe('finished')
  })

  it('is refused where they cannot be kept, and leaves no guest', async () => {
    const { time, lodgings, events, prepared, written } = await arriving()
    written(refuse('STORE_FULL', 'no room'))
    expect((await prepared).fault?.code).toBe('STORE_FULL')
    lodgings.run(AGENT)
    await time.advance(1_000)
    expect(events).toEqual([])
  })
})
