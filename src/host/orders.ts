import { utf8Length } from '../base/bytes.ts'
import { integerBelow } from '../base/random.ts'
import { type AgentId, homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { grantedQuota } from '../permit/grant.ts'
import { statementCid } from '../wire/chain.ts'
import type { HoldingReport, Requests } from '../wire/messages.ts'
import { loadOf } from './acquaintance.ts'
import { charterOf, keeperOf } from './charter.ts'
import { authorityFault } from './command-authority.ts'
import { depart, hurry, place } from './departure.ts'
import type { BundleFacts, Fault } from './events.ts'
import { fitting } from './fitting.ts'
import { found } from './founding.ts'
import { NO_HISTORY } from './history.ts'
import { takeBack } from './home.ts'
import { authorsNamed, launchFault, licensed, strangerFault } from './license.ts'
import {
  INPUT_BYTES_MAX,
  NONCES_MAX,
  ORDER_LIFE_MS,
  ROWS_MAX,
  STATUS_ENTRIES_MAX,
  STORY_LINES_PER_REPLY,
} from './limits.ts'
import { noteLifeNow } from './lives.ts'
import { banOf, noteIssuers } from './notices.ts'
import { mayRead, readerOf } from './reading.ts'
import { writeRow } from './records.ts'
import { isReleased, settleIn } from './residence.ts'
import { CONFINED, isConfined } from './sealing.ts'
import { makeRoom, NOTHING_DONE, spawn } from './spawn.ts'
import type { HomeRow, HostState, Resident } from './state.ts'
import { rememberBundle } from './state.ts'
import { rowsTold, rowTold, toldLines, toldRow } from './told.ts'
import { answer, begin, deny, persist, type Turn } from './turn.ts'
import { noteVersion, versionFault } from './versions.ts'
import type { LaunchPlan } from './waiting.ts'
import { firstWitnesses } from './witnesses.ts'

/** What authors, operators and the embedder want: launch, move, kill, evict; and what they ask to see. */
export function onLaunch(
  turn: Turn,
  from: Did,
  handle: number,
  { license, inputJson }: Requests['launch']['ask'],
): void {
  const { statement, signer } = license.order
  const fault = orderFault(turn, statement.home, statement.expiresMs)
  if (fault) return deny(turn, handle, fault.code, fault.reason)
  const known = turn.state.nonces.get(statement.nonce)
  if (known?.agent) return answer(turn, handle, 'launch', { agent: known.agent })
  if (known) return deny(turn, handle, 'BUSY', 'this order is being carried out')
  const ban = banOf(turn.state, signer)
  if (ban !== null) return deny(turn, handle, 'BANNED', `${signer} is ${ban}`)
  const stranger = strangerFault(turn.state, license)
  if (stranger) return deny(turn, handle, stranger.code, stranger.reason)
  turn.state.nonces.set(statement.nonce, { agent: null, expiresMs: statement.expiresMs })
  launch(turn, { license, inputJson, answer: { handle } }, from)
}

export function launch(turn: Turn, plan: LaunchPlan, from: Did | null): void {
  const { bundle } = plan.license.order.statement
  const facts = turn.state.bundles.get(bundle)
  if (facts) return onLaunchBundle(turn, plan, facts)
  const authors = authorsNamed(turn.state, plan.license)
  begin(turn, { kind: 'openBundle', bundle, from, authors }, { for: 'bundle-launch', launch: plan })
}

export function onLaunchBundle(turn: Turn, plan: LaunchPlan, bundle: BundleFacts | Fault): void {
  const { state } = turn
  if ('code' in bundle) return launchFailed(turn, plan, bundle)
  rememberBundle(state, bundle)
  const ban = banOf(state, bundle.author)
  if (ban !== null) return launchFailed(turn, plan, { code: 'BANNED', reason: `author ${bundle.author} is ${ban}` })
  const may = licensed(state, plan.license, bundle, turn.wallMs)
  if (!may.ok) return launchFailed(turn, plan, may)
  noteIssuers(turn, may.value.permit.issuers)
  const aged = versionFault(turn, bundle, null)
  if (aged) return launchFailed(turn, plan, aged)
  const inputBytes = utf8Length(plan.inputJson)
  if (inputBytes > INPUT_BYTES_MAX)
    return launchFailed(turn, plan, {
      code: 'QUOTA',
      reason: `inputBytes ${inputBytes} > INPUT_BYTES_MAX ${INPUT_BYTES_MAX}`,
    })
  const { resultTo, witnesses } = plan.license.order.statement
  const origin = {
    order: statementCid(plan.license.order.statement),
    after: null,
    witnesses: firstWitnesses(turn, witnesses),
  }
  const fault = launchFault(plan.license, { inputJson: plan.inputJson, launchedMs: turn.wallMs, origin, resultTo })
  if (fault) return launchFailed(turn, plan, fault)
  const granted = grantedQuota(bundle.quota, may.value.quota, state.policy)
  if (!granted.ok) return launchFailed(turn, plan, granted)
  if (!makeRoom(turn, 1))
    return launchFailed(turn, plan, {
      code: 'BUSY',
      reason: `rows ${state.rows.size} >= ROWS_MAX ${ROWS_MAX}, none has ended`,
    })
  noteVersion(turn, bundle)
  const resident = spawn(turn, granted.value, {
    name: bundle.name,
    author: bundle.author,
    launcher: plan.license.order.signer,
    bundle: bundle.id,
    inputJson: plan.inputJson,
    resultTo,
    seed: integerBelow(turn.random, 2 ** 31),
    launchedMs: turn.wallMs,
    allowance: granted.value,
    license: plan.license,
    origin,
    ...NOTHING_DONE,
    history: bundle.durable ? NO_HISTORY : null,
  })
  const { agent } = resident
  const { nonce } = plan.license.order.statement
  if ('handle' in plan.answer) state.nonces.set(nonce, { agent, expiresMs: turn.wallMs + ORDER_LIFE_MS })
  if ('handle' in plan.answer) answer(turn, plan.answer.handle, 'launch', { agent })
  else turn.effects.push({ kind: 'launched', token: plan.answer.token, outcome: { ok: true, agent } })
  const row = state.rows.get(agent)
  if (row && origin.witnesses.length > 1) found(turn, row)
  else place(turn, resident)
}

function launchFailed(turn: Turn, plan: LaunchPlan, fault: Fault): void {
  if ('handle' in plan.answer) turn.state.nonces.delete(plan.license.order.statement.nonce)
  if ('handle' in plan.answer) deny(turn, plan.answer.handle, fault.code, fault.reason)
  else turn.effects.push({ kind: 'launched', token: plan.answer.token, outcome: { ok: false, ...fault } })
}

export function onCommand(turn: Turn, handle: number, asked: Requests['command']['ask']): void {
  const { order } = asked
  const { state } = turn
  const { statement } = order
  const fault = orderFault(turn, statement.host, statement.expiresMs)
  if (fault) return deny(turn, handle, fault.code, fault.reason)
  const refusal = authorityFault(turn, asked)
  if (refusal) return deny(turn, handle, refusal.code, refusal.reason)
  // Remembered only now: nobody without authority fills the memory for those who have it.
  if (state.nonces.has(statement.nonce)) return answer(turn, handle, 'command', { note: 'done before' })
  state.nonces.set(statement.nonce, { agent: null, expiresMs: statement.expiresMs })
  const { agent, verb, to } = statement
  if (agent === null) {
    if (verb === 'resume') acceptAgents(turn, true)
    return answer(turn, handle, 'command', {
      note: verb === 'resume' ? 'the host takes agents again' : `${evictAll(turn)} agents leave`,
    })
  }
  const row = state.rows.get(agent)
  if (verb === 'kill') {
    if (!row) return deny(turn, handle, 'MIGRATED', keeperKnown(state, agent))
    kill(turn, row)
    return answer(turn, handle, 'command', { note: 'killed' })
  }
  const resident = state.residents.get(agent)
  if (!resident) return deny(turn, handle, 'MIGRATED', row?.holder ?? state.forwards.get(agent)?.to ?? state.self)
  if (resident.departure || resident.arrival || isReleased(resident)) {
    state.nonces.delete(statement.nonce)
    return deny(turn, handle, 'BUSY', 'the agent is on its way')
  }
  if (isConfined(resident) && verb !== 'evict') {
    state.nonces.delete(statement.nonce)
    return deny(turn, handle, 'REFUSED', CONFINED)
  }
  depart(turn, resident, { reason: verb === 'evict' ? 'evict' : 'order', only: to })
  answer(turn, handle, 'command', { note: 'on its way' })
}

/** Everything here looks for another place at once; the host takes nothing new until it is told otherwise. */
export function evictAll(turn: Turn): number {
  const { state } = turn
  state.evicting = true
  noteLifeNow(turn)
  let count = 0
  for (const resident of state.residents.values()) {
    if (resident.arrival || resident.ended) continue
    if (resident.departure) {
      hurry(turn, resident, resident.departure)
      continue
    }
    depart(turn, resident, { reason: 'evict' })
    count += 1
  }
  return count
}

/** The owner has left, or will have no more: agents that stand frozen here go on. */
export function acceptAgents(turn: Turn, accepting: boolean): void {
  const { state } = turn
  state.accepting = accepting
  if (accepting && state.evicting) {
    state.evicting = false
    noteLifeNow(turn)
  }
  state.loadDueMs = turn.nowMs
  for (const resident of state.residents.values()) settleIn(turn, resident)
}

/** Killing is a decision like any other: home becomes the holder of the next epoch and runs nothing. */
export function kill(turn: Turn, row: HomeRow, why = { code: 'KILLED', reason: 'killed by order' }): void {
  if (row.outcome) return
  row.state = 'killed'
  row.outcome = { ok: false, valueJson: JSON.stringify(why) }
  persist(turn, writeRow(row))
  takeBack(turn, row)
  row.checkpoint = null
  turn.effects.push({ kind: 'forget', agent: row.agent, keep: null })
}

function orderFault(turn: Turn, host: Did, expiresMs: number): Fault | null {
  const { state, wallMs } = turn
  if (host !== state.self) return { code: 'NOT_AUTHORISED', reason: 'the order is for another host' }
  if (expiresMs < wallMs) return { code: 'EXPIRED', reason: `order expired ${wallMs - expiresMs} ms ago` }
  if (expiresMs > wallMs + ORDER_LIFE_MS)
    return { code: 'REFUSED', reason: `order lives longer than ORDER_LIFE_MS ${ORDER_LIFE_MS}` }
  for (const [nonce, { expiresMs: until }] of state.nonces) if (until < wallMs) state.nonces.delete(nonce)
  if (state.nonces.size >= NONCES_MAX)
    return { code: 'BUSY', reason: `nonces ${state.nonces.size} >= NONCES_MAX ${NONCES_MAX}` }
  return null
}

/** Where its row is kept, as far as is known here. */
function keeperKnown(state: HostState, agent: AgentId): Did {
  const charter = charterOf(state, agent)
  return charter ? keeperOf(charter) : homeOf(agent)
}

/** What the asker may read; of the rest only how much it is. */
export function onStatus(turn: Turn, from: Did, handle: number): void {
  const { state, wallMs } = turn
  const { description } = state.nodes
  if (!description) return deny(turn, handle, 'BUSY', 'the host has just begun')
  const mayShow = readerOf(state, from, wallMs)
  const isShown = ({ agent }: { agent: AgentId }): boolean => mayShow(agent)
  const here = [...state.residents.values()].filter(isShown).map(reportOf)
  const told = rowsTold(state)
  const rows = told.filter(isShown)
  const known = new Set([...state.residents.keys(), ...told.map(({ agent }) => agent)])
  const shown = new Set([...here, ...rows].map(({ agent }) => agent))
  answer(turn, handle, 'status', {
    description,
    load: loadOf(state),
    here: fitting(here, STATUS_ENTRIES_MAX),
    rows: fitting(rows.map((row) => toldRow(state, row)).reverse(), STATUS_ENTRIES_MAX).reverse(),
    hidden: known.size - shown.size,
  })
}

const reportOf = ({ agent, epoch, fuelUsed, progress, note }: Resident): HoldingReport => ({
  agent,
  epoch,
  fuelUsed,
  progress,
  note,
})

export function onStory(turn: Turn, reader: Did, handle: number, { agent, from }: Requests['story']['ask']): void {
  const row = rowTold(turn.state, agent)
  // Who may not read it does not hear whether it is here.
  if (!mayRead(turn.state, reader, agent, turn.wallMs))
    return deny(
      turn,
      handle,
      'NOT_AUTHORISED',
      `only its author, launcher, holder and the operators of its home may read ${agent}`,
    )
  if (!row) {
    const keeper = keeperKnown(turn.state, agent)
    return keeper === turn.state.self
      ? deny(turn, handle, 'UNKNOWN_AGENT', `${agent} was not launched here`)
      : deny(turn, handle, 'MIGRATED', keeper)
  }
  const lines = toldLines(turn.state, row, from)
  answer(turn, handle, 'story', { row: toldRow(turn.state, row), lines: fitting(lines, STORY_LINES_PER_REPLY) })
}

export function onLocate(turn: Turn, handle: number, { agent }: Requests['locate']['ask']): void {
  const { state } = turn
  const row = state.rows.get(agent)
  const resident = state.residents.get(agent)
  const forward = state.forwards.get(agent)
  if (row?.outcome) return deny(turn, handle, 'GONE', 'the agent has ended')
  if (row) return answer(turn, handle, 'locate', { epoch: row.epoch, holder: row.holder })
  if (resident && !resident.arrival)
    return answer(turn, handle, 'locate', { epoch: resident.epoch, holder: state.self })
  if (forward) return deny(turn, handle, 'MIGRATED', forward.to)
  const keeper = keeperKnown(state, agent)
  if (keeper !== state.self && state.mirrors.has(agent)) return deny(turn, handle, 'MIGRATED', keeper)
  deny(turn, handle, 'UNKNOWN_AGENT', `${agent} is not known here`)
}
