import { integerBelow } from '../base/random.ts'
import { type AgentId, homeOf } from '../directory/agent-id.ts'
import type { NameAsked } from '../directory/name.ts'
import {
  enterName,
  expireNames,
  forgetName,
  nameKey,
  nameMarks,
  namesLacked,
  resolveName,
} from '../directory/name-book.ts'
import type { Did } from '../identity/did.ts'
import { answerCall, type CallRefusal, refuseCall } from '../sandbox/calls.ts'
import type { MailAsyncs, MailRequests, NameEntry, NameRecord } from '../wire/mail.ts'
import { NAMES_PER_MESSAGE_MAX } from '../wire/mail-limits.ts'
import type { Sealed } from '../wire/statements.ts'
import { keeperOf } from './charter.ts'
import type { Answer } from './events.ts'
import { currentRow } from './home.ts'
import { CLOCK_SKEW_MS } from './limits.ts'
import {
  LETTER_AGAIN_MS_MAX,
  LOOKUP_MS,
  NAME_AGAIN_MS,
  NAME_LEASE_MS,
  NAME_SETTLE_MS,
  NAMES_AGAIN_MS,
  NAMES_BY_AGENT_MAX,
  NAMES_BY_OWNER_MAX,
  NAMES_LOOK_MS,
  NAMES_MAX,
} from './mail-limits.ts'
import { isBanned } from './notices.ts'
import { gone, nameRecordKey, writeName } from './records.ts'
import { CONFINED, isConfined } from './sealing.ts'
import { keeperFault } from './standing.ts'
import type { HomeRow, HostState, Resident } from './state.ts'
import { answer, ask, begin, deny, persist, type Turn, tell } from './turn.ts'

/**
 * Names of agents. The keeper of an agent's row signs what it is called, for the length of a lease, and says it again while
 * the agent lives; with the order, which the owner has signed for that keeper, it proves itself, and hosts pass it on to each other. Nobody
 * is asked who could not be left out: each host has the book, and answers its own agents from it.
 */

/** A `lookup` that waits for its name to become known. */
export interface Lookup {
  readonly request: number
  readonly name: string
  readonly owner: Did
  readonly untilMs: number
}

/** A `register` on its way to the keeper. */
export interface Registering {
  readonly request: number
  readonly name: string
  readonly held: boolean
  isAsked: boolean
  dueMs: number
}

/** A name that its keeper has signed and told, until others have had time to know better. */
export interface Settling {
  readonly handle: number
  readonly owner: Did
  readonly name: string
  readonly agent: AgentId
  readonly dueMs: number
}

export function lookup(turn: Turn, resident: Resident, request: number, { name, owner }: NameAsked): void {
  if (resident.lookups.some((one) => one.request === request)) return
  const of = owner ?? resident.license.order.signer
  resident.lookups.push({ request, name, owner: of, untilMs: turn.nowMs + LOOKUP_MS })
  pursueLookups(turn, resident)
}

/** Called each tick, and when names have come. */
function pursueLookups(turn: Turn, resident: Resident): void {
  const { agent, lookups } = resident
  resident.lookups = lookups.filter(({ request, name, owner, untilMs }) => {
    const found = resolveName(turn.state.names, owner, name, turn.wallMs)
    if (!found && turn.nowMs < untilMs) return true
    const delivery = found
      ? answerCall(request, 'lookup', found.facts.agent)
      : refuseCall(request, 'NOT_FOUND', `no agent of ${owner} is called "${name}"`)
    turn.effects.push({ kind: 'deliver', agent, delivery })
    return false
  })
}

/** The holder's part: the keeper is asked until it has answered. */
export function register(turn: Turn, resident: Resident, request: number, name: string, held: boolean): void {
  if (isConfined(resident))
    return void turn.effects.push({
      kind: 'deliver',
      agent: resident.agent,
      delivery: refuseCall(request, 'DENIED', CONFINED),
    })
  if (resident.registering.some((one) => one.request === request)) return
  resident.registering.push({ request, name, held, isAsked: false, dueMs: turn.nowMs })
  pursueNames(turn, resident)
}

/** Called each tick. */
export function pursueNames(turn: Turn, resident: Resident): void {
  if (resident.lookups.length > 0) pursueLookups(turn, resident)
  const { agent, epoch } = resident
  for (const wish of resident.registering) {
    if (wish.isAsked || turn.nowMs < wish.dueMs) continue
    wish.isAsked = true
    const { request, name, held } = wish
    ask(turn, keeperOf(resident.brief), 'register', { agent, epoch, name, held }, { for: 'register', agent, request })
  }
}

export function onRegistered(turn: Turn, resident: Resident, request: number, outcome: Answer): void {
  const wish = resident.registering.find((one) => one.request === request)
  if (!wish) return
  const code = outcome.ok ? null : FINAL[outcome.code]
  if (!outcome.ok && code === undefined) {
    wish.isAsked = false
    wish.dueMs = turn.nowMs + LETTER_AGAIN_MS_MAX
    return
  }
  resident.registering.splice(resident.registering.indexOf(wish), 1)
  const delivery =
    outcome.ok || !code ? answerCall(request, 'register', null) : refuseCall(request, code, outcome.reason)
  turn.effects.push({ kind: 'deliver', agent: resident.agent, delivery })
}

