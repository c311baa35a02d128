import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Timer, Timers } from '../base/timers.ts'
import { addressOf, type Did, parseDid } from '../identity/did.ts'
import type { Authority } from '../wire/authority.ts'
import type { ErrorCode } from '../wire/error-codes.ts'
import type { Role } from '../wire/handshake.ts'
import { ACQUAINTED_MS } from '../wire/limits.ts'
import type { AsyncName, Asyncs, Header, Message, RequestName, Requests } from '../wire/messages.ts'
import { isOffence, openSession, type Session } from '../wire/session.ts'
import type { Channel, Transport } from '../wire/transport.ts'
import { Turnstile, type Visit } from '../wire/turnstile.ts'
import type { AskedOver } from './dispatch.ts'
import type { Answer, Fault } from './events.ts'
import {
  ANSWER_FETCH_MS,
  ANSWER_MS,
  ANSWER_SEND_MS,
  CROSSED_DIALS_MS,
  DIALS_MAX,
  HANDLES_PER_SESSION_MAX,
  INIC_MS_MAX,
  LAST_WORDS_MS,
  LINKS_MAX,
  MEMBERS_MS,
  REDIAL_MS,
  STRANGER_LINKS_MAX,
} from './limits.ts'

/**
 * The rim towards other hosts: one session a host, dialled when somebody is to be asked, replies matched to requests.
 * Messages to ourselves go the same way without a wire. Decides nothing about agents.
 */
export interface LinksOptions {
  readonly self: { readonly did: Did; readonly age: number }
  readonly transport: Transport
  readonly authority: Authority
  readonly random: Random
  readonly clock: Clock
  readonly timers: Timers
  /** Addresses on line as the rendezvous tells them: a hint whom to dial, never trusted. */
  members(): Promise<readonly string[]>
  /** Why this host has nothing to do with that one, which is not dialled; null where nothing is against it. */
  shuns(host: Did): Fault | null
  onConnected(host: Did, age: number): void
  onDisconnected(host: Did): void
  onAsked(from: Did, handle: number, name: RequestName, body: unknown): void
  onTold(from: Did, name: AsyncName, body: unknown): void
  /** Blocks asked for, and over which line. */
  serveBlocks(to: Did, ask: Requests['fetch']['ask'], line: AskedOver): Promise<Answer>
  log(level: 'info' | 'warn', text: string): void
}

interface Link {
  readonly session: Session
  readonly dialledHere: boolean
  readonly openedMs: number
  readonly networkAddress: string | null
  /** Our requests that wait for their reply, by sequence number. */
  readonly asks: Map<number, { readonly name: RequestName; readonly settle: (answer: Answer) => void }>
  handles: number
  /** How our INIC was answered: nothing else is said before, nor where the answer was no. */
  readonly welcome: Promise<Answer>
  readonly welcomed: (answer: Answer) => void
}

export class Links {
  readonly #options: LinksOptions
  readonly #links = new Map<Did, Link>()
  readonly #dialling = new Map<Did, Promise<Link | null>>()
  readonly #redialMs = new Map<Did, number>()
  readonly #turnstile: Turnstile
  /** Requests of others that wait for our answer. */
  readonly #handles = new Map<
    number,
    { readonly link: Link | null; readonly sequence: number; readonly resolve: (answer: Answer) => void }
  >()
  /** Until we look again who is on line. */
  #meeting: Timer | null = null
  #nextHandle = 1
  #nextSequence = 1
  #closed = false

  constructor(options: LinksOptions) {
    this.#options = options
    this.#turnstile = new Turnstile(options.clock)
    options.transport.accept(
      (channel) => void this.#takeIn(channel),
      (address) => this.#turnstile.call(address),
    )
    void this.#meet()
  }

