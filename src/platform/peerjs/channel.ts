import { assert } from '../../base/assert.ts'
import type { Timer, Timers } from '../../base/timers.ts'
import { BUFFERED_BYTES_HIGH, BUFFERED_BYTES_LOW, FRAME_BYTES_MAX, HELD_FRAMES_MAX } from '../../wire/limits.ts'
import { type Channel, ChannelClosedError } from '../../wire/transport.ts'
import { BUFFERED_BYTES_MAX, FLUSH_MS_MAX, SILENT_TICKS_MAX, TICK_MS } from './limits.ts'
import { networkAddressOf } from './network-address.ts'
import type { ConnectionLike, DataChannelLike } from './port.ts'

/** What the two ends say below the frames: texts, which no frame is. GOOD_BYE asks the other end to close. */
const GOOD_BYE = 'bye'
const PING = 'ping'
const PONG = 'pong'

/**
 * An open PeerJS connection as a Channel. Frames go straight to the data channel: PeerJS's own queue has no bound and
 * polls. Listens from the beginning, for frames may come before anybody receives.
 */
export class ConnectionChannel implements Channel {
  readonly remoteAddress: string
  readonly closed: Promise<{ readonly reason: string }>
  /** PeerJS has let go of the connection: what was sent before `close` has left, or never will. */
  readonly gone: Promise<void>
  readonly #connection: ConnectionLike
  readonly #dataChannel: DataChannelLike
  readonly #timers: Timers
  readonly #early: Uint8Array[] = []
  readonly #waiting: (() => void)[] = []
  #fingerprints: Channel['fingerprints'] | null = null
  #networkAddress: string | null = null
  #onFrame: ((frame: Uint8Array) => void) | null = null
  #tick: Timer
  #silentTicks = 0
  #bufferedBefore = 0
  #hasAnswered = false
  #lastError = 'closed by the other end'
  #isClosed = false
  #resolveClosed: (end: { readonly reason: string }) => void = () => {}

  constructor(connection: ConnectionLike, dataChannel: DataChannelLike, timers: Timers) {
    this.remoteAddress = connection.peer
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
    this.#tick = timers.after(TICK_MS, () => this.#watch())
  }

  get fingerprints(): Channel['fingerprints'] {
    assert(this.#fingerprints !== null, 'bind comes before the channel is handed out')
    return this.#fingerprints
  }

  get networkAddress(): string | null {
    return this.#networkAddress
  }

  bind(fingerprints: Channel['fingerprints']): void {
    this.#fingerprints = fingerprints
    this.#networkAddress = networkAddressOf(this.#connection.peerConnection)
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
    this.#say(GOOD_BYE)
    this.#end('closed here')
    this.#timers.after(FLUSH_MS_MAX, () => this.#connection.close())
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new ChannelClosedError(`channel to ${this.remoteAddress} is closed`)
  }

  #take(data: unknown): void {
    if (this.#isClosed) return
    this.#silentTicks = 0
    if (typeof data === 'string') return this.#takeWord(data)
    if (!(data instanceof ArrayBuffer) || data.byteLength > FRAME_BYTES_MAX) return this.close()
    const frame = new Uint8Array(data)
    if (this.#onFrame) this.#onFrame(frame)
    else if (this.#early.length < HELD_FRAMES_MAX) this.#early.push(frame)
    else this.close()
  }

  /** One answer a tick: who pings in a flood is not helped. */
  #takeWord(word: string): void {
    if (word === PONG) return
    if (word === PING) {
      if (!this.#hasAnswered) this.#say(PONG)
      this.#hasAnswered = true
    } else if (word === GOOD_BYE) {
      this.#end('closed by the other end')
      this.#connection.close()
    } else {
      this.close()
    }
  }

  #watch(): void {
    this.#hasAnswered = false
    const { bufferedAmount } = this.#dataChannel
    if (bufferedAmount < this.#bufferedBefore) this.#silentTicks = 0 // it takes what we send
    this.#bufferedBefore = bufferedAmount
    this.#silentTicks += 1
    if (this.#silentTicks > SILENT_TICKS_MAX) {
      this.#end(`no sign of life for ${SILENT_TICKS_MAX} ticks of ${TICK_MS} ms`)
      this.#connection.close()
      return
    }
    if (this.#silentTicks > 1) this.#say(PING)
    if (!this.#isClosed) this.#tick = this.#timers.after(TICK_MS, () => this.#watch())
  }

  #say(word: string): void {
    try {
      this.#dataChannel.send(word)
    } catch (error) {
      this.#end(error instanceof Error ? error.message : 'data channel refused a word')
      this.#connection.close()
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #end(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#tick.cancel()
    this.#early.length = 0
    this.#wake()
    this.#resolveClosed({ reason })
  }
}
