import { type AgentId, homeOf } from '../directory/agent-id.ts'
import { type Did, parseDid } from '../identity/did.ts'
import { type CallRefusal, refuseCall } from '../sandbox/calls.ts'
import type { Letter } from '../wire/mail.ts'
import { historyNow, isLogged, pursueLog } from './durable.ts'
import type { Answer } from './events.ts'
import {
  HOLDERS_MAX,
  LETTER_AGAIN_MS,
  LETTER_AGAIN_MS_MAX,
  LETTERS_WAITING_MAX,
  REDIRECTS_MAX,
  SEEKERS_MAX,
} from './mail-limits.ts'
import { letterFault } from './mailbox.ts'
import { isHeld, isReleased, isSpent } from './residence.ts'
import { CONFINED, isConfined } from './sealing.ts'
import { remember, standingOf } from './standing.ts'
import type { HostState, Resident } from './state.ts'
import { ask, type Turn } from './turn.ts'

/**
 * The sender's side of the post. A letter is a call of the program that is not answered yet: it needs no keeping of its own,
 * since an unanswered call travels with the agent and is made again under its old number, by which the recipient knows it.
 * One letter at a time is under way from one agent to another, so that they come in order. Where the recipient is, is
 * remembered, else its home is asked, which knows; who had it says where it went. Nobody is believed in this for longer
 * than one try.
 */
export interface Outgoing {
  readonly request: number
  readonly to: AgentId
  readonly dataJson: string
  /** How much of a durable sender's history it comes of: so much is logged before it leaves. */
  readonly after: number
  isAsked: boolean
  /** Where the next try goes; null: to whom is remembered, or to home. */
  via: Did | null
  redirects: number
  tries: number
  dueMs: number
}

export function post(
  turn: Turn,
  resident: Resident,
  letter: { readonly request: number; readonly to: AgentId; readonly dataJson: string },
  again: boolean,
): void {
  const { request, to, dataJson } = letter
  const refuse = (code: CallRefusal, reason: string): void => answerSend(turn, resident, request, { code, reason })
  if (isConfined(resident)) return refuse('DENIED', CONFINED)
  if (resident.brief.resultTo !== null)
    return refuse('DENIED', 'what this agent says is sealed to its reader: it writes to nobody else')
  const { forkedFrom } = resident.brief
  // What was on its way when it was made of another is that one's letter.
  if (again && forkedFrom && request <= forkedFrom.request) return answerSend(turn, resident, request, null)
  const fault = letterFault(dataJson)
  if (fault !== null) return refuse('QUOTA', fault)
  if (resident.outgoing.some((one) => one.request === request)) return
  if (!again && resident.outgoing.length >= LETTERS_WAITING_MAX)
    return refuse('QUOTA', `letters waiting ${resident.outgoing.length} >= LETTERS_WAITING_MAX ${LETTERS_WAITING_MAX}`)
  resident.outgoing.push({
    request,
    to,
    dataJson,
    after: historyNow(resident)?.length ?? 0,
    isAsked: false,
    via: null,
    redirects: 0,
    tries: 0,
    dueMs: turn.nowMs,
  })
  pursuePost(turn, resident)
}

/** Called each tick and whenever a letter is through: the first one to each recipient, when it is due. */
export function pursuePost(turn: Turn, resident: Resident): void {
  if (resident.outgoing.length === 0 || !maySpeak(resident)) return
  const busy = new Set<AgentId>()
  let isWanting = false
  for (const letter of resident.outgoing) {
    if (busy.has(letter.to)) continue
    busy.add(letter.to)
    if (letter.isAsked || turn.nowMs < letter.dueMs) continue
    if (isLogged(turn, resident, letter.after)) carry(turn, resident, letter)
    else isWanting = true
  }
  if (isWanting) pursueLog(turn, resident)
}

/** In an epoch that is ours. What is frozen here to be sent says no more from here. */
const maySpeak = (resident: Resident): boolean =>
  isHeld(resident) &&
  !isReleased(resident) &&
  !isSpent(resident) &&
  !resident.ended &&
  !isConfined(resident) &&
  (resident.departure?.holding ?? null) === null

function carry(turn: Turn, resident: Resident, letter: Outgoing): void {
  const host = letter.via ?? holderOf(turn.state, letter.to)
  const { agent, epoch, shown } = resident
  const isShown = host === turn.state.self || shown.get(host) === epoch
  letter.isAsked = true
  const sent: Letter = { from: agent, epoch, number: letter.request, to: letter.to, dataJson: letter.dataJson }
  ask(
    turn,
    host,
    'mail',
    { letter: sent, standing: isShown ? null : standingOf(resident) },
    { for: 'mail', agent, request: letter.request, host },
  )
}

