import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { accept, type Result } from '../base/result.ts'
import type { Timer, Timers } from '../base/timers.ts'
import { createTokenBucket, type TokenBucket } from '../base/token-bucket.ts'
import type { Did } from '../identity/did.ts'
import { type Authority, envelopesOf, resolveMessage } from './authority.ts'
import { type Correspondent, correspondent, decodeMessage, encodeMessage } from './codec.ts'
import { createAssembler, cutFrames } from './framing.ts'
import { abortReason, type HandshakeFault, type Role, shakeHands } from './handshake.ts'
import { KIND_ABORT, readPreamble, sequenceOf } from './header.ts'
import {
  HANDSHAKE_MS_MAX,
  INCOMING_BYTES_MAX,
  INCOMING_MESSAGES_MAX,
  MESSAGE_BURST,
  MESSAGE_WAIT_MS_MIN,
  MESSAGES_PER_SECOND,
  OUTGOING_BYTES_MAX,
} from './limits.ts'
import { createLine } from './line.ts'
import type { Header, Message } from './messages.ts'
import type { Channel } from './transport.ts'

/**
 * Two hosts that have proved themselves, and the messages between them, in order, each at most once. Everything a
 * remote host can fill is bounded, and what happens when it is full is a named end of the session: nothing is dropped
 * silently. Deliberately absent: requests waiting for replies (the host matches them), and reconnecting.
 */
export interface Session {
  readonly remote: Did
  readonly remoteAge: number
  /** Bytes that have come so far, those of messages that are not whole yet included. */
  readonly receivedBytes: number
  /** Returns the message's sequence number. Never waits; after the end it does nothing. */
  send(message: Message): number
  /** Resolves when the channel has taken all that was sent so far: for whoever sends much. Also when the session ends. */
  drained(): Promise<void>
  close(reason: string): void
  readonly closed: Promise<SessionEnd>
}

export interface SessionEnd {
  readonly code: 'CLOSED_HERE' | 'CLOSED_THERE' | 'REFUSED' | 'BAD_MESSAGE' | 'FLOOD' | 'SLOW_READER' | 'HANDLER'
  readonly reason: string
}

/** Whether the other end has said what no honest host says. A message that is only slow may be its line's fault. */
export const isOffence = ({ code, reason }: SessionEnd): boolean =>
  code === 'FLOOD' || (code === 'BAD_MESSAGE' && !reason.startsWith('SLOW'))

export interface SessionOptions {
  readonly role: Role
  readonly self: { readonly did: Did; readonly age: number }
  /** The host that was dialled, or that the channel's address names; null where any may be at the other end. */
  readonly expect: Did | null
  readonly authority: Authority
  readonly random: Random
  readonly clock: Clock
  readonly timers: Timers
  /** Ascending over the whole life (age) of the host, over all its sessions; from 1. */
  nextSequence(): number
  /** What the messages of the host at the other end may cost, over this session and others; of its own when absent. */
  messagesOf?(remote: Did): TokenBucket
  /**
   * Awaited before the next message is handled, so it must not wait for a later message of the same session. First
   * called after the promise of `openSession` has resolved. Rejecting is a programmer error: it ends the session.
   */
  onMessage(header: Header, message: Message): void | Promise<void>
}

/** Takes the channel over in any case: a refused one is closed. */
export async function openSession(channel: Channel, options: SessionOptions): Promise<Result<Session, HandshakeFault>> {
  const line = createLine(channel)
  const timer = options.timers.after(HANDSHAKE_MS_MAX, () =>
    line.expire(`no proof after HANDSHAKE_MS_MAX ${HANDSHAKE_MS_MAX}`),
  )
  const hands = await shakeHands(line, { ...options, fingerprints: channel.fingerprints })
  timer.cancel()
  if (!hands.ok) {
    channel.close()
    return hands
  }
  const talk = new Talk(channel, hands.value, options)
  options.timers.after(0, () => line.divert((frame) => talk.receive(frame)))
  return accept(talk)
}

class Talk implements Session {
  readonly remote: Did
  readonly remoteAge: number
  readonly closed: Promise<SessionEnd>
  readonly #channel: Channel
  readonly #them: Correspondent
  readonly #us: Correspondent
  readonly #options: SessionOptions
  readonly #assembler
  readonly #bucket
  readonly #incoming: Uint8Array[] = []
  readonly #outgoing: Uint8Array[] = []
  #incomingBytes = 0
  #receivedBytes = 0
  #outgoingBytes = 0
  #lastSequence = 0
  #handling = false
  #pump: Promise<void> | null = null
  #slow: Timer | null = null
  #ended = false
  /** Why the channel has closed at the other end, while we still handle what came over it. */
  #lastReason: string | null = null
  #end: (end: SessionEnd) => void = () => {}

