import { encode } from '../base/codec.ts'
import type { AgentId } from '../directory/agent-id.ts'
import { homeOf } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { refuseCall } from '../sandbox/calls.ts'
import { type Letter, type Mail, type MailRequests, NO_MAIL } from '../wire/mail.ts'
import { MARKS_MAX } from '../wire/mail-limits.ts'
import { parseLetter } from '../wire/mail-schemas.ts'
import { charterOf, keeperOf } from './charter.ts'
import { appendPiece, historyNow, isLogged, pursueLog, standsForHistory } from './durable.ts'
import type { Answer, Fault } from './events.ts'
import { MARKS_SWEEP_MS, MARKS_SWEPT } from './mail-limits.ts'
import { askFor, endOf, judge, letterFault, type Mailbox, mailOf, openMailbox, put, putAgain, trim } from './mailbox.ts'
import { parsePiece } from './pieces.ts'
import { forgetLetter, writeLetter } from './records.ts'
import { isHeld, isReleased, isSpent } from './residence.ts'
import { isConfined } from './sealing.ts'
import { provenSender } from './standing.ts'
import type { HomeRow, Resident } from './state.ts'
import { answer, ask, deny, persist, type Turn } from './turn.ts'

/**
 * The recipient's side of the post. A letter is taken in where its recipient is held, once, and is durable here before its
 * sender hears so; it goes with the agent from then on. Where the agent has gone is told as long as it is known. While it
 * is between two hosts, or its mailbox is full, its letters wait with their senders' hosts.
 */
export function onMail(turn: Turn, from: Did, handle: number, { letter, standing }: MailRequests['mail']['ask']): void {
  const fault = takeIn(turn, from, letter, standing)
  if (fault) return deny(turn, handle, fault.code, fault.reason)
  const resident = turn.state.residents.get(letter.to)
  if (!resident?.history) return answer(turn, handle, 'mail', {})
  // Also one that was had: when it came, its sender may not have been told yet.
  resident.arrivals.push({ handle, after: historyNow(resident)?.length ?? 0 })
  settleArrivals(turn, resident)
}

/** A letter to a durable agent is answered when it is logged: whoever goes on with the agent has it, too. */
export function settleArrivals(turn: Turn, resident: Resident): void {
  if (resident.arrivals.length === 0) return
  pursueLog(turn, resident)
  resident.arrivals = resident.arrivals.filter(({ handle, after }) => {
    if (!isLogged(turn, resident, after)) return true
    answer(turn, handle, 'mail', {})
    return false
  })
}

/** Of an agent that has ended: how far each of its senders had come, for those who ask again. */
export function lastMail({ state }: Turn, { agent, mail }: Pick<HomeRow, 'agent' | 'mail'>): Mail {
  const box = state.residents.get(agent)?.mailbox ?? openMailbox(mail)
  reliveLetters(box, state.logs.get(agent)?.log.pieces ?? [])
  return { ...NO_MAIL, marks: [...box.marks.values()] }
}

/** The agent has left, or ended. */
export function letGoOfMail(turn: Turn, resident: Resident): void {
  forgetLetters(turn, resident)
  turnAwayArrivals(turn, resident)
}

/** The agent is not here any more, or not as it was: whether those letters count, the next holder knows. */
export function turnAwayArrivals(turn: Turn, resident: Resident): void {
  for (const { handle } of resident.arrivals) deny(turn, handle, 'BUSY', 'the agent is on its way')
  resident.arrivals = []
}

function takeIn(
  turn: Turn,
  from: Did,
  letter: Letter,
  standing: MailRequests['mail']['ask']['standing'],
): Fault | null {
  const resident = turn.state.residents.get(letter.to)
  if (!resident || resident.arrival) return elsewhere(turn, letter)
  if (resident.ended) return judge(resident.mailbox, letter) === 'had' ? null : ENDED
  const sender = provenSender(turn, from, letter, standing)
  if ('code' in sender) return sender
  const { mailbox } = resident
  if (sender.launcher !== resident.license.order.signer && !mailbox.open)
    return { code: 'NOT_AUTHORISED', reason: 'the agent hears only from agents of its own launcher' }
  if (isUnsettled(resident) || isLogFull(resident)) return { code: 'BUSY', reason: 'the agent is on its way' }
  const misshapen = letterFault(letter.dataJson)
  if (misshapen !== null) return { code: 'QUOTA', reason: misshapen }
  const verdict = judge(mailbox, letter)
  if (verdict === 'had') return null
  if (verdict !== 'new') {
    sweepMarks(turn, resident)
    return verdict
  }
  put(mailbox, letter)
  if (appendPiece(turn, resident, { kind: 'mail', letter: encode(letter) }) === null)
    persist(turn, writeLetter(letter, endOf(mailbox) - 1))
  feed(turn, resident)
  return null
}

/**
 * An agent hears from so many others that no more of them can be told apart. Those that wrote longest ago are looked for:
 * of one that has ended nothing comes any more, and its mark makes room. Until then a new sender's letters wait.
 */
