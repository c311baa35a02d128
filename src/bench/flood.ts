import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { concatBytes } from '../base/bytes.ts'
import { encode } from '../base/codec.ts'
import { sealBundle } from '../bundle/seal.ts'
import { startNodeHost } from '../entry/node/node-host.ts'
import { addressOf, type Did } from '../identity/did.ts'
import { createSigner, generateSecretKey, type Signer } from '../identity/signer.ts'
import { createVerifier } from '../identity/verifier.ts'
import { createNativeSubtle } from '../platform/node/native-signatures.ts'
import { nodeClock, nodeRandom, nodeTimers } from '../platform/node/time.ts'
import { goOnlineFromNode } from '../platform/node/transport.ts'
import type { RendezvousTransport } from '../platform/peerjs/transport.ts'
import { serve } from '../rendezvous/serve.ts'
import { createAuthority } from '../wire/authority.ts'
import { correspondent, encodeMessage } from '../wire/codec.ts'
import { KIND_HELLO, KIND_PROOF, MAGIC, VERSION } from '../wire/header.ts'
import { openSession } from '../wire/session.ts'
import type { Channel } from '../wire/transport.ts'
import { quiet } from './quiet.ts'
import { percentile, type Row } from './row.ts'
import { TRAVELLER } from './traveller.ts'

/**
 * What a flood of invalid frames costs a host, over real WebRTC: strangers with keys and loopback addresses of their own
 * dial it without a pause and send as fast as the channel takes. The host is a process of its own, and what counts is its
 * processor time. Then an agent works there, and how much it gets done is compared with what it gets done while the same
 * crowd floods another host: the attackers are on this machine too, and take their part of it either way.
 */
const STRANGERS = 64
const FLOOD_MS = 10_000

/** For the agent: one host and the other in turn, so that what else the machine does falls on both. */
const ROUNDS = 5
const ROUND_MS = 5_000

/** Frames that a stranger sends in one go: with 32 channels a second some ten thousand a second. */
const BURST_FRAMES = 700

const BUSY_CODE = `globalThis.__agent = async () => {
  for (let i = 0; ; i++) { let sum = 0; for (let j = 0; j < 100000; j++) sum = (sum + j * i) % 1000003; await new Promise((go) => setTimeout(go, 0)) }
}`

export async function benchFlood(): Promise<Row[]> {
  const rendezvous = await serve({
    log: quiet,
    limits: { socketBurst: 1_000, requestBurst: 10_000, requestsPerSecond: 1_000, strikesMax: 1e9 },
  })
  const author = createSigner(generateSecretKey(nodeRandom))
  const home = await startNodeHost({
    rendezvous: rendezvous.url,
    signer: author,
    kind: 'launcher',
    name: 'home',
    slots: 0,
    trust: [],
    bindAddress: '127.0.0.1',
  })
  const flooded = new Flooded(rendezvous.url, author.did)
  const decoy = new Flooded(rendezvous.url, createSigner(generateSecretKey(nodeRandom)).did)
  const crowd: Stranger[] = []
  try {
    const [target, other] = await Promise.all([flooded.started, decoy.started])
    while (home.host.snapshot().acquaintances.length < 2) await pause(50)
    for (let i = 0; i < STRANGERS; i++) crowd.push(await Stranger.join(rendezvous.url, i))
    await pause(11_000) // home is an acquaintance by now
    const idle = await flooded.during(3_000)
    const alone = flood(crowd, target, FLOOD_MS)
    const cost = await flooded.during(FLOOD_MS)
    const sent = await alone
    const agent = await home.host.launch(await busy(home.host, author))
    await pause(3_000)
    const fuelOf = (): number => home.host.story(agent, 0)?.row.fuelUsed ?? 0
    const ratios: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const whileOtherIs = await worked(fuelOf, crowd, other)
      ratios.push((await worked(fuelOf, crowd, target)) / whileOtherIs)
    }
    const perSecond = sent / (FLOOD_MS / 1_000)
    const cores = cost - idle
    return [
      { name: 'flood.frames', value: perSecond, unit: '1/s', bar: '≥ 10000', ok: perSecond >= 10_000 },
      { name: 'flood.cores', value: cores, unit: 'cores', bar: '< 0.5', ok: cores < 0.5 },
      { name: 'flood.agent', value: percentile(ratios, 0.5), unit: '× while another host is flooded' },
    ]
  } finally {
    for (const stranger of crowd) void stranger.leave()
    flooded.end()
    decoy.end()
    await home.close()
    await rendezvous.close()
  }
}

async function flood(crowd: readonly Stranger[], target: Did, forMs: number): Promise<number> {
  const untilMs = performance.now() + forMs
  const sent = await Promise.all(crowd.map((stranger) => stranger.flood(target, untilMs)))
  return sent.reduce((sum, count) => sum + count, 0)
}

/** One attacker: a key, a network address of its own, and no manners. */
class Stranger {
  readonly #transport: RendezvousTransport
  readonly #signer: Signer
  readonly #lie: (typeof LIES)[number]