const FINAL: Partial<Record<string, CallRefusal>> = { TAKEN: 'TAKEN', QUOTA: 'QUOTA', NOT_AUTHORISED: 'DENIED' }

/** The keeper's part. */
export function onRegister(turn: Turn, from: Did, handle: number, asked: MailRequests['register']['ask']): void {
  const row = currentRow(turn, from, handle, asked.agent, asked.epoch)
  if (!row) return
  const { state, wallMs } = turn
  const { agent, name, held } = asked
  const owner = row.launcher
  const live = resolveName(state.names, owner, name, wallMs)
  if (live && live.facts.agent !== agent)
    return held ? deny(turn, handle, 'TAKEN', live.facts.agent) : answer(turn, handle, 'register', {})
  if (row.outcome || (held ? live : !live)) return answer(turn, handle, 'register', {})
  if (held) {
    let names = 0
    for (const { facts } of state.names.entries.values())
      if (facts.agent === agent && facts.untilMs > wallMs) names += 1
    if (names >= NAMES_BY_AGENT_MAX)
      return deny(turn, handle, 'QUOTA', `names ${names} >= NAMES_BY_AGENT_MAX ${NAMES_BY_AGENT_MAX}`)
  }
  sealName(turn, { owner, name, agent }, held ? NAME_LEASE_MS : 0, handle)
}

/** `forMs: 0` gives it up. */
function sealName(
  turn: Turn,
  { owner, name, agent }: Pick<NameRecord, 'owner' | 'name' | 'agent'>,
  forMs: number,
  handle: number | null,
): void {
  const { state, wallMs } = turn
  const before = state.names.entries.get(nameKey({ owner, name }))?.facts
  const mine = before?.agent === agent ? before : null
  const sinceMs = mine && mine.untilMs > wallMs ? mine.sinceMs : wallMs
  const statement: NameRecord = {
    type: 'name',
    name,
    agent,
    owner,
    sinceMs,
    untilMs: wallMs + forMs,
    number: (mine?.number ?? 0) + 1,
  }
  begin(turn, { kind: 'seal', statement }, { for: 'seal-name', handle })
}

export function onNameSealed(turn: Turn, handle: number | null, record: Sealed<NameRecord>): void {
  const { state } = turn
  const { agent, owner, name, untilMs } = record.statement
  const row = state.rows.get(agent)
  if (!row) return handle === null ? undefined : deny(turn, handle, 'UNKNOWN_AGENT', `${agent} is not ours`)
  const fresh = takeNames(turn, [{ record, order: row.license.order, succession: successionOf(turn, row) }], null)
  if (handle === null) return
  if (untilMs <= turn.wallMs) return answer(turn, handle, 'register', {})
  if (fresh === 0) {
    const live = resolveName(state.names, owner, name, turn.wallMs)
    if (live?.facts.agent === agent) return answer(turn, handle, 'register', {})
    return deny(turn, handle, live ? 'TAKEN' : 'QUOTA', live?.facts.agent ?? 'no room for another name')
  }
  state.settling.push({ handle, owner, name, agent, dueMs: turn.nowMs + NAME_SETTLE_MS })
}

/** What shows that this host keeps the row, where it is not the agent's home. */
function successionOf({ state }: Turn, { agent, bundle, origin, birth }: HomeRow): NameEntry['succession'] {
  if (homeOf(agent) === state.self) return null
  return { bundle, origin, birth, charters: state.registers.get(agent)?.charters ?? [] }
}

export const onNamed = (turn: Turn, from: Did, { entries }: MailAsyncs['named']): void =>
  void takeNames(turn, entries, from)

/** Keeps what is believed and new, tells everybody here what means something else now; answers how many that were. */
function takeNames(turn: Turn, entries: readonly NameEntry[], from: Did | null): number {
  const { state } = turn
  const news: NameEntry[] = []
  for (const entry of entries) {
    if (nameFault(turn, entry) !== null) continue
    const facts = entry.record.statement
    if (!hasRoom(turn, entry)) continue
    const key = nameKey(facts)
    const wasOurs = state.names.entries.get(key)?.entry.record.signer === state.self
    const verdict = enterName(state.names, facts, entry, turn.wallMs)
    if (verdict === 'old' || verdict === 'beaten') continue
    if (entry.record.signer === state.self) persist(turn, writeName(key, entry))
    else if (wasOurs) persist(turn, gone(nameRecordKey(key)))
    // A lease that goes on is its keeper's to tell, and to be compared: not to be passed round and round.
    if (verdict === 'new' || from === null) news.push(entry)
  }
  for (let at = 0; at < news.length; at += NAMES_PER_MESSAGE_MAX)
    for (const [host, { connected }] of state.acquaintances)
      if (connected && host !== from) tell(turn, host, 'named', { entries: news.slice(at, at + NAMES_PER_MESSAGE_MAX) })
  if (news.length > 0)
    for (const resident of state.residents.values()) if (resident.lookups.length > 0) pursueLookups(turn, resident)
  return news.length
}

