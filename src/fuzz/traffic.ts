import { seededRandom } from '../base/random.ts'
import { sealBundle } from '../bundle/seal.ts'
import type { Host } from '../host/host.ts'
import { createHost } from '../host/runtime.ts'
import { addressOf } from '../identity/did.ts'
import { createSigner, generateSecretKey } from '../identity/signer.ts'
import { createVerifier } from '../identity/verifier.ts'
import { MemoryDisk } from '../platform/memory/store.ts'
import { MemoryNetwork } from '../platform/memory/transport.ts'
import { VirtualTime } from '../platform/memory/virtual-time.ts'
import { promptDeflate } from '../platform/node/deflate.ts'
import { CHEAP_ENGINE, type CheapProgram, CheapSandbox } from '../sim/cheap-sandbox.ts'
import { createAssembler } from '../wire/framing.ts'
import { KIND_ASYNC, KIND_REPLY, KIND_REQUEST, readPreamble } from '../wire/header.ts'
import type { Channel, Transport } from '../wire/transport.ts'

/**
 * What real hosts say to each other, as they say it: two of them on a network in memory, agents that hop, fork, emit and are
 * large, one that is evicted. Seeds for the fuzzer that nobody has to keep in step with the protocol.
 */
export interface Traffic {
  /** The first frames of every channel in either direction. */
  readonly handshakes: readonly Uint8Array[]
  /** Whole messages, some of each kind. */
  readonly messages: readonly Uint8Array[]
  readonly bundle: Uint8Array
}

/** Kept of one kind of message: the longer ones differ in what they carry. */
const OF_A_KIND_MAX = 4

const PROGRAMS: readonly CheapProgram[] = [
  {
    steps: 400,
    emitEvery: 100,
    moves: [
      { at: 100, where: {} },
      { at: 250, where: { home: true } },
    ],
  },
  { steps: 300, emitEvery: 0, forks: [{ at: 50, n: 3 }] },
  { steps: 3_000, emitEvery: 500, large: true, moves: [{ at: 500, where: {} }] },
]

export async function recordTraffic(): Promise<Traffic> {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const time = new VirtualTime(async () => {
    for (let i = 0; i < 4; i++) await turn()
  })
  const network = new MemoryNetwork({ random: seededRandom(1), clock: time, timers: time })
  const author = createSigner(generateSecretKey(seededRandom(99)))
  const sent: Uint8Array[][] = []
  const addresses: string[] = []
  const start = async (seed: number): Promise<Host> => {
    const signer = createSigner(generateSecretKey(seededRandom(seed)))
    const address = addressOf(signer.did)
    const host = await createHost({
      signer,
      verifier: createVerifier(),
      transport: async () => overheard(network.join(address), sent),
      store: await new MemoryDisk().open(),
      sandbox: new CheapSandbox(time),
      deflate: promptDeflate,
      engineId: CHEAP_ENGINE,
      clock: time,
      timers: time,
      random: seededRandom(seed + 1_000),
      kind: 'edge',
      name: `host ${seed}`,
      slots: 4,
      trust: [author.did],
      members: async () => addresses,
    })
    addresses.push(address)
    return host
  }
  const home = await start(1)
  const away = await start(2)
  await time.advance(5_000)
  let bundle = new Uint8Array()
  for (const program of PROGRAMS) {
    const sealed = await sealBundle(partsOf(program), author)
    if (bundle.length === 0) bundle = Uint8Array.from(sealed.car)
    const opened = await home.importBundle(sealed.car)
    if (opened.ok) home.launch(opened.value.id).catch(() => undefined)
    await time.advance(1_500)
  }
  // Nothing of these is waited for: time stands still until it is told to go on.
  void home.ask(away.did, 'status', {})
  void away.drain()
  await time.advance(5_000)
  void home.close()
  void away.close()
  await time.advance(1_000)
  return { ...sorted(sent), bundle }
}

const partsOf = (program: CheapProgram) => ({
  name: 'cheap',
  version: '1.0.0',
  description: 'a program for the fuzzer',
  code: JSON.stringify(program),
  sourceMap: null,
  kernels: new Map(),
  assets: new Map([['data.txt', new TextEncoder().encode('one, two')]]),
  needs: {},
  quota: {},
  effects: 'fast' as const,
})

/** The same transport, each of whose channels leaves a copy of what is sent. */
function overheard(transport: Transport, sent: Uint8Array[][]): Transport {
  const tap = (channel: Channel): Channel => {
    const frames: Uint8Array[] = []
    sent.push(frames)
    const send = channel.send.bind(channel)
    channel.send = (frame) => {
      frames.push(Uint8Array.from(frame))
      return send(frame)
    }
    return channel
  }
  return {
    address: transport.address,
    dial: async (address) => tap(await transport.dial(address)),
    accept: (onChannel, ...rest) => transport.accept((channel) => onChannel(tap(channel)), ...rest),
    close: () => transport.close(),
  }
}

function sorted(channels: readonly (readonly Uint8Array[])[]): Pick<Traffic, 'handshakes' | 'messages'> {
  const handshakes: Uint8Array[] = []
  const byKind = new Map<string, Uint8Array[]>()
  for (const frames of channels) {
    const assembler = createAssembler({ nowMs: () => 0, wallMs: () => 0 })
    for (const frame of frames) {
      const kind = readPreamble(frame)
      const begins = kind.ok && ([KIND_REQUEST, KIND_REPLY, KIND_ASYNC] as number[]).includes(kind.value)
      if (kind.ok && !begins) {
        if (handshakes.length < 8) handshakes.push(frame)
        continue
      }
      const message = assembler.add(frame)
      if (!message.ok || message.value === null) continue
      const name = `${message.value[3]} ${message.value[52]} ${message.value[53]}`
      const alike = byKind.get(name) ?? []
      if (alike.length < OF_A_KIND_MAX) byKind.set(name, [...alike, message.value])
    }
  }
  return { handshakes, messages: [...byKind.values()].flat() }
}
