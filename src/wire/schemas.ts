import * as v from 'valibot'
import type { HopReason, HostKind } from '../host/snapshot.ts'
import { CHAIN_LENGTH_MAX, FORK_MAX, PERMIT_BYTES_MAX } from '../permit/limits.ts'
import type { Alleged } from './alleged.ts'
import { DECISION_SCHEMAS } from './decision-schemas.ts'
import type { Schema } from './fields.ts'
import * as f from './fields.ts'
import { HISTORY_SCHEMAS, stretch } from './history-schemas.ts'
import {
  BIRTH_BYTES,
  BIRTHS_MAX,
  ENGINE_IDS_MAX,
  HOP_STATEMENT_BYTES_MAX,
  HOPS_PER_REPLY,
  INTRODUCTION_BYTES_MAX,
  NODE_LINES_MAX,
  NOTICE_MARKS_BYTES,
  NOTICES_PER_MESSAGE_MAX,
  REPORTS_MAX,
  ROWS_MAX,
  STORY_LINES_MAX,
  VOTES_MAX,
} from './limits.ts'
import { mail, mailAsyncSchemas, mailRequestSchemas, nameRecord } from './mail-schemas.ts'
import type * as m from './messages.ts'
import { notice, noticeReason, noticesUpTo } from './notices.ts'
import { PROOF_SCHEMAS, PROOF_STATEMENTS, voucher } from './proof-schemas.ts'
import {
  brief,
  certificate,
  charters,
  decision,
  EFFECT_KINDS,
  forkedFrom,
  given,
  license,
  origin,
  permits,
  quota,
  ROW_STATES,
  storyLine,
} from './shapes.ts'
import type * as s from './statements.ts'

/**
 * One decoder for every message body and every statement: the only way in. The tables are typed by messages.ts and
 * statements.ts, so that a field added there and forgotten here does not compile.
 */
const KINDS = ['edge', 'tab', 'launcher'] as const satisfies readonly HostKind[]
const HOP_REASONS = ['place', 'move', 'evict', 'order', 'recover'] as const satisfies readonly HopReason[]

const GROUNDS = ['static', 'author', 'invited', 'open'] as const satisfies readonly m.Ground[]

const nothing: Schema<Record<string, never>> = v.strictObject({})
const load: Schema<m.Load> = v.strictObject({ agents: f.whole, slots: f.whole, accepting: v.boolean() })
const offer: Schema<Alleged<m.Offer>> = v.strictObject({
  agent: f.agent,
  epoch: f.positive,
  bundle: f.cid,
  reason: v.picklist(HOP_REASONS),
  hops: f.whole,
  fuelUsed: f.whole,
  allowance: quota,
  license,
  stateBytes: f.whole,
})
const effect: Schema<Alleged<m.Requests['effect']['ask']>> = v.strictObject({
  agent: f.agent,
  epoch: f.positive,
  kind: v.picklist(EFFECT_KINDS),
  number: f.whole,
  valueJson: f.json,
  after: f.whole,
  stretch: v.nullable(stretch),
  voucher: v.nullable(voucher),
})
const report: Schema<m.HoldingReport> = v.strictObject({
  agent: f.agent,
  /** 0 in `status`: an agent at its home that no decision has moved yet. */
  epoch: f.whole,
  fuelUsed: f.whole,
  progress: v.nullable(f.finite),
  note: f.note,
})
const row: Schema<m.Row> = v.strictObject({
  agent: f.agent,
  name: f.name,
  author: f.did,
  epoch: f.whole,
  holder: f.did,
  state: v.picklist(ROW_STATES),
  progress: v.nullable(f.finite),
  note: f.note,
  fuelUsed: f.whole,
  hops: f.whole,
  forkedFrom: v.nullable(forkedFrom),
  head: f.cid,
})
const hopStatement = f.bytesUpTo(HOP_STATEMENT_BYTES_MAX)
const keptHops: Schema<m.KeptHops> = v.strictObject({
  bundle: f.cid,
  origin,
  first: f.positive,
  hops: f.listOf(
    v.strictObject({
      votes: f.listOf(hopStatement, VOTES_MAX),
      release: v.nullable(hopStatement),
      ready: v.nullable(hopStatement),
    }),
    HOPS_PER_REPLY,
  ),
})
const seenHead: Schema<m.SeenHead> = v.strictObject({ epoch: f.whole, head: f.cid })
const nodeLine: Schema<m.NodeLine> = v.strictObject({
  did: f.did,
  met: v.nullable(
    v.strictObject({
      kind: v.picklist(KINDS),
      name: f.name,
      age: f.age,
      ground: v.picklist(GROUNDS),
      firstMs: f.finite,
      heardMs: f.finite,
    }),
  ),
  isStatic: v.boolean(),
  isHere: v.boolean(),
  banned: v.nullable(f.note),
})
/** Blocks of the checkpoint that the message names. */
const pushed = { base: v.nullable(f.cid), pack: v.nullable(f.pack), checkpointBytes: f.whole }
type RequestSchemas = {
  readonly [N in m.RequestName]: {
    readonly ask: Schema<Alleged<m.Requests[N]['ask']>>
    readonly answer: Schema<Alleged<m.Requests[N]['answer']>>
  }
}

