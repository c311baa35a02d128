import { assert } from '../base/assert.ts'
import { encode } from '../base/codec.ts'
import { type Cid, cborCid, rawCid } from '../base/digest.ts'
import { HISTORY_BYTES_MAX, HISTORY_PIECES_MAX } from '../wire/history-limits.ts'
import type { History, Stretch } from '../wire/statements.ts'

/**
 * The history of a durable agent as one host has it: everything that reached its program, in pieces, of which each has a
 * number and a place in a chain of hashes. A checkpoint has the first of them behind it; from that **base** on they are kept,
 * and whoever has both comes to where the agent stood. Pure: who keeps it, and when, is not decided here.
 */
export interface Log {
  /** Up to here the pieces are not needed: the checkpoint that was taken there has them behind it. */
  base: History
  readonly pieces: Uint8Array[]
  /** Of the chain, after each of them. */
  readonly heads: Cid[]
  bytes: number
}

export const NO_HISTORY: History = { length: 0, head: null }

export const newLog = (base: History): Log => ({ base, pieces: [], heads: [], bytes: 0 })

export const headAfter = (head: Cid | null, piece: Uint8Array): Cid => cborCid(encode([head, rawCid(piece)]))

export const endOf = ({ base, heads }: Log): History => ({
  length: base.length + heads.length,
  head: heads.at(-1) ?? base.head,
})

/** The chain after so many pieces; undefined where this log does not tell. */
export function headAt({ base, heads }: Log, length: number): Cid | null | undefined {
  return length === base.length ? base.head : heads[length - base.length - 1]
}

/** Whether this log has all of that history, or has it behind its base. */
export const reaches = (log: Log, { length, head }: History): boolean => headAt(log, length) === head

/** One piece more; its number. */
export function add(log: Log, piece: Uint8Array): number {
  const { length, head } = endOf(log)
  log.pieces.push(piece)
  log.heads.push(headAfter(head, piece))
  log.bytes += piece.length
  return length + 1
}

export type Taken =
  | { readonly ok: true; readonly added: number }
  /** `other`: two histories of one agent; `full`: there must be a checkpoint first. */
  | { readonly ok: false; readonly why: 'gap' | 'other' | 'full'; readonly reason: string }

/** Adds what is new of a stretch. All of it or nothing: what is there already must be the same, and what goes on from it too. */
export function extend(log: Log, { from, head, pieces }: Stretch): Taken {
  const end = endOf(log)
  if (from > end.length)
    return { ok: false, why: 'gap', reason: `pieces from ${from} on, and the log has ${end.length}` }
  const known = headAt(log, from)
  if (known !== undefined && known !== head)
    return { ok: false, why: 'other', reason: `the ${from} pieces before are others here` }
  const had = Math.min(end.length - from, pieces.length)
  for (let i = Math.max(0, log.base.length - from); i < had; i++) {
    const mine = log.pieces[from + i - log.base.length]
    const piece = pieces[i]
    if (mine === undefined || piece === undefined || rawCid(mine) !== rawCid(piece))
      return { ok: false, why: 'other', reason: `piece ${from + i + 1} is another one here` }
  }
  const fresh = pieces.slice(had)
  const bytes = fresh.reduce((sum, piece) => sum + piece.length, log.bytes)
  if (bytes > HISTORY_BYTES_MAX)
    return { ok: false, why: 'full', reason: `historyBytes ${bytes} > HISTORY_BYTES_MAX ${HISTORY_BYTES_MAX}` }
  if (log.pieces.length + fresh.length > HISTORY_PIECES_MAX)
    return {
      ok: false,
      why: 'full',
      reason: `historyPieces ${log.pieces.length + fresh.length} > HISTORY_PIECES_MAX ${HISTORY_PIECES_MAX}`,
    }
  for (const piece of fresh) add(log, piece)
  return { ok: true, added: fresh.length }
}

/** All that is kept from the base on. */
export const wholeOf = ({
  base,
  pieces,
}: {
  readonly base: History
  readonly pieces: readonly Uint8Array[]
}): Stretch => ({ from: base.length, head: base.head, pieces })

/** The pieces after so many, up to so many in all; null where some of them are not kept. */
export function stretch(log: Log, from: number, to = endOf(log).length): Stretch | null {
  const { base, pieces } = log
  if (from < base.length || to > endOf(log).length) return null
  return { from, head: headAt(log, from) ?? null, pieces: pieces.slice(from - base.length, to - base.length) }
}

/** A decision: what was logged beyond it never counted. Of a log that has not all of it nothing is left. */
export function truncate(log: Log, decided: History): void {
  if (!reaches(log, decided)) return
  cut(log, 0, decided.length - log.base.length)
}

/** A checkpoint that has so much behind it is safe: what is before it is not needed any more. */
export function advance(log: Log, base: History): void {
  assert(base.length >= log.base.length, 'the base of a log goes back')
  if (reaches(log, base)) cut(log, base.length - log.base.length, log.pieces.length)
  else cut(log, log.pieces.length, log.pieces.length)
  log.base = base
}

function cut(log: Log, from: number, to: number): void {
  const pieces = log.pieces.slice(from, to)
  const heads = log.heads.slice(from, to)
  log.pieces.splice(0, log.pieces.length, ...pieces)
  log.heads.splice(0, log.heads.length, ...heads)
  log.bytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
}
