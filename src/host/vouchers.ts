import {
  EVIDENCE_BYTES_ALL_MAX,
  EVIDENCE_BYTES_MAX,
  LOGS_BYTES_MAX,
  RATES_MAX,
  SEGMENTS_KEPT_MAX,
  SEGMENTS_KNOWN_MAX,
} from '../audit/limits.ts'
import { afterFinding, type Finding, type HostRate, isDrawn, UNKNOWN_HOST } from '../audit/rate.ts'
import { receiptCid, sameEnd, sequenceFault, startCid, type Vouched } from '../audit/receipt.ts'
import { type Cid, rawCid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import { parseInputs } from '../sandbox/inputs.ts'
import type { Requests } from '../wire/messages.ts'
import type { InputCounts, Rerun, SegmentLine, Voucher } from '../wire/proofs.ts'
import type { Certificate, Claim, Receipt, Sealed, SegmentEnd, Verdict } from '../wire/statements.ts'
import type { BisectWaiting } from './bisect.ts'
import { endOf, SECRET } from './receipts.ts'
import { gone, writeRate, writeSegment } from './records.ts'
import type { HomeRow, HostState } from './state.ts'
import { log, persistSoon, type Turn } from './turn.ts'

/**
 * Home's part of the proof: takes receipts in order, without a gap, each from the holder of its epoch, and keeps what it takes to
 * run a segment again until somebody has (audits.ts) or the room is wanted. Who shows no evidence is not called a liar: it
 * is counted, it is seen, and nothing of the kind earns trust.
 */
export interface Audits {
  /** Not so where all hosts are their home's own: then receipts are taken, and nothing is kept or run again. */
  readonly enabled: boolean
  /** By the receipt's name, oldest first. */
  readonly segments: Map<Cid, KeptSegment>
  readonly rates: Map<Did, HostRate>
  /** Being run again for us by others, and here for whomever. */
  out: number
  serving: number
  /** Of all logs that are kept, and with the checkpoints that they go on from. */
  logBytes: number
  keptBytes: number
  /** Segments of our own that we can still answer for, by receipt, and answers that wait for signatures, by handle. */
  readonly made: Map<Cid, Rerun>
  readonly claiming: Map<number, { readonly due: number; readonly claims: Sealed<Claim>[] }>
}

export interface KeptSegment {
  readonly name: Cid
  readonly receipt: Sealed<Receipt>
  /** Null where it never came, or is not needed any more. */
  log: Uint8Array | null
  /** Who says what its program was told; null where there is no log. */
  readonly inputs: InputCounts | null
  /** What is kept for it. */
  bytes: number
  state: SegmentLine['state']
  /** It is being run again at this moment. */
  busy: boolean
  attempts: number
  retryMs: number
  auditor: Did | null
  note: string
  verdict: Sealed<Verdict> | null
  /** An auditor that came to something else: then home runs it again itself. */
  disputedBy: Did | null
  claims: readonly Sealed<Claim>[]
}

/** What an answer is for that has to do with running segments again. */
export type AuditWaiting =
  | { readonly for: 'audit'; readonly segment: Cid; readonly auditor: Did }
  /** Here: for another home, which waits at `handle`, or for ourselves. */
  | { readonly for: 'rerun'; readonly segment: Cid; readonly handle: number | null }
  | { readonly for: 'seal-verdict'; readonly handle: number }
  | BisectWaiting

export const newAudits = (enabled: boolean): Audits => ({
  enabled,
  segments: new Map(),
  rates: new Map(),
  out: 0,
  serving: 0,
  logBytes: 0,
  keptBytes: 0,
  made: new Map(),
  claiming: new Map(),
})

export const rateOf = ({ audits }: HostState, host: Did): HostRate => audits.rates.get(host) ?? UNKNOWN_HOST

/** Caught lying: it gets no agent of this home any more. */
export const isStruck = (state: HostState, host: Did): boolean => rateOf(state, host).strikes > 0

export const struckHosts = ({ audits }: HostState): readonly Did[] =>
  [...audits.rates].flatMap(([did, { strikes }]) => (strikes > 0 ? [did] : []))

export const nothingVouched = (epoch: number, at: Cid | null, fuel: number | null): Vouched => ({
  epoch,
  number: 0,
  at,
  fuel,
  newest: null,
  isLoose: false,
})

/** A new epoch: its receipts go on from what is certified. What nobody has vouched for by then, its holder has left out. */
export function openChain(turn: Turn, row: HomeRow, before: Did, { epoch, holding, release }: Certificate): void {
  const { vouched } = row
  const isWhole = vouched.isLoose || before === turn.state.self || vouched.at === holding.checkpoint
  if (!isWhole) lapse(turn, before, row.agent, `epoch ${vouched.epoch} ends at a checkpoint without a receipt`)
  const fuel = vouched.at === holding.checkpoint ? vouched.fuel : null
  const goesOn = release === null && before === holding.holder && before !== turn.state.self
  row.vouched = { ...nothingVouched(epoch, holding.checkpoint, fuel), isLoose: goesOn }
}

/** Why the voucher for a checkpoint that its holder sends is not taken; null when it is, or none is needed. */
export function checkpointFault(row: HomeRow, from: Did, ask: Requests['checkpoint']['ask']): string | null {
  const { checkpoint, voucher } = ask
  if (voucher) return receiptFault(row, from, voucher, { kind: 'checkpoint', checkpoint })
  return checkpoint === row.vouched.at || row.vouched.isLoose ? null : `no receipt for checkpoint ${checkpoint}`
}

/** The same for the agent's end. What comes from outside the program nobody could come to again: it is taken without. */
export function endFault(row: HomeRow, from: Did, effect: Requests['effect']['ask']): string | null {
  const { kind, valueJson, voucher } = effect
  if (kind !== 'result' && kind !== 'failure') return null
  if (voucher) return receiptFault(row, from, voucher, endOf(kind, valueJson))
  return kind === 'failure' ? null : 'no receipt for the result'
}

function receiptFault(row: HomeRow, from: Did, { receipt, log }: Voucher, to: SegmentEnd): string | null {
  const { statement, signer } = receipt
  if (signer !== from || signer !== row.holder) return `receipt of ${signer}, who is not the holder`
  if (statement.agent !== row.agent) return `receipt for ${statement.agent}`
  if (statement.bundle !== row.bundle) return 'receipt for another bundle'
  if (statement.start !== startCid(row.inputJson, row.seed, row.launchedMs)) return 'receipt for another beginning'
  if (!(row.resultTo === null ? sameEnd : sameKind)(statement.to, to)) return 'receipt for another end'
  if (log && (statement.inputs !== rawCid(log) || statement.inputBytes !== log.length))
    return 'the log is not what the receipt says'
  return sequenceFault(row.vouched, statement)
}

/** What is sealed to a reader home cannot read. */
const sameKind = (a: SegmentEnd, b: SegmentEnd): boolean =>
  a.kind === 'checkpoint' ? sameEnd(a, b) : a.kind === b.kind

/** With the RELEASE comes the receipt for what was run up to it. Without, or with a wrong one, there is a gap (openChain). */
export function noteRelease(turn: Turn, from: Did, { agent, holding, voucher }: Requests['accept']['ask']): void {
  const row = turn.state.rows.get(agent)
  if (!row || !voucher || holding.checkpoint === null) return
  const fault = receiptFault(row, from, voucher, { kind: 'checkpoint', checkpoint: holding.checkpoint })
  if (fault === null) takeVoucher(turn, row, voucher, row.checkpointBytes)
  else log(turn, 'warn', `receipt of ${from} refused: ${fault}`, agent)
}

/** Voucher that has been checked: from now on it is vouched for up to its end. */
export function takeVoucher(turn: Turn, row: HomeRow, voucher: Voucher, bytes: number): void {
  const { statement } = voucher.receipt
  const name = receiptCid(statement)
  const { vouched } = row
  if (vouched.newest?.name === name) return
  const replaced = vouched.number === statement.number ? vouched.newest : null
  keep(turn, row, voucher, name, bytes)
  // Only now: what it begins at is needed by both.
  if (replaced) forgetSegment(turn, replaced.name)
  row.vouched = {
    epoch: statement.epoch,
    number: statement.number,
    at: statement.to.kind === 'checkpoint' ? statement.to.checkpoint : null,
    fuel: statement.fuelTo,
    newest: { name, receipt: statement },
    isLoose: false,
  }
}

function keep(turn: Turn, row: HomeRow, { receipt, log: logBytes }: Voucher, name: Cid, bytes: number): void {
  const { audits } = turn.state
  if (!audits.enabled) return
  const { statement, signer } = receipt
  const { from } = statement
  const before = row.vouched.newest
  const isHere = from === null || row.checkpoint === from || before?.receipt.from === from
  const missing = logBytes === null ? 'its log was not sent' : isHere ? null : 'the checkpoint it begins at is not here'
  const segment: KeptSegment = {
    name,
    receipt,
    log: missing === null ? logBytes : null,
    inputs: logBytes && countInputs(row, logBytes),
    bytes: missing === null ? (logBytes?.length ?? 0) + bytes : 0,
    state: 'lapsed',
    busy: false,
    attempts: 0,
    retryMs: 0,
    auditor: null,
    note: missing ?? '',
    verdict: null,
    disputedBy: null,
    claims: [],
  }
  audits.segments.set(name, segment)
  audits.logBytes += segment.log?.length ?? 0
  audits.keptBytes += segment.bytes
  if (logBytes === null && statement.effects === SECRET) {
    segment.state = 'kept'
    segment.note = 'it has read sealed data: nobody else can run it again'
    note(turn, signer, 'unaudited')
  } else if (missing !== null) lapse(turn, signer, row.agent, missing)
  else {
    segment.state = isDrawn(rateOf(turn.state, signer), turn.random) ? 'due' : 'kept'
    if (segment.state === 'kept') note(turn, signer, 'unaudited')
    if (from !== null) turn.effects.push({ kind: 'pin', agent: row.agent, checkpoint: from })
  }
  persistSoon(turn, writeSegment(segment))
  letGoOfOldest(turn, row.agent)
}

/**
 * Nobody but who says so can tell whether an input was true (THREATS 19): the clock and most answers are the maker's own word, which
 * running the segment again takes as it is. What a fork was answered home has decided itself.
 */
function countInputs({ forks }: HomeRow, logBytes: Uint8Array): InputCounts | null {
  const inputs = parseInputs(logBytes)
  if (!inputs.ok) return null
  const counts = { host: 0, home: 0, clock: 0 }
  for (const { act } of inputs.value) {
    if (act.kind === 'clock') counts.clock += 1
    else if (act.kind === 'deliver')
      counts[forks.some(({ request }) => request === act.delivery.request) ? 'home' : 'host'] += 1
  }
  return counts
}

/** Within the budget of one agent, and of all. */
function letGoOfOldest(turn: Turn, agent: AgentId): void {
  const { segments } = turn.state.audits
  const own = [...segments.values()].filter((one) => one.log && one.receipt.statement.agent === agent && !isProof(one))
  let bytes = own.reduce((sum, one) => sum + one.bytes, 0)
  for (const [i, oldest] of own.entries()) {
    if (own.length - i <= SEGMENTS_KEPT_MAX && bytes <= EVIDENCE_BYTES_MAX) break
    bytes -= oldest.bytes
    passOver(turn, oldest)
  }
  const { audits } = turn.state
  for (const oldest of segments.values()) {
    if (audits.logBytes <= LOGS_BYTES_MAX && audits.keptBytes <= EVIDENCE_BYTES_ALL_MAX) break
    if (oldest.log && !isProof(oldest)) passOver(turn, oldest)
  }
  for (const oldest of segments.values()) {
    if (segments.size <= SEGMENTS_KNOWN_MAX) break
    forgetSegment(turn, oldest.name)
  }
}

/** Nobody has run it again in time. */
function passOver(turn: Turn, segment: KeptSegment): void {
  if (segment.state === 'due') note(turn, segment.receipt.signer, 'unaudited')
  segment.note = 'let go of before anybody had run it again'
  letGoOf(turn, segment, 'kept')
}

const isProof = ({ state }: KeptSegment): boolean => state === 'fraud'

/** What it takes to run it again is not needed any more; that it was, is remembered. */
export function letGoOf(turn: Turn, segment: KeptSegment, state: SegmentLine['state']): void {
  const { from } = segment.receipt.statement
  if (segment.log && from !== null) turn.effects.push({ kind: 'unpin', checkpoint: from })
  turn.state.audits.logBytes -= segment.log?.length ?? 0
  turn.state.audits.keptBytes -= segment.bytes
  segment.log = null
  segment.bytes = 0
  segment.state = state
  persistSoon(turn, writeSegment(segment))
}

function forgetSegment(turn: Turn, name: Cid): void {
  const { segments } = turn.state.audits
  const segment = segments.get(name)
  if (!segment) return
  letGoOf(turn, segment, segment.state)
  segments.delete(name)
  persistSoon(turn, gone(writeSegment(segment).key))
}

export function note(turn: Turn, host: Did, finding: Finding): void {
  const { rates } = turn.state.audits
  const rate = afterFinding(rateOf(turn.state, host), finding)
  // The last to be heard of is the last to be forgotten; who was caught is not forgotten for newcomers.
  rates.delete(host)
  rates.set(host, rate)
  persistSoon(turn, writeRate(host, rate))
  if (rates.size <= RATES_MAX) return
  for (const [oldest, { strikes }] of rates)
    if (strikes === 0) {
      rates.delete(oldest)
      return persistSoon(turn, gone(writeRate(oldest, rate).key))
    }
}

/** Something that could have been proved was not. */
export function lapse(turn: Turn, host: Did, agent: AgentId, why: string): void {
  log(turn, 'warn', `${host} leaves something unproved: ${why}`, agent)
  if (turn.state.audits.enabled) note(turn, host, 'lapsed')
}

/** Checkpoints that segments begin at which may be run again. */
export const evidenceOf = ({ audits }: HostState): readonly { readonly agent: AgentId; readonly checkpoint: Cid }[] =>
  [...audits.segments.values()].flatMap(({ log: kept, receipt: { statement } }) =>
    kept && statement.from !== null ? [{ agent: statement.agent, checkpoint: statement.from }] : [],
  )

/** What was vouched for in the life before. Checkpoints that are evidence are pinned again before anything is swept. */
export function restoreAudits({ state }: Turn, records: ReadonlyMap<string, unknown>): void {
  const { segments, rates } = state.audits
  for (const [key, value] of records)
    if (key.startsWith('audit/')) rates.set(key.slice('audit/'.length) as Did, value as HostRate)
    else if (key.startsWith('segment/')) {
      const segment = { ...(value as KeptSegment), busy: false, retryMs: 0 }
      segments.set(segment.name, segment)
      state.audits.logBytes += segment.log?.length ?? 0
      state.audits.keptBytes += segment.bytes
    }
}