export const REQUEST_SCHEMAS: RequestSchemas = {
  inic: {
    ask: v.strictObject({
      description: f.envelope<s.Description>('description', INTRODUCTION_BYTES_MAX),
      load,
      invitation: f.listOf(f.bytesUpTo(PERMIT_BYTES_MAX), CHAIN_LENGTH_MAX),
      mandate: v.nullable(f.envelope<s.Mandate>('mandate', INTRODUCTION_BYTES_MAX)),
    }),
    answer: v.strictObject({ ground: v.picklist(GROUNDS) }),
  },
  offer: { ask: offer, answer: v.strictObject({ ttlMs: f.whole, have: v.nullable(f.cid) }) },
  stage: {
    ask: v.strictObject({ brief, epoch: f.positive, checkpoint: f.cid, ...pushed }),
    answer: v.strictObject({ ttlMs: f.whole }),
  },
  send: {
    ask: v.strictObject({
      brief,
      epoch: f.positive,
      checkpoint: v.nullable(f.cid),
      reason: v.picklist(HOP_REASONS),
      certificate: v.nullable(certificate),
      charters,
      atHome: v.nullable(f.cid),
      ...pushed,
    }),
    answer: v.strictObject({ ready: f.envelope<s.Ready>('ready') }),
  },
  fetch: {
    ask: v.strictObject({ transfer: f.whole, agent: v.nullable(f.agent), names: f.names, against: f.names }),
    answer: v.strictObject({ pack: f.pack }),
  },
  checkpoint: {
    ask: v.strictObject({
      agent: f.agent,
      epoch: f.positive,
      checkpoint: f.cid,
      fuelUsed: f.whole,
      consoleLines: f.whole,
      sentBytes: f.whole,
      messages: f.whole,
      mail,
      history: f.history,
      ...pushed,
      voucher: v.nullable(voucher),
    }),
    answer: nothing,
  },
  fork: {
    ask: v.strictObject({
      agent: f.agent,
      epoch: f.positive,
      request: f.positive,
      n: v.pipe(f.whole, v.minValue(2), v.maxValue(FORK_MAX)),
      checkpoint: f.cid,
      fuelUsed: f.whole,
      hops: f.whole,
    }),
    answer: v.strictObject({ agents: f.listOf(f.agent, FORK_MAX), left: quota }),
  },
  effect: { ask: effect, answer: nothing },
  ...HISTORY_SCHEMAS,
  locate: { ask: v.strictObject({ agent: f.agent }), answer: v.strictObject({ epoch: f.whole, holder: f.did }) },
  launch: {
    ask: v.strictObject({ license, inputJson: f.json }),
    answer: v.strictObject({ agent: f.agent }),
  },
  command: {
    ask: v.strictObject({ order: f.envelope<s.CommandOrder>('command'), permits }),
    answer: v.strictObject({ note: f.note }),
  },
  status: {
    ask: nothing,
    answer: v.strictObject({
      description: f.envelope<s.Description>('description', INTRODUCTION_BYTES_MAX),
      load,
      here: f.listOf(report, REPORTS_MAX),
      rows: f.listOf(row, ROWS_MAX),
      hidden: f.whole,
    }),
  },
  story: {
    ask: v.strictObject({ agent: f.agent, from: f.whole }),
    answer: v.strictObject({ row, lines: f.listOf(storyLine, STORY_LINES_MAX) }),
  },
  itinerary: {
    ask: v.strictObject({ agent: f.agent, from: f.whole }),
    answer: v.strictObject({ kept: v.nullable(keptHops), seen: v.nullable(seenHead) }),
  },
  nodes: {
    ask: v.strictObject({ after: f.whole }),
    answer: v.strictObject({ nodes: f.listOf(nodeLine, NODE_LINES_MAX), next: v.nullable(f.whole) }),
  },
  publish: { ask: v.strictObject({ notice }), answer: nothing },
  reconcile: {
    ask: v.strictObject({ from: f.whole, marks: f.bytesOf(NOTICE_MARKS_BYTES) }),
    answer: v.strictObject({ names: f.names, next: v.nullable(f.whole) }),
  },
  evidence: {
    ask: v.strictObject({ names: f.names }),
    answer: v.strictObject({ notices: noticesUpTo(NOTICES_PER_MESSAGE_MAX) }),
  },
  ...PROOF_SCHEMAS,
  ...mailRequestSchemas({ origin, certificate }),
  ...DECISION_SCHEMAS,
}

