import { failureEnd, receiptCid, resultEnd, startCid, textCid } from '../audit/receipt.ts'
import { type Cid, rawCid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import { encodeInputs } from '../sandbox/inputs.ts'
import type { Trace } from '../sandbox/trace.ts'
import { LOG_BYTES_MAX } from '../wire/limits.ts'
import type { EffectKind, Requests } from '../wire/messages.ts'
import type { Voucher } from '../wire/proofs.ts'
import type { Receipt, Sealed, SegmentEnd } from '../wire/statements.ts'
import { noteMade } from './bisect.ts'
import { ownRow } from './charter.ts'
import { drain } from './departure.ts'
import { askCheckpoint, releaseEnd } from './residence.ts'
import { isConfined } from './sealing.ts'
import type { Resident } from './state.ts'
import { joinedTrace } from './traces.ts'
import { begin, type Turn } from './turn.ts'

/**
 * The holder's part of the proof: what an agent of another home does here is cut into segments, and each is signed with all
 * that fixes it. A segment begins where home has acknowledged a checkpoint, so that home has what it takes to run it again,
 * and ends with the next one that goes home, with the hop, or with the agent. Signing runs beside the hop, not before it.
 * A home signs nothing for agents that it decides about alone: nobody asks it. Where others may keep the row tomorrow it does.
 */
export interface Segment {
  number: number
  previous: Cid | null
  from: Cid | null
  fuelFrom: number
  /** Up to each checkpoint taken since `from`, oldest first; any of them can be the one that home acknowledges. */
  pieces: Piece[]
  /** Since the last checkpoint. */
  open: (Trace | null)[]
  /** Signed for a checkpoint or a hop that nobody has confirmed yet. */
  signed: { readonly checkpoint: Cid; readonly voucher: Voucher }[]
}

interface Piece {
  readonly checkpoint: Cid
  readonly fuelUsed: number
  readonly traces: readonly (Trace | null)[]
}

/** What a receipt is sealed for. */
export type SealUse =
  | { readonly for: 'checkpoint'; readonly checkpoint: Cid }
  | { readonly for: 'hop'; readonly checkpoint: Cid }
  | { readonly for: 'end'; readonly kind: 'result' | 'failure'; readonly valueJson: string }

/** What goes home with a checkpoint. */
export type Told = Pick<
  Requests['checkpoint']['ask'],
  'checkpoint' | 'fuelUsed' | 'consoleLines' | 'sentBytes' | 'messages' | 'mail' | 'history'
>

export interface SealWaiting {
  readonly for: 'seal-receipt'
  readonly agent: AgentId
  readonly epoch: number
  readonly log: Uint8Array | null
  readonly use: SealUse
}

/** An epoch begins to run here, at the checkpoint that it came with. */
export function beginSegments(turn: Turn, resident: Resident): void {
  resident.segment = ownRow(turn.state, resident)
    ? null
    : {
        number: 1,
        previous: null,
        from: resident.checkpoint,
        fuelFrom: resident.checkpoint === null ? 0 : resident.fuelUsed,
        pieces: [],
        open: [],
        signed: [],
      }
}

/** The same guest in another epoch: its receipts are counted anew, from where the last one ended. */
export function continueSegments({ segment }: Resident): void {
  if (segment) Object.assign(segment, { number: 1, previous: null, signed: [] })
}

/** A checkpoint or an image was taken; `trace`: what the program was told since the one before, null where nobody wrote it down. */
export function noteTrace({ segment }: Resident, trace: Trace | null): void {
  segment?.open.push(trace)
}

export function closePiece({ segment }: Resident, checkpoint: Cid, fuelUsed: number): void {
  if (!segment) return
  segment.pieces.push({ traces: segment.open, checkpoint, fuelUsed })
  segment.open = []
}

/** Signs for a checkpoint that goes home or to the next host; false where nothing has been run up to it. */
export function vouch(turn: Turn, resident: Resident, use: Exclude<SealUse, { for: 'end' }>): boolean {
  const { segment } = resident
  const last = segment?.pieces.findLastIndex(({ checkpoint }) => checkpoint === use.checkpoint) ?? -1
  const piece = segment?.pieces[last]
  if (!segment || !piece) return false
  const end: SegmentEnd = { kind: 'checkpoint', checkpoint: use.checkpoint }
  const traces = segment.pieces.slice(0, last + 1).flatMap((one) => one.traces)
  seal(turn, resident, segment, { to: end, fuelTo: piece.fuelUsed, traces, use })
  return true
}

/** The same for the agent's end. False for an end that comes from outside the program: nobody could come to it again. */
export function vouchEnd(
  turn: Turn,
  resident: Resident,
  kind: 'result' | 'failure',
  valueJson: string,
  trace: Trace | null,
): boolean {
  const { segment, fuelUsed } = resident
  if (!segment || (kind === 'failure' && trace === null)) return false
  segment.open.push(trace)
  const to = endOf(kind, valueJson)
  const use: SealUse = { for: 'end', kind, valueJson }
  const traces = [...segment.pieces.flatMap((one) => one.traces), ...segment.open]
  seal(turn, resident, segment, { to, fuelTo: fuelUsed, traces, use })
  return true
}

export function endOf(kind: Extract<EffectKind, 'result' | 'failure'>, valueJson: string): SegmentEnd {
  if (kind === 'result') return resultEnd(valueJson)
  const { code, reason } = failureOf(valueJson)
  return failureEnd(code, reason)
}

function failureOf(valueJson: string): { code: string; reason: string } {
  // A holder's words: any JSON at all.
  const { code, reason }: { code?: unknown; reason?: unknown } = Object(JSON.parse(valueJson))
  return { code: textOf(code).slice(0, 64), reason: textOf(reason) }
}

const textOf = (said: unknown): string => (typeof said === 'string' ? said : typeof said)

/** What a holder lets out for its agent is JSON, or nothing: here and wherever it is read later it is taken for that. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Its program came to this by itself, its host says: the voucher for it is missing. */
export const isOwnFailure = (failureJson: string): boolean => OWN_FAILURES.includes(failureOf(failureJson).code)

const OWN_FAILURES: readonly string[] = ['THROWN', 'TRAP', 'UNENCODABLE', 'DEADLOCK', 'UNRESPONSIVE', 'BREACH']

/** Of a segment in which sealed data was read. */
export const SECRET = 'sealed'

/** How it ended, without the hash of its words: who guesses at them must not find out. Home compares the kind alone. */
const unsaid = (end: SegmentEnd): SegmentEnd => (end.kind === 'checkpoint' ? end : { ...end, value: textCid('') })

function seal(
  turn: Turn,
  resident: Resident,
  { number, previous, from, fuelFrom }: Segment,
  what: { to: SegmentEnd; fuelTo: number; traces: readonly (Trace | null)[]; use: SealUse },
): void {
  const { agent, epoch, brief, quota } = resident
  // What was unsealed here is in the log and in the words: nobody else gets either.
  const isSecret = isConfined(resident)
  const trace = isSecret ? null : joinedTrace(what.traces)
  const log = trace && encodeInputs(trace.inputs)
  const statement: Receipt = {
    type: 'receipt',
    agent,
    epoch,
    number,
    previous,
    bundle: brief.bundle,
    start: startCid(brief.inputJson, brief.seed, brief.launchedMs),
    engine: turn.state.engineIds[0] ?? '',
    from,
    to: isSecret && brief.resultTo !== null ? unsaid(what.to) : what.to,
    fuelFrom,
    fuelTo: trace?.until.fuelUsed ?? what.fuelTo,
    standing: trace?.until.standing ?? null,
    limits: {
      fuelMax: trace?.from.fuelMax ?? quota.fuel,
      memoryBytesMax: quota.memoryBytes,
      sentBytesMax: trace?.from.sentBytesMax ?? quota.sentBytes,
      sentBytes: trace?.from.sentBytes ?? 0,
    },
    inputs: rawCid(log ?? new Uint8Array()),
    inputBytes: log?.length ?? 0,
    effectsFrom: trace?.from.effects ?? '',
    effects: trace?.effects ?? (isSecret ? SECRET : ''),
  }
  const kept = log && log.length <= LOG_BYTES_MAX ? log : null
  begin(turn, { kind: 'seal', statement }, { for: 'seal-receipt', agent, epoch, log: kept, use: what.use })
}

export function onReceiptSealed(
  turn: Turn,
  resident: Resident,
  { log, use }: { readonly log: Uint8Array | null; readonly use: SealUse },
  receipt: Sealed<Receipt>,
): void {
  const voucher: Voucher = { receipt, log }
  const { inputJson, seed, launchedMs } = resident.brief
  if (log) noteMade(turn, { receipt, log, inputJson, seed, launchedMs })
  if (use.for === 'end') return releaseEnd(turn, resident, use.kind, use.valueJson, voucher)
  resident.segment?.signed.push({ checkpoint: use.checkpoint, voucher })
  if (use.for === 'checkpoint') return askCheckpoint(turn, resident, use.checkpoint, voucher)
  if (resident.departure?.holding?.checkpoint !== use.checkpoint) return
  resident.departure.vouched = true
  drain(turn, resident)
}

/** For the hop with this checkpoint. */
export const voucherFor = ({ segment }: Resident, checkpoint: Cid | null): Voucher | null =>
  segment?.signed.findLast((signed) => signed.checkpoint === checkpoint)?.voucher ?? null

/** Home has taken a checkpoint: the next segment begins there. */
export function settleSegment({ segment }: Resident, checkpoint: Cid): void {
  const signed = segment?.signed.findLast((one) => one.checkpoint === checkpoint)
  const last = segment?.pieces.findLastIndex((piece) => piece.checkpoint === checkpoint) ?? -1
  const piece = segment?.pieces[last]
  if (!segment || !signed || !piece) return
  segment.number += 1
  segment.previous = receiptCid(signed.voucher.receipt.statement)
  segment.from = checkpoint
  segment.fuelFrom = piece.fuelUsed
  segment.pieces = segment.pieces.slice(last + 1)
  segment.signed = segment.signed.filter((one) => segment.pieces.some((left) => left.checkpoint === one.checkpoint))
}
