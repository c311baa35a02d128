import { assert } from '../../base/assert.ts'
import { uniform } from '../../base/random.ts'
import { addressOf } from '../../identity/did.ts'
import type { Signer } from '../../identity/signer.ts'
import { answerChallenge, parseNonce } from '../../wire/challenge.ts'
import { type Attendance, type Cluster, type IceServer, parseCluster, parseHosts } from '../../wire/cluster.ts'
import { OPEN_MS_MAX } from '../../wire/limits.ts'
import { type Channel, ChannelClosedError, type Transport } from '../../wire/transport.ts'
import { ConnectionChannel } from './channel.ts'
import { fingerprintOf } from './fingerprints.ts'
import { BACKOFF_MS_MAX, BACKOFF_MS_MIN, FLUSH_MS_MAX, INBOUND_PENDING_MAX, ONLINE_MS_MAX } from './limits.ts'
import type { ConnectionLike, PeerJsPowers, PeerLike } from './port.ts'
import { parseRendezvousUrl, type RendezvousPlace } from './rendezvous-url.ts'
import { guardSignals } from './signal-guard.ts'

/**
 * Hosts over WebRTC, found through a rendezvous that PeerJS speaks to. When its line to the rendezvous drops, channels
 * live on and it comes back by itself with back-off; only dialling waits for that. Never uses PeerJS's own servers.
 */
export interface OnlineOptions {
  /** http(s) or ws(s) URL of the rendezvous. */
  readonly rendezvous: string
  readonly signer: Signer
  /** Instead of those that the rendezvous announces. */
  readonly iceServers?: readonly IceServer[]
  /** On line or not, and why; called at each change after the first `true`, which is the returned promise. */
  onLineChange?(isOnline: boolean, reason: string): void
}

export interface RendezvousTransport extends Transport {
  readonly isOnline: boolean
  /** What the rendezvous said of itself when we came on line. */
  readonly cluster: Cluster
  /** RTCPeerConnections made so far: a page has only so many in its life. */
  readonly connectionsMade: number
  /** Who is on line, as the rendezvous claims, ourselves included. Rejects when it cannot be reached. */
  hosts(): Promise<readonly Attendance[]>
}

/** The rendezvous did not let us in, or is not there. */
export class RendezvousError extends Error {
  override readonly name = 'RendezvousError'
}

/** Resolves when others can dial us; rejects with RendezvousError otherwise. */
export async function goOnline(powers: PeerJsPowers, options: OnlineOptions): Promise<RendezvousTransport> {
  const place = parseRendezvousUrl(options.rendezvous)
  if (!place.ok) throw new RendezvousError(place.reason)
  const cluster = parseCluster(await ask(powers, place.value, 'cluster'))
  if (!cluster.ok) throw new RendezvousError(cluster.reason)
  const transport = new PeerJsTransport(powers, options, place.value, cluster.value)
  await transport.start()
  return transport
}

async function ask(powers: PeerJsPowers, place: RendezvousPlace, what: string): Promise<unknown> {
  try {
    return await powers.getJson(`${place.httpUrl}api/${what}`)
  } catch (cause) {
    throw new RendezvousError(`rendezvous ${place.httpUrl} does not answer`, { cause })
  }
}

interface Opening {
  readonly address: string
  /** By us. */
  readonly dialled: boolean
  readonly fail: (reason: string) => void
}

class PeerJsTransport implements RendezvousTransport {
  readonly address: string
  readonly cluster: Cluster
  readonly #powers: PeerJsPowers
  readonly #options: OnlineOptions
  readonly #place: RendezvousPlace
  readonly #channels = new Set<ConnectionChannel>()
  /** Connections that are being opened, by either end. */
  readonly #opening = new Set<Opening>()
  #peer: PeerLike | null = null
  /** Channels that come before anybody accepts wait for it; they count as being opened. */
  readonly #accepting: Promise<(channel: Channel) => void>
  #startAccepting: (onChannel: (channel: Channel) => void) => void = () => {}
  #isAccepting = false
  #onOnline: ((reason: string | null) => void) | null = null
  #pendingInbound = 0
  #made = 0
  #attempts = 0
  #wasOnline = false
  #over: string | null = null

