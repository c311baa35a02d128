import type { Itinerary } from '../audit/itinerary.ts'
import { encode } from '../base/codec.ts'
import type { Cid } from '../base/digest.ts'
import { accept, type Result } from '../base/result.ts'
import { readCar } from '../bundle/car.ts'
import { type BundleFault, openBundle, type VerifiedBundle } from '../bundle/open.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { createAuthority } from '../wire/authority.ts'
import type { RequestName, Requests, Row, StoryLine } from '../wire/messages.ts'
import type { Notice } from '../wire/notices.ts'
import type { Ban } from '../wire/statements.ts'
import type { Transport } from '../wire/transport.ts'
import { describe } from './acquaintance.ts'
import { OPEN } from './admission.ts'
import { BundleShelf } from './bundle-shelf.ts'
import { carryOut, type Hands, type OutwardEffect } from './carry-out.ts'
import { type AskedOver, Dispatch } from './dispatch.ts'
import type { Answer, HostEffect, HostEvent, Wish } from './events.ts'
import { type Host, type HostOptions, LaunchError, type LaunchOptions } from './host.ts'
import { shuns } from './inic.ts'
import { itineraryOf } from './itineraries.ts'
import { bundlesNeeded } from './license.ts'
import { DEFAULT_POLICY, DRAIN_MS_MAX, EVENTS_PER_COMMIT, TICK_MS } from './limits.ts'
import { Links } from './links.ts'
import { factsOf } from './lodger.ts'
import { Lodgings } from './lodgings.ts'
import { step } from './machine.ts'
import { newState } from './new-state.ts'
import { newNodes } from './nodes.ts'
import type { AskBlocks } from './pull.ts'
import { fetchFault } from './reading.ts'
import { nextLife, recallRecords } from './recall.ts'
import { Seals } from './seals.ts'
import { showHost } from './show.ts'
import { goodOnce, signOrder } from './sign-order.ts'
import type { HostSnapshot } from './snapshot.ts'
import { allKept, type HomeRow, type HostState, rememberBundle } from './state.ts'
import { rowTold, toldLines, toldOutcome, toldRow } from './told.ts'
import { CACHE_BYTES_DEFAULT } from './transfer-limits.ts'
import { Transfers } from './transfers.ts'
import { Vault } from './vault.ts'
import { evidenceOf } from './vouchers.ts'

/**
 * The rim of the host machine: lends it a clock, chance, a network, a store, keys and guests, feeds it events one at a
 * time and carries out its effects in their order. Nothing here decides; what is decided is in machine.ts and its parts.
 */
export async function createHost(options: HostOptions): Promise<Host> {
  const life = await nextLife(options.store, options.random)
  const runtime = new Runtime(options, life)
  await runtime.start()
  return runtime
}

class Runtime implements Host {
  readonly did: Did
  readonly age: number
  readonly #options: HostOptions
  readonly #state: HostState
  readonly #authority
  readonly #events: HostEvent[] = []
  readonly #listeners = new Set<() => void>()
  readonly #launches = new Map<number, (effect: Extract<HostEffect, { kind: 'launched' }>) => void>()
  #links: Links | null = null
  #vault: Vault | null = null
  #hands: Hands | null = null
  #lodgings: Lodgings | null = null
  #shelf: BundleShelf | null = null
  #transport: Transport | null = null
  #nextLaunch = 1
  #pumping = false
  #closed = false
  #announced = false

