import type { Clock } from '../base/clock.ts'
import { Lately } from '../base/lately.ts'
import { createTokenBucket, type TokenBucket } from '../base/token-bucket.ts'
import {
  ACQUAINTANCES_MAX,
  BARRED_MS,
  ENTRIES_PENDING_MAX,
  ENTRY_BURST,
  ENTRY_FAILED_COST,
  ENTRY_PER_SECOND,
  KEYS_REMEMBERED_MAX,
  MESSAGE_BURST,
  MESSAGES_PER_SECOND,
  NETWORK_ENTRIES_PENDING_MAX,
  NETWORK_ENTRY_BURST,
  NETWORK_ENTRY_PER_SECOND,
  NETWORKS_REMEMBERED_MAX,
  STRANGER_ENTRIES_PENDING_MAX,
  STRANGER_ENTRY_BURST,
  STRANGER_ENTRY_PER_SECOND,
  STRANGER_MESSAGE_BURST,
  STRANGER_MESSAGES_PER_SECOND,
} from './limits.ts'
import type { Standing } from './transport.ts'

/**
 * Stands before every signature: who may come in, and how much work each may make us. A key costs nothing, so those we do
 * not know share what they may cost, and a flood of them leaves acquaintances what is theirs. Who has lied is barred for a
 * while, under that key and, if it is a stranger, at the price of its network address. Everything here is bounded and
 * forgotten in time; nothing is kept on disk. Knows nothing of who may run what.
 */
export interface Visit {
  /** The handshake is over. What failed costs its network address more than what did not. */
  shaken(proved: boolean): void
}

interface Network {
  pending: number
  readonly entries: TokenBucket
}

export class Turnstile {
  readonly #clock: Clock
  readonly #acquaintances = new Lately<string, true>(ACQUAINTANCES_MAX)
  /** Until when, by address. */
  readonly #barred = new Lately<string, number>(KEYS_REMEMBERED_MAX)
  readonly #entries = new Lately<string, TokenBucket>(KEYS_REMEMBERED_MAX)
  readonly #messages = new Lately<string, TokenBucket>(KEYS_REMEMBERED_MAX)
  readonly #networks = new Lately<string, Network>(NETWORKS_REMEMBERED_MAX)
  readonly #strangerCalls: TokenBucket
  readonly #strangerEntries: TokenBucket
  readonly #strangerMessages: TokenBucket
  #pending = 0
  #strangersPending = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#strangerCalls = createTokenBucket(clock, STRANGER_ENTRY_BURST, STRANGER_ENTRY_PER_SECOND)
    this.#strangerEntries = createTokenBucket(clock, STRANGER_ENTRY_BURST, STRANGER_ENTRY_PER_SECOND)
    this.#strangerMessages = createTokenBucket(clock, STRANGER_MESSAGE_BURST, STRANGER_MESSAGES_PER_SECOND)
  }

  /** Somebody wants a channel: asked before the platform spends a connection on it. */
  call(address: string): Standing {
    if (this.isBarred(address)) return 'barred'
    if (this.isAcquainted(address)) return 'known'
    return this.#strangerCalls.take(1) ? 'stranger' : 'barred'
  }

  /** A channel is open, by whom its address alleges; nothing of it has been read. The visit, or why there is none. */
  enter(address: string, networkAddress: string | null): Visit | string {
    if (this.isBarred(address)) return 'barred'
    if (this.#pending >= ENTRIES_PENDING_MAX) return `entriesPending >= ENTRIES_PENDING_MAX ${ENTRIES_PENDING_MAX}`
    const isStranger = !this.isAcquainted(address)
    const network = isStranger && networkAddress !== null ? this.#network(networkAddress) : null
    const fault = isStranger ? this.#strangerFault(network) : this.#acquaintanceFault(address)
    if (fault !== null) return fault
    this.#pending += 1
    if (isStranger) this.#strangersPending += 1
    if (network) network.pending += 1
    return {
      shaken: (proved) => {
        this.#pending -= 1
        if (isStranger) this.#strangersPending -= 1
        if (network) network.pending -= 1
        if (!proved) network?.entries.charge(ENTRY_FAILED_COST)
      },
    }
  }

  /** It has proved who it is, and then said what no honest host says: its key stays out for BARRED_MS. */
  offend(address: string, networkAddress: string | null): void {
    this.#acquaintances.delete(address)
    this.#barred.set(address, this.#clock.nowMs() + BARRED_MS)
    if (networkAddress !== null) this.#network(networkAddress).entries.charge(ENTRY_FAILED_COST)
  }

  isBarred(address: string): boolean {
    const untilMs = this.#barred.get(address)
    if (untilMs === undefined) return false
    if (this.#clock.nowMs() < untilMs) return true
    this.#barred.delete(address)
    return false
  }

  isAcquainted(address: string): boolean {
    return this.#acquaintances.get(address) === true
  }

  /** It has behaved for long enough: from now on it has a share of its own. */
  acquaint(address: string): void {
    this.#acquaintances.set(address, true)
  }

  /**
   * What the messages of a proved key may cost, over all its sessions: one that comes again finds what it has left. A
   * stranger's come out of what all strangers share, too.
   */
  messagesOf(address: string): TokenBucket {
    const own = this.#messages.ensure(address, () => createTokenBucket(this.#clock, MESSAGE_BURST, MESSAGES_PER_SECOND))
    const shared = this.#strangerMessages
    const isStranger = (): boolean => !this.isAcquainted(address)
    return {
      take: (count) => {
        if (!isStranger()) return own.take(count)
        if (own.waitMs() > 0 || !shared.take(count)) return false
        return own.take(count)
      },
      charge: (count) => {
        own.charge(count)
        if (isStranger()) shared.charge(count)
      },
      waitMs: () => (isStranger() ? Math.max(own.waitMs(), shared.waitMs()) : own.waitMs()),
    }
  }

  #network(networkAddress: string): Network {
    return this.#networks.ensure(networkAddress, () => ({
      pending: 0,
      entries: createTokenBucket(this.#clock, NETWORK_ENTRY_BURST, NETWORK_ENTRY_PER_SECOND),
    }))
  }

  #strangerFault(network: Network | null): string | null {
    if (this.#strangersPending >= STRANGER_ENTRIES_PENDING_MAX)
      return `strangersPending >= STRANGER_ENTRIES_PENDING_MAX ${STRANGER_ENTRIES_PENDING_MAX}`
    if (network && network.pending >= NETWORK_ENTRIES_PENDING_MAX)
      return `networkPending >= NETWORK_ENTRIES_PENDING_MAX ${NETWORK_ENTRIES_PENDING_MAX}`
    if (network && !network.entries.take(1)) return 'too many strangers from this network address'
    return this.#strangerEntries.take(1) ? null : 'too many strangers'
  }

  #acquaintanceFault(address: string): string | null {
    const entries = this.#entries.ensure(address, () => createTokenBucket(this.#clock, ENTRY_BURST, ENTRY_PER_SECOND))
    return entries.take(1) ? null : 'comes again too often'
  }
}
