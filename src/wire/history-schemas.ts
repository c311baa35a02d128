import * as v from 'valibot'
import type { Alleged } from './alleged.ts'
import type { Schema } from './fields.ts'
import * as f from './fields.ts'
import type { HistoryRequests, LogShown } from './histories.ts'
import { HISTORY_PIECES_MAX, PIECE_BYTES_MAX } from './history-limits.ts'
import { mail } from './mail-schemas.ts'
import type * as s from './statements.ts'

/** The decoders of histories.ts: a part of schemas.ts. What a piece is nobody asks here (host/pieces.ts). */
const pieces = f.listOf(f.bytesUpTo(PIECE_BYTES_MAX), HISTORY_PIECES_MAX)

const stretched = { from: f.whole, head: v.nullable(f.cid), pieces }
const isHeaded = ({ from, head }: { readonly from: number; readonly head: unknown }): boolean =>
  (from === 0) === (head === null)
const UNHEADED = 'what begins a history has no head before it, all else has one'

export const stretch: Schema<s.Stretch> = v.pipe(
  v.strictObject(stretched),
  v.check((brought) => isHeaded(brought), UNHEADED),
)

export const logShown: Schema<LogShown> = v.strictObject({
  checkpoint: v.nullable(f.cid),
  counts: v.strictObject({ consoleLines: f.whole, sentBytes: f.whole, messages: f.whole, mail }),
  base: f.someHistory,
  pieces,
})

type HistorySchemas = {
  readonly [N in keyof HistoryRequests]: {
    readonly ask: Schema<Alleged<HistoryRequests[N]['ask']>>
    readonly answer: Schema<Alleged<HistoryRequests[N]['answer']>>
  }
}

export const HISTORY_SCHEMAS: HistorySchemas = {
  log: {
    ask: v.pipe(
      v.strictObject({ agent: f.agent, epoch: f.whole, ...stretched }),
      v.check((brought) => isHeaded(brought), UNHEADED),
    ),
    answer: f.someHistory,
  },
}