  constructor(options: HostOptions, { age, births }: { age: number; births: Uint8Array }) {
    const { signer, verifier, kind, name, slots, engineId, trust, operators, administrators, roots, policy } = options
    this.did = signer.did
    this.age = age
    this.#options = options
    this.#authority = createAuthority(signer, verifier)
    this.#state = newState({
      self: this.did,
      age,
      kind,
      name,
      slots,
      engineIds: [engineId],
      depth: options.depth,
      audits: options.audits,
      policy: policy ?? DEFAULT_POLICY,
      trusted: [this.did, ...trust],
      operators: [this.did, ...(operators ?? [])],
      administrators: [this.did, ...(administrators ?? [])],
      nodes: newNodes({
        admission: options.admission ?? OPEN,
        statics: options.statics ?? [],
        births,
        invitation: options.invitation ?? [],
        mandate: options.mandate ?? null,
      }),
      roots: roots ?? [],
    })
  }

  async start(): Promise<void> {
    const { store, sandbox, deflate, verifier, engineId, random, clock, timers } = this.#options
    const vault = await Vault.open(store, this.#options.cacheBytes ?? CACHE_BYTES_DEFAULT)
    this.#vault = vault
    const ask: AskBlocks = (from, body) => this.ask(from, 'fetch', body)
    const transfers = new Transfers({
      vault,
      deflate,
      ask,
      received: (from) => this.#links?.receivedBytes(from) ?? 0,
      clock,
      timers,
    })
    const dispatch = new Dispatch(vault, deflate)
    this.#shelf = new BundleShelf({
      vault,
      transfers,
      verifier,
      trusts: (author) => this.#state.trusted.has(author),
      blame: (host, reason) => this.#links?.blame(host, reason),
    })
    this.#lodgings = new Lodgings({
      self: this.did,
      sandbox,
      vault,
      transfers,
      shelf: this.#shelf,
      engineId,
      hashAll: this.#options.hashAll,
      share: (path) => this.#options.share?.(path) ?? Promise.resolve(null),
      emit: (event) => this.#post(event),
    })
    const lodgings = this.#lodgings
    this.#hands = {
      authority: this.#authority,
      verifier,
      vault,
      transfers,
      dispatch,
      shelf: this.#shelf,
      lodgings,
      auditor: { sandbox, shelf: this.#shelf, transfers, engineId, timers },
      reliver: { sandbox, vault, transfers, shelf: this.#shelf, engineId },
      seals: new Seals({
        signer: this.#options.signer,
        random,
        timers,
        lend: (sealerTo) => {
          this.#state.sealerTo = sealerTo
        },
        deliver: (agent, delivery) => lodgings.answer(agent, delivery),
      }),
      canSeal: () => this.#state.sealerTo !== null,
      links: () => this.#links,
      checkpointBytesMax: this.#state.policy.memoryBytes,
      ask: (to, name, body) => this.ask(to, name, body),
      post: (event) => this.#post(event),
      launched: (effect) => {
        this.#launches.get(effect.token)?.(effect)
        this.#launches.delete(effect.token)
      },
      emitted: (effect) => this.#options.onEmit?.(effect),
      log: (level, text, agent) => this.#log(level, text, agent),
    }
    const records = await recallRecords(store, (text) => this.#log('warn', text))
    this.#post({ kind: 'restored', records })
    const description = await this.#authority.seal(describe(this.#state, clock.wallMs()))
    this.#post({ kind: 'described', description })
    await this.#recallBlocks()
    this.#transport = await this.#options.transport(this.age)
    this.#links = new Links({
      self: { did: this.did, age: this.age },
      transport: this.#transport,
      authority: this.#authority,
      random,
      clock,
      timers,
      members: () => this.#options.members(),
      shuns: (host) => shuns(this.#state, host, clock.wallMs()),
      onConnected: (host, age) => this.#post({ kind: 'connected', host, age }),
      onDisconnected: (host) => this.#post({ kind: 'disconnected', host }),
      onAsked: (from, handle, name, body) => this.#post({ kind: 'asked', from, handle, name, body } as HostEvent),
      onTold: (from, name, body) => this.#post({ kind: 'told', from, name, body } as HostEvent),
      serveBlocks: (to, ask, line) => this.#serveBlocks(dispatch, to, ask, line),
      log: (level, text) => this.#log(level, text),
    })
    this.#tick()
  }

  async #serveBlocks(dispatch: Dispatch, to: Did, ask: Requests['fetch']['ask'], line: AskedOver): Promise<Answer> {
    const fault = fetchFault(this.#state, to, ask.agent, this.#options.clock.wallMs())
    return fault ? { ok: false, ...fault } : { ok: true, body: { pack: await dispatch.serve(to, ask, line) } }
  }

  /** Counts the blocks that restored rows and residents need, and lets go of the rest. */
  async #recallBlocks(): Promise<void> {
    for (const { agent, checkpoint } of allKept(this.#state)) if (checkpoint) await this.#vault?.hold(agent, checkpoint)
    const bundles = bundlesNeeded(this.#state)
    for (const { agent, checkpoint } of evidenceOf(this.#state)) await this.#vault?.pin(agent, checkpoint)
    await this.#vault?.sweep([...bundles.keys()])
    for (const [bundle, authors] of bundles) {
      const opened = await this.#shelf?.open(bundle, null, authors)
      if (opened?.ok) rememberBundle(this.#state, factsOf(opened.value))
    }
  }

  #tick(): void {
    if (this.#closed) return
    this.#post({ kind: 'tick' })
    this.#hands?.transfers.letGoOfParts()
    this.#options.timers.after(TICK_MS, () => this.#tick())
  }

  #post(event: HostEvent): void {
    if (this.#closed) return
    this.#events.push(event)
    if (!this.#pumping) void this.#pump()
  }

  async #pump(): Promise<void> {
    this.#pumping = true
    try {
      while (this.#events.length > 0 && !this.#closed)
        await this.#stepThrough(this.#events.splice(0, EVENTS_PER_COMMIT))
    } catch (error) {
      await this.#stop(error)
    } finally {
      this.#pumping = false
    }
  }

  /** The machine's memory and its disk may differ now. Stopping is safe: what was held is recovered elsewhere. */
  async #stop(error: unknown): Promise<void> {
    if (this.#closed) return
    this.#log('warn', `the host stops: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    await this.close()
  }

  /** Several steps, one commit: what any of them wants durable is so before an effect of any of them is carried out. */
  async #stepThrough(events: readonly HostEvent[]): Promise<void> {
    const { clock, random, store } = this.#options
    const writes = new Map<string, unknown | null>()
    const effects: OutwardEffect[] = []
    let waits = false
    for (const event of events) {
      const done = step(this.#state, event, { nowMs: clock.nowMs(), wallMs: clock.wallMs() }, random)
      this.#options.watch?.(event, done, this.#state)
      for (const effect of done) {
        if (effect.kind !== 'persist' && effect.kind !== 'persistSoon') effects.push(effect)
        else for (const { key, value } of effect.writes) writes.set(key, value)
        waits ||= effect.kind === 'persist'
      }
    }
    const all = [...writes].map(([key, value]) => ({ key, value: value === null ? null : encode(value) }))
    const committed = all.length > 0 ? store.commit(all) : Promise.resolve()
    if (waits) await committed
    else committed.catch((error: unknown) => this.#stop(error))
    for (const effect of effects)
      Promise.resolve(this.#hands && carryOut(this.#hands, effect)).catch((error) => this.#stop(error))
    if (effects.length > 0 || events.some(({ kind }) => kind !== 'tick')) this.#announce()
  }

  #announce(): void {
    if (this.#announced || this.#listeners.size === 0) return
    this.#announced = true
    this.#options.timers.after(0, () => {
      this.#announced = false
      for (const listener of this.#listeners) listener()
    })
  }

  #log(level: 'info' | 'warn', text: string, agent?: AgentId): void {
    this.#options.log?.(level, text, agent)
  }

  snapshot(): HostSnapshot {
    return showHost(this.#state)
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async importBundle(car: Uint8Array): Promise<Result<VerifiedBundle, BundleFault>> {
    const bundle = await openBundle(car, this.#options.verifier)
    if (!bundle.ok) return bundle
    const file = readCar(car)
    if (!file.ok) return file
    await this.#vault?.keepBundle(file.value.blocks)
    return accept(bundle.value)
  }

  async launch(
    bundle: Cid,
    { inputJson = 'null', resultTo = null, witnesses, quota, permit }: LaunchOptions = {},
  ): Promise<AgentId> {
    const token = this.#nextLaunch++
    const { clock, random } = this.#options
    const license = await signOrder(this.#authority, {
      home: this.did,
      bundle,
      inputJson,
      resultTo,
      witnesses,
      quota,
      permit: permit ?? this.#options.permit,
      ...goodOnce(random, clock),
    })
    if (!license.ok) throw new LaunchError('NOT_AUTHORISED', `permit: ${license.reason}`)
    return new Promise((resolve, reject) => {
      this.#launches.set(token, ({ outcome }) =>
        outcome.ok ? resolve(outcome.agent) : reject(new LaunchError(outcome.code, outcome.reason)),
      )
      this.#post({ kind: 'launch', token, license: license.value, inputJson })
    })
  }

  story(agent: AgentId, from: number): { row: Row; lines: readonly StoryLine[] } | null {
    const row = rowTold(this.#state, agent)
    return row ? { row: toldRow(this.#state, row), lines: toldLines(this.#state, row, from) } : null
  }

  itinerary(agent: AgentId): Itinerary | null {
    const row = rowTold(this.#state, agent)
    return row ? itineraryOf(row) : null
  }

  async outcome(agent: AgentId): Promise<{ ok: boolean; valueJson: string } | null> {
    const row = this.#state.rows.get(agent) ?? this.#state.mirrors.get(agent)
    if (!row) return null
    const outcome = (): HomeRow['outcome'] => toldOutcome(this.#state, row)
    if (outcome()) return outcome()
    return new Promise((resolve) => {
      const unsubscribe = this.subscribe(() => {
        if (!outcome() && !this.#closed) return
        unsubscribe()
        resolve(outcome())
      })
    })
  }

  async ask<N extends RequestName>(to: Did, name: N, body: Requests[N]['ask']): Promise<Answer> {
    return (await this.#links?.ask(to, name, body)) ?? { ok: false, code: 'CLOSED', reason: 'the host is not on line' }
  }

  hosts = (): readonly Did[] => this.#links?.hosts ?? []
  setSlots = (slots: number): void => this.#wish({ kind: 'slots', slots })
  setAccepting = (accepting: boolean): void => this.#wish({ kind: 'accepting', accepting })
  trust = (author: Did): void => this.#wish({ kind: 'trust', author, trusted: true })
  distrust = (author: Did): void => this.#wish({ kind: 'trust', author, trusted: false })
  obey = (root: Did, obeyed: boolean): void => this.#wish({ kind: 'obey', root, obeyed })
  move = (agent: AgentId, to: Did | null): void => this.#wish({ kind: 'move', agent, to })
  checkpoint = (): void => this.#wish({ kind: 'checkpoint' })
  kill = (agent: AgentId): void => this.#wish({ kind: 'kill', agent })

  async ban(subject: Did, reason: string): Promise<Notice> {
    const issuedMs = this.#options.clock.wallMs()
    const ban = await this.#authority.seal<Ban>({ type: 'ban', subject, reason, issuedMs })
    const notice: Notice = { kind: 'ban', ban }
    this.#wish({ kind: 'publish', notice })
    return notice
  }

  #wish(wish: Wish): void {
    this.#post({ kind: 'wish', wish })
  }

  drain(): Promise<void> {
    this.#wish({ kind: 'evict' })
    const { clock, timers } = this.#options
    const untilMs = clock.nowMs() + DRAIN_MS_MAX
    return new Promise((resolve) => {
      const look = (): void => {
        const moving = [...this.#state.residents.values()].some(
          ({ guest, departure, ended }) => departure !== null || guest === 'running' || guest === 'freezing' || ended,
        )
        const busy = moving || this.#events.length > 0
        if (!this.#closed && busy && clock.nowMs() < untilMs) timers.after(20, look)
        else resolve()
      }
      timers.after(0, look)
    })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#lodgings?.close()
    this.#links?.close()
    this.#announce()
    await this.#transport?.close()
    await this.#options.store.close()
  }
}