  constructor(powers: PeerJsPowers, options: OnlineOptions, place: RendezvousPlace, cluster: Cluster) {
    this.address = addressOf(options.signer.did)
    this.cluster = cluster
    this.#powers = powers
    this.#options = options
    this.#place = place
    this.#accepting = new Promise((resolve) => {
      this.#startAccepting = resolve
    })
  }

  get isOnline(): boolean {
    return this.#peer?.open === true
  }

  get connectionsMade(): number {
    return this.#made
  }

  async hosts(): Promise<readonly Attendance[]> {
    const hosts = parseHosts(await ask(this.#powers, this.#place, 'hosts'))
    if (!hosts.ok) throw new RendezvousError(hosts.reason)
    return hosts.value
  }

  async start(): Promise<void> {
    const token = await this.#newToken()
    const { host, port, path, secure } = this.#place
    const config = { ...this.#powers.rtcConfig, iceServers: this.#options.iceServers ?? this.cluster.iceServers }
    const peer = this.#powers.newPeer(this.address, {
      host,
      port,
      path,
      secure,
      key: 'peerjs',
      token,
      debug: 0,
      config,
    })
    assert(typeof peer._handleMessage === 'function', 'PeerJS has no _handleMessage: not the pinned version')
    this.#peer = peer
    guardSignals(peer, this.#powers.clock, {
      absent: (address) => this.#fail((opening) => opening.dialled && opening.address === address, 'not on line'),
      replaced: () => {
        this.#over ??= 'another line with the same key has taken our address'
      },
      mayOpen: () => this.#pendingInbound < INBOUND_PENDING_MAX && this.#mayConnect(),
    })
    let lastError = 'the line dropped'
    peer.on('error', (error: Error) => {
      lastError = error.message
      if (peer.destroyed || !peer.open) this.#onOnline?.(lastError)
    })
    peer.on('connection', (connection: ConnectionLike) => this.#takeIn(connection))
    peer.on('open', () => {
      this.#attempts = 0
      this.#onOnline?.(null)
      this.#told(true, 'on line')
    })
    peer.on('disconnected', () => {
      this.#onOnline?.(lastError)
      if (this.#wasOnline) this.#told(false, this.#over ?? lastError)
      if (this.#wasOnline && this.#over === null) this.#comeBackLater()
    })
    try {
      await this.#opened()
    } catch (error) {
      this.#over = 'never came on line'
      peer.destroy()
      throw error
    }
    this.#wasOnline = true
  }

  async dial(address: string): Promise<Channel> {
    const fail = (reason: string): never => {
      throw new ChannelClosedError(`dial ${address}: ${reason}`)
    }
    if (this.#over !== null) return fail(this.#over)
    if (address === this.address) return fail('is ourselves')
    if (!this.#peer?.open) return fail('not on line at the rendezvous')
    if (!this.#mayConnect())
      return fail(`connectionsMade ${this.#made} >= ${this.#powers.connectionsMax}: reload the page`)
    this.#made++
    const connection = this.#peer.connect(address, { label: 'sojourn', reliable: true, serialization: 'raw' })
    if (!connection) return fail('not on line at the rendezvous')
    return this.#whenOpen(connection, address, true)
  }

  accept(onChannel: (channel: Channel) => void): void {
    assert(!this.#isAccepting, 'accept is set once')
    this.#isAccepting = true
    this.#startAccepting(onChannel)
  }

  async close(): Promise<void> {
    if (this.#over === null) this.#over = 'transport is closed'
    this.#fail(() => true, 'transport is closed')
    const channels = [...this.#channels]
    for (const channel of channels) channel.close()
    await new Promise<void>((resolve) => {
      const flush = this.#powers.timers.after(FLUSH_MS_MAX, resolve)
      void Promise.all(channels.map((channel) => channel.gone)).then(() => {
        flush.cancel()
        resolve()
      })
    })
    this.#peer?.destroy()
  }

  #mayConnect(): boolean {
    return this.#over === null && this.#made < this.#powers.connectionsMax
  }

  #takeIn(connection: ConnectionLike): void {
    this.#made++
    this.#pendingInbound++
    this.#whenOpen(connection, connection.peer, false)
      .then(
        async (channel) => (await this.#accepting)(channel),
        () => {}, // did not open: the other end is told by its own timeout
      )
      .finally(() => this.#pendingInbound--)
  }

  /** The channel of a connection that is being opened. One that does not open is closed, for PeerJS may not notice. */
  #whenOpen(connection: ConnectionLike, address: string, dialled: boolean): Promise<Channel> {
    return new Promise<Channel>((resolve, reject) => {
      const settle = (): void => {
        timer.cancel()
        this.#opening.delete(opening)
      }
      const fail = (reason: string): void => {
        settle()
        connection.close()
        reject(new ChannelClosedError(`dial ${address}: ${reason}`))
      }
      const opening: Opening = { address, dialled, fail }
      const timer = this.#powers.timers.after(OPEN_MS_MAX, () => fail(`not open after OPEN_MS_MAX ${OPEN_MS_MAX}`))
      this.#opening.add(opening)
      connection.on('error', (error: Error) => {
        if (!connection.open) fail(error.message)
      })
      connection.on('open', () => {
        const channel = this.#channelOf(connection)
        if (typeof channel === 'string') return fail(channel)
        settle()
        resolve(channel)
      })
    })
  }

  /** Or why it cannot be one. */
  #channelOf(connection: ConnectionLike): ConnectionChannel | string {
    const { dataChannel, peerConnection } = connection
    if (!dataChannel || !peerConnection) return 'closed while opening'
    const local = fingerprintOf(peerConnection.localDescription?.sdp ?? '')
    const remote = fingerprintOf(peerConnection.remoteDescription?.sdp ?? '')
    if (!local.ok) return `local ${local.reason}`
    if (!remote.ok) return `remote ${remote.reason}`
    const fingerprints = { local: local.value, remote: remote.value }
    const channel = new ConnectionChannel(connection, dataChannel, fingerprints, this.#powers.timers)
    this.#channels.add(channel)
    channel.gone.then(() => this.#channels.delete(channel))
    return channel
  }

  #fail(which: (opening: Opening) => boolean, reason: string): void {
    for (const opening of [...this.#opening]) if (which(opening)) opening.fail(reason)
  }

  async #newToken(): Promise<string> {
    const answer = await ask(this.#powers, this.#place, 'challenge')
    const nonce = parseNonce((answer as { nonce?: unknown } | null)?.nonce)
    if (!nonce) throw new RendezvousError(`rendezvous ${this.#place.httpUrl} gave no challenge`)
    return answerChallenge(this.#options.signer, nonce, this.#place.name)
  }

  /** Resolves at the next `open`; rejects at an error before it, or in time. */
  #opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (reason: string | null): void => {
        timer.cancel()
        this.#onOnline = null
        if (reason === null) resolve()
        else reject(new RendezvousError(`rendezvous ${this.#place.httpUrl}: ${reason}`))
      }
      const timer = this.#powers.timers.after(ONLINE_MS_MAX, () => finish(`not on line after ${ONLINE_MS_MAX} ms`))
      this.#onOnline = finish
    })
  }

  #comeBackLater(): void {
    const backoffMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** this.#attempts++)
    this.#powers.timers.after(backoffMs * (0.5 + uniform(this.#powers.random)), () => void this.#comeBack())
  }

  async #comeBack(): Promise<void> {
    const peer = this.#peer
    if (this.#over !== null || !peer || peer.open) return
    try {
      const token = await this.#newToken()
      if (this.#over !== null || !peer.disconnected || peer.destroyed) return
      peer.options.token = token // a challenge fits once
      peer.reconnect()
    } catch {
      this.#comeBackLater()
    }
  }

  #told(isOnline: boolean, reason: string): void {
    if (this.#wasOnline) this.#options.onLineChange?.(isOnline, reason)
  }
}