  constructor(channel: Channel, them: Correspondent, options: SessionOptions) {
    this.remote = them.did
    this.remoteAge = them.age
    this.#channel = channel
    this.#them = them
    this.#us = correspondent(options.self.did, options.self.age)
    this.#options = options
    this.#assembler = createAssembler(options.clock)
    this.#bucket =
      options.messagesOf?.(this.remote) ?? createTokenBucket(options.clock, MESSAGE_BURST, MESSAGES_PER_SECOND)
    this.closed = new Promise((resolve) => {
      this.#end = resolve
    })
    channel.closed.then(({ reason }) => this.#closedThere(reason))
  }

  send(message: Message): number {
    const sequence = this.#options.nextSequence()
    if (this.#ended || this.#lastReason !== null) return sequence
    const bytes = encodeMessage(this.#us, sequence, message)
    if (this.#outgoingBytes + bytes.length > OUTGOING_BYTES_MAX) {
      this.#finish(
        'SLOW_READER',
        `outgoingBytes ${this.#outgoingBytes + bytes.length} > OUTGOING_BYTES_MAX ${OUTGOING_BYTES_MAX}`,
      )
      return sequence
    }
    this.#outgoingBytes += bytes.length
    for (const frame of cutFrames(bytes)) this.#outgoing.push(frame)
    this.#pump ??= this.#pumpOut()
    return sequence
  }

  get receivedBytes(): number {
    return this.#receivedBytes
  }

  async drained(): Promise<void> {
    await this.#pump
  }

  close(reason: string): void {
    this.#finish('CLOSED_HERE', reason)
  }

  async #pumpOut(): Promise<void> {
    try {
      for (let frame = this.#outgoing.shift(); frame && !this.#ended; frame = this.#outgoing.shift()) {
        this.#outgoingBytes -= frame.length
        await this.#channel.send(frame)
      }
    } catch (error) {
      this.#closedThere(error instanceof Error ? error.message : 'channel refused a frame')
    } finally {
      this.#pump = null
    }
  }

  receive(frame: Uint8Array): void {
    if (this.#ended) return
    this.#receivedBytes += frame.length
    const preamble = readPreamble(frame)
    if (this.#assembler.deadlineMs === null && preamble.ok && preamble.value === KIND_ABORT) {
      this.#finish('REFUSED', abortReason(frame))
      return
    }
    const message = this.#assembler.add(frame)
    this.#watchSlowness()
    if (!message.ok) {
      this.#finish('BAD_MESSAGE', `${message.code}: ${message.reason}`)
      return
    }
    if (message.value === null) return
    this.#incoming.push(message.value)
    this.#incomingBytes += message.value.length
    if (this.#incoming.length > INCOMING_MESSAGES_MAX) {
      this.#finish(
        'FLOOD',
        `incomingMessages ${this.#incoming.length} > INCOMING_MESSAGES_MAX ${INCOMING_MESSAGES_MAX}`,
      )
    } else if (this.#incomingBytes > INCOMING_BYTES_MAX) {
      this.#finish('FLOOD', `incomingBytes ${this.#incomingBytes} > INCOMING_BYTES_MAX ${INCOMING_BYTES_MAX}`)
    } else if (!this.#handling) {
      void this.#handleAll()
    }
  }

  /** A message that stops arriving altogether must end the session too, not only one whose next frame comes late. */
  #watchSlowness(): void {
    const { deadlineMs } = this.#assembler
    if (deadlineMs === null) {
      this.#slow?.cancel()
      this.#slow = null
    } else if (this.#slow === null) {
      this.#slow = this.#options.timers.after(deadlineMs - this.#options.clock.nowMs(), () =>
        this.#finish('BAD_MESSAGE', 'SLOW: a message did not become whole in MESSAGE_MS_MAX'),
      )
    }
  }

  async #handleAll(): Promise<void> {
    this.#handling = true
    try {
      while (this.#incoming.length > 0 && !this.#ended) {
        if (!this.#bucket.take(1)) {
          this.#options.timers.after(Math.max(MESSAGE_WAIT_MS_MIN, this.#bucket.waitMs()), () => void this.#handleAll())
          return // still `handling`: the timer goes on
        }
        const bytes = this.#incoming.shift()
        if (bytes) {
          this.#incomingBytes -= bytes.length
          await this.#handle(bytes)
        }
      }
      this.#handling = false
      if (this.#lastReason !== null) this.#finish('CLOSED_THERE', this.#lastReason)
    } catch (error) {
      this.#finish('HANDLER', error instanceof Error ? error.message : 'handler failed')
      throw error
    }
  }

  async #handle(bytes: Uint8Array): Promise<void> {
    const sequence = sequenceOf(bytes)
    if (sequence > 0 && sequence <= this.#lastSequence) return // a duplicate: said and handled before
    const decoded = decodeMessage(bytes, this.#them)
    if (!decoded.ok) {
      this.#finish('BAD_MESSAGE', `${decoded.code}: ${decoded.reason}`)
      return
    }
    const { header, message } = decoded.value
    this.#lastSequence = header.sequence
    const envelopes = envelopesOf(message)
    this.#bucket.charge(envelopes.length)
    const resolved = await resolveMessage(this.#options.authority, message, envelopes)
    if (!resolved.ok) {
      this.#finish('BAD_MESSAGE', `${resolved.code}: ${resolved.reason}`)
      return
    }
    if (!this.#ended) await this.#options.onMessage(header, resolved.value)
  }

  /** What came before the other end closed is handled first: a last word is said and gone, and its signature takes time. */
  #closedThere(reason: string): void {
    this.#lastReason ??= reason
    if (!this.#handling) this.#finish('CLOSED_THERE', reason)
  }

  #finish(code: SessionEnd['code'], reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#slow?.cancel()
    this.#incoming.length = 0
    this.#outgoing.length = 0
    this.#channel.close()
    this.#end({ code, reason })
  }
}
