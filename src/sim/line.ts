import { announcedBytes } from '../wire/header.ts'
import type { Channel, Standing, Transport } from '../wire/transport.ts'
import { ChannelClosedError } from '../wire/transport.ts'
import type { HostTime } from './host-time.ts'

/**
 * What lies between a host and the memory network: the host's own slowness, and what a network does to messages. Channels
 * are ordered and reliable, as data channels are; so what is lost, doubled, late or out of order here is a whole message of
 * a living session, which is more than WebRTC does: the host machine claims to survive that (wire/PROTOCOL.md).
 */
export interface Sky {
  /** What becomes of the next message from an address. */
  fate(from: string): Fate
  /** Nothing gets through that way for now; frames wait. */
  isBlocked(from: string, to: string): boolean
  /** Calls it when that way may have become free. */
  whenFree(from: string, to: string, run: () => void): void
  /** Whether hosts that do not know each other's whereabouts find each other. */
  isRendezvousUp(): boolean
  after(ms: number, run: () => void): void
}

export type Fate =
  | { readonly kind: 'arrives' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'doubled' }
  /** Others overtake it. */
  | { readonly kind: 'overtaken'; readonly ms: number }
  /** It and all after it come later. */
  | { readonly kind: 'delayed'; readonly ms: number }

export class SimTransport implements Transport {
  readonly address: string
  readonly #inner: Transport
  readonly #time: HostTime
  readonly #sky: Sky

  constructor(inner: Transport, time: HostTime, sky: Sky) {
    this.address = inner.address
    this.#inner = inner
    this.#time = time
    this.#sky = sky
  }

  async dial(address: string): Promise<Channel> {
    if (!this.#sky.isRendezvousUp()) throw new ChannelClosedError(`dial ${address}: no rendezvous`)
    const channel = await this.#inner.dial(address)
    await new Promise<void>((resolve) => this.#time.whenAwake(resolve))
    return this.#wrap(channel)
  }

  accept(onChannel: (channel: Channel) => void, standingOf?: (address: string) => Standing): void {
    this.#inner.accept((channel) => this.#time.whenAwake(() => onChannel(this.#wrap(channel))), standingOf)
  }

  close = (): Promise<void> => this.#inner.close()

  #wrap = (channel: Channel): Channel => new SimChannel(this.address, channel, this.#time, this.#sky)
}

class SimChannel implements Channel {
  readonly remoteAddress: string
  readonly networkAddress: string | null
  readonly fingerprints: Channel['fingerprints']
  readonly closed: Promise<{ readonly reason: string }>
  readonly #from: string
  readonly #inner: Channel
  readonly #time: HostTime
  readonly #sky: Sky
  /** Frames that wait for the way to be free, or for those before them. */
  readonly #held: Uint8Array[] = []
  #isHolding = false
  /** Of the message that is being sent, what is still to come, and what becomes of it. */
  #missing = 0
  #fate: Fate = ARRIVES
  #isClosed = false

  constructor(from: string, inner: Channel, time: HostTime, sky: Sky) {
    this.#from = from
    this.#inner = inner
    this.#time = time
    this.#sky = sky
    this.remoteAddress = inner.remoteAddress
    this.networkAddress = inner.networkAddress
    this.fingerprints = inner.fingerprints
    this.closed = inner.closed.then((end) => {
      this.#isClosed = true
      return new Promise((resolve) => time.whenAwake(() => resolve(end)))
    })
  }

  send(frame: Uint8Array): Promise<void> {
    if (this.#missing <= 0) this.#begin(frame)
    this.#missing -= frame.length
    const { kind } = this.#fate
    if (kind === 'lost') return Promise.resolve()
    if (kind === 'overtaken') {
      const copy = new Uint8Array(frame)
      this.#sky.after(this.#fate.ms, () => this.#pass(copy))
      return Promise.resolve()
    }
    if (!this.#isHolding && this.#sky.isBlocked(this.#from, this.remoteAddress)) this.#hold()
    if (this.#isHolding) {
      this.#held.push(new Uint8Array(frame))
      return Promise.resolve()
    }
    if (kind === 'doubled') void this.#inner.send(frame).catch(() => undefined)
    return this.#inner.send(frame)
  }

  receive(onFrame: (frame: Uint8Array) => void): void {
    this.#inner.receive((frame) => this.#time.whenAwake(() => onFrame(frame)))
  }

  close = (): void => this.#inner.close()

  /** A message begins with this frame. Only what is one frame long can be doubled or overtaken: cut up, it would be another. */
  #begin(frame: Uint8Array): void {
    const announced = announcedBytes(frame)
    this.#missing = announced.ok ? announced.value : frame.length
    // The handshake has no sequence numbers: it ends, or the session does.
    const fate = announced.ok ? this.#sky.fate(this.#from) : ARRIVES
    const isWhole = this.#missing === frame.length
    this.#fate = isWhole || fate.kind === 'lost' ? fate : ARRIVES
    if (this.#fate.kind !== 'delayed') return
    this.#isHolding = true
    this.#sky.after(this.#fate.ms, () => this.#release())
  }

  #hold(): void {
    this.#isHolding = true
    this.#sky.whenFree(this.#from, this.remoteAddress, () => this.#release())
  }

  #release(): void {
    if (!this.#isHolding) return
    this.#isHolding = false
    if (this.#sky.isBlocked(this.#from, this.remoteAddress)) return this.#hold()
    for (const frame of this.#held.splice(0)) this.#pass(frame)
  }

  #pass(frame: Uint8Array): void {
    if (!this.#isClosed) this.#inner.send(frame).catch(() => undefined)
  }
}

const ARRIVES: Fate = { kind: 'arrives' }
