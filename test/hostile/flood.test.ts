import { beforeEach, describe, expect, it } from 'vitest'
import { concatBytes } from '../../src/base/bytes.ts'
import { encode } from '../../src/base/codec.ts'
import { cborCid } from '../../src/base/digest.ts'
import { type Random, seededRandom } from '../../src/base/random.ts'
import { DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import { OFFERS_OPENING_MAX } from '../../src/host/limits.ts'
import { addressOf, type Did } from '../../src/identity/did.ts'
import type { Domain } from '../../src/identity/domain.ts'
import { sealEnvelope } from '../../src/identity/envelope.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier, type Verifier } from '../../src/identity/verifier.ts'
import type { CheapProgram } from '../../src/sim/cheap-sandbox.ts'
import { KIND_HELLO, KIND_PROOF, MAGIC, VERSION } from '../../src/wire/header.ts'
import { BARRED_MS, STRANGER_ENTRY_BURST, STRANGER_ENTRY_PER_SECOND } from '../../src/wire/limits.ts'
import type { Offer } from '../../src/wire/messages.ts'
import { encodeEntry, sealPack } from '../../src/wire/pack.ts'
import type { Channel, Transport } from '../../src/wire/transport.ts'
import { author, Cluster, type ClusterHost } from '../host/cluster.ts'
import { licenseOf } from '../host/licenses.ts'
import { refusal, strangerAt } from './stranger.ts'

/** Strangers by the thousand, with keys that cost them nothing, against hosts that know each other. */
const long: CheapProgram = { steps: 40_000, emitEvery: 2_000 }
let world: Cluster
let checked: Map<Domain, number>

/** Counts what it checks. */
function counting(inner: Verifier): Verifier {
  return {
    verify(did, domain, payload, signature) {
      checked.set(domain, (checked.get(domain) ?? 0) + 1)
      return inner.verify(did, domain, payload, signature)
    },
  }
}

beforeEach(async () => {
  world = new Cluster()
  checked = new Map()
  await world.start(1, { kind: 'launcher', slots: 0 })
  await world.start(2, { verifier: counting(createVerifier()) })
  await world.start(3)
  await world.time.advance(15_000)
})

const hostOf = (seed: number): ClusterHost => {
  const started = world.hosts.get(seed)
  if (!started) throw new Error(`no host ${seed}`)
  return started
}

const frame = (kind: number, body: unknown): Uint8Array =>
  concatBytes(Uint8Array.of(MAGIC >> 8, MAGIC & 0xff, VERSION, kind), encode(body))

/** What a stranger says to a host that has let it open a channel. */
const LIES: readonly ((channel: Channel, did: Did, random: Random) => Uint8Array[])[] = [
  (_channel, _did, random) => [random.bytes(200)],
  (channel, did, random) => [
    frame(KIND_HELLO, {
      role: 'dialler',
      did,
      age: 1,
      nonce: random.bytes(32),
      local: channel.fingerprints.local,
      remote: channel.fingerprints.remote,
    }),
    frame(KIND_PROOF, { answers: random.bytes(32), signature: random.bytes(64) }),
  ],
  () => [],
]

class Crowd {
  readonly #random = seededRandom(7)
  readonly #ends: [Transport, Did][] = []
  calls = 0
  answered = 0

  constructor(keys: number) {
    for (let i = 0; i < keys; i++) {
      const { did } = createSigner(generateSecretKey(this.#random))
      this.#ends.push([world.network.join(addressOf(did)), did])
    }
  }

  /** So many calls at once, each with the lie that is its turn. */
  call(target: Did, count: number): void {
    for (let i = 0; i < count; i++) {
      const at = this.calls++
      const [transport, did] = this.#ends[at % this.#ends.length] ?? []
      if (!transport || !did) return
      transport.dial(addressOf(target)).then(
        (channel) => {
          this.answered++
          const lie = LIES[at % LIES.length]?.(channel, did, this.#random) ?? []
          for (const words of lie) channel.send(words).catch(() => {})
        },
        () => {},
      )
    }
  }
}

describe('a flood of strangers', () => {
  it('makes a host check no more signatures than strangers have a share of, and agents hop between its acquaintances', async () => {
    const agent = await world.launch(hostOf(1).host, long)
    await world.time.advance(2_000)
    const crowd = new Crowd(200)
    const [first] = world.holders(agent)
    const to = first === 2 ? 3 : 2
    checked.clear()
    for (let i = 0; i < 100; i++) {
      crowd.call(hostOf(2).did, 100)
      if (i === 20) hostOf(first ?? 0).host.move(agent, hostOf(to).did)
      await world.time.advance(100)
    }
    expect(crowd.calls).toBe(10_000)
    expect(crowd.answered).toBeLessThanOrEqual(STRANGER_ENTRY_BURST + 10 * STRANGER_ENTRY_PER_SECOND)
    expect(checked.get('handshake') ?? 0).toBeLessThanOrEqual(crowd.answered)
    expect(world.holders(agent)).toEqual([to])
    expect(hostOf(2).host.hosts()).toEqual(expect.arrayContaining([hostOf(1).did, hostOf(3).did]))
    expect(await world.ended(hostOf(1).host, agent, 200_000)).toMatchObject({ ok: true })
  }, 60_000)

  it('does not keep an acquaintance out that comes back in the middle of it', async () => {
    const crowd = new Crowd(200)
    for (let i = 0; i < 30; i++) {
      crowd.call(hostOf(2).did, 100)
      if (i === 20) world.network.sever(addressOf(hostOf(2).did), addressOf(hostOf(3).did))
      await world.time.advance(100)
    }
    await world.time.advance(1_000)
    expect(hostOf(2).host.hosts()).toContain(hostOf(3).did)
    expect(hostOf(3).host.hosts()).toContain(hostOf(2).did)
  }, 60_000)
})

const offerOf = async (bundle: Offer['bundle'], sequence: number): Promise<Offer> => ({
  agent: agentId({ home: hostOf(1).did, age: 1, sequence }),
  epoch: 1,
  bundle,
  reason: 'place',
  hops: 1,
  fuelUsed: 0,
  allowance: { ...DEFAULT_QUOTA, fuel: 1e9, memoryBytes: 1e7, hops: 10 },
  license: await licenseOf(author, { home: hostOf(1).did, bundle, nowMs: world.time.wallMs() }),
  stateBytes: 0,
})

describe('a host that has proved who it is', () => {
  it('and lies in a message is not heard again for a while, over however many connections it comes', async () => {
    const stranger = await strangerAt(world, 2)
    stranger.session.send({ kind: 'reply', name: 'offer', to: 1, body: { ttlMs: 1, have: null } })
    stranger.session.send({ kind: 'async', name: 'no such thing', body: {} } as never)
    await world.time.advance(100)
    const closed = await stranger.session.closed
    expect(closed.code).toBe('CLOSED_THERE')
    const before = checked.get('handshake')
    const again = strangerAt(world, 2)
    again.catch(() => {})
    await world.time.advance(BARRED_MS / 2)
    await expect(again).rejects.toThrow()
    expect(checked.get('handshake')).toBe(before)
  }, 30_000)

  it('and offers a forged bundle is found out by one signature, and then by its name, whoever offers it', async () => {
    const forger = createSigner(generateSecretKey(seededRandom(61)))
    const root = await sealEnvelope(forger, 'command', { not: 'a manifest' })
    const bundle = cborCid(root)
    const plain = {
      deflate: async (bytes: Uint8Array) => new Uint8Array(bytes.length + 1),
      inflate: async () => ({ ok: false, code: 'DEFLATE', reason: 'never compressed' }) as const,
    }
    const pack = await sealPack([encodeEntry({ codec: 0x71, bytes: root, before: null })], plain)
    const stranger = await strangerAt(world, 2, (message, to) =>
      message.kind === 'request' && message.name === 'fetch'
        ? { kind: 'reply', name: 'fetch', to, body: { pack } }
        : null,
    )
    expect(refusal(await stranger.ask('offer', await offerOf(bundle, 5)))).toMatch(
      /^(REFUSED: bundle: SIGNATURE|undefined)/,
    )
    expect(checked.get('bundle')).toBe(1)
    expect((await stranger.session.closed).code).toBe('CLOSED_THERE')
    // Another key, the same bundle.
    world.network.crash(addressOf(stranger.did))
    const honest = hostOf(3).host
    const answer = honest.ask(hostOf(2).did, 'offer', await offerOf(bundle, 6))
    await world.time.advance(1_000)
    expect(await answer).toMatchObject({ ok: false })
    expect(checked.get('bundle')).toBe(1)
  }, 30_000)

  it('has only so many of its bundles fetched at once', async () => {
    const stranger = await strangerAt(world, 2)
    const answers: string[] = []
    const offers = Array.from({ length: OFFERS_OPENING_MAX + 1 }, (_, i) => offerOf(cborCid(Uint8Array.of(i)), 100 + i))
    for (const body of await Promise.all(offers)) stranger.session.send({ kind: 'request', name: 'offer', body })
    await world.time.advance(500)
    for (const message of stranger.heard) if (message.kind === 'error') answers.push(refusal(message))
    expect(answers).toEqual([`BUSY: offersOpening ${OFFERS_OPENING_MAX} >= OFFERS_OPENING_MAX ${OFFERS_OPENING_MAX}`])
  })
})
