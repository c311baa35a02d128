import { assert } from '../../base/assert.ts'
import type { Timer, Timers } from '../../base/timers.ts'
import { BUFFERED_BYTES_HIGH, BUFFERED_BYTES_LOW, FRAME_BYTES_MAX, HELD_FRAMES_MAX } from '../../wire/limits.ts'
import { type Channel, ChannelClosedError } from '../../wire/transport.ts'
import { BUFFERED_BYTES_MAX, DISCONNECTED_MS_MAX, FLUSH_MS_MAX } from './limits.ts'
import type { ConnectionLike, DataChannelLike } from './port.ts'

/** Asks the other end to close. A text, which no frame is. */
const GOOD_BYE = 'bye'

/**
 * An open PeerJS connection as a Channel. Frames go straight to the data channel: PeerJS's own queue has no bound and
 * polls. Listens from the beginning, for frames may come before anybody receives.
 */
export class ConnectionChannel implements Channel {
  readonly remoteAddress: string
  readonly fingerprints: Channel['fingerprints']
  readonly closed: Promise<{ readonly reason: string }>
  /** PeerJS has let go of the connection: what was sent before `close` has left, or never will. */
  readonly gone: Promise<void>
  readonly #connection: ConnectionLike
  readonly #dataChannel: DataChannelLike
  readonly #timers: Timers
  readonly #early: Uint8Array[] = []
  readonly #waiting: (() => void)[] = []
  #onFrame: ((frame: Uint8Array) => void) | null = null
  #disconnected: Timer | null = null
  #lastError = 'closed by the other end'
  #isClosed = false
  #resolveClosed: (end: { readonly reason: string }) => void = () => {}

  constructor(
    connection: ConnectionLike,
    dataChannel: DataChannelLike,
    fingerprints: Channel['fingerprints'],
    timers: Timers,
  ) {
    this.remoteAddress = connection.peer
    this.fingerprints = fingerprints
    this.#connection = connection
    this.#dataChannel = dataChannel
    this.#timers = timers
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    dataChannel.bufferedAmountLowThreshold = BUFFERED_BYTES_LOW
    dataChannel.addEventListener('bufferedamountlow', () => this.#wake())
    connection.on('data', (data: unknown) => this.#take(data))
    this.gone = new Promise((resolve) => connection.on('close', () => resolve()))
    connection.on('close', () => this.#end(this.#lastError))
    connection.on('error', (error: Error) => {
      this.#lastError = error.message
    })
    connection.on('iceStateChanged', (state: string) => this.#watchIce(state))
  }

  async send(frame: Uint8Array): Promise<void> {
    assert(frame.length <= FRAME_BYTES_MAX, `frameBytes ${frame.length} > FRAME_BYTES_MAX ${FRAME_BYTES_MAX}`)
    this.#refuseWhenClosed()
    const { bufferedAmount } = this.#dataChannel
    assert(
      bufferedAmount <= BUFFERED_BYTES_MAX,
      `bufferedAmount ${bufferedAmount} > ${BUFFERED_BYTES_MAX}: send was not awaited`,
    )
    try {
      // A copy: implementations differ in when they read what they are given.
      this.#dataChannel.send(Uint8Array.from(frame))
    } catch (error) {
      this.#end(error instanceof Error ? error.message : 'data channel refused a frame')
      this.#connection.close()
    }
    this.#refuseWhenClosed()
    if (this.#dataChannel.bufferedAmount > BUFFERED_BYTES_HIGH) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
      this.#refuseWhenClosed()
    }
  }

  receive(onFrame: (frame: Uint8Array) => void): void {
    assert(this.#onFrame === null, 'receive is set once')
    this.#onFrame = onFrame
    for (const frame of this.#early.splice(0)) if (!this.#isClosed) onFrame(frame)
  }

  /**
   * Closing the connection would throw away what is under way (node-datachannel) or not (browsers). So the other end is
   * asked to close, behind all frames; when it does not within FLUSH_MS_MAX, we do.
   */
  close(): void {
    if (this.#isClosed) return
    this.#end('closed here')
    try {
      this.#dataChannel.send(GOOD_BYE)
      this.#timers.after(FLUSH_MS_MAX, () => this.#connection.close())
    } catch {
      this.#connection.close()
    }
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new ChannelClosedError(`channel to ${this.remoteAddress} is closed`)
  }

  #take(data: unknown): void {
    if (data === GOOD_BYE) {
      this.#end('closed by the other end')
      this.#connection.close()
    }
    if (this.#isClosed) return
    if (!(data instanceof ArrayBuffer) || data.byteLength > FRAME_BYTES_MAX) return this.close()
    const frame = new Uint8Array(data)
    if (this.#onFrame) this.#onFrame(frame)
    else if (this.#early.length < HELD_FRAMES_MAX) this.#early.push(frame)
    else this.close()
  }

  #watchIce(state: string): void {
    if (state === 'disconnected') {
      this.#disconnected ??= this.#timers.after(DISCONNECTED_MS_MAX, () => {
        this.#end(`no answer for DISCONNECTED_MS_MAX ${DISCONNECTED_MS_MAX}`)
        this.#connection.close()
      })
    } else {
      this.#disconnected?.cancel()
      this.#disconnected = null
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #end(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#disconnected?.cancel()
    this.#early.length = 0
    this.#wake()
    this.#resolveClosed({ reason })
  }
}
