import * as v from 'valibot'
import type { Alleged } from './alleged.ts'
import type { Schema } from './fields.ts'
import * as f from './fields.ts'
import { CLAIMS_MAX, CLAIMS_PER_ASK, LOG_BYTES_MAX, SEGMENT_LINES_MAX } from './limits.ts'
import type * as p from './proofs.ts'
import type * as s from './statements.ts'

/** The decoders of proofs.ts, and of the statements in it: a part of schemas.ts. */
export const voucher: Schema<Alleged<p.Voucher>> = v.strictObject({
  receipt: f.envelope<s.Receipt>('receipt'),
  log: v.nullable(f.bytesUpTo(LOG_BYTES_MAX)),
})
const rerun: Schema<Alleged<p.Rerun>> = v.strictObject({
  receipt: f.envelope<s.Receipt>('receipt'),
  log: f.bytesUpTo(LOG_BYTES_MAX),
  inputJson: f.json,
  seed: f.seed,
  launchedMs: f.whole,
})
const inputCounts: Schema<p.InputCounts> = v.strictObject({
  host: f.whole,
  home: f.whole,
  clock: f.whole,
})
const segmentLine: Schema<p.SegmentLine> = v.strictObject({
  receipt: f.cid,
  agent: f.agent,
  epoch: f.whole,
  number: f.whole,
  host: f.did,
  fuelFrom: f.whole,
  fuelTo: f.whole,
  ended: v.boolean(),
  inputs: v.nullable(inputCounts),
  here: v.boolean(),
  state: v.picklist(['kept', 'due', 'good', 'fraud', 'lapsed']),
  auditor: v.nullable(f.did),
  note: f.note,
})
const rateLine: Schema<p.RateLine> = v.strictObject({
  host: f.did,
  good: f.whole,
  streak: f.whole,
  audited: f.whole,
  unaudited: f.whole,
  lapsed: f.whole,
  strikes: f.whole,
  every: f.positive,
})
type ProofSchemas = {
  readonly [N in keyof p.ProofRequests]: {
    readonly ask: Schema<Alleged<p.ProofRequests[N]['ask']>>
    readonly answer: Schema<Alleged<p.ProofRequests[N]['answer']>>
  }
}

export const PROOF_SCHEMAS: ProofSchemas = {
  audit: { ask: rerun, answer: v.strictObject({ verdict: f.envelope<s.Verdict>('verdict') }) },
  claim: {
    ask: v.strictObject({ agent: f.agent, receipt: f.cid, fuels: f.listOf(f.whole, CLAIMS_PER_ASK) }),
    answer: v.strictObject({ claims: f.listOf(f.envelope<s.Claim>('claim'), CLAIMS_PER_ASK) }),
  },
  segments: {
    ask: v.strictObject({ agent: v.nullable(f.agent), host: v.nullable(f.did), after: f.whole }),
    answer: v.strictObject({
      segments: f.listOf(segmentLine, SEGMENT_LINES_MAX),
      hosts: f.listOf(rateLine, SEGMENT_LINES_MAX),
      next: v.nullable(f.whole),
    }),
  },
  segment: {
    ask: v.strictObject({ agent: f.agent, receipt: f.cid }),
    answer: v.strictObject({
      rerun,
      claims: f.listOf(f.envelope<s.Claim>('claim'), CLAIMS_MAX),
    }),
  },
}

const segmentEnd: Schema<s.SegmentEnd> = v.variant('kind', [
  v.strictObject({ kind: v.literal('checkpoint'), checkpoint: f.cid }),
  v.strictObject({ kind: v.literal('result'), value: f.cid }),
  v.strictObject({ kind: v.literal('failure'), code: f.name, value: f.cid }),
])

type ProofStatement = s.Receipt | s.Verdict | s.Claim

export const PROOF_STATEMENTS: { readonly [S in ProofStatement as S['type']]: Schema<S> } = {
  receipt: v.strictObject({
    type: v.literal('receipt'),
    agent: f.agent,
    epoch: f.whole,
    number: f.positive,
    previous: v.nullable(f.cid),
    bundle: f.cid,
    start: f.cid,
    engine: f.name,
    from: v.nullable(f.cid),
    to: segmentEnd,
    fuelFrom: f.whole,
    fuelTo: f.whole,
    standing: v.nullable(v.picklist(['turn', 'interrupt', 'kernel', 'call', 'end'])),
    limits: v.strictObject({ fuelMax: f.whole, memoryBytesMax: f.whole, sentBytesMax: f.whole, sentBytes: f.whole }),
    inputs: f.cid,
    inputBytes: f.whole,
    effectsFrom: f.name,
    effects: f.name,
  }),
  verdict: v.strictObject({
    type: v.literal('verdict'),
    receipt: f.cid,
    to: segmentEnd,
    fuelTo: f.whole,
    effects: f.name,
  }),
  claim: v.strictObject({ type: v.literal('claim'), receipt: f.cid, fuel: f.whole, root: f.cid }),
}