function holderOf(state: HostState, agent: AgentId): Did {
  if (state.residents.get(agent)?.arrival === null) return state.self
  return state.rows.get(agent)?.holder ?? state.forwards.get(agent)?.to ?? state.holders.get(agent) ?? homeOf(agent)
}

export function onMailAnswered(turn: Turn, resident: Resident, request: number, host: Did, outcome: Answer): void {
  const { state } = turn
  const letter = resident.outgoing.find((one) => one.request === request)
  if (!letter?.isAsked) return
  letter.isAsked = false
  const { to } = letter
  if (outcome.ok) {
    resident.shown.set(host, resident.epoch)
    remember(state.holders, to, host, HOLDERS_MAX)
    return settle(turn, resident, letter, null)
  }
  const { code, reason } = outcome
  const isHome = host === homeOf(to)
  switch (code) {
    case 'MIGRATED': {
      const next = parseDid(reason)
      state.holders.delete(to)
      if (!next.ok || next.value === host) return later(turn, letter, null)
      return sendOn(turn, resident, letter, next.value)
    }
    case 'GONE':
    case 'UNKNOWN_AGENT':
      if (isHome) return settle(turn, resident, letter, { code: code === 'GONE' ? 'GONE' : 'UNKNOWN', reason })
      // Who is not home may have forgotten, or lie.
      state.holders.delete(to)
      return sendOn(turn, resident, letter, homeOf(to))
    case 'UNPROVEN':
      resident.shown.delete(host)
      return sendOn(turn, resident, letter, host)
    case 'NOT_AUTHORISED':
    case 'BANNED':
      return settle(turn, resident, letter, { code: 'DENIED', reason })
    case 'CONFLICT':
    case 'QUOTA':
      return settle(turn, resident, letter, { code, reason })
    case 'BUSY':
      resident.shown.set(host, resident.epoch)
      return later(turn, letter, null)
    default:
      state.holders.delete(to)
      if (isHome) seek(turn, resident, letter)
      return later(turn, letter, null)
  }
}

/** At once, but not round and round. */
function sendOn(turn: Turn, resident: Resident, letter: Outgoing, to: Did): void {
  letter.redirects += 1
  if (letter.redirects > REDIRECTS_MAX) return later(turn, letter, null)
  letter.via = to
  pursuePost(turn, resident)
}

function later(turn: Turn, letter: Outgoing, via: Did | null): void {
  letter.via = via
  letter.redirects = 0
  letter.dueMs = turn.nowMs + Math.min(LETTER_AGAIN_MS * 2 ** Math.min(letter.tries, 10), LETTER_AGAIN_MS_MAX)
  letter.tries += 1
}

/** Home does not answer: perhaps somebody else has heard where the agent is. What they say is tried, once. */
function seek(turn: Turn, resident: Resident, letter: Outgoing): void {
  const agent = letter.to
  let asked = 0
  for (const [host, { connected }] of turn.state.acquaintances) {
    if (!connected || host === homeOf(agent)) continue
    if (asked++ >= SEEKERS_MAX) return
    ask(turn, host, 'locate', { agent }, { for: 'seek', agent: resident.agent, request: letter.request, host })
  }
}

export function onSought(resident: Resident, request: number, outcome: Answer): void {
  const letter = resident.outgoing.find((one) => one.request === request)
  if (!letter || letter.isAsked || letter.via !== null) return
  const said = outcome.ok
    ? (outcome.body as { holder: Did }).holder
    : outcome.code === 'MIGRATED'
      ? parseDid(outcome.reason)
      : null
  const holder = typeof said === 'string' ? said : said?.ok ? said.value : null
  if (holder !== null && holder !== homeOf(letter.to)) letter.via = holder
}

function settle(
  turn: Turn,
  resident: Resident,
  letter: Outgoing,
  fault: { readonly code: CallRefusal; readonly reason: string } | null,
): void {
  resident.outgoing.splice(resident.outgoing.indexOf(letter), 1)
  answerSend(turn, resident, letter.request, fault)
  pursuePost(turn, resident)
}

function answerSend(
  turn: Turn,
  { agent }: Resident,
  request: number,
  fault: { readonly code: CallRefusal; readonly reason: string } | null,
): void {
  const delivery = fault
    ? refuseCall(request, fault.code, fault.reason)
    : { request, outcome: { ok: true, valueJson: 'null' } as const }
  turn.effects.push({ kind: 'deliver', agent, delivery })
}
