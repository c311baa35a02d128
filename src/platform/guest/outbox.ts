import { utf8Length } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { createTokenBucket, type TokenBucket } from '../../base/token-bucket.ts'
import type { Delivery, PendingCall } from '../../engine/image.ts'
import type { ConsoleLine } from '../../engine/machine.ts'
import {
  CALL_ARGS_LENGTH_MAX,
  CONSOLE_LENGTH_MAX,
  MESSAGES_BURST,
  MESSAGES_PER_SECOND,
  TEXT_BYTES_BURST,
  TEXT_BYTES_PER_SECOND,
} from '../../sandbox/limits.ts'
import type { GuestMessage } from '../../sandbox/protocol.ts'

/** What the guest itself answers to a call that is too long for its host; null where it is not. */
export function refusalOf({ request, argsJson }: PendingCall): Delivery | null {
  if (argsJson.length <= CALL_ARGS_LENGTH_MAX) return null
  const reason = `args length ${argsJson.length} > CALL_ARGS_LENGTH_MAX ${CALL_ARGS_LENGTH_MAX}`
  return { request, outcome: { ok: false, code: 'QUOTA', reason } }
}

/**
 * What the program says on its way out: counted against the permit's sentBytes, and paced: nothing is dropped, the
 * program waits instead (`waitMs`). The warden counts the same and ends a guest that does not keep to it.
 */
export class Outbox {
  readonly #post: (message: GuestMessage) => void
  #sentBytesMax: number
  readonly #messages: TokenBucket
  readonly #textBytes: TokenBucket
  #sentBytes: number

  constructor(clock: Clock, sentBytesMax: number, sentBytes: number, post: (message: GuestMessage) => void) {
    this.#post = post
    this.#sentBytesMax = sentBytesMax
    this.#sentBytes = sentBytes
    this.#messages = createTokenBucket(clock, MESSAGES_BURST, MESSAGES_PER_SECOND)
    this.#textBytes = createTokenBucket(clock, TEXT_BYTES_BURST, TEXT_BYTES_PER_SECOND)
  }

  limit(sentBytesMax: number): void {
    this.#sentBytesMax = sentBytesMax
  }

  get sentBytes(): number {
    return this.#sentBytes
  }

  /** Milliseconds that the program shall stand still before it may say more. */
  waitMs(): number {
    return Math.max(this.#messages.waitMs(), this.#textBytes.waitMs())
  }

  /** Counts bytes about to be sent; the violated condition when they are too many. */
  charge(text: string): string | null {
    const bytes = utf8Length(text)
    this.#messages.charge(1)
    this.#textBytes.charge(bytes)
    this.#sentBytes += bytes
    return this.#sentBytes > this.#sentBytesMax
      ? `sentBytes ${this.#sentBytes} > sentBytesMax ${this.#sentBytesMax}`
      : null
  }

  /** Whether all of these may be said, one behind the other; what is said again was counted before. */
  hasRoomFor(words: readonly (ConsoleLine | PendingCall)[], againUntil: number): boolean {
    let bytes = 0
    for (const word of words)
      if (!('request' in word)) bytes += utf8Length(word.text.slice(0, CONSOLE_LENGTH_MAX))
      else if (word.request >= againUntil && !refusalOf(word)) bytes += utf8Length(word.argsJson)
    return this.#sentBytes + bytes <= this.#sentBytesMax
  }

  /** Says so where the line exceeds the quota; it is not sent then. */
  print({ level, text }: ConsoleLine): string | null {
    const cut = text.slice(0, CONSOLE_LENGTH_MAX)
    const exceeded = this.charge(cut)
    if (exceeded) return exceeded
    this.#post({ kind: 'console', level, text: cut })
    return null
  }

  /** A call that is made again after a thaw was charged where it was made first. */
  call(call: PendingCall, again: boolean): string | null {
    const exceeded = again ? null : this.charge(call.argsJson)
    if (exceeded) return exceeded
    this.#post({ kind: 'call', call, again })
    return null
  }
}
