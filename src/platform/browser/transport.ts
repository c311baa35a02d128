import { Peer } from 'peerjs'
import type { Timers } from '../../base/timers.ts'
import { CONNECTIONS_PER_PAGE_MAX } from '../peerjs/limits.ts'
import type { PeerJsPowers, PeerLike, PeerOptions } from '../peerjs/port.ts'
import { goOnline, type OnlineOptions, type RendezvousTransport } from '../peerjs/transport.ts'
import { browserClock, browserRandom, browserTimers } from './time.ts'

/** The transport of a page: PeerJS with the browser's own WebRTC and WebSocket. Only windows have RTCPeerConnection. */
export interface BrowserTransportOptions extends OnlineOptions {
  /** Only through TURN: hides this machine's addresses from the other hosts. */
  readonly relayOnly?: boolean
  /** The page's own where nothing is said, which are slow while it is hidden. */
  readonly timers?: Timers
}

export function goOnlineFromPage(options: BrowserTransportOptions): Promise<RendezvousTransport> {
  const powers: PeerJsPowers = {
    newPeer: (address: string, peerOptions: PeerOptions) =>
      // The shapes of port.ts are the parts of PeerJS that are used, with the private `_handleMessage` named.
      new Peer(address, { ...peerOptions, config: { ...peerOptions.config } }) as unknown as PeerLike,
    getJson,
    clock: browserClock,
    timers: options.timers ?? browserTimers,
    random: browserRandom,
    rtcConfig: options.relayOnly ? { iceTransportPolicy: 'relay' } : {},
    connectionsMax: CONNECTIONS_PER_PAGE_MAX,
  }
  return goOnline(powers, options)
}

const HTTP_MS_MAX = 10_000
const JSON_CHARS_MAX = 2 * 1024 * 1024

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(HTTP_MS_MAX),
    redirect: 'error',
    credentials: 'omit',
  })
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`)
  const text = await response.text()
  if (text.length > JSON_CHARS_MAX) throw new Error(`${url} answered ${text.length} characters`)
  return JSON.parse(text)
}
