import {
  RTCPeerConnection as NativeRTCPeerConnection,
  type RTCDataChannel,
  RTCIceCandidate,
  RTCSessionDescription,
} from 'node-datachannel/polyfill'

/**
 * WebRTC for PeerJS in Node: node-datachannel's polyfill with its differences from browsers mended, as globals, because
 * PeerJS looks for globals. Measured differences, node-datachannel 0.33.4:
 * - the two ends must hear of each other in the right order, see OFFERER_HOLDS_MS;
 * - candidates have `sdpMLineIndex: null` and an `a=` prefix, which other implementations refuse;
 * - `createOffer` and `createAnswer` give objects that PeerJS cannot write to;
 * - the configuration that is passed in is changed: it gets a copy;
 * - a data channel that never opened outlives its connection and keeps the process from ending: it is closed first.
 */

/**
 * How long the caller keeps its candidates back after the answer of another node-datachannel. The callee is the DTLS
 * client (RFC 5763) and speaks as soon as its ICE is up: if the caller's is not, that first flight is lost and OpenSSL
 * says it again after 1 s (a third of all opens between two processes); if the caller does not even have the answer yet,
 * it takes the right certificate for a wrong one and fails. When only the callee's candidates are known at first, the
 * caller's ICE is always up before the callee's: none of 120 opens lost its flight, each took 55–65 ms (ICE paces its
 * checks by 50 ms). Where the callee cannot be reached directly, the caller's candidates follow after this time.
 * Browsers say it again after 50 ms, and their own candidates may be names that mean nothing here: no waiting for them.
 */
const OFFERER_HOLDS_MS = 250

type CandidateEvent = { readonly candidate: CandidateInit | null }
interface CandidateInit {
  readonly candidate: string
  readonly sdpMid: string
  readonly sdpMLineIndex: number
}
type CandidateListener = (event: CandidateEvent) => void

interface Description {
  type: 'offer' | 'answer' | 'pranswer' | 'rollback'
  sdp: string
}

class RTCPeerConnection extends NativeRTCPeerConnection {
  #listener: CandidateListener | null = null
  #held: CandidateEvent[] | null = []
  readonly #channels: RTCDataChannel[] = []

  constructor(config: { iceServers?: readonly object[] } = {}) {
    const copy: object = { ...config, iceServers: (config.iceServers ?? []).map((server) => ({ ...server })) }
    super(copy)
    // The polyfill reads the property at each event, so that an accessor stands between it and PeerJS.
    Object.defineProperty(this, 'onicecandidate', {
      get: () => (event: { readonly candidate: RTCIceCandidate | null }) => this.#offerCandidate(event),
      set: (listener: CandidateListener | null) => {
        this.#listener = listener
      },
    })
  }

  override createDataChannel(label: string, options?: object): RTCDataChannel {
    const channel = super.createDataChannel(label, options)
    this.#channels.push(channel)
    return channel
  }

  override close(): void {
    for (const channel of this.#channels) channel.close()
    super.close()
  }

  override async createOffer(): Promise<Description> {
    const { type, sdp } = await super.createOffer()
    return { type, sdp }
  }

  override async createAnswer(): Promise<Description> {
    const { type, sdp } = await super.createAnswer()
    return { type, sdp }
  }

  override async setLocalDescription(description: Description): Promise<void> {
    await super.setLocalDescription(description)
    // PeerJS sends the answer right after this promise; candidates must not overtake it.
    if (description.type === 'answer') setImmediate(() => this.#release())
  }

  override async setRemoteDescription(description: Description): Promise<void> {
    await super.setRemoteDescription(description)
    if (description.type === 'answer') setTimeout(() => this.#release(), isOurKind(description) ? OFFERER_HOLDS_MS : 0)
  }

  /** PeerJS reports a failure to a connection that may be gone by then, which would end the process. */
  override async addIceCandidate(candidate: CandidateInit): Promise<void> {
    await super.addIceCandidate(candidate).catch(() => {})
  }

  #offerCandidate({ candidate }: { readonly candidate: RTCIceCandidate | null }): void {
    const event: CandidateEvent = { candidate: candidate === null ? null : plain(candidate) }
    if (this.#held) this.#held.push(event)
    else this.#listener?.(event)
  }

  #release(): void {
    const held = this.#held ?? []
    this.#held = null
    for (const event of held) this.#listener?.(event)
  }
}

/** Session descriptions of libdatachannel have this origin. */
const isOurKind = ({ sdp }: Description): boolean => /^o=rtc /m.test(sdp)

const plain = ({ candidate, sdpMid }: RTCIceCandidate): CandidateInit => ({
  candidate: candidate.replace(/^a=/, ''),
  sdpMid: sdpMid ?? '0',
  sdpMLineIndex: 0,
})

/**
 * While it is being loaded, PeerJS tries out a connection with its makers' STUN and TURN servers, which
 * node-datachannel would contact at once. It gets this instead.
 */
class TriedConnection {
  createDataChannel(): object {
    return { ordered: true, close: () => {} }
  }
  close(): void {}
}

/** Loads PeerJS and leaves it our WebRTC; no byte leaves the machine for it. */
export function loadWithWebRtc<T>(load: () => T): T {
  Object.assign(globalThis, { RTCPeerConnection: TriedConnection, RTCSessionDescription, RTCIceCandidate })
  try {
    return load()
  } finally {
    Object.assign(globalThis, { RTCPeerConnection })
  }
}
