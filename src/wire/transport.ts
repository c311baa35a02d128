/**
 * How frames travel between two hosts. Three adapters: PeerJS in the page, PeerJS over node-datachannel in Node, memory
 * in the simulation; all pass test/contract/transport.ts.
 *
 * Contract of a Channel:
 * - Ordered and reliable until it closes; a frame arrives whole or not at all; FRAME_BYTES_MAX bounds its size.
 * - `send` takes ownership of nothing: the bytes are copied or handed to the platform before it returns. Its promise
 *   resolves when there is room for more (back-pressure), and rejects with ChannelClosedError once the channel is closed.
 * - `frames` is set once, before the first frame is delivered; frames that arrive earlier are held (bounded).
 * - `closed` resolves exactly once, whoever closed and for whatever reason; after it no frame is delivered.
 */
export interface Channel {
  /** The address at the other end as the rendezvous claims it: proved only by the handshake above. */
  readonly remoteAddress: string
  /** Where the frames come from, as far as the platform knows: an IP address. Null where it does not tell. */
  readonly networkAddress: string | null
  /** SHA-256 fingerprints of the two DTLS certificates, 32 bytes each: what the handshake binds to. */
  readonly fingerprints: { readonly local: Uint8Array; readonly remote: Uint8Array }
  send(frame: Uint8Array): Promise<void>
  receive(onFrame: (frame: Uint8Array) => void): void
  close(): void
  readonly closed: Promise<{ readonly reason: string }>
}

export interface Transport {
  /** The address others dial: the multibase part of the host's did:key. */
  readonly address: string
  /** Rejects with ChannelClosedError when the other end is not there or does not answer in time. */
  dial(address: string): Promise<Channel>
  /**
   * Channels that others opened. Set once; channels that come before it is set wait for it. `standingOf` is asked before
   * anything is spent on a caller: who is barred is not answered, and strangers are given less room than who is known.
   */
  accept(onChannel: (channel: Channel) => void, standingOf?: (address: string) => Standing): void
  close(): Promise<void>
}

/** How a host stands to who calls. */
export type Standing = 'known' | 'stranger' | 'barred'

export class ChannelClosedError extends Error {
  override readonly name = 'ChannelClosedError'
}