  get hosts(): readonly Did[] {
    return [...this.#links.keys()]
  }

  /** Bytes that the present session with a host has brought; 0 where there is none. */
  receivedBytes = (host: Did): number => this.#links.get(host)?.session.receivedBytes ?? 0

  async ask<N extends RequestName>(to: Did, name: N, body: Requests[N]['ask']): Promise<Answer> {
    if (to === this.#options.self.did) return this.#askSelf(name, body)
    const shunned = this.#options.shuns(to)
    if (shunned) return { ok: false, ...shunned }
    await this.#linkTo(to)
    // A session can end, or another take its place, while its handshake does.
    const link = this.#links.get(to)
    if (!link) return { ok: false, code: 'CLOSED', reason: `host ${to} is not reachable` }
    if (name !== 'inic') {
      const welcome = await link.welcome
      if (!welcome.ok) return welcome
      if (this.#links.get(to) !== link) return { ok: false, code: 'CLOSED', reason: 'another session is open' }
    }
    return new Promise((resolve) => {
      const sequence = link.session.send({ kind: 'request', name, body } as Message)
      const timer = this.#options.timers.after(answerMs(name), () =>
        settle({ ok: false, code: 'TIMEOUT', reason: `no answer to ${name} in ${answerMs(name)} ms` }),
      )
      const settle = (answer: Answer): void => {
        timer.cancel()
        link.asks.delete(sequence)
        if (name === 'inic') link.welcomed(answer)
        resolve(answer)
      }
      link.asks.set(sequence, { name, settle })
    })
  }

  tell<N extends AsyncName>(to: Did, name: N, body: Asyncs[N]): void {
    if (to === this.#options.self.did) return this.#options.onTold(to, name, body)
    const send = (link: Link | null): void =>
      void link?.welcome.then(({ ok }) => ok && link.session.send({ kind: 'async', name, body } as Message))
    const link = this.#links.get(to)
    if (link) send(link)
    else if (name !== 'load') void this.#linkTo(to).then(send)
  }

  /** What a host brought us turned out to be a lie: it has no more to say here for a while. */
  blame(host: Did, reason: string): void {
    const link = this.#links.get(host)
    this.#turnstile.offend(addressOf(host), link?.networkAddress ?? null)
    link?.session.close(reason)
  }

  answer(handle: number, body: unknown): void {
    this.#settle(handle, { ok: true, body })
  }

  deny(handle: number, code: ErrorCode, reason: string): void {
    this.#settle(handle, { ok: false, code, reason })
  }

  /** What has been said is said; then it is over. Who is barred besides is not answered either. */
  hangUp(host: Did, reason: string, awayMs: number, isBarred: boolean): void {
    this.#redialMs.set(host, this.#options.clock.nowMs() + awayMs)
    const link = this.#links.get(host)
    if (isBarred) this.#turnstile.offend(addressOf(host), null)
    if (link) this.#options.timers.after(LAST_WORDS_MS, () => link.session.close(reason))
  }

  close(): void {
    this.#closed = true
    this.#meeting?.cancel()
    for (const { session } of this.#links.values()) {
      session.send({ kind: 'async', name: 'bye', body: { reason: 'host closes' } })
      void session.drained().then(() => session.close('host closes'))
    }
  }

  #settle(handle: number, answer: Answer): void {
    const waiting = this.#handles.get(handle)
    this.#handles.delete(handle)
    waiting?.resolve(answer)
  }

  #askSelf(name: RequestName, body: unknown): Promise<Answer> {
    return new Promise((resolve) => {
      const handle = this.#nextHandle++
      this.#handles.set(handle, { link: null, sequence: 0, resolve })
      this.#options.onAsked(this.#options.self.did, handle, name, body)
    })
  }

  async #linkTo(to: Did): Promise<Link | null> {
    const link = this.#links.get(to)
    if (link) return link
    if (this.#closed || this.#options.clock.nowMs() < (this.#redialMs.get(to) ?? 0)) return null
    if (this.#turnstile.isBarred(addressOf(to))) return null
    if (this.#options.shuns(to) !== null) return null
    const under = this.#dialling.get(to)
    if (under) return under
    if (this.#dialling.size >= DIALS_MAX) return null
    const dial = this.#dial(to)
    this.#dialling.set(to, dial)
    const opened = await dial
    this.#dialling.delete(to)
    if (opened) this.#redialMs.delete(to)
    else this.#noteUnreachable(to)
    return opened
  }

  #noteUnreachable(to: Did): void {
    const nowMs = this.#options.clock.nowMs()
    for (const [host, untilMs] of this.#redialMs) if (untilMs < nowMs) this.#redialMs.delete(host)
    this.#redialMs.set(to, nowMs + REDIAL_MS)
  }

  async #dial(to: Did): Promise<Link | null> {
    let channel: Channel
    try {
      channel = await this.#options.transport.dial(addressOf(to))
    } catch (error) {
      this.#options.log('info', `cannot reach ${to}: ${error instanceof Error ? error.message : error}`)
      return this.#links.get(to) ?? null
    }
    return this.#open(channel, 'dialler', to)
  }

  /** Who comes in is whom its address names, or nobody: the rendezvous has had that proved, and what is cheap comes first. */
  async #takeIn(channel: Channel): Promise<void> {
    const alleged = parseDid(`did:key:${channel.remoteAddress}`)
    const visit = alleged.ok ? this.#turnstile.enter(channel.remoteAddress, channel.networkAddress) : 'no address'
    // Told to nobody: a word for each of a flood would be a flood.
    if (!alleged.ok || typeof visit === 'string') return channel.close()
    await this.#open(channel, 'acceptor', alleged.value, visit)
  }

  /** Acquaintances find a place where strangers find none. */
  #hasRoomFor(host: Did): boolean {
    if (this.#links.has(host)) return true
    if (this.#links.size >= LINKS_MAX) return false
    if (this.#turnstile.isAcquainted(addressOf(host))) return true
    let strangers = 0
    for (const did of this.#links.keys()) if (!this.#turnstile.isAcquainted(addressOf(did))) strangers += 1
    return strangers < STRANGER_LINKS_MAX
  }

  async #open(channel: Channel, role: Role, expect: Did, visit: Visit | null = null): Promise<Link | null> {
    const { self, authority, random, clock, timers } = this.#options
    if (this.#closed || !this.#hasRoomFor(expect)) {
      visit?.shaken(true)
      channel.close()
      return null
    }
    let link: Link | null = null
    const session = await openSession(channel, {
      role,
      self,
      expect,
      authority,
      messagesOf: (host) => this.#turnstile.messagesOf(addressOf(host)),
      random,
      clock,
      timers,
      nextSequence: () => this.#nextSequence++,
      onMessage: (header, message) => {
        if (link) this.#receive(link, header, message)
      },
    })
    visit?.shaken(session.ok)
    if (!session.ok) {
      this.#options.log('warn', `no session with ${expect}: ${session.code}: ${session.reason}`)
      return role === 'dialler' ? (this.#links.get(expect) ?? null) : null
    }
    link = {
      session: session.value,
      dialledHere: role === 'dialler',
      openedMs: clock.nowMs(),
      networkAddress: channel.networkAddress,
      asks: new Map(),
      handles: 0,
      ...welcoming(),
    }
    return this.#keep(link)
  }

  /** One session a host: of two dialled at once both ends keep the same one, otherwise the newer replaces the older. */
  #keep(link: Link): Link {
    const { remote, remoteAge } = link.session
    const present = this.#links.get(remote)
    if (present) {
      const crossed =
        present.session.remoteAge === remoteAge && this.#options.clock.nowMs() - present.openedMs < CROSSED_DIALS_MS
      const smallerDialled = (one: Link): boolean =>
        one.dialledHere === addressOf(this.#options.self.did) < addressOf(remote)
      if (present.session.remoteAge > remoteAge || (crossed && smallerDialled(present) && !smallerDialled(link))) {
        link.session.close('another session is open')
        return present
      }
    }
    this.#links.set(remote, link)
    const acquainting = this.#options.timers.after(ACQUAINTED_MS, () => this.#turnstile.acquaint(addressOf(remote)))
    void link.session.closed.then((end) => {
      // One that goes on would keep a process alive that has nothing else to do.
      acquainting.cancel()
      if (isOffence(end)) this.#turnstile.offend(addressOf(remote), link.networkAddress)
      this.#lost(link, `${end.code}: ${end.reason}`)
    })
    if (present) present.session.close('replaced by a newer session')
    this.#options.onConnected(remote, remoteAge)
    return link
  }

  #lost(link: Link, reason: string): void {
    for (const { settle } of link.asks.values()) settle({ ok: false, code: 'CLOSED', reason })
    link.welcomed({ ok: false, code: 'CLOSED', reason })
    for (const [handle, waiting] of this.#handles) if (waiting.link === link) this.#handles.delete(handle)
    const { remote } = link.session
    if (this.#links.get(remote) !== link) return
    this.#links.delete(remote)
    this.#options.onDisconnected(remote)
  }

  #receive(link: Link, header: Header, message: Message): void {
    const from = link.session.remote
    switch (message.kind) {
      case 'reply':
        return this.#receiveAnswer(link, message, { ok: true, body: message.body })
      case 'error':
        return this.#receiveAnswer(link, message, { ok: false, code: message.code, reason: message.reason })
      case 'async':
        return this.#options.onTold(from, message.name, message.body)
      case 'request':
        return this.#receiveRequest(link, header.sequence, message)
    }
  }

  /** An answer of another kind than what was asked would be taken for what it is not. */
  #receiveAnswer(link: Link, { to, name }: { to: number; name: RequestName }, answer: Answer): void {
    const ask = link.asks.get(to)
    if (!ask) return // late: given up before
    if (ask.name === name) return ask.settle(answer)
    this.#options.log('warn', `${link.session.remote} answers ${ask.name} with ${name}`)
    this.blame(link.session.remote, `an answer to ${name} where ${ask.name} was asked`)
  }

  #receiveRequest(link: Link, sequence: number, message: Extract<Message, { kind: 'request' }>): void {
    const { name } = message
    if (link.handles >= HANDLES_PER_SESSION_MAX)
      return this.blame(link.session.remote, `more than ${HANDLES_PER_SESSION_MAX} requests under way`)
    link.handles += 1
    const resolve = (answer: Answer): void => {
      link.handles -= 1
      link.session.send(
        answer.ok
          ? ({ kind: 'reply', name, to: sequence, body: answer.body } as Message)
          : { kind: 'error', name, to: sequence, code: answer.code, reason: answer.reason.slice(0, 1_000) },
      )
    }
    if (message.name === 'fetch') {
      const { session } = link
      const line = { drained: () => session.drained(), isOpen: () => this.#links.get(session.remote) === link }
      void this.#options
        .serveBlocks(session.remote, message.body, line)
        .then(resolve, () => session.close('blocks cannot be read here'))
      return
    }
    const handle = this.#nextHandle++
    this.#handles.set(handle, { link, sequence, resolve })
    this.#options.onAsked(link.session.remote, handle, name, message.body)
  }

  /** Keeps sessions to hosts on line; of two hosts the one with the smaller address dials. */
  async #meet(): Promise<void> {
    if (this.#closed) return
    try {
      const own = addressOf(this.#options.self.did)
      for (const address of await this.#options.members()) {
        const did = parseDid(`did:key:${address}`)
        if (did.ok && own < address && !this.#links.has(did.value) && this.#links.size < LINKS_MAX)
          void this.#linkTo(did.value)
      }
    } catch (error) {
      this.#options.log('info', `rendezvous does not answer: ${error instanceof Error ? error.message : error}`)
    }
    if (!this.#closed) this.#meeting = this.#options.timers.after(MEMBERS_MS, () => void this.#meet())
  }
}

function welcoming(): Pick<Link, 'welcome' | 'welcomed'> {
  let welcomed: Link['welcomed'] = () => {}
  const welcome = new Promise<Answer>((resolve) => {
    welcomed = resolve
  })
  return { welcome, welcomed }
}

function answerMs(name: RequestName): number {
  if (name === 'send' || name === 'stage' || name === 'audit') return ANSWER_SEND_MS
  if (name === 'inic') return INIC_MS_MAX
  return name === 'fetch' ? ANSWER_FETCH_MS : ANSWER_MS
}
