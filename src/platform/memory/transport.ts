import { assert } from '../../base/assert.ts'
import type { Clock } from '../../base/clock.ts'
import { type Random, uniform } from '../../base/random.ts'
import type { Timers } from '../../base/timers.ts'
import { FINGERPRINT_BYTES, OPEN_MS_MAX } from '../../wire/limits.ts'
import { type Channel, ChannelClosedError, type Standing, type Transport } from '../../wire/transport.ts'
import { MemoryChannel } from './channel.ts'

/**
 * A network in memory for simulations and tests: any number of hosts, latency from a seed, links that can be cut,
 * healed and severed, hosts that crash. Nothing happens but through `timers`, so with virtual time a run is
 * reproducible. Loses or reorders no frame of a living channel: data channels do not either.
 */
export interface MemoryNetworkOptions {
  readonly random: Random
  readonly clock: Clock
  readonly timers: Timers
  /** One way, drawn anew for each frame; default 1..1 ms. */
  readonly latencyMs?: { readonly min: number; readonly max: number }
}

export class MemoryNetwork {
  readonly #options: MemoryNetworkOptions
  readonly #hosts = new Map<string, MemoryTransport>()
  readonly #links = new Map<string, Set<MemoryChannel>>()
  readonly #cut = new Set<string>()

  constructor(options: MemoryNetworkOptions) {
    this.#options = options
  }

  /** A host goes on line. One that had this address is thrown off, as by the rendezvous. Several may share a network address. */
  join(address: string, networkAddress = address): Transport {
    this.crash(address)
    const transport = new MemoryTransport(address, networkAddress, this)
    this.#hosts.set(address, transport)
    return transport
  }

  /** Frames between the two wait, dials time out, until `heal`: a partition shorter than the channel's patience. */
  cut(a: string, b: string): void {
    this.#cut.add(pairOf(a, b))
    for (const channel of this.#between(a, b)) channel.hold()
  }

  heal(a: string, b: string): void {
    this.#cut.delete(pairOf(a, b))
    for (const channel of this.#between(a, b)) channel.resume()
  }

  /** Every channel between the two ends at once, as after a partition longer than that. */
  sever(a: string, b: string): void {
    for (const channel of [...this.#between(a, b)]) channel.break('link severed')
  }

  /** The host is gone without a word; those at the other ends notice after the latency. */
  crash(address: string): void {
    const host = this.#hosts.get(address)
    if (!host) return
    this.#hosts.delete(address)
    host.isClosed = true
    for (const [pair, channels] of this.#links) {
      if (!pair.split(' ').includes(address)) continue
      for (const channel of [...channels]) {
        if (channel.remoteAddress === address) channel.break('host crashed')
        else channel.end('host crashed')
      }
    }
  }

  leave(transport: MemoryTransport): void {
    if (this.#hosts.get(transport.address) === transport) this.#hosts.delete(transport.address)
  }

  latencyMs(): number {
    const { min, max } = this.#options.latencyMs ?? { min: 1, max: 1 }
    return min + uniform(this.#options.random) * (max - min)
  }

  connect(from: MemoryTransport, to: string): Promise<Channel> {
    const { timers } = this.#options
    return new Promise((resolve, reject) => {
      const fail = (reason: string): void => reject(new ChannelClosedError(`dial ${to}: ${reason}`))
      if (this.#cut.has(pairOf(from.address, to))) {
        timers.after(OPEN_MS_MAX, () => fail(`not open after OPEN_MS_MAX ${OPEN_MS_MAX}`))
        return
      }
      timers.after(this.latencyMs(), () => {
        const host = this.#hosts.get(to)
        if (!host || host === from) return fail('not on line')
        if (from.isClosed) return fail('transport is closed')
        if (host.standingOf(from.address) === 'barred') return fail('not answered')
        const [here, there] = this.#channelPair(from, host)
        from.adopt(here)
        host.adopt(there)
        host.deliver(there)
        timers.after(this.latencyMs(), () => resolve(here))
      })
    })
  }

  #channelPair(from: MemoryTransport, to: MemoryTransport): readonly [MemoryChannel, MemoryChannel] {
    const { random, clock, timers } = this.#options
    const [a, b] = [random.bytes(FINGERPRINT_BYTES), random.bytes(FINGERPRINT_BYTES)]
    const powers = { clock, timers, latencyMs: () => this.latencyMs() }
    const here = new MemoryChannel(to, { local: a, remote: b }, powers)
    const there = new MemoryChannel(from, { local: b, remote: a }, powers)
    here.join(there)
    const pair = pairOf(from.address, to.address)
    const channels = this.#links.get(pair) ?? new Set()
    this.#links.set(pair, channels)
    for (const channel of [here, there]) {
      channels.add(channel)
      channel.closed.then(() => {
        channels.delete(channel)
        if (channels.size === 0 && this.#links.get(pair) === channels) this.#links.delete(pair)
      })
    }
    return [here, there]
  }

  #between(a: string, b: string): Iterable<MemoryChannel> {
    return this.#links.get(pairOf(a, b)) ?? []
  }
}

const pairOf = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`)

class MemoryTransport implements Transport {
  readonly address: string
  readonly networkAddress: string
  readonly #network: MemoryNetwork
  readonly #channels = new Set<MemoryChannel>()
  readonly #arrived: MemoryChannel[] = []
  #onChannel: ((channel: Channel) => void) | null = null
  isClosed = false
  standingOf: (address: string) => Standing = () => 'stranger'

  constructor(address: string, networkAddress: string, network: MemoryNetwork) {
    this.address = address
    this.networkAddress = networkAddress
    this.#network = network
  }

  async dial(address: string): Promise<Channel> {
    if (this.isClosed) throw new ChannelClosedError(`dial ${address}: transport is closed`)
    return this.#network.connect(this, address)
  }

  accept(onChannel: (channel: Channel) => void, standingOf?: (address: string) => Standing): void {
    assert(this.#onChannel === null, 'accept is set once')
    this.#onChannel = onChannel
    if (standingOf) this.standingOf = standingOf
    for (const channel of this.#arrived.splice(0)) onChannel(channel)
  }

  adopt(channel: MemoryChannel): void {
    this.#channels.add(channel)
    channel.closed.then(() => this.#channels.delete(channel))
  }

  deliver(channel: MemoryChannel): void {
    if (this.#onChannel) this.#onChannel(channel)
    else this.#arrived.push(channel)
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.#network.leave(this)
    for (const channel of [...this.#channels]) channel.close()
  }
}