function sweepMarks(turn: Turn, { agent, mailbox }: Resident): void {
  if (mailbox.marks.size < MARKS_MAX || turn.nowMs < mailbox.sweepDueMs) return
  mailbox.sweepDueMs = turn.nowMs + MARKS_SWEEP_MS
  for (const mark of [...mailbox.marks.values()].slice(0, MARKS_SWEPT)) {
    // The next time others are looked for.
    mailbox.marks.delete(mark.from)
    mailbox.marks.set(mark.from, mark)
    ask(turn, homeOf(mark.from), 'locate', { agent: mark.from }, { for: 'sweep', agent, sender: mark.from })
  }
}

/** Its home says of a sender where it is, or that it has ended. */
export function onSwept({ mailbox }: Resident, sender: AgentId, outcome: Answer): void {
  if (!outcome.ok && outcome.code === 'GONE') mailbox.marks.delete(sender)
}

/** From the moment that its mail is packed with it until it is somebody's again, and while its epoch cannot be used. */
const isUnsettled = (resident: Resident): boolean =>
  !isHeld(resident) || isReleased(resident) || isSpent(resident) || (resident.departure?.holding ?? null) !== null

/** So much waits for a checkpoint that its program stands still; and what a confined one hears is logged nowhere. */
const isLogFull = (resident: Resident): boolean =>
  resident.history !== null && (standsForHistory(resident) || resident.reliving !== null || isConfined(resident))

/** The letters that came since the checkpoint that a durable agent is lived again from. */
export function reliveLetters(mailbox: Mailbox, pieces: readonly Uint8Array[]): void {
  for (const encoded of pieces) {
    const piece = parsePiece(encoded)
    if (!piece.ok || piece.value.kind !== 'mail') continue
    const letter = parseLetter(piece.value.letter)
    if (letter) putAgain(mailbox, letter)
  }
}

const ENDED: Fault = { code: 'GONE', reason: 'the agent has ended' }

/** Where a letter for an agent that is not here should go, as far as this host knows. */
function elsewhere(turn: Turn, letter: Letter): Fault | null {
  const { state } = turn
  const agent = letter.to
  const row = state.rows.get(agent)
  // A sender that goes on from before it heard of it asks again about a letter that was had.
  if (row?.outcome) return judge(openMailbox(row.mail), letter) === 'had' ? null : ENDED
  if (row?.state === 'killed') return ENDED
  const arriving = state.residents.has(agent)
  if (row && row.holder !== state.self) return { code: 'MIGRATED', reason: row.holder }
  if (row || arriving) return { code: 'BUSY', reason: 'the agent is on its way here' }
  const forward = state.forwards.get(agent)
  if (forward) return { code: 'MIGRATED', reason: forward.to }
  const mirror = state.mirrors.get(agent)
  if (mirror?.outcome) return judge(openMailbox(mirror.mail), letter) === 'had' ? null : ENDED
  const charter = mirror && charterOf(state, agent)
  if (charter) return { code: 'MIGRATED', reason: keeperOf(charter) }
  return {
    code: 'UNKNOWN_AGENT',
    reason: homeOf(agent) === state.self ? `${agent} was not launched here` : `${agent} is not known here`,
  }
}

/** A call of the program: the letter at this place. It stays open until there is one. */
export function receive(
  turn: Turn,
  resident: Resident,
  { request, after, open }: { readonly request: number; readonly after: number; readonly open: boolean },
  again: boolean,
): void {
  const { mailbox } = resident
  const refuse = (reason: string): void =>
    void turn.effects.push({ kind: 'deliver', agent: resident.agent, delivery: refuseCall(request, 'INVALID', reason) })
  const waiting = mailbox.receiving
  if (waiting && waiting.request !== request && !again) return refuse('one letter at a time is waited for')
  if (!askFor(mailbox, after)) return refuse(`letter ${after} was asked for and had before`)
  mailbox.open = open
  mailbox.receiving = { request, after }
  feed(turn, resident)
}

/** Gives the program the letter that it waits for. The answer is an input like any other. */
function feed(turn: Turn, resident: Resident): void {
  const { mailbox, agent } = resident
  const letter = mailbox.receiving && mailbox.letters[mailbox.receiving.after - mailbox.first]
  if (!mailbox.receiving || !letter || !hasGuest(resident)) return
  const { request } = mailbox.receiving
  mailbox.receiving = null
  const valueJson = `{"from":${JSON.stringify(letter.from)},"data":${letter.dataJson}}`
  turn.effects.push({ kind: 'deliver', agent, delivery: { request, outcome: { ok: true, valueJson } } })
}

/** One whose agent is not begun is asked again when it is. */
const hasGuest = ({ guest }: Resident): boolean => guest === 'running' || guest === 'freezing' || guest === 'frozen'

/** The mail as of the checkpoint that has just been taken. */
export function keepMail(turn: Turn, resident: Resident): { readonly mail: Mail } {
  const { mailbox } = resident
  forgetLetters(turn, resident)
  trim(mailbox)
  return { mail: mailOf(mailbox) }
}

/** The letters' own records go: what they said is beside the checkpoint now, or nowhere. */
function forgetLetters(turn: Turn, { agent, mailbox }: { agent: AgentId; mailbox: Mailbox }): void {
  for (let place = mailbox.recorded; place < endOf(mailbox); place++) persist(turn, forgetLetter(agent, place))
  mailbox.recorded = endOf(mailbox)
}
