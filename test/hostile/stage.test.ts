import { beforeEach, describe, expect, it } from 'vitest'
import { type Cid, CODEC_DAG_CBOR, CODEC_RAW } from '../../src/base/digest.ts'
import { DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
import { sealCheckpoint } from '../../src/checkpoint/seal.ts'
import { type AgentId, agentId } from '../../src/directory/agent-id.ts'
import type { MachineImage } from '../../src/engine/image.ts'
import { READY_MS, RESERVATION_MS, STAGES_MAX } from '../../src/host/limits.ts'
import { MemoryDisk } from '../../src/platform/memory/store.ts'
import type { GuestOrder, Sandbox } from '../../src/sandbox/port.ts'
import { CHEAP_ENGINE, CheapSandbox } from '../../src/sim/cheap-sandbox.ts'
import type { Store } from '../../src/storage/port.ts'
import { NO_MAIL } from '../../src/wire/mail.ts'
import { encodeEntry, sealPack } from '../../src/wire/pack.ts'
import type { License } from '../../src/wire/statements.ts'
import { manyPages } from '../checkpoint/images.ts'
import { author, Cluster, importProgram } from '../host/cluster.ts'
import { licenseOf } from '../host/licenses.ts'
import { image } from '../sandbox/orders.ts'
import { beginning, refusal, type Stranger, strangerAt } from './stranger.ts'

/** What a host does that has been let in with one agent, and now brings images of it as it likes. */
let world: Cluster
let stranger: Stranger
let agent: AgentId
/** The last image that the host has whole. */
let base: Cid | null
let guests: { readonly order: GuestOrder; runs: number; patches: number; terminated: boolean }[]
let store: Store
/** Requests for blocks that the stranger has not answered. */
let fetches: number[]

/** Guests whose life is written down. */
function watched(inner: Sandbox): Sandbox {
  return {
    spawn(order, onEvent) {
      const guest = inner.spawn(order, onEvent)
      const seen = { order, runs: 0, patches: 0, terminated: false }
      guests.push(seen)
      return {
        freeze: () => guest.freeze(),
        deliver: (delivery) => guest.deliver(delivery),
        limit: (limit) => guest.limit(limit),
        run() {
          seen.runs += 1
          guest.run()
        },
        patch(later) {
          seen.patches += 1
          guest.patch(later)
        },
        terminate() {
          seen.terminated = true
          guest.terminate()
        },
      }
    },
  }
}

const cheapImage = (done: number, changes: Partial<MachineImage> = {}): MachineImage =>
  image({
    engineId: CHEAP_ENGINE,
    globals: new Map([['done', done]]),
    pages: new Map([[0, new Uint8Array(4096).fill(done)]]),
    pending: [],
    ...changes,
  })

/** Compresses nothing. */
const plain = {
  deflate: async (bytes: Uint8Array) => new Uint8Array(bytes.length + 1),
  inflate: async () => ({ ok: false, code: 'DEFLATE', reason: 'never compressed' }) as const,
}

/** An image and its blocks, as one message brings them. */
async function pushed(image: MachineImage, leave: 'nothing' | 'the pages' = 'nothing') {
  const { root, blocks } = sealCheckpoint(image)
  const entries = [...blocks]
    .filter(([, bytes]) => leave === 'nothing' || bytes.length !== 4096)
    .map(([, bytes]) => encodeEntry({ codec: bytes.length === 4096 ? CODEC_RAW : CODEC_DAG_CBOR, bytes, before: null }))
  const checkpointBytes = [...blocks.values()].reduce((sum, { length }) => sum + length, 0)
  return { checkpoint: root, base, pack: await sealPack(entries, plain), checkpointBytes }
}

let brief: Record<string, unknown>
let license: License
beforeEach(async () => {
  world = new Cluster()
  guests = []
  fetches = []
  base = null
  await world.start(1, { kind: 'launcher', slots: 0 })
  store = await new MemoryDisk().open()
  const { host } = await world.start(2, { sandbox: watched(new CheapSandbox(world.time)), store, cacheBytes: 0 })
  await world.time.advance(5_000)
  stranger = await strangerAt(world, 2, (message, sequence) => {
    if (message.kind === 'request' && message.name === 'fetch') fetches.push(sequence)
    return null
  })
  agent = agentId({ home: stranger.did, age: 1, sequence: 77 })
  const bundle = await importProgram(host, { steps: 8_000, emitEvery: 0 })
  license = await licenseOf(author, { home: stranger.did, bundle, nowMs: world.time.wallMs() })
  brief = {
    agent,
    bundle,
    inputJson: 'null',
    seed: 1,
    launchedMs: world.time.wallMs(),
    allowance: { ...DEFAULT_QUOTA, fuel: 1e9, memoryBytes: 1e7 },
    witnesses: [stranger.did],
    hops: 1,
    consoleLines: 0,
    movedBy: null,
    history: null,
    mail: NO_MAIL,
    birth: null,
    sentBytes: 0,
    messages: 0,
    forkedFrom: null,
    ...beginning(agent, bundle, license),
    resultTo: null,
  }
})

const offer = () =>
  stranger.ask('offer', {
    agent,
    epoch: 1,
    bundle: brief.bundle,
    reason: 'place',
    hops: 1,
    fuelUsed: 0,
    allowance: brief.allowance,
    license,
    stateBytes: 0,
  })

const stage = async (done: number, changes: Record<string, unknown> = {}) => {
  const body = { brief, epoch: 1, ...(await pushed(cheapImage(done))), ...changes }
  const answer = await stranger.ask('stage', body)
  if (answer?.kind === 'reply') base = body.checkpoint
  return answer
}

/** Answers what was asked for long ago. */
async function bringPages(image: MachineImage): Promise<void> {
  const entries = [...sealCheckpoint(image).blocks.values()]
    .filter(({ length }) => length === 4096)
    .map((bytes) => encodeEntry({ codec: CODEC_RAW, bytes, before: null }))
  for (const to of fetches)
    stranger.session.send({ kind: 'reply', name: 'fetch', to, body: { pack: await sealPack(entries, plain) } })
  await world.time.advance(500)
}

const send = async (done: number) => {
  const body = {
    brief,
    epoch: 1,
    ...(await pushed(cheapImage(done))),
    reason: 'place',
    certificate: null,
    charters: [],
    atHome: null,
  }
  const answer = await stranger.ask('send', body)
  if (answer?.kind === 'reply') base = body.checkpoint
  return answer
}

describe('an image ahead of an agent is refused', { timeout: 30_000 }, () => {
  it('where no place is reserved for it', async () => {
    expect(refusal(await stage(1))).toBe('REFUSED: no place is reserved for this agent')
    expect(guests).toEqual([])
  })

  it('of another epoch, or with more fuel than was offered', async () => {
    await offer()
    expect(refusal(await stage(1, { epoch: 2 }))).toBe('REFUSED: not what was offered')
    expect(refusal(await stage(1, { brief: { ...brief, allowance: { ...DEFAULT_QUOTA, fuel: 2e9 } } }))).toBe(
      'QUOTA: quota differs from the offer',
    )
    expect(guests).toEqual([])
  })

  it('while another one is being thawed', async () => {
    await offer()
    stranger.session.send({
      kind: 'request',
      name: 'stage',
      body: { brief, epoch: 1, ...(await pushed(cheapImage(1))) },
    } as never)
    expect(refusal(await stage(2))).toBe('BUSY: the agent is being thawed')
    expect(guests).toHaveLength(1)
  })

  it('after STAGES_MAX of them', async () => {
    await offer()
    for (let i = 1; i <= STAGES_MAX; i++) expect((await stage(i))?.kind).toBe('reply')
    expect(refusal(await stage(9))).toBe(`QUOTA: stages ${STAGES_MAX} >= STAGES_MAX ${STAGES_MAX}`)
    expect(guests.map(({ patches }) => patches)).toEqual([STAGES_MAX - 1])
  })

  it('once the agent itself has come', async () => {
    await offer()
    expect((await send(1))?.kind).toBe('reply')
    expect(refusal(await stage(2))).toBe('REFUSED: the agent itself has come')
  })

  it('with a block missing, and the place is given up', async () => {
    await offer()
    const half = await pushed(cheapImage(1), 'the pages')
    expect(refusal(await stage(1, half))).toMatch(/^(TIMEOUT|CLOSED|NOT_FOUND|undefined)/)
    await world.time.advance(READY_MS + RESERVATION_MS)
    expect(refusal(await stage(1))).toBe('REFUSED: no place is reserved for this agent')
    expect(guests).toEqual([])
  })

  it.each([
    [
      'with more bytes than the agent may have',
      cheapImage(2, { memoryPages: 2, pages: manyPages(30) }),
      'QUOTA: checkpointBytes 124110 > 105000',
    ],
    ['of an engine that is not here', cheapImage(2, { engineId: 'another' }), 'ENGINE: engine another is not here'],
  ])('%s, and the place is given up', async (_, wrong, reason) => {
    brief = { ...brief, allowance: { ...DEFAULT_QUOTA, fuel: 1e9, memoryBytes: 1e5 } }
    await offer()
    expect((await stage(1))?.kind).toBe('reply')
    expect(refusal(await stage(2, await pushed(wrong)))).toBe(reason)
    expect(refusal(await stage(3))).toBe('REFUSED: no place is reserved for this agent')
    expect(guests.map(({ terminated, runs }) => [terminated, runs])).toEqual([[true, 0]])
  })
})

describe('an image ahead of an agent', { timeout: 30_000 }, () => {
  it('is never run, and goes with the reservation', async () => {
    await offer()
    expect((await stage(1))?.kind).toBe('reply')
    await world.time.advance(RESERVATION_MS + 1_000)
    expect(guests.map(({ runs, terminated }) => [runs, terminated])).toEqual([[0, true]])
    expect(world.hosts.get(2)?.host.snapshot().agents).toEqual([])
  })

  it('goes when the agent is offered again', async () => {
    await offer()
    expect((await stage(1))?.kind).toBe('reply')
    await offer()
    expect(guests.map(({ runs, terminated }) => [runs, terminated])).toEqual([[0, true]])
    expect((await stage(2))?.kind).toBe('reply')
    expect(guests.map(({ patches }) => patches)).toEqual([0, 0])
  })

  it('is brought up to date by the agent itself, which is thawed anew where it is not the same one', async () => {
    await offer()
    expect((await stage(1))?.kind).toBe('reply')
    expect((await send(2))?.kind).toBe('reply')
    expect(guests.map(({ patches, terminated }) => [patches, terminated])).toEqual([[1, false]])
    await offer()
    expect((await stage(3))?.kind).toBe('reply')
    brief = { ...brief, seed: 2 }
    expect((await send(4))?.kind).toBe('reply')
    expect(guests.map(({ patches, terminated }) => [patches, terminated])).toEqual([
      [1, true],
      [0, true],
      [0, false],
    ])
    expect(guests.every(({ runs }) => runs === 0)).toBe(true)
  })

  it('that becomes whole only after the agent itself has come does not take its place', async () => {
    const late = cheapImage(1)
    await offer()
    expect(await stage(1, await pushed(late, 'the pages'))).toBeUndefined()
    await offer()
    expect((await send(2))?.kind).toBe('reply')
    await bringPages(late)
    expect(guests.map(({ order, terminated }) => [order.image?.globals.get('done'), terminated])).toEqual([[2, false]])
  })

  it('and another, and the agent itself again and again: no more of them is kept than the last', async () => {
    const kept: number[] = []
    for (let round = 0; round < 12; round++) {
      if (round % 4 === 0) await offer()
      expect((await stage(3 * round + 1))?.kind).toBe('reply')
      if (round % 4 === 3) expect((await send(3 * round + 2))?.kind).toBe('reply')
      if (round % 4 === 3) expect((await send(3 * round + 3))?.kind).toBe('reply')
      kept.push((await store.list('block/')).length)
    }
    expect(Math.max(...kept)).toBe(kept[0])
  })

  it('that becomes whole only after all of it was given up leaves no block', async () => {
    const before = await store.list('block/')
    const late = cheapImage(1)
    await offer()
    expect(await stage(1, await pushed(late, 'the pages'))).toBeUndefined()
    await offer()
    const wrong = await pushed(cheapImage(2, { engineId: 'another' }))
    expect(refusal(await stage(2, wrong))).toBe('ENGINE: engine another is not here')
    await bringPages(late)
    expect(await store.list('block/')).toEqual(before)
  })
})
