import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { Timers } from '../../base/timers.ts'
import type { IceServer } from '../../wire/cluster.ts'

/**
 * The parts of PeerJS 1.5.5 and WebRTC that the transport uses, as shapes, so that this room needs neither the DOM nor
 * the package: the page and Node each bring their own. `handleMessage` is PeerJS's private `_handleMessage`, the one
 * place where everything from the rendezvous passes; the version is pinned, and its absence fails loudly.
 */
export interface PeerLike {
  readonly open: boolean
  readonly disconnected: boolean
  readonly destroyed: boolean
  /** Read again at each `reconnect`. */
  readonly options: { token?: string }
  _handleMessage: (message: unknown) => void
  on(event: string, listener: (value: never) => void): unknown
  connect(address: string, options: ConnectOptions): ConnectionLike | undefined
  getConnection(address: string, connectionId: string): ConnectionLike | null
  reconnect(): void
  /** Ends the line to the rendezvous; connections stay. */
  disconnect(): void
  destroy(): void
}

export interface ConnectOptions {
  readonly label: string
  readonly reliable: true
  readonly serialization: 'raw'
}

export interface ConnectionLike {
  readonly peer: string
  readonly open: boolean
  readonly dataChannel: DataChannelLike | null
  readonly peerConnection: PeerConnectionLike | null
  on(event: string, listener: (value: never) => void): unknown
  close(): void
}

export interface DataChannelLike {
  readonly readyState: string
  readonly bufferedAmount: number
  bufferedAmountLowThreshold: number
  send(data: Uint8Array<ArrayBuffer> | string): void
  addEventListener(event: string, listener: () => void): void
  close(): void
}

export interface PeerConnectionLike {
  readonly signalingState: string
  readonly localDescription: { readonly sdp: string } | null
  readonly remoteDescription: { readonly sdp: string } | null
  /** Firefox has no `getSelectedCandidatePair`. */
  readonly sctp?: {
    readonly transport?: { readonly iceTransport?: { getSelectedCandidatePair?(): CandidatePairLike | null } | null }
  } | null
}

interface CandidatePairLike {
  readonly remote?: { readonly address?: string | null; readonly candidate?: string }
}

export interface PeerOptions {
  readonly host: string
  readonly port: number
  readonly path: string
  readonly secure: boolean
  readonly key: string
  readonly token: string
  readonly debug: 0
  readonly config: RtcConfig
}

/** RTCConfiguration; `bindAddress` is node-datachannel's. */
export interface RtcConfig {
  readonly iceServers: readonly object[]
  readonly iceTransportPolicy?: 'all' | 'relay'
  readonly bindAddress?: string
}

/** What a realm brings. */
export interface PeerJsPowers {
  newPeer(address: string, options: PeerOptions): PeerLike
  /** Rejects unless the answer is a JSON text of reasonable size with a status of 200. */
  getJson(url: string): Promise<unknown>
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly rtcConfig: Omit<RtcConfig, 'iceServers'>
  /** What becomes of the servers that are to be used; rejects where they will not do. */
  iceServers?(servers: readonly IceServer[]): Promise<readonly IceServer[]>
  /** The transport is closed: what was opened for it may go. */
  released?(): void
  /** RTCPeerConnections that may be made in all. */
  readonly connectionsMax: number
}
