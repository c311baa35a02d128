import { createRequire } from 'node:module'
import { WebSocket as WsWebSocket } from 'ws'
import { SIGNAL_BYTES_MAX } from '../../wire/limits.ts'
import { CONNECTIONS_PER_PROCESS_MAX } from '../peerjs/limits.ts'
import type { PeerJsPowers, PeerLike, PeerOptions } from '../peerjs/port.ts'
import { goOnline, type OnlineOptions, type RendezvousTransport } from '../peerjs/transport.ts'
import { LOOPBACK, openRelayDoor, type RelayDoor } from './relay-only.ts'
import { nodeClock, nodeRandom, nodeTimers } from './time.ts'
import { loadWithWebRtc } from './webrtc.ts'

/** The transport of an edge worker: PeerJS over node-datachannel, and `ws` for the rendezvous. */
export interface NodeTransportOptions extends OnlineOptions {
  /** The one network address that WebRTC uses, e.g. 127.0.0.1 in tests; all of the machine's when absent. */
  readonly bindAddress?: string
  /** Only through the cluster's TURN over UDP: hides this machine's addresses from the other hosts. `bindAddress` does not count then. */
  readonly relayOnly?: boolean
}

export function goOnlineFromNode(options: NodeTransportOptions): Promise<RendezvousTransport> {
  const { relayOnly } = options
  const bindAddress = relayOnly ? LOOPBACK : options.bindAddress
  let door: RelayDoor | null = null
  const powers: PeerJsPowers = {
    newPeer,
    getJson,
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
    rtcConfig: {
      ...(bindAddress === undefined ? {} : { bindAddress }),
      ...(relayOnly ? { iceTransportPolicy: 'relay' as const } : {}),
    },
    connectionsMax: CONNECTIONS_PER_PROCESS_MAX,
    ...(relayOnly
      ? {
          async iceServers(servers) {
            door = await openRelayDoor(servers)
            return door.iceServers
          },
          released() {
            door?.close()
            door = null
          },
        }
      : {}),
  }
  return goOnline(powers, options)
}

/** `ws` takes messages of 100 MiB unless told otherwise. */
class BoundedWebSocket extends WsWebSocket {
  constructor(url: string) {
    super(url, { maxPayload: SIGNAL_BYTES_MAX, perMessageDeflate: false, handshakeTimeout: 10_000 })
  }
}

type PeerConstructor = new (address: string, options: PeerOptions) => PeerLike
let peerConstructor: PeerConstructor | null = null

function newPeer(address: string, options: PeerOptions): PeerLike {
  peerConstructor ??= loadPeerJs()
  return new peerConstructor(address, options)
}

/** PeerJS is a script for pages: it wants globals, and its ESM form cannot be imported in Node. */
function loadPeerJs(): PeerConstructor {
  Object.assign(globalThis, { WebSocket: BoundedWebSocket })
  const require = createRequire(import.meta.url)
  return loadWithWebRtc(() => (require('peerjs') as { Peer: PeerConstructor }).Peer)
}

const HTTP_MS_MAX = 10_000
const JSON_CHARS_MAX = 2 * 1024 * 1024

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(HTTP_MS_MAX), redirect: 'error' })
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`)
  const text = await response.text()
  if (text.length > JSON_CHARS_MAX) throw new Error(`${url} answered ${text.length} characters`)
  return JSON.parse(text)
}