export const ASYNC_SCHEMAS: { readonly [N in m.AsyncName]: Schema<Alleged<m.Asyncs[N]>> } = {
  load: v.strictObject({ load }),
  holding: v.strictObject({ reports: f.listOf(report, REPORTS_MAX) }),
  certificate: v.strictObject({ certificate, charters, ...given }),
  bye: v.strictObject({ reason: f.note }),
  notices: v.strictObject({ notices: noticesUpTo(NOTICES_PER_MESSAGE_MAX) }),
  ...mailAsyncSchemas({ origin, certificate }),
}

/** The body of a reply with an error code. */
export const ERROR_BODY: Schema<{ reason: string }> = v.strictObject({ reason: f.note })

/** A permit's link has its own decoder (permit/delegation.ts). */
export const STATEMENT_SCHEMAS: { readonly [S in Exclude<s.Statement, s.PermitLink> as S['type']]: Schema<S> } = {
  ready: v.strictObject({
    type: v.literal('ready'),
    agent: f.agent,
    epoch: f.positive,
    holding: f.holding,
    previous: f.cid,
  }),
  release: v.strictObject({
    type: v.literal('release'),
    agent: f.agent,
    epoch: f.positive,
    holding: f.holding,
    reason: v.picklist(HOP_REASONS),
    previous: f.cid,
    ready: f.cid,
  }),
  vote: v.strictObject({
    type: v.literal('vote'),
    ...decision,
    of: f.positive,
    release: v.nullable(f.cid),
    atMs: f.finite,
  }),
  launch: v.strictObject({
    type: v.literal('launch'),
    home: f.did,
    bundle: f.cid,
    input: f.cid,
    quota,
    permits: f.listOf(f.cid, CHAIN_LENGTH_MAX),
    resultTo: v.nullable(f.did),
    witnesses: f.witnessCount,
    nonce: f.name,
    expiresMs: f.finite,
  }),
  founded: v.strictObject({ type: v.literal('founded'), agent: f.agent, root: f.cid }),
  command: v.strictObject({
    type: v.literal('command'),
    host: f.did,
    verb: v.picklist(['move', 'kill', 'evict', 'resume']),
    agent: v.nullable(f.agent),
    to: v.nullable(f.did),
    nonce: f.name,
    expiresMs: f.finite,
  }),
  description: v.strictObject({
    type: v.literal('description'),
    kind: v.picklist(KINDS),
    name: f.name,
    engineIds: f.listOf(f.name, ENGINE_IDS_MAX),
    depth: f.whole,
    memoryBytes: f.whole,
    slots: f.whole,
    admission: f.note,
    age: f.age,
    births: f.bytesUpTo(BIRTH_BYTES * BIRTHS_MAX),
    issuedMs: f.finite,
  }),
  mandate: v.strictObject({ type: v.literal('mandate'), host: f.did, expiresMs: f.finite }),
  ban: v.strictObject({ type: v.literal('ban'), subject: f.did, reason: noticeReason, issuedMs: f.finite }),
  revocation: v.strictObject({
    type: v.literal('revocation'),
    permit: f.cid,
    reason: noticeReason,
    issuedMs: f.finite,
  }),
  ...PROOF_STATEMENTS,
  name: nameRecord,
}
