import { seededRandom } from '../../src/base/random.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { addressOf, type Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey, type Signer } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { CHEAP_ENGINE } from '../../src/sim/cheap-sandbox.ts'
import { type Authority, createAuthority } from '../../src/wire/authority.ts'
import { headOf, statementCid } from '../../src/wire/chain.ts'
import type { ErrorCode } from '../../src/wire/error-codes.ts'
import type {
  AsyncName,
  Asyncs,
  Brief,
  HoldingReport,
  Message,
  Offer,
  RequestName,
  Requests,
} from '../../src/wire/messages.ts'
import { openSession, type Session } from '../../src/wire/session.ts'
import type { Certificate, License, Ready, Release, Sealed } from '../../src/wire/statements.ts'
import type { Cluster } from '../host/cluster.ts'
import { introduction } from '../host/introduction.ts'

/** What a rogue answers with where it answers with no. */
export class Denial {
  readonly code: ErrorCode
  readonly reason: string

  constructor(code: ErrorCode, reason: string) {
    this.code = code
    this.reason = reason
  }
}

/**
 * A host that is let in like any other and takes agents, but keeps to no protocol afterwards: it says what the test lets
 * it say, to whom it likes. All of it is here; the product has no such host.
 */
export class Rogue {
  readonly authority: Authority
  readonly signer: Signer
  readonly did: Did
  readonly #world: Cluster
  readonly #sessions = new Map<Did, Session>()
  /** Of agents that it makes up. */
  readonly licenses = new Map<AgentId, License>()
  readonly heard: { readonly from: Did; readonly message: Message }[] = []
  /** What it says to these requests; null is silence. */
  answers: (from: Did, message: Message) => unknown | Promise<unknown> = (_from, message) => this.welcome(message)
  #sequence = 0

  constructor(world: Cluster, seed: number) {
    const signer = createSigner(generateSecretKey(seededRandom(seed)))
    this.#world = world
    this.signer = signer
    this.authority = createAuthority(signer, createVerifier())
    this.did = signer.did
  }

  async meet(...seeds: number[]): Promise<this> {
    const transport = this.#world.network.join(addressOf(this.did))
    transport.accept(() => {})
    for (const seed of seeds) await this.#dial(transport, seed)
    await this.#world.time.advance(100)
    return this
  }

  async #dial(transport: ReturnType<Cluster['network']['join']>, seed: number): Promise<void> {
    const { time } = this.#world
    const other = this.#world.hosts.get(seed)?.did as Did
    const dialled = transport.dial(addressOf(other))
    dialled.catch(() => {}) // awaited below
    await time.advance(10)
    const opening = openSession(await dialled, {
      role: 'dialler',
      self: { did: this.did, age: 1 },
      expect: other,
      authority: this.authority,
      random: seededRandom(seed + 31),
      clock: time,
      timers: time,
      nextSequence: () => ++this.#sequence,
      onMessage: async ({ sequence: to }, message) => {
        this.heard.push({ from: other, message })
        if (message.kind !== 'request') return
        const body = await this.answers(other, message)
        if (body instanceof Denial)
          this.#sessions
            .get(other)
            ?.send({ kind: 'error', name: message.name, to, code: body.code, reason: body.reason })
        else if (body) this.#sessions.get(other)?.send({ kind: 'reply', name: message.name, to, body } as Message)
      },
    })
    void opening.then((opened) => opened.ok && this.#sessions.set(other, opened.value))
    await time.advance(50)
    const opened = await opening
    if (!opened.ok) throw new Error(opened.reason)
    const inic = await introduction(this.authority, { name: 'rogue', engineIds: [CHEAP_ENGINE], depth: 100 })
    this.say(other, 'inic', { ...inic, load: { agents: 0, slots: 4, accepting: true } })
    await time.advance(50)
  }

  /** As an honest edge worker with room would. */
  async welcome(message: Message): Promise<unknown> {
    if (message.kind !== 'request') return null
    switch (message.name) {
      case 'inic':
        return { ground: 'open' }
      case 'offer':
        return { ttlMs: 30_000, have: null }
      case 'send':
        return { ready: await this.ready(message.body) }
      default:
        return null
    }
  }

  /** As one without room. */
  async welcomeOnly(message: Message): Promise<unknown> {
    return message.kind === 'request' && message.name === 'inic' ? { ground: 'open' } : null
  }