/** Why a record says nothing here; null where it proves itself. */
function nameFault({ state, wallMs }: Turn, { record, order, succession }: NameEntry): string | null {
  const { agent, owner, sinceMs, untilMs } = record.statement
  const keeper = record.signer
  if (order.signer !== owner) return `the order is by ${order.signer}, and the name of ${owner}`
  if (order.statement.home !== homeOf(agent)) return 'the order is for another home'
  const fault = keeperFault(keeper, agent, { order, succession })
  if (fault !== null) return fault
  if (isBanned(state, owner) || isBanned(state, keeper)) return 'its owner or keeper is banned'
  if (sinceMs > wallMs + CLOCK_SKEW_MS) return 'it begins in the future'
  if (untilMs > wallMs + NAME_LEASE_MS + CLOCK_SKEW_MS) return 'its lease is longer than there are'
  return null
}

function hasRoom({ state, wallMs }: Turn, { record }: NameEntry): boolean {
  const { entries } = state.names
  const { owner } = record.statement
  if (entries.has(nameKey(record.statement))) return true
  let own = 0
  for (const { facts } of entries.values()) if (facts.owner === owner) own += 1
  if (own >= NAMES_BY_OWNER_MAX) return false
  if (entries.size < NAMES_MAX) return true
  const known = ownersHere(state)
  let first: { readonly key: string; readonly untilMs: number } | null = null
  for (const [key, { facts }] of entries) {
    if (known.has(facts.owner) && facts.untilMs > wallMs) continue
    if (first === null || facts.untilMs < first.untilMs) first = { key, untilMs: facts.untilMs }
  }
  if (first === null || (!known.has(owner) && record.statement.untilMs <= first.untilMs)) return false
  forgetName(state.names, first.key)
  return true
}

/** Whoever launched something that is here, or from here. */
const ownersHere = ({ rows, residents }: HostState): ReadonlySet<Did> =>
  new Set([
    ...[...rows.values()].map(({ launcher }) => launcher),
    ...[...residents.values()].map(({ license }) => license.order.signer),
  ])

export function onNames(turn: Turn, handle: number, { from, marks }: MailRequests['names']['ask']): void {
  const lot = (below: number): number => integerBelow(turn.random, below)
  answer(turn, handle, 'names', namesLacked(turn.state.names, from, marks, NAMES_PER_MESSAGE_MAX, lot))
}

/** With a host that has just been let in, and each NAMES_AGAIN_MS with one by lot. */
export function compareNames(turn: Turn, host: Did, from = 0): void {
  ask(turn, host, 'names', { from, marks: nameMarks(turn.state.names) }, { for: 'names', host, from })
}

export function onNamesAnswered(turn: Turn, host: Did, from: number, outcome: Answer): void {
  if (!outcome.ok) return
  const { entries, next } = outcome.body as MailRequests['names']['answer']
  takeNames(turn, entries, host)
  if (next !== null && next > from) compareNames(turn, host, next)
}

/** Called each tick: leases that go on or end, answers that were waited with, one comparison now and then. */
export function keepNames(turn: Turn): void {
  const { state, nowMs, wallMs } = turn
  if (state.settling.length > 0) settleNames(turn)
  if (nowMs < state.namesDueMs.renew) return
  state.namesDueMs.renew = nowMs + NAMES_LOOK_MS
  expireNames(state.names, wallMs, NAME_LEASE_MS)
  for (const { facts, entry } of state.names.entries.values()) {
    const row = state.rows.get(facts.agent)
    if (!row || facts.untilMs <= wallMs) continue
    // Also those that another keeper has said, whose place this host has taken.
    const isDue = facts.untilMs - wallMs < NAME_LEASE_MS - NAME_AGAIN_MS || entry.record.signer !== state.self
    if (row.outcome || row.state === 'killed') sealName(turn, facts, 0, null)
    else if (isDue) sealName(turn, facts, NAME_LEASE_MS, null)
  }
  if (nowMs < state.namesDueMs.compare) return
  state.namesDueMs.compare = nowMs + NAMES_AGAIN_MS
  const hosts = [...state.acquaintances].filter(([, { connected }]) => connected).map(([host]) => host)
  const host = hosts[integerBelow(turn.random, hosts.length)]
  if (host !== undefined) compareNames(turn, host)
}

function settleNames(turn: Turn): void {
  const { state } = turn
  const due = state.settling.filter(({ dueMs }) => turn.nowMs >= dueMs)
  state.settling = state.settling.filter(({ dueMs }) => turn.nowMs < dueMs)
  for (const { handle, owner, name, agent } of due) {
    const live = resolveName(state.names, owner, name, turn.wallMs)
    if (live && live.facts.agent !== agent) deny(turn, handle, 'TAKEN', live.facts.agent)
    else answer(turn, handle, 'register', {})
  }
}
