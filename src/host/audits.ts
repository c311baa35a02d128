import {
  AUDIT_AGAIN_MS,
  AUDIT_ATTEMPTS_MAX,
  AUDITS_OUT_MAX,
  AUDITS_SERVED_MAX,
  FRAUDS_KEPT_MAX,
} from '../audit/limits.ts'
import { lotOf } from '../audit/rate.ts'
import { receiptCid, startCid } from '../audit/receipt.ts'
import { agrees, endText, type Finding } from '../audit/rerun.ts'
import type { Cid } from '../base/digest.ts'
import { integerBelow } from '../base/random.ts'
import type { Did } from '../identity/did.ts'
import { SEGMENT_LINES_MAX } from '../wire/limits.ts'
import type { Requests } from '../wire/messages.ts'
import type { ProofRequests, Rerun, SegmentLine } from '../wire/proofs.ts'
import type { Receipt, Sealed, Verdict } from '../wire/statements.ts'
import { occupied } from './acquaintance.ts'
import type { RerunOutcome } from './auditor.ts'
import { beginBisect, onClaim } from './bisect.ts'
import type { Answer } from './events.ts'
import { takeBack } from './home.ts'
import { authorsNamed } from './license.ts'
import { banOf } from './notices.ts'
import { mayRead, readerOf } from './reading.ts'
import { writeRow, writeSegment } from './records.ts'
import type { HomeRow, HostState } from './state.ts'
import { tellStory } from './story.ts'
import { answer, ask, begin, deny, log, persist, persistSoon, type Turn } from './turn.ts'
import { isStruck, type KeptSegment, letGoOf, note, rateOf } from './vouchers.ts'

/**
 * Who runs what again: home draws segments by how far it believes their makers (audit/rate.ts) and gives each to another host
 * with a free place, or does it itself. An auditor that disagrees with the maker is not believed either: then home runs the
 * segment again, and whoever said otherwise has lied, with a signature under it.
 */
export function pursueAudits(turn: Turn): void {
  const { audits } = turn.state
  for (const segment of audits.segments.values()) {
    if (audits.out >= AUDITS_OUT_MAX) return
    if (segment.state === 'due' && !segment.busy && turn.nowMs >= segment.retryMs) start(turn, segment)
  }
}

function start(turn: Turn, segment: KeptSegment): void {
  const { state } = turn
  const { signer, statement } = segment.receipt
  const rerun = rerunOf(state, segment)
  if (!rerun) return giveUp(turn, segment, 'its home has forgotten the agent')
  const auditor = segment.disputedBy === null ? chooseAuditor(turn, signer, statement.engine) : null
  if (auditor) {
    segment.busy = true
    // While it is out its auditor may read what it needs of it here (reading.ts).
    segment.auditor = auditor
    state.audits.out += 1
    return ask(turn, auditor, 'audit', rerun, { for: 'audit', segment: segment.name, auditor })
  }
  if (segment.disputedBy === null && !hasRoom(state)) return tryLater(turn, segment, 'nobody has a place for it')
  segment.busy = true
  state.audits.serving += 1
  const row = state.rows.get(statement.agent)
  const authors = row ? authorsNamed(state, row.license) : []
  begin(turn, { kind: 'rerun', rerun, from: null, authors }, { for: 'rerun', segment: segment.name, handle: null })
}

/**
 * Not the maker, and nobody who was caught: any other host with a free place, by lot, so that nobody can choose its auditor.
 * Hosts that somebody answers for come first: of many keys of one owner one would find the other's work good (THREATS 38).
 */
function chooseAuditor({ state, random }: Turn, maker: Did, engine: string): Did | null {
  const able = [...state.acquaintances].filter(
    ([did, { connected, description, load }]) =>
      did !== maker &&
      connected &&
      load.accepting &&
      load.agents < load.slots &&
      description.engineIds.includes(engine) &&
      !isStruck(state, did) &&
      !banOf(state, did),
  )
  const vouchedFor = able.filter(([, { ground }]) => ground !== 'open')
  const asked = vouchedFor.length > 0 ? vouchedFor : able
  return asked[integerBelow(random, asked.length)]?.[0] ?? null
}

/** A free place of the owner's, or a home that lends none and waits for its agents. */
function hasRoom(state: HostState): boolean {
  const { audits, slots, evicting } = state
  if (evicting || audits.serving >= AUDITS_SERVED_MAX) return false
  return slots === 0 || occupied(state) + audits.serving < slots
}

function rerunOf({ rows }: HostState, { receipt, log: kept }: KeptSegment): Rerun | null {
  const row = rows.get(receipt.statement.agent)
  if (!row || !kept) return null
  return { receipt, log: kept, inputJson: row.inputJson, seed: row.seed, launchedMs: row.launchedMs }
}

