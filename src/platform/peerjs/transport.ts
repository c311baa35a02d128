import { assert } from '../../base/assert.ts'
import { addressOf } from '../../identity/did.ts'
import type { Signer } from '../../identity/signer.ts'
import { type Attendance, type Cluster, type IceServer, parseCluster, parseHosts } from '../../wire/cluster.ts'
import { OPEN_MS_MAX } from '../../wire/limits.ts'
import { type Channel, ChannelClosedError, type Standing, type Transport } from '../../wire/transport.ts'
import { ConnectionChannel } from './channel.ts'
import { fingerprintOf } from './fingerprints.ts'
import { DESCRIPTION_MS, FLUSH_MS_MAX, INBOUND_PENDING_MAX, STRANGERS_PENDING_MAX, STRANGERS_SHARE } from './limits.ts'
import { Line, RendezvousError } from './line.ts'
import type { ConnectionLike, PeerJsPowers } from './port.ts'
import { parseRendezvousUrl, type RendezvousPlace } from './rendezvous-url.ts'

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

/** Resolves when others can dial us; rejects with RendezvousError otherwise. */
export async function goOnline(powers: PeerJsPowers, options: OnlineOptions): Promise<RendezvousTransport> {
  const place = parseRendezvousUrl(options.rendezvous)
  if (!place.ok) throw new RendezvousError(place.reason)
  const transport = new PeerJsTransport(powers, options, place.value)
  await transport.start()
  return transport
}

/** Null while one of them is not there yet. */
function descriptionsOf({
  peerConnection,
}: ConnectionLike): { readonly local: string; readonly remote: string } | null {
  const local = peerConnection?.localDescription?.sdp
  const remote = peerConnection?.remoteDescription?.sdp
  return local && remote ? { local, remote } : null
}

interface Opening {
  readonly address: string
  /** By us. */
  readonly dialled: boolean
  readonly fail: (reason: string) => void
}

class PeerJsTransport implements RendezvousTransport {
  readonly address: string
  readonly #powers: PeerJsPowers
  readonly #options: OnlineOptions
  readonly #line: Line
  readonly #channels = new Set<ConnectionChannel>()
  /** Connections that are being opened, by either end. */
  readonly #opening = new Set<Opening>()
  /** Channels that come before anybody accepts wait for it; they count as being opened. */
  readonly #accepting: Promise<(channel: Channel) => void>
  #startAccepting: (onChannel: (channel: Channel) => void) => void = () => {}
  #isAccepting = false
  #standingOf: (address: string) => Standing = () => 'stranger'
  #cluster: Cluster = { name: '', iceServers: [], authors: [] }
  #pendingInbound = 0
  #made = 0

  constructor(powers: PeerJsPowers, options: OnlineOptions, place: RendezvousPlace) {
    this.address = addressOf(options.signer.did)
    this.#powers = powers
    this.#options = options
    this.#accepting = new Promise((resolve) => {
      this.#startAccepting = resolve
    })
    this.#line = new Line(powers, options.signer, place, {
      incoming: (connection) => this.#takeIn(connection),
      absent: (address) => this.#fail((opening) => opening.dialled && opening.address === address, 'not on line'),
      mayOpen: (address) => this.#mayOpen(address),
      changed: (isOnline, reason) => options.onLineChange?.(isOnline, reason),
    })
  }

  get isOnline(): boolean {
    return this.#line.isOnline
  }

  get cluster(): Cluster {
    return this.#cluster
  }

  get connectionsMade(): number {
    return this.#made
  }

  async start(): Promise<void> {
    const cluster = parseCluster(await this.#line.ask('cluster'))
    if (!cluster.ok) throw new RendezvousError(cluster.reason)
    this.#cluster = cluster.value
    const servers = this.#options.iceServers ?? cluster.value.iceServers
    await this.#line.open((await this.#powers.iceServers?.(servers)) ?? servers)
  }

  async hosts(): Promise<readonly Attendance[]> {
    const wasOnline = this.isOnline
    const hosts = parseHosts(await this.#line.ask('hosts'))
    if (!hosts.ok) throw new RendezvousError(hosts.reason)
    // A socket can be dead for minutes before anybody notices, after a change of networks or a sleep.
    if (wasOnline && this.isOnline && !hosts.value.some(({ address }) => address === this.address)) {
      this.#line.drop('the rendezvous has lost us')
    }
    return hosts.value
  }

  async dial(address: string): Promise<Channel> {
    const fail = (reason: string): never => {
      throw new ChannelClosedError(`dial ${address}: ${reason}`)
    }
    const { connectionsMax } = this.#powers
    if (this.#line.over !== null) return fail(this.#line.over)
    if (address === this.address) return fail('is ourselves')
    if (this.#made >= connectionsMax) return fail(`connectionsMade ${this.#made} >= ${connectionsMax}: reload the page`)
    const connection = this.#line.connect(address)
    if (!connection) return fail('not on line at the rendezvous')
    this.#made++
    return this.#whenOpen(connection, address, true)
  }

  accept(onChannel: (channel: Channel) => void, standingOf?: (address: string) => Standing): void {
    assert(!this.#isAccepting, 'accept is set once')
    this.#isAccepting = true
    if (standingOf) this.#standingOf = standingOf
    this.#startAccepting(onChannel)
  }

  async close(): Promise<void> {
    this.#line.retire('transport is closed')
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
    this.#line.close('transport is closed')
    this.#powers.released?.()
  }

  /** Who offers costs us a connection, and a page has only so many: strangers may not have the last of them. */
  #mayOpen(address: string): boolean {
    const { connectionsMax } = this.#powers
    if (this.#pendingInbound >= INBOUND_PENDING_MAX || this.#made >= connectionsMax) return false
    const isFull = this.#pendingInbound >= STRANGERS_PENDING_MAX || this.#made >= connectionsMax * STRANGERS_SHARE
    const standing = this.#standingOf(address)
    return standing === 'known' || (standing === 'stranger' && !isFull)
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
      const bind = (channel: ConnectionChannel): void => {
        if (!this.#opening.has(opening)) return channel.close()
        if (!connection.peerConnection) return fail('closed while opening')
        const sdp = descriptionsOf(connection)
        // Chromium opens the channel of a quick connection before it shows the answer that opened it.
        if (sdp === null) return void this.#powers.timers.after(DESCRIPTION_MS, () => bind(channel))
        const local = fingerprintOf(sdp.local)
        const remote = fingerprintOf(sdp.remote)
        if (!local.ok) return fail(`local ${local.reason}`)
        if (!remote.ok) return fail(`remote ${remote.reason}`)
        channel.bind({ local: local.value, remote: remote.value })
        this.#channels.add(channel)
        channel.gone.then(() => this.#channels.delete(channel))
        settle()
        resolve(channel)
      }
      connection.on('open', () => {
        if (!connection.dataChannel) return fail('closed while opening')
        bind(new ConnectionChannel(connection, connection.dataChannel, this.#powers.timers))
      })
    })
  }

  #fail(which: (opening: Opening) => boolean, reason: string): void {
    for (const opening of [...this.#opening]) if (which(opening)) opening.fail(reason)
  }
}