  private constructor(transport: RendezvousTransport, signer: Signer, index: number) {
    this.#transport = transport
    this.#signer = signer
    this.#lie = LIES[index % LIES.length] ?? garbage
  }

  static async join(rendezvous: string, index: number): Promise<Stranger> {
    const signer = createSigner(generateSecretKey(nodeRandom))
    const bindAddress = `127.0.1.${index + 1}`
    return new Stranger(await goOnlineFromNode({ rendezvous, signer, bindAddress }), signer, index)
  }

  async flood(target: Did, untilMs: number): Promise<number> {
    let sent = 0
    while (performance.now() < untilMs) {
      const channel = await Promise.race([this.#transport.dial(addressOf(target)).catch(() => null), pause(500)])
      if (!channel) continue
      const frame = await this.#lie(channel, this.#signer, target)
      try {
        for (let i = 0; i < BURST_FRAMES; i++, sent++) await channel.send(frame)
      } catch {
        // cut off: the next channel
      }
      channel.close()
    }
    return sent
  }

  leave = (): Promise<void> => this.#transport.close()
}

const frameOf = (kind: number, body: unknown): Uint8Array =>
  concatBytes(Uint8Array.of(MAGIC >> 8, MAGIC & 0xff, VERSION, kind), encode(body))

const garbage = async (): Promise<Uint8Array> => nodeRandom.bytes(300)

/** A good HELLO with somebody else's signature behind it. */
const forgedProof = async (channel: Channel, { did }: Signer): Promise<Uint8Array> => {
  const { local, remote } = channel.fingerprints
  channel.receive(() => {})
  await channel
    .send(frameOf(KIND_HELLO, { role: 'dialler', did, age: 1, nonce: nodeRandom.bytes(32), local, remote }))
    .catch(() => {})
  return frameOf(KIND_PROOF, { answers: nodeRandom.bytes(32), signature: nodeRandom.bytes(64) })
}

/** A session, and then messages with a good header and a body that is none. */
const junkBody = async (channel: Channel, signer: Signer, target: Did): Promise<Uint8Array> => {
  const session = await openSession(channel, {
    role: 'dialler',
    self: { did: signer.did, age: 1 },
    expect: target,
    authority: createAuthority(signer, createVerifier(createNativeSubtle())),
    random: nodeRandom,
    clock: nodeClock,
    timers: nodeTimers,
    nextSequence: () => 1,
    onMessage: () => {},
  })
  const message = encodeMessage(correspondent(signer.did, 1), session.ok ? 7 : 8, {
    kind: 'async',
    name: 'bye',
    body: { reason: 'x'.repeat(200) },
  })
  return message.fill(0xff, 60)
}

const truncated = async (_channel: Channel, signer: Signer): Promise<Uint8Array> =>
  encodeMessage(correspondent(signer.did, 1), 1, { kind: 'async', name: 'bye', body: { reason: 'cut' } }).subarray(
    0,
    40,
  )

const LIES: readonly ((channel: Channel, signer: Signer, target: Did) => Promise<Uint8Array>)[] = [
  garbage,
  forgedProof,
  junkBody,
  truncated,
]

/** The process of the host. */
class Flooded {
  readonly #process: ChildProcess
  readonly started: Promise<Did>

  constructor(rendezvous: string, author: Did) {
    this.#process = fork(fileURLToPath(new URL('./flooded.js', import.meta.url)), [rendezvous, author])
    this.started = new Promise((resolve) => this.#process.once('message', ({ did }: { did: Did }) => resolve(did)))
  }

  #cpuMs(): Promise<number> {
    return new Promise((resolve) => {
      this.#process.once('message', ({ cpuMs }: { cpuMs: number }) => resolve(cpuMs))
      this.#process.send('cpu')
    })
  }

  /** Cores in use, on average. */
  async during(forMs: number): Promise<number> {
    const fromMs = performance.now()
    const before = await this.#cpuMs()
    await pause(forMs)
    return ((await this.#cpuMs()) - before) / (performance.now() - fromMs)
  }

  end(): void {
    this.#process.disconnect()
  }
}

async function busy(home: Awaited<ReturnType<typeof startNodeHost>>['host'], author: Signer) {
  const { car } = await sealBundle({ ...TRAVELLER, name: 'busy', code: BUSY_CODE }, author)
  const bundle = await home.importBundle(car)
  if (!bundle.ok) throw new Error(bundle.reason)
  return bundle.value.id
}

/** What the agent gets done while the crowd floods that host. */
async function worked(fuelOf: () => number, crowd: readonly Stranger[], target: Did): Promise<number> {
  const flooding = flood(crowd, target, ROUND_MS)
  const from = fuelOf()
  await pause(ROUND_MS)
  const done = fuelOf() - from
  await flooding
  return done
}

const pause = (ms: number): Promise<null> => new Promise((resolve) => setTimeout(() => resolve(null), ms))