function tryLater(turn: Turn, segment: KeptSegment, why: string): void {
  segment.attempts += 1
  segment.retryMs = turn.nowMs + AUDIT_AGAIN_MS
  if (segment.attempts >= AUDIT_ATTEMPTS_MAX) giveUp(turn, segment, why)
}

/** That nobody could is not the maker's fault: it costs it nothing and earns it nothing. */
function giveUp(turn: Turn, segment: KeptSegment, why: string): void {
  segment.note = why
  note(turn, segment.receipt.signer, 'unaudited')
  letGoOf(turn, segment, 'kept')
}

export function onAuditAnswered(turn: Turn, name: Cid, auditor: Did, outcome: Answer): void {
  const { audits } = turn.state
  audits.out -= 1
  const segment = audits.segments.get(name)
  if (!segment?.busy) return
  segment.busy = false
  if (!outcome.ok) return tryLater(turn, segment, `${auditor}: ${outcome.code}: ${outcome.reason}`)
  const { verdict } = outcome.body as Requests['audit']['answer']
  if (verdict.signer !== auditor || verdict.statement.receipt !== name)
    return tryLater(turn, segment, `${auditor} answers with another verdict`)
  segment.auditor = auditor
  segment.verdict = verdict
  if (agrees(segment.receipt.statement, verdict.statement)) return clear(turn, segment)
  segment.disputedBy = auditor
  segment.note = `${auditor} came to ${endText(verdict.statement.to)}`
  start(turn, segment)
}

/** What came of running it here: for another home, for ourselves, or to decide between a maker and an auditor. */
export function onRerun(
  turn: Turn,
  { segment: name, handle }: { readonly segment: Cid; readonly handle: number | null },
  outcome: RerunOutcome,
): void {
  const { audits } = turn.state
  audits.serving -= 1
  if (handle !== null) {
    if ('code' in outcome) return deny(turn, handle, outcome.code, outcome.reason)
    const statement: Verdict = { type: 'verdict', receipt: name, ...outcome }
    begin(turn, { kind: 'seal', statement }, { for: 'seal-verdict', handle })
    return
  }
  const segment = audits.segments.get(name)
  if (!segment) return
  segment.busy = false
  if ('code' in outcome) return tryLater(turn, segment, `${outcome.code}: ${outcome.reason}`)
  const { disputedBy } = segment
  const holds = agrees(segment.receipt.statement, outcome)
  if (disputedBy !== null && (holds || !sameFinding(segment.verdict?.statement, outcome))) {
    log(turn, 'warn', `${disputedBy} has signed a verdict that is false: ${segment.note}`)
    note(turn, disputedBy, 'fraud')
  }
  if (disputedBy === null) segment.auditor = turn.state.self
  if (holds) clear(turn, segment)
  else convict(turn, segment, outcome)
}

const sameFinding = (a: Finding | undefined, b: Finding): boolean =>
  a !== undefined && a.fuelTo === b.fuelTo && a.effects === b.effects && endText(a.to) === endText(b.to)

function clear(turn: Turn, segment: KeptSegment): void {
  segment.disputedBy = null
  segment.note = ''
  note(turn, segment.receipt.signer, 'good')
  letGoOf(turn, segment, 'good')
}

/**
 * Its maker has signed for what is not so. The evidence stays, the agent goes on from where the segment began, and the maker
 * gets no agent of this home any more. What the agent has let out meanwhile is out.
 */
function convict(turn: Turn, segment: KeptSegment, finding: Finding): void {
  const { signer, statement } = segment.receipt
  const { agent, epoch, number, to, fuelFrom, fuelTo } = statement
  segment.state = 'fraud'
  segment.note = `signed for ${endText(to)}; true is ${endText(finding.to)}`
  const proofs = [...turn.state.audits.segments.values()].filter((one) => one.state === 'fraud' && one.log)
  note(turn, signer, 'fraud')
  persistSoon(turn, writeSegment(segment))
  log(turn, 'warn', `fraud: ${signer} in epoch ${epoch}, segment ${number}: ${segment.note}`, agent)
  const row = turn.state.rows.get(agent)
  if (!row) return
  tellStory(turn, row, 'fraud', { host: signer, epoch, segment: number, fuelFrom, fuelTo, receipt: segment.name })
  if (!row.outcome) goBack(turn, row, statement)
  if (proofs.length > FRAUDS_KEPT_MAX) letGoOf(turn, segment, 'fraud')
  else beginBisect(turn, segment)
}

