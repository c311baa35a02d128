import { utf8Length } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { createTokenBucket, type TokenBucket } from '../../base/token-bucket.ts'
import type { PendingCall } from '../../engine/image.ts'
import type { ConsoleLine } from '../../engine/machine.ts'
import {
  CONSOLE_LENGTH_MAX,
  MESSAGES_BURST,
  MESSAGES_PER_SECOND,
  TEXT_BYTES_BURST,
  TEXT_BYTES_PER_SECOND,
} from '../../sandbox/limits.ts'
import type { GuestMessage } from '../../sandbox/protocol.ts'

/**
 * What the program says on its way out: counted against the permit's sentBytes, and paced: nothing is dropped, the
 * program waits instead (`waitMs`). The warden counts the same and ends a guest that does not keep to it.
 */
export class Outbox {
  readonly #post: (message: GuestMessage) => void
  #sentBytesMax: number
  readonly #messages: TokenBucket
  readonly #textBytes: TokenBucket
  #sentBytes = 0

  constructor(clock: Clock, sentBytesMax: number, post: (message: GuestMessage) => void) {
    this.#post = post
    this.#sentBytesMax = sentBytesMax
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

  /** Sends lines in order; stops at the one that exceeds the quota and says so. */
  print(lines: readonly ConsoleLine[]): string | null {
    for (const { level, text } of lines) {
      const cut = text.slice(0, CONSOLE_LENGTH_MAX)
      const exceeded = this.charge(cut)
      if (exceeded) return exceeded
      this.#post({ kind: 'console', level, text: cut })
    }
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
