import { rawCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { HostEffect, HostEvent } from '../../src/host/events.ts'
import { DEFAULT_POLICY } from '../../src/host/limits.ts'
import { step } from '../../src/host/machine.ts'
import { newState } from '../../src/host/new-state.ts'
import { RESTORED_PREFIXES, writeResident } from '../../src/host/records.ts'
import { newResident } from '../../src/host/residents.ts'
import { NOTHING_DONE, spawn } from '../../src/host/spawn.ts'
import type { HostState, Resident } from '../../src/host/state.ts'
import { briefOfRow } from '../../src/host/story.ts'
import type { Turn } from '../../src/host/turn.ts'
import type { Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import type { License, Sealed, Statement } from '../../src/wire/statements.ts'
import { licenseOf } from '../host/licenses.ts'

/** A host of the production code without its rim: its machine, and what it has written. Its words are not signed. */
export class Machine {
  readonly did: Did
  readonly records = new Map<string, unknown>()
  state: HostState
  nowMs = 1_000
  #age = 1
  readonly #seed: number
  readonly #all: () => readonly Machine[]

  constructor(seed: number, all: () => readonly Machine[]) {
    this.did = createSigner(generateSecretKey(seededRandom(seed))).did
    this.#seed = seed
    this.#all = all
    this.state = this.#born()
  }

  #born(): HostState {
    return newState({
      self: this.did,
      age: this.#age,
      kind: 'edge',
      name: `host ${this.#seed}`,
      engineIds: [],
      policy: DEFAULT_POLICY,
      slots: 4,
      trusted: [],
      operators: [],
      administrators: [],
      audits: false,
    })
  }

  /** Everybody has been let in. */
  meet(): void {
    for (const { did } of this.#all())
      if (did !== this.did) step(this.state, { kind: 'connected', host: did, age: 1 }, this.#moment, this.#random)
    for (const meeting of this.state.nodes.meetings.values()) Object.assign(meeting, { ground: 'open' })
  }

  get #moment() {
    return { nowMs: this.nowMs, wallMs: this.nowMs }
  }

  get #random() {
    return seededRandom(this.#seed + this.nowMs)
  }

  /** One event, and all that follows from it here: records are kept, statements sealed. Returns what goes out. */
  tell(event: HostEvent): readonly HostEffect[] {
    const out: HostEffect[] = []
    for (const effect of step(this.state, event, this.#moment, this.#random)) {
      if (effect.kind === 'persist' || effect.kind === 'persistSoon') {
        for (const { key, value } of effect.writes)
          if (value === null) this.records.delete(key)
          else this.records.set(key, structuredClone(value))
      } else if (effect.kind === 'seal')
        out.push(...this.tell({ kind: 'sealed', token: effect.token, sealed: sealedBy(this.did, effect.statement) }))
      else out.push(effect)
    }
    return out
  }

  /** Time passes until `isEnough` likes what goes out; a minute at most. */
  wait(isEnough: (effects: readonly HostEffect[]) => boolean): readonly HostEffect[] {
    for (let i = 0; i < 120; i++) {
      this.nowMs += 500
      const out = this.tell({ kind: 'tick' })
      if (isEnough(out)) return out
    }
    return []
  }

  /** What is only in memory is lost. */
  restart(): void {
    this.#age += 1
    this.state = this.#born()
    const records = new Map(
      [...this.records].filter(([key]) => RESTORED_PREFIXES.some((prefix) => key.startsWith(prefix))),
    )
    this.tell({ kind: 'restored', records: structuredClone(records) })
    this.meet()
  }

  /** Runs something on it and takes it back. */
  rehearse<T>(what: () => T): T {
    const [state, records] = [structuredClone(this.state), structuredClone([...this.records])]
    const told = what()
    this.state = state
    this.records.clear()
    for (const [key, value] of records) this.records.set(key, value)
    return told
  }

  resident(agent: AgentId): Resident | null {
    return this.state.residents.get(agent) ?? null
  }
}

export const sealedBy = <S extends Statement>(signer: Did, statement: S): Sealed<S> =>
  ({ statement, signer, envelope: new Uint8Array() }) as unknown as Sealed<S>

export const BUNDLE = rawCid(Uint8Array.of(7))
/** What S freezes to, and home has of it. */
export const CHECKPOINT = rawCid(Uint8Array.of(8))

/** Home, two other witnesses, the holder of epoch 1 and a destination; the agent has come to its holder and runs there. */
export interface Scene {
  readonly agent: AgentId
  readonly license: License
  readonly witnesses: readonly [Machine, Machine, Machine]
  readonly source: Machine
  readonly destination: Machine
  readonly all: readonly Machine[]
}

export async function setScene(): Promise<Scene> {
  const all: Machine[] = []
  for (let i = 1; i <= 5; i++) all.push(new Machine(i, () => all))
  const [home, second, third, source, destination] = all as [Machine, Machine, Machine, Machine, Machine]
  const author = createSigner(generateSecretKey(seededRandom(9)))
  const license = await licenseOf(author, { home: home.did, bundle: BUNDLE, nowMs: 1_000 })
  for (const machine of all) machine.meet()
  const witnesses = [home, second, third] as const
  const dids = witnesses.map(({ did }) => did)
  const turn: Turn = {
    state: home.state,
    random: seededRandom(1),
    nowMs: 1_000,
    wallMs: 1_000,
    effects: [],
    writes: new Map(),
    soon: new Map(),
  }
  const birth = {
    name: 'one',
    author: author.did,
    launcher: author.did,
    bundle: BUNDLE,
    inputJson: 'null',
    seed: 4,
    resultTo: null,
    launchedMs: 1_000,
    allowance: DEFAULT_QUOTA,
    license,
    ...NOTHING_DONE,
    checkpoint: CHECKPOINT,
  }
  const { agent, quota, name } = spawn(turn, DEFAULT_QUOTA, {
    ...birth,
    origin: { order: null, after: null, witnesses: dids },
  })
  const row = home.state.rows.get(agent)
  const register = home.state.registers.get(agent)
  if (!row || !register) throw new Error('home has not enrolled it')
  for (const [key, value] of turn.writes) home.records.set(key, structuredClone(value()))
  for (const other of [second, third]) {
    other.state.registers.set(agent, structuredClone(register))
    other.records.set(`register/${agent}`, structuredClone(register))
  }
  // Epoch 1 is the source's.
  const holding = { holder: source.did, checkpoint: CHECKPOINT, witnesses: dids, history: null }
  const decision = { agent, epoch: 1, holding, previous: register.head, release: null }
  const ballot = { round: 1, host: home.did, age: 1 }
  const votes = dids.map((did) => sealedBy(did, { type: 'vote' as const, ...decision, ballot, of: 3, atMs: 0 }))
  const certificate = { ...decision, ballot, votes }
  for (const witness of witnesses)
    witness.tell({
      kind: 'told',
      from: source.did,
      name: 'certificate',
      body: { certificate, charters: [], release: null, ready: null },
    })
  const at = { ...turn, state: source.state }
  const resident = {
    ...newResident(at, briefOfRow(home.state, row), name, author.did, license, quota, 1),
    certificate,
    checkpoint: CHECKPOINT,
    started: 1,
    guest: 'running' as const,
  }
  source.state.residents.set(agent, resident)
  source.records.set(`resident/${agent}`, structuredClone(writeResident(resident).value()))
  return { agent, license, witnesses, source, destination, all }
}

/** D says that it has the agent: as its own disk would have it after its arrival, and the word for S. */
export function arrive(
  { agent, source, destination }: Scene,
  kept: Resident,
): Sealed<Extract<Statement, { type: 'ready' }>> {
  const holding = { holder: destination.did, checkpoint: CHECKPOINT, witnesses: kept.brief.witnesses, history: null }
  const ready = sealedBy(destination.did, {
    type: 'ready' as const,
    agent,
    epoch: kept.epoch + 1,
    holding,
    previous: kept.brief.head,
  })
  if (destination.resident(agent) || source.resident(agent)?.epoch !== kept.epoch) return ready
  const record = {
    ...(writeResident({ ...kept, certificate: null, started: null, release: null }).value() as object),
    arriving: true,
  }
  destination.records.set(`resident/${agent}`, structuredClone(record))
  destination.tell({ kind: 'restored', records: new Map([[`resident/${agent}`, structuredClone(record)]]) })
  return ready
}
