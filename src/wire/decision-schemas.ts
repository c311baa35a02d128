import * as v from 'valibot'
import { FORK_MAX } from '../permit/limits.ts'
import type { Alleged } from './alleged.ts'
import type * as d from './decisions.ts'
import type { Schema } from './fields.ts'
import * as f from './fields.ts'
import { logShown } from './history-schemas.ts'
import { EFFECT_HASH_CHARS, ESTATE_HOPS_MAX, FORKS_MAX, STORY_LINES_MAX } from './limits.ts'
import { mail } from './mail-schemas.ts'
import { voucher } from './proof-schemas.ts'
import {
  brief,
  certificate,
  charters,
  decision,
  EFFECT_KINDS,
  given,
  license,
  quota,
  ROW_STATES,
  storyLineFields,
} from './shapes.ts'
import type * as s from './statements.ts'

/** The decoders of decisions.ts: a part of schemas.ts. */
const heardEffect: Schema<d.HeardEffect> = v.strictObject({
  kind: v.picklist(EFFECT_KINDS),
  number: f.positive,
  hash: v.pipe(v.string(), v.length(EFFECT_HASH_CHARS)),
})
const stand: Schema<d.Stand> = v.strictObject({ next: f.whole, epoch: f.whole })
const mirroredLine: Schema<d.MirroredLine> = v.strictObject({ ...storyLineFields, of: v.nullable(heardEffect) })
const estate: Schema<Alleged<d.Estate>> = v.strictObject({
  tenure: f.whole,
  since: f.positive,
  isFounded: v.boolean(),
  from: f.positive,
  next: f.positive,
  isWhole: v.boolean(),
  lines: f.listOf(mirroredLine, STORY_LINES_MAX),
  state: v.picklist(ROW_STATES),
  killed: v.nullable(f.json),
  checkpoint: v.nullable(f.cid),
  checkpointBytes: f.whole,
  consoleLines: f.whole,
  sentBytes: f.whole,
  messages: f.whole,
  fuelUsed: f.whole,
  hops: f.whole,
  allowance: quota,
  seen: v.strictObject({ emit: f.whole, console: f.whole, result: f.whole, failure: f.whole }),
  forks: f.listOf(v.strictObject({ request: f.positive, agents: f.listOf(f.agent, FORK_MAX) }), FORKS_MAX),
  mail,
  history: f.history,
  itinerary: f.listOf(v.strictObject({ certificate, ...given }), ESTATE_HOPS_MAX),
})
type DecisionSchemas = {
  readonly [N in keyof d.DecisionRequests]: {
    readonly ask: Schema<Alleged<d.DecisionRequests[N]['ask']>>
    readonly answer: Schema<Alleged<d.DecisionRequests[N]['answer']>>
  }
}

export const DECISION_SCHEMAS: DecisionSchemas = {
  prepare: {
    ask: v.strictObject({ agent: f.agent, epoch: f.positive, ballot: f.ballot }),
    answer: v.strictObject({
      accepted: v.nullable(v.strictObject({ ballot: f.ballot, holding: f.holding, ...given })),
      tenure: f.whole,
      next: f.whole,
      log: v.nullable(logShown),
    }),
  },
  accept: {
    ask: v.strictObject({ ...decision, ...given, voucher: v.nullable(voucher), log: v.nullable(logShown) }),
    answer: v.strictObject({ vote: f.envelope<s.Vote>('vote') }),
  },
  enrol: {
    ask: v.strictObject({
      brief,
      license,
      epoch: f.whole,
      holder: f.did,
      certificate: v.nullable(certificate),
      charters,
      estate,
    }),
    answer: stand,
  },
  mirror: {
    ask: v.strictObject({ agent: f.agent, epoch: f.whole, estate }),
    answer: stand,
  },
  estate: {
    ask: v.strictObject({ agent: f.agent, after: stand }),
    answer: v.strictObject({ epoch: f.whole, estate }),
  },
}