/** The agent goes on from where the false segment began, whoever has it by now. */
function goBack(turn: Turn, row: HomeRow, { agent, from, fuelFrom }: Receipt): void {
  row.checkpoint = from
  row.fuelUsed = fuelFrom
  if (from !== null) turn.effects.push({ kind: 'hold', agent, checkpoint: from })
  persist(turn, writeRow(row))
  takeBack(turn, row)
}

/** What others ask about segments. */
export function onProofAsked<N extends keyof ProofRequests>(
  turn: Turn,
  from: Did,
  handle: number,
  name: N,
  body: ProofRequests[N]['ask'],
): void {
  switch (name) {
    case 'audit':
      return onAudit(turn, from, handle, body as ProofRequests['audit']['ask'])
    case 'segments':
      return onSegments(turn, from, handle, body as ProofRequests['segments']['ask'])
    case 'segment':
      return onSegment(turn, from, handle, body as ProofRequests['segment']['ask'])
    default:
      return onClaim(turn, from, handle, body as ProofRequests['claim']['ask'])
  }
}

/** Another home wants a segment run again. It is charged to nobody, so only a free place is lent, and one at a time. */
function onAudit(turn: Turn, from: Did, handle: number, rerun: Rerun): void {
  const { state } = turn
  const { statement, signer } = rerun.receipt
  const refuse = (code: 'REFUSED' | 'BUSY' | 'QUOTA' | 'ENGINE', reason: string): void =>
    deny(turn, handle, code, reason)
  if (signer === state.self) return refuse('REFUSED', 'nobody is asked about its own work')
  if (startCid(rerun.inputJson, rerun.seed, rerun.launchedMs) !== statement.start)
    return refuse('REFUSED', 'another beginning than the receipt names')
  if (!state.engineIds.includes(statement.engine)) return refuse('ENGINE', `engine ${statement.engine} is not here`)
  if (statement.limits.memoryBytesMax > state.policy.memoryBytes)
    return refuse('QUOTA', `memoryBytesMax ${statement.limits.memoryBytesMax} > ${state.policy.memoryBytes}`)
  if (!state.accepting || state.slots === 0 || !hasRoom(state)) return refuse('BUSY', 'no place is free')
  state.audits.serving += 1
  begin(turn, { kind: 'rerun', rerun, from, authors: [] }, { for: 'rerun', segment: receiptCid(statement), handle })
}

export const onVerdictSealed = (turn: Turn, handle: number, verdict: Sealed<Verdict>): void =>
  answer(turn, handle, 'audit', { verdict })

/** A page of what home has receipts for, newest last, and how far the hosts in it are believed. */
function onSegments(turn: Turn, from: Did, handle: number, { agent, host, after }: Requests['segments']['ask']): void {
  const { audits } = turn.state
  const mayShow = readerOf(turn.state, from, turn.wallMs)
  const all = [...audits.segments.values()].filter(
    ({ receipt }) =>
      (agent === null || receipt.statement.agent === agent) &&
      (host === null || receipt.signer === host) &&
      mayShow(receipt.statement.agent),
  )
  const page = all.slice(after, after + SEGMENT_LINES_MAX)
  const makers = new Set(page.map(({ receipt }) => receipt.signer))
  if (host !== null) makers.add(host)
  answer(turn, handle, 'segments', {
    segments: page.map(lineOf),
    hosts: [...makers].map((did) => ({ host: did, ...rateOf(turn.state, did), every: lotOf(rateOf(turn.state, did)) })),
    next: after + page.length < all.length ? after + page.length : null,
  })
}

function lineOf({ name, receipt, log: kept, inputs, state, auditor, note: text }: KeptSegment): SegmentLine {
  const { agent, epoch, number, fuelFrom, fuelTo, to } = receipt.statement
  return {
    receipt: name,
    agent,
    epoch,
    number,
    host: receipt.signer,
    fuelFrom,
    fuelTo,
    ended: to.kind !== 'checkpoint',
    inputs,
    here: kept !== null,
    state,
    auditor,
    note: text,
  }
}

/** Everything but the blocks, for whoever wants to see for himself. */
function onSegment(turn: Turn, from: Did, handle: number, { receipt }: Requests['segment']['ask']): void {
  const { state, wallMs } = turn
  const segment = state.audits.segments.get(receipt)
  if (segment && !mayRead(state, from, segment.receipt.statement.agent, wallMs))
    return deny(turn, handle, 'NOT_AUTHORISED', `${from} may not read the agent`)
  const rerun = segment && rerunOf(state, segment)
  if (rerun) return answer(turn, handle, 'segment', { rerun, claims: segment.claims })
  deny(turn, handle, 'NOT_FOUND', `the evidence of ${receipt} is not here any more`)
}
