import type { Clock } from '../../src/base/clock.ts'
import { seededRandom } from '../../src/base/random.ts'
import type { Timers } from '../../src/base/timers.ts'
import { type SealedCheckpoint, sealCheckpoint } from '../../src/checkpoint/seal.ts'
import { type AgentId, agentId } from '../../src/directory/agent-id.ts'
import { Dispatch } from '../../src/host/dispatch.ts'
import { Links } from '../../src/host/links.ts'
import { CACHE_BYTES_DEFAULT } from '../../src/host/transfer-limits.ts'
import { Transfers } from '../../src/host/transfers.ts'
import { Vault } from '../../src/host/vault.ts'
import { addressOf, type Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { openMemoryStore } from '../../src/platform/memory/store.ts'
import { MemoryNetwork } from '../../src/platform/memory/transport.ts'
import { VirtualTime } from '../../src/platform/memory/virtual-time.ts'
import { promptDeflate } from '../../src/platform/node/deflate.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import type { Requests } from '../../src/wire/messages.ts'
import type { Channel, Transport } from '../../src/wire/transport.ts'
import { smallImage } from '../checkpoint/images.ts'
import { introduction } from './introduction.ts'

/** Two hosts as far as blocks travel between them: vault, transfers, dispatch and links over any transport. */
export interface End {
  readonly did: Did
  readonly vault: Vault
  readonly transfers: Transfers
  readonly line: Line
  /** What it was asked for, in the order in which it was asked. */
  readonly asked: Requests['fetch']['ask'][]
}

/** A transport that counts, can be cut, and can be made to take so many bytes a second. */
export class Line implements Transport {
  readonly address: string
  bytes = 0
  bytesPerSecond = Number.POSITIVE_INFINITY
  readonly #inner: Transport
  readonly #timers: Timers
  readonly #channels = new Set<Channel>()

  constructor(inner: Transport, timers: Timers) {
    this.address = inner.address
    this.#inner = inner
    this.#timers = timers
  }

  dial = async (address: string): Promise<Channel> => this.#wrap(await this.#inner.dial(address))
  accept = (onChannel: (channel: Channel) => void): void =>
    this.#inner.accept((channel) => onChannel(this.#wrap(channel)))
  close = (): Promise<void> => this.#inner.close()

  cut(): void {
    for (const channel of this.#channels) channel.close()
  }

  #wrap(inner: Channel): Channel {
    this.#channels.add(inner)
    void inner.closed.then(() => this.#channels.delete(inner))
    return {
      remoteAddress: inner.remoteAddress,
      networkAddress: inner.networkAddress,
      fingerprints: inner.fingerprints,
      closed: inner.closed,
      receive: (onFrame) => inner.receive(onFrame),
      close: () => inner.close(),
      send: async (frame) => {
        this.bytes += frame.length
        const ms = (frame.length / this.bytesPerSecond) * 1_000
        if (ms > 0) await new Promise<void>((resolve) => this.#timers.after(ms, resolve))
        await inner.send(frame)
      },
    }
  }
}

export async function openEnd(
  seed: number,
  join: (signer: ReturnType<typeof createSigner>) => Promise<Transport>,
  { clock, timers, deflate = promptDeflate }: { clock: Clock; timers: Timers; deflate?: typeof promptDeflate },
): Promise<End> {
  const signer = createSigner(generateSecretKey(seededRandom(seed)))
  const vault = await Vault.open(await openMemoryStore(), CACHE_BYTES_DEFAULT)
  const dispatch = new Dispatch(vault, deflate)
  const line = new Line(await join(signer), timers)
  const asked: Requests['fetch']['ask'][] = []
  const authority = createAuthority(signer, createVerifier())
  const inic = await introduction(authority)
  const links = new Links({
    self: { did: signer.did, age: 1 },
    transport: line,
    authority,
    random: seededRandom(seed + 1_000),
    clock,
    timers,
    members: async () => [],
    shuns: () => null,
    onConnected: (host) => void links.ask(host, 'inic', inic),
    onDisconnected: () => {},
    onAsked: (_, handle) => links.answer(handle, { ground: 'open' }),
    onTold: () => {},
    serveBlocks: async (to, ask, line) => {
      asked.push(ask)
      return { ok: true, body: { pack: await dispatch.serve(to, ask, line) } }
    },
    log: () => {},
  })
  const transfers = new Transfers({
    vault,
    deflate,
    clock,
    timers,
    ask: (from, body) => links.ask(from, 'fetch', body),
    received: links.receivedBytes,
  })
  return { did: signer.did, vault, transfers, line, asked }
}

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export async function memoryEnds(): Promise<{ time: VirtualTime; from: End; to: End }> {
  const time = new VirtualTime(async () => {
    for (let i = 0; i < 4; i++) await turnOfTheLoop()
  })
  const network = new MemoryNetwork({ random: seededRandom(1), clock: time, timers: time })
  const end = (seed: number): Promise<End> =>
    openEnd(seed, async ({ did }) => network.join(addressOf(did)), { clock: time, timers: time })
  return { time, from: await end(1), to: await end(2) }
}

const HOME = createSigner(generateSecretKey(seededRandom(99))).did
export const agentNumber = (n: number): AgentId => agentId({ home: HOME, age: 1, sequence: n + 1 })

/** A checkpoint of pages that do not compress. */
export function noise(seed: number, pageCount: number): SealedCheckpoint {
  let state = seed
  const page = (): Uint8Array => {
    const words = new Uint32Array(1_024)
    for (let i = 0; i < words.length; i++) {
      state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9
      words[i] = state ^ (state >>> 12)
    }
    return new Uint8Array(words.buffer)
  }
  const pages = new Map(Array.from({ length: pageCount }, (_, i) => [i, page()]))
  return sealCheckpoint(smallImage({ memoryPages: Math.ceil(pageCount / 16), pages }))
}

export const bytesOf = ({ blocks }: SealedCheckpoint): number =>
  [...blocks.values()].reduce((sum, { length }) => sum + length, 0)
