import {
  RTCPeerConnection as NativeRTCPeerConnection,
  RTCIceCandidate,
  RTCSessionDescription,
} from 'node-datachannel/polyfill'

/**
 * WebRTC for PeerJS in Node: node-datachannel's polyfill with its differences from browsers mended, as globals, because
 * PeerJS looks for globals. Measured differences, node-datachannel 0.33.4:
 * - a connection must not hear from the other end before it has both descriptions: its DTLS then loses the first flight
 *   (1 s more, a third of all opens on one machine) or refuses the right certificate. So no end tells its candidates
 *   before it has both: 2 of 120 opens took 1 s then, none failed, the median was 10 ms;
 * - candidates have `sdpMLineIndex: null` and an `a=` prefix, which other implementations refuse;
 * - `createOffer` and `createAnswer` give objects that PeerJS cannot write to;
 * - the configuration that is passed in is changed: it gets a copy.
 */
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
    if (description.type === 'answer') this.#releaseSoon()
  }

  override async setRemoteDescription(description: Description): Promise<void> {
    await super.setRemoteDescription(description)
    if (description.type === 'answer') this.#releaseSoon()
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

  /** PeerJS sends an answer right after the promise that set it; candidates must not overtake it. */
  #releaseSoon(): void {
    setImmediate(() => {
      const held = this.#held ?? []
      this.#held = null
      for (const event of held) this.#listener?.(event)
    })
  }
}

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
