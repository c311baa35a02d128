import type { WebSocket } from 'ws'
import { type LyingRendezvous, lie, type Signal } from './lying-rendezvous.ts'

/**
 * The attack that DTLS alone does not see: a rendezvous that answers the caller's offer itself, makes an offer of its
 * own to the callee, and passes everything on between the two real WebRTC connections, reading and changing it.
 */
export interface Middle extends LyingRendezvous {
  /** Every frame that passed, with its direction. */
  readonly seen: { readonly from: 'dialler' | 'acceptor'; readonly frame: Uint8Array }[]
  readonly fingerprints: Map<'dialler' | 'acceptor', { readonly victim: Uint8Array; readonly ours: Uint8Array }>
}

export type Rewrite = (frame: Uint8Array, from: 'dialler' | 'acceptor', middle: Middle) => Uint8Array

export const fingerprintIn = (sdp: string): Uint8Array =>
  Buffer.from((/a=fingerprint:sha-256 (\S+)/.exec(sdp)?.[1] ?? '').replaceAll(':', ''), 'hex')

export interface MiddleOptions {
  /** Of its own WebRTC; all of the machine's when absent. */
  readonly bindAddress?: string
  /** Sends every frame back to where it came from, as if it were the other end's. */
  readonly reflects?: boolean
}

export async function standInBetween(rewrite: Rewrite, options: MiddleOptions = {}): Promise<Middle> {
  const bound = options.bindAddress === undefined ? {} : { bindAddress: options.bindAddress }
  const ends: { close(): void }[] = []
  const seen: Middle['seen'] = []
  const fingerprints: Middle['fingerprints'] = new Map()
  let toDialler: RTCPeerConnection | null = null
  let toAcceptor: RTCPeerConnection | null = null

  const rendezvous = await lie((from, signal, lines) => {
    if (signal.type === 'OFFER') void take(from, signal, lines)
    if (signal.type === 'ANSWER') {
      const ours = toAcceptor?.localDescription?.sdp ?? ''
      fingerprints.set('acceptor', { victim: fingerprintIn(signal.payload.sdp.sdp), ours: fingerprintIn(ours) })
      void toAcceptor?.setRemoteDescription(signal.payload.sdp)
    }
    if (signal.type === 'CANDIDATE') {
      const end = from === dialler ? toDialler : toAcceptor
      void end?.addIceCandidate(signal.payload.candidate)
    }
  })
  let dialler = ''
  const middle: Middle = { ...rendezvous, seen, fingerprints, close }

  async function take(from: string, signal: Signal, lines: ReadonlyMap<string, WebSocket>): Promise<void> {
    dialler = from
    const { connectionId } = signal.payload
    const send = (to: string, src: string, type: string, payload: object): void =>
      lines.get(to)?.send(JSON.stringify({ type, src, dst: to, payload: { type: 'data', connectionId, ...payload } }))
    const newEnd = (to: string, src: string): RTCPeerConnection => {
      const end = new RTCPeerConnection({ iceServers: [], ...bound } as RTCConfiguration)
      end.onicecandidate = ({ candidate }) => candidate && send(to, src, 'CANDIDATE', { candidate })
      ends.push(end)
      return end
    }
    toDialler = newEnd(from, signal.dst)
    toAcceptor = newEnd(signal.dst, from)
    const outwards = toAcceptor.createDataChannel('sojourn', { ordered: true })
    /** Listens from the beginning; `into` is where it leads, once that is there. */
    const pipe = (a: RTCDataChannel, side: 'dialler' | 'acceptor') => {
      const waiting: (string | Uint8Array<ArrayBuffer>)[] = []
      let into: RTCDataChannel | null = null
      const passOn = (): void => {
        if (into?.readyState !== 'open') return
        for (const data of waiting.splice(0)) {
          if (typeof data === 'string') into.send(data)
          // Changed only when it is sent on: by then it is known who is at the other end.
          else (options.reflects ? a : into).send(Uint8Array.from(rewrite(data, side, middle)))
        }
      }
      a.addEventListener('message', ({ data }) => {
        const frame = typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer)
        if (typeof frame !== 'string') seen.push({ from: side, frame })
        waiting.push(frame)
        passOn()
      })
      return (b: RTCDataChannel): void => {
        into = b
        b.addEventListener('open', passOn)
        passOn()
      }
    }
    const fromAcceptor = pipe(outwards, 'acceptor')
    toDialler.ondatachannel = ({ channel }) => {
      pipe(channel, 'dialler')(outwards)
      fromAcceptor(channel)
    }
    await toDialler.setRemoteDescription(signal.payload.sdp)
    const answer = await toDialler.createAnswer()
    await toDialler.setLocalDescription(answer)
    fingerprints.set('dialler', {
      victim: fingerprintIn(signal.payload.sdp.sdp),
      ours: fingerprintIn(answer.sdp ?? ''),
    })
    send(from, signal.dst, 'ANSWER', { sdp: answer })

    const offer = await toAcceptor.createOffer()
    await toAcceptor.setLocalDescription(offer)
    send(signal.dst, from, 'OFFER', { sdp: offer, label: 'sojourn', reliable: true, serialization: 'raw' })
  }
  async function close(): Promise<void> {
    for (const end of ends) end.close()
    await rendezvous.close()
  }
  return middle
}
