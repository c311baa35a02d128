import { assert } from '../../base/assert.ts'
import { uniform } from '../../base/random.ts'
import { addressOf } from '../../identity/did.ts'
import type { Signer } from '../../identity/signer.ts'
import { answerChallenge, parseNonce } from '../../wire/challenge.ts'
import type { IceServer } from '../../wire/cluster.ts'
import { BACKOFF_MS_MAX, BACKOFF_MS_MIN, ONLINE_MS_MAX } from './limits.ts'
import type { ConnectionLike, PeerJsPowers, PeerLike } from './port.ts'
import type { RendezvousPlace } from './rendezvous-url.ts'
import { guardSignals } from './signal-guard.ts'

/**
 * Our line to the rendezvous: PeerJS's WebSocket, kept up. When it drops it comes back with back-off and a new answer to
 * a new challenge; when the rendezvous gives our address to another line of the same key, it stays down, or the two
 * would throw each other off for ever. Knows nothing of channels.
 */
export interface LineEvents {
  incoming(connection: ConnectionLike): void
  absent(address: string): void
  mayOpen(address: string): boolean
  changed(isOnline: boolean, reason: string): void
}

/** The rendezvous did not let us in, or is not there. */
export class RendezvousError extends Error {
  override readonly name = 'RendezvousError'
}

export class Line {
  readonly #powers: PeerJsPowers
  readonly #signer: Signer
  readonly #place: RendezvousPlace
  readonly #events: LineEvents
  #peer: PeerLike | null = null
  /** Why there will be no line any more. */
  #over: string | null = null
  #attempts = 0
  #lastError = 'the line dropped'
  #opening: ((fault: string | null) => void) | null = null

  constructor(powers: PeerJsPowers, signer: Signer, place: RendezvousPlace, events: LineEvents) {
    this.#powers = powers
    this.#signer = signer
    this.#place = place
    this.#events = events
  }

  get isOnline(): boolean {
    return this.#peer?.open === true
  }

  get over(): string | null {
    return this.#over
  }

  /** Null when we are not on line. */
  connect(address: string): ConnectionLike | null {
    if (!this.isOnline) return null
    return this.#peer?.connect(address, { label: 'sojourn', reliable: true, serialization: 'raw' }) ?? null
  }

  /** Asks the rendezvous over HTTP. */
  async ask(what: string): Promise<unknown> {
    try {
      return await this.#powers.getJson(`${this.#place.httpUrl}api/${what}`)
    } catch (cause) {
      throw new RendezvousError(`rendezvous ${this.#place.httpUrl} does not answer`, { cause })
    }
  }

  /** Resolves when we are on line for the first time; rejects with RendezvousError when we are not let in. */
  async open(iceServers: readonly IceServer[]): Promise<void> {
    const token = await this.#newToken()
    const { host, port, path, secure } = this.#place
    const config = { ...this.#powers.rtcConfig, iceServers }
    const options = { host, port, path, secure, key: 'peerjs', token, debug: 0, config } as const
    const peer = this.#powers.newPeer(addressOf(this.#signer.did), options)
    assert(typeof peer._handleMessage === 'function', 'PeerJS has no _handleMessage: not the pinned version')
    this.#peer = peer
    guardSignals(peer, this.#powers.clock, {
      absent: (address) => this.#events.absent(address),
      mayOpen: (address) => this.#over === null && this.#events.mayOpen(address),
      replaced: () => {
        this.#over ??= 'another line with the same key has taken our address'
      },
    })
    peer.on('connection', (connection: ConnectionLike) => this.#events.incoming(connection))
    peer.on('error', (error: Error) => {
      this.#lastError = error.message
      this.#opening?.(error.message)
    })
    const firstOpening = this.#opened()
    await firstOpening.catch((error: unknown) => {
      this.close('never came on line')
      throw error
    })
    peer.on('open', () => this.#events.changed(true, 'on line'))
    peer.on('disconnected', () => {
      this.#events.changed(false, this.#over ?? this.#lastError)
      this.#comeBackLater()
    })
  }

  /** The line is dead though nobody has told us: begin anew. */
  drop(reason: string): void {
    this.#lastError = reason
    this.#peer?.disconnect()
  }

  /** No dials and no coming back from now on; connections stay until `close`. */
  retire(reason: string): void {
    this.#over ??= reason
  }

  close(reason: string): void {
    this.retire(reason)
    this.#peer?.destroy()
  }

  /** Resolves at the next `open`; rejects at an error before it, or when it takes too long. */
  #opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (fault: string | null): void => {
        timer.cancel()
        this.#opening = null
        if (fault === null) resolve()
        else reject(new RendezvousError(`rendezvous ${this.#place.httpUrl}: ${fault}`))
      }
      const timer = this.#powers.timers.after(ONLINE_MS_MAX, () => finish(`not on line after ${ONLINE_MS_MAX} ms`))
      this.#opening = finish
      this.#peer?.on('open', () => {
        this.#attempts = 0
        this.#opening?.(null)
      })
    })
  }

  #comeBackLater(): void {
    if (this.#over !== null) return
    const backoffMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** this.#attempts++)
    this.#powers.timers.after(backoffMs * (0.5 + uniform(this.#powers.random)), () => void this.#comeBack())
  }

  async #comeBack(): Promise<void> {
    const peer = this.#peer
    const isDown = (): boolean => this.#over === null && peer?.disconnected === true && !peer.destroyed
    if (!peer || !isDown()) return
    try {
      const token = await this.#newToken()
      if (!isDown()) return
      peer.options.token = token // a challenge fits once
      peer.reconnect()
    } catch {
      this.#comeBackLater()
      return
    }
    // A rendezvous that takes the socket and says nothing must not keep us waiting.
    this.#powers.timers.after(ONLINE_MS_MAX, () => {
      if (!peer.open && !peer.disconnected) this.drop(`not on line after ${ONLINE_MS_MAX} ms`)
    })
  }

  async #newToken(): Promise<string> {
    const answer = await this.ask('challenge')
    const nonce = parseNonce((answer as { nonce?: unknown } | null)?.nonce)
    if (!nonce) throw new RendezvousError(`rendezvous ${this.#place.httpUrl} gave no challenge`)
    return answerChallenge(this.#signer, nonce, this.#place.name)
  }
}
