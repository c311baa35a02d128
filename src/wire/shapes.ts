import * as v from 'valibot'
import { CALLS } from '../permit/calls.ts'
import { CHAIN_LENGTH_MAX } from '../permit/limits.ts'
import { QUOTA_FIELDS, type Quota, type QuotaField } from '../permit/quota.ts'
import type { Alleged } from './alleged.ts'
import type { Origin } from './chain.ts'
import type { Schema } from './fields.ts'
import * as f from './fields.ts'
import { CHARTERS_MAX, VOTES_MAX } from './limits.ts'
import { birth, mail } from './mail-schemas.ts'
import type * as m from './messages.ts'
import type * as s from './statements.ts'

/** Decoders of what several messages are made of. */
export const EFFECT_KINDS = ['emit', 'console', 'result', 'failure'] as const satisfies readonly m.EffectKind[]
export const ROW_STATES = [
  'waiting',
  'running',
  'finished',
  'failed',
  'killed',
] as const satisfies readonly m.Row['state'][]
export const quota: Schema<Quota> = v.strictObject({
  ...(Object.fromEntries(QUOTA_FIELDS.map((field) => [field, f.whole])) as Record<QuotaField, Schema<number>>),
  calls: f.listOf(v.picklist(CALLS), CALLS.length),
})
export const permits = f.listOf(f.envelope<s.PermitLink>('permit'), CHAIN_LENGTH_MAX)
export const license: Schema<Alleged<s.License>> = v.strictObject({
  order: f.envelope<s.LaunchOrder>('launch'),
  permits,
})
export const forkedFrom: Schema<m.ForkedFrom> = v.strictObject({
  agent: f.agent,
  request: f.positive,
  index: f.positive,
  seed: f.seed,
})
export const origin: Schema<Origin> = v.strictObject({
  order: v.nullable(f.cid),
  after: v.nullable(f.cid),
  witnesses: f.witnesses,
})
export const brief: Schema<Alleged<m.Brief>> = v.strictObject({
  agent: f.agent,
  bundle: f.cid,
  inputJson: f.json,
  seed: f.seed,
  launchedMs: f.whole,
  allowance: quota,
  witnesses: f.witnesses,
  hops: f.whole,
  consoleLines: f.whole,
  sentBytes: f.whole,
  messages: f.whole,
  movedBy: v.nullable(f.whole),
  forkedFrom: v.nullable(forkedFrom),
  origin,
  head: f.cid,
  history: f.history,
  resultTo: v.nullable(f.did),
  mail,
  birth: v.nullable(birth),
})
export const storyLineFields = {
  number: f.whole,
  atMs: f.finite,
  kind: v.picklist([...EFFECT_KINDS, 'hop', 'checkpoint', 'recover', 'fork', 'fraud', 'keeper', 'conflict']),
  valueJson: f.json,
}
export const storyLine: Schema<m.StoryLine> = v.strictObject(storyLineFields)
export const decision = { agent: f.agent, epoch: f.positive, ballot: f.ballot, holding: f.holding, previous: f.cid }

export const certificate: Schema<Alleged<s.Certificate>> = v.strictObject({
  ...decision,
  release: v.nullable(f.cid),
  votes: f.listOf(f.envelope<s.Vote>('vote'), VOTES_MAX),
})
export const charters = f.listOf(certificate, CHARTERS_MAX)
/** A RELEASE, and the READY that it answers: together, or neither. */
export const given = {
  release: v.nullable(f.envelope<s.Release>('release')),
  ready: v.nullable(f.envelope<s.Ready>('ready')),
}
