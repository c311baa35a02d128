import type { Page } from 'playwright-core'
import { type Channel, ChannelClosedError, type Transport } from '../../src/wire/transport.ts'

/**
 * A transport that lives in a page, moved from the test: frames travel as base64 through the debugger. Only for what a
 * test asserts; never for speed.
 */
const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const decode = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'))

type Event =
  | { readonly kind: 'channel'; readonly host: number; readonly channel: ChannelFacts }
  | { readonly kind: 'frame'; readonly channel: number; readonly frame: string }
  | { readonly kind: 'closed'; readonly channel: number; readonly reason: string }

interface ChannelFacts {
  readonly id: number
  readonly remoteAddress: string
  readonly local: string
  readonly remote: string
}

/** What runs in the page. `say` is the binding to the test. */
const GLUE = `
  window.hosts = []
  window.channels = []
  window.toText = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  window.toBytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))
  window.keep = (channel) => {
    const id = channels.push(channel) - 1
    channel.closed.then(({ reason }) => say({ kind: 'closed', channel: id, reason }))
    const { local, remote } = channel.fingerprints
    return { id, remoteAddress: channel.remoteAddress, local: toText(local), remote: toText(remote) }
  }
`

export interface Tab {
  /** A new host in this page. */
  join(rendezvous: string, seed: number): Promise<Transport>
}

export async function openTab(page: Page): Promise<Tab> {
  const transports = new Map<number, TabTransport>()
  const channels = new Map<number, TabChannel>()
  const early: Event[] = []
  const hear = (event: Event): void => {
    if (event.kind === 'channel') transports.get(event.host)?.deliver(event.channel)
    else if (channels.has(event.channel)) channels.get(event.channel)?.hear(event)
    else early.push(event) // of a dial whose answer is still on its way to us
  }
  const adopt = (facts: ChannelFacts): TabChannel => {
    const channel = new TabChannel(page, facts)
    channels.set(facts.id, channel)
    for (const event of early.splice(0)) hear(event)
    return channel
  }
  await page.exposeFunction('say', hear)
  await page.evaluate(GLUE)
  return {
    async join(rendezvous, seed) {
      const { id, address } = await page.evaluate<{ id: number; address: string }>(`(async () => {
        const { goOnlineFromPage } = await import('/src/platform/browser/transport.ts')
        const { createSigner, generateSecretKey } = await import('/src/identity/signer.ts')
        const { seededRandom } = await import('/src/base/random.ts')
        const signer = createSigner(generateSecretKey(seededRandom(${seed})))
        const transport = await goOnlineFromPage({ rendezvous: '${rendezvous}', signer })
        return { id: hosts.push(transport) - 1, address: transport.address }
      })()`)
      const transport = new TabTransport(page, id, address, adopt)
      transports.set(id, transport)
      return transport
    },
  }
}

class TabTransport implements Transport {
  readonly address: string
  readonly #page: Page
  readonly #id: number
  readonly #adopt: (facts: ChannelFacts) => TabChannel
  #onChannel: ((channel: Channel) => void) | null = null

  constructor(page: Page, id: number, address: string, adopt: (facts: ChannelFacts) => TabChannel) {
    this.#page = page
    this.#id = id
    this.address = address
    this.#adopt = adopt
  }

  async dial(address: string): Promise<Channel> {
    const facts = await this.#page.evaluate<ChannelFacts | string>(
      `hosts[${this.#id}].dial('${address}').then(keep, (error) => error.name + ': ' + error.message)`,
    )
    if (typeof facts === 'string') throw named(facts)
    return this.#adopt(facts)
  }

  accept(onChannel: (channel: Channel) => void): void {
    this.#onChannel = onChannel
    const id = this.#id
    void this.#page.evaluate(
      `hosts[${id}].accept((channel) => say({ kind: 'channel', host: ${id}, channel: keep(channel) }))`,
    )
  }

  deliver(facts: ChannelFacts): void {
    const channel = this.#adopt(facts)
    this.#onChannel?.(channel)
  }

  async close(): Promise<void> {
    await this.#page.evaluate(`hosts[${this.#id}].close()`)
  }
}

class TabChannel implements Channel {
  readonly networkAddress = null
  readonly remoteAddress: string
  readonly fingerprints: Channel['fingerprints']
  readonly closed: Promise<{ readonly reason: string }>
  readonly #page: Page
  readonly #id: number
  #onFrame: ((frame: Uint8Array) => void) | null = null
  #isClosed = false
  #resolveClosed: (end: { readonly reason: string }) => void = () => {}

  constructor(page: Page, { id, remoteAddress, local, remote }: ChannelFacts) {
    this.#page = page
    this.#id = id
    this.remoteAddress = remoteAddress
    this.fingerprints = { local: decode(local), remote: decode(remote) }
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
  }

  async send(frame: Uint8Array): Promise<void> {
    const fault = await this.#page.evaluate<string | null>(
      `channels[${this.#id}].send(toBytes('${encode(frame)}')).then(() => null, (error) => error.name + ': ' + error.message)`,
    )
    if (fault !== null) throw named(fault)
  }

  receive(onFrame: (frame: Uint8Array) => void): void {
    this.#onFrame = onFrame
    const id = this.#id
    void this.#page.evaluate(
      `channels[${id}].receive((frame) => say({ kind: 'frame', channel: ${id}, frame: toText(frame) }))`,
    )
  }

  close(): void {
    this.#isClosed = true
    void this.#page.evaluate(`channels[${this.#id}].close()`)
  }

  hear(event: Exclude<Event, { kind: 'channel' }>): void {
    if (event.kind === 'closed') this.#resolveClosed({ reason: event.reason })
    else if (!this.#isClosed) this.#onFrame?.(decode(event.frame))
  }
}

const named = (fault: string): Error =>
  fault.startsWith('ChannelClosedError: ') ? new ChannelClosedError(fault) : new Error(fault)