  ready({ brief, epoch, checkpoint }: Pick<Requests['send']['ask'], 'brief' | 'epoch' | 'checkpoint'>) {
    const holding = { holder: this.did, checkpoint, witnesses: brief.witnesses, history: brief.history }
    return this.authority.seal<Ready>({ type: 'ready', agent: brief.agent, epoch, holding, previous: brief.head })
  }

  say<N extends RequestName>(to: Did, name: N, body: Requests[N]['ask']): number {
    return this.#sessions.get(to)?.send({ kind: 'request', name, body } as Message) ?? 0
  }

  tell<N extends AsyncName>(to: Did, name: N, body: Asyncs[N]): void {
    this.#sessions.get(to)?.send({ kind: 'async', name, body } as Message)
  }

  /** Says each second that it has room, whatever else it leaves unsaid. */
  lure(to: Did): void {
    const load = { agents: 0, slots: 4, accepting: true }
    this.#sessions.get(to)?.send({ kind: 'async', name: 'load', body: { load } })
    this.#world.time.after(1_000, () => this.lure(to))
  }

  report(to: Did, reports: readonly HoldingReport[]): void {
    this.#sessions.get(to)?.send({ kind: 'async', name: 'holding', body: { reports } })
  }

  async ask<N extends RequestName>(to: Did, name: N, body: Requests[N]['ask']): Promise<Message | undefined> {
    const number = this.say(to, name, body)
    await this.#world.time.advance(500)
    return this.answerTo(to, number)
  }

  answerTo(of: Did, number: number): Message | undefined {
    return this.heard.find(
      ({ from, message }) =>
        from === of && (message.kind === 'reply' || message.kind === 'error') && message.to === number,
    )?.message
  }

  /** What made this host an agent's holder: the brief that came with it, and the decision. */
  held(): { brief: Brief; certificate: Certificate } {
    let brief: Brief | null = null
    let certificate: Certificate | null = null
    for (const { message } of this.heard) {
      if (message.kind === 'request' && message.name === 'send') brief = message.body.brief
      if (message.kind === 'async' && message.name === 'certificate') certificate = message.body.certificate
    }
    if (!brief || !certificate) throw new Error('it holds nothing')
    return { brief: { ...brief, head: headOf(certificate) }, certificate }
  }

  #licenseHeard(agent: AgentId): License {
    for (const { message } of this.heard)
      if (message.kind === 'request' && message.name === 'offer' && message.body.agent === agent)
        return message.body.license
    throw new Error('it was never offered')
  }

  offerOf(brief: Brief, epoch: number): Offer {
    const { agent, bundle, allowance, hops } = brief
    const license = this.licenses.get(agent) ?? this.#licenseHeard(agent)
    return { agent, epoch, bundle, reason: 'move', hops: hops + 1, fuelUsed: 0, allowance, license, stateBytes: 0 }
  }

  /** Takes an agent as far as READY at another host. */
  async bring(to: Did, brief: Brief, certificate: Certificate | null, epoch: number): Promise<Sealed<Ready>> {
    const offered = await this.ask(to, 'offer', this.offerOf(brief, epoch))
    if (offered?.kind !== 'reply') throw new Error(`not taken: ${JSON.stringify(offered)}`)
    const sent = await this.ask(to, 'send', {
      brief: { ...brief, hops: brief.hops + 1 },
      epoch,
      checkpoint: null,
      reason: 'move',
      certificate,
      charters: [],
      atHome: null,
      base: null,
      pack: null,
      checkpointBytes: 0,
    })
    if (sent?.kind !== 'reply' || sent.name !== 'send') throw new Error(`not ready: ${JSON.stringify(sent)}`)
    return sent.body.ready
  }

  async release({ statement }: Sealed<Ready>, changes: Partial<Release> = {}): Promise<Sealed<Release>> {
    const { agent, epoch, holding, previous } = statement
    const ready = statementCid(statement)
    return this.authority.seal<Release>({
      type: 'release',
      agent,
      epoch,
      holding,
      reason: 'move',
      previous,
      ready,
      ...changes,
    })
  }

  /** Asks a witness to decide for this hand-over. Returns the number of the request. */
  commit(witness: Did, ready: Sealed<Ready>, release: Sealed<Release>): number {
    const { agent, epoch, holding, previous } = release.statement
    const ballot = { round: 0, host: this.did, age: epoch }
    return this.say(witness, 'accept', {
      agent,
      epoch,
      ballot,
      holding,
      previous,
      release,
      ready,
      voucher: null,
      log: null,
    })
  }
}
