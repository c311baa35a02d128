import { rawCid } from '../../src/base/digest.ts'
import { DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import { grantPermit } from '../../src/permit/delegation.ts'
import { policyOfTerms } from '../../src/permit/terms.ts'
import { NOTICE_MARKS_BYTES } from '../../src/wire/limits.ts'
import { NAME_MARKS_BYTES } from '../../src/wire/mail-limits.ts'
import type { Message } from '../../src/wire/messages.ts'
import { writeNames } from '../../src/wire/names.ts'
import type { PermitLink } from '../../src/wire/statements.ts'
import { introduction } from '../host/introduction.ts'
import { proofMessages } from './proof-messages.ts'
import { authorityFor, signerFor } from './world.ts'

/** What the codec is tried with. */
export const [one, two] = [authorityFor(1), authorityFor(2)]
export const agent = agentId({ home: one.did, age: 7, sequence: 3 })
export const cid = rawCid(Uint8Array.of(1, 2, 3))
const load = { agents: 1, slots: 4, accepting: true }
export const holding = { holder: two.did, checkpoint: cid, witnesses: [one.did], history: { length: 2, head: cid } }
export const ballot = { round: 1, host: one.did, age: 7 }
const report = { agent, epoch: 2, fuelUsed: 5e12, progress: 0.25, note: 'half-way' }
const allowance = { ...DEFAULT_QUOTA, calls: ['move', 'emit'] as const }
const forkedFrom = { agent, request: 8, index: 2, seed: 2 ** 32 - 1 }
const brief = {
  agent,
  bundle: cid,
  inputJson: '{"order":11}',
  seed: 2 ** 32 - 1,
  launchedMs: 1.5e12,
  allowance,
  witnesses: [one.did],
  hops: 2,
  consoleLines: 9,
  sentBytes: 3,
  messages: 4,
  movedBy: null,
  mail: {
    first: 7,
    letters: [{ from: agent, number: 3, dataJson: '{}' }],
    marks: [{ from: agent, epoch: 1, recent: [{ number: 3, hash: '0123456789abcdef' }] }],
    open: true,
  },
  birth: null,
  forkedFrom,
  resultTo: two.did,
  origin: { order: cid, after: null, witnesses: [one.did] },
  head: cid,
  history: { length: 2, head: cid },
}
const row = {
  agent,
  name: 'golomb',
  author: one.did,
  epoch: 2,
  holder: two.did,
  state: 'running',
  progress: null,
  note: '',
  fuelUsed: 1,
  hops: 1,
  forkedFrom: null,
  head: cid,
} as const

const estate = {
  tenure: 2,
  since: 3,
  isFounded: true,
  from: 3,
  next: 4,
  isWhole: true,
  lines: [
    { number: 3, atMs: 2.5, kind: 'emit', valueJson: '1', of: { kind: 'emit', number: 8, hash: 'f'.repeat(32) } },
    { number: 4, atMs: 2.5, kind: 'hop', valueJson: '{}', of: null },
  ],
  state: 'killed',
  history: { length: 1, head: cid },
  killed: '{"code":"KILLED"}',
  checkpoint: cid,
  checkpointBytes: 9,
  consoleLines: 1,
  sentBytes: 2,
  messages: 3,
  fuelUsed: 4,
  hops: 5,
  allowance,
  seen: { emit: 1, console: 2, result: 0, failure: 0 },
  forks: [{ request: 8, agents: [agent] }],
  mail: { first: 0, letters: [], marks: [], open: true },
  itinerary: [],
} as const

/** One of every message there is, so that a new one without an example here fails the next test. */
export async function everyMessage(): Promise<Message[]> {
  const ready = await one.seal({ type: 'ready', agent, epoch: 2, holding, previous: cid } as const)
  const release = await one.seal({
    type: 'release',
    agent,
    epoch: 2,
    reason: 'move',
    holding: { ...holding, checkpoint: null },
    previous: cid,
    ready: cid,
  } as const)
  const vote = await one.seal({
    type: 'vote',
    agent,
    epoch: 2,
    ballot,
    holding,
    previous: cid,
    of: 1,
    release: null,
    atMs: 2.5,
  } as const)
  const certificate = { agent, epoch: 2, ballot, holding, previous: cid, release: null, votes: [vote] }
  const launch = await two.seal({
    type: 'launch',
    home: one.did,
    bundle: cid,
    input: cid,
    quota: allowance,
    permits: [cid],
    resultTo: two.did,
    witnesses: 3,
    nonce: 'n',
    expiresMs: 1,
  })
  const record = await one.seal({
    type: 'name',
    name: 'tally',
    agent,
    owner: two.did,
    sinceMs: 1.5,
    untilMs: 2.5,
    number: 1,
  } as const)
  const founded = await one.seal({ type: 'founded', agent, root: cid } as const)
  const succession = { bundle: cid, origin: brief.origin, birth: { vote }, charters: [certificate] }
  const entries = [
    { record, order: launch, succession: null },
    { record, order: launch, succession },
  ]
  const letter = { from: agent, epoch: 2, number: 8, to: agent, dataJson: '[1]' }
  const standing = {
    order: launch,
    bundle: cid,
    origin: brief.origin,
    birth: { founded },
    certificate,
    charters: [certificate],
  }
  const inic = await introduction(one)
  const mandate = await two.seal({ type: 'mandate', host: one.did, expiresMs: 1 } as const)
  const permit = await one.open<PermitLink>(
    await grantPermit(signerFor(1), {
      audience: two.did,
      subject: one.did,
      command: '/agent/run',
      policy: policyOfTerms({ quota: { fuel: 5 }, calls: ['move'] }),
      expiresMs: 1e12,
      nonce: new Uint8Array(12),
    }),
    'permit',
  )
  if (!permit.ok) throw new Error(permit.reason)
  const license = { order: launch, permits: [permit.value] }
  const ban = await one.seal({ type: 'ban', subject: two.did, reason: 'doubled an agent', issuedMs: 1 } as const)
  const revocation = await one.seal({ type: 'revocation', permit: cid, reason: 'lost', issuedMs: 1 } as const)
  const notices = [
    { kind: 'ban', ban },
    { kind: 'revocation', revocation },
    { kind: 'equivocation', of: 'release', first: release, second: release },
    { kind: 'equivocation', of: 'vote', first: vote, second: vote },
  ] as const
  const command = await two.seal({
    type: 'command',
    host: one.did,
    verb: 'move',
    agent,
    to: two.did,
    nonce: 'n',
    expiresMs: 1,
  })
  const offer = {
    agent,
    epoch: 1,
    bundle: cid,
    reason: 'place',
    hops: 0,
    fuelUsed: 0,
    allowance,
    license,
    stateBytes: 0,
  } as const
  const pack = { byteLength: 3, deflated: false, bytes: Uint8Array.of(1, 2, 3) }
  const names = writeNames([cid, null, cid])
  const proof = await proofMessages(one, agent, cid)
  const stretch = { from: 2, head: cid, pieces: [Uint8Array.of(1), Uint8Array.of(2, 3)] }
  const counts = { consoleLines: 1, sentBytes: 2, messages: 3, mail: brief.mail }
  const log = { checkpoint: null, counts, base: { length: 2, head: cid }, pieces: stretch.pieces }
  const requests: Message[] = [
    { kind: 'request', name: 'inic', body: { ...inic, invitation: [Uint8Array.of(1)], mandate } },
    { kind: 'request', name: 'offer', body: offer },
    {
      kind: 'request',
      name: 'stage',
      body: { brief, epoch: 2, checkpoint: cid, base: null, pack, checkpointBytes: 9 },
    },
    {
      kind: 'request',
      name: 'send',
      body: {
        brief,
        epoch: 2,
        checkpoint: cid,
        reason: 'evict',
        certificate,
        charters: [certificate],
        atHome: null,
        base: cid,
        pack,
        checkpointBytes: 9,
      },
    },
    {
      kind: 'request',
      name: 'enrol',
      body: { brief, license, epoch: 2, holder: two.did, certificate, charters: [certificate], estate },
    },
    { kind: 'request', name: 'mirror', body: { agent, epoch: 0, estate } },
    { kind: 'request', name: 'estate', body: { agent, after: { next: 3, epoch: 2 } } },
    { kind: 'request', name: 'fetch', body: { transfer: 1, agent, names, against: new Uint8Array() } },
    { kind: 'request', name: 'prepare', body: { agent, epoch: 2, ballot } },
    {
      kind: 'request',
      name: 'accept',
      body: { agent, epoch: 2, ballot, holding, previous: cid, release, ready, voucher: proof.voucher, log },
    },
    ...proof.messages,
    {
      kind: 'request',
      name: 'fork',
      body: { agent, epoch: 2, request: 8, n: 64, checkpoint: cid, fuelUsed: 1, hops: 3 },
    },
    {
      kind: 'request',
      name: 'effect',
      body: { agent, epoch: 2, kind: 'emit', number: 1, valueJson: '[1]', after: 3, stretch, voucher: null },
    },
    { kind: 'request', name: 'log', body: { agent, epoch: 2, ...stretch } },
    { kind: 'request', name: 'locate', body: { agent } },
    { kind: 'request', name: 'launch', body: { license, inputJson: 'null' } },
    { kind: 'request', name: 'command', body: { order: command, permits: [permit.value] } },
    { kind: 'request', name: 'status', body: {} },
    { kind: 'request', name: 'story', body: { agent, from: 0 } },
    { kind: 'request', name: 'itinerary', body: { agent, from: 0 } },
    { kind: 'request', name: 'nodes', body: { after: 256 } },
    { kind: 'request', name: 'publish', body: { notice: { kind: 'ban', ban } } },
    { kind: 'request', name: 'reconcile', body: { from: 0, marks: new Uint8Array(NOTICE_MARKS_BYTES) } },
    { kind: 'request', name: 'evidence', body: { names } },
    { kind: 'request', name: 'mail', body: { letter, standing } },
    { kind: 'request', name: 'register', body: { agent, epoch: 0, name: 'tally', held: true } },
    { kind: 'request', name: 'names', body: { from: 0, marks: new Uint8Array(NAME_MARKS_BYTES) } },
  ]
  const replies: Message[] = [
    { kind: 'reply', name: 'inic', to: 1, body: { ground: 'invited' } },
    { kind: 'reply', name: 'publish', to: 1, body: {} },
    { kind: 'reply', name: 'mail', to: 1, body: {} },
    { kind: 'reply', name: 'register', to: 1, body: {} },
    { kind: 'reply', name: 'names', to: 1, body: { entries, next: 3 } },
    {
      kind: 'reply',
      name: 'nodes',
      to: 1,
      body: {
        nodes: [
          {
            did: two.did,
            met: { kind: 'tab', name: 'study', age: 3, ground: 'open', firstMs: 1, heardMs: 2 },
            isStatic: false,
            isHere: true,
            banned: null,
          },
          { did: one.did, met: null, isStatic: true, isHere: false, banned: 'banned by its own hand' },
        ],
        next: null,
      },
    },
    { kind: 'reply', name: 'reconcile', to: 1, body: { names, next: 7 } },
    { kind: 'reply', name: 'evidence', to: 1, body: { notices } },
    { kind: 'reply', name: 'offer', to: 1, body: { ttlMs: 30_000, have: cid } },
    { kind: 'reply', name: 'stage', to: 1, body: { ttlMs: 30_000 } },
    { kind: 'reply', name: 'send', to: 1, body: { ready } },
    { kind: 'reply', name: 'fetch', to: 1, body: { pack } },
    {
      kind: 'reply',
      name: 'prepare',
      to: 1,
      body: { accepted: { ballot, holding, release, ready }, tenure: 2, next: 4, log },
    },
    { kind: 'reply', name: 'enrol', to: 1, body: { next: 4, epoch: 2 } },
    { kind: 'reply', name: 'mirror', to: 1, body: { next: 4, epoch: 2 } },
    { kind: 'reply', name: 'estate', to: 1, body: { epoch: 2, estate } },
    { kind: 'reply', name: 'accept', to: 1, body: { vote } },
    { kind: 'reply', name: 'checkpoint', to: 1, body: {} },
    { kind: 'reply', name: 'effect', to: 1, body: {} },
    { kind: 'reply', name: 'log', to: 1, body: { length: 4, head: cid } },
    { kind: 'reply', name: 'fork', to: 1, body: { agents: [agent], left: allowance } },
    { kind: 'reply', name: 'locate', to: 1, body: { epoch: 2, holder: two.did } },
    { kind: 'reply', name: 'launch', to: 1, body: { agent } },
    { kind: 'reply', name: 'command', to: 1, body: { note: 'done' } },
    {
      kind: 'reply',
      name: 'status',
      to: 1,
      body: { description: inic.description, load, here: [report], rows: [row], hidden: 2 },
    },
    {
      kind: 'reply',
      name: 'itinerary',
      to: 1,
      body: {
        kept: {
          bundle: cid,
          origin: { order: cid, after: null, witnesses: [one.did] },
          first: 1,
          hops: [{ votes: [vote.envelope], release: release.envelope, ready: null }],
        },
        seen: { epoch: 1, head: cid },
      },
    },
    {
      kind: 'reply',
      name: 'story',
      to: 1,
      body: { row, lines: [{ number: 1, atMs: 2.5, kind: 'hop', valueJson: '{}' }] },
    },
  ]
  return [
    ...requests,
    ...replies,
    { kind: 'error', name: 'offer', to: 2 ** 53 - 1, code: 'NO_SLOT', reason: 'slots 4 of 4 taken' },
    { kind: 'async', name: 'load', body: { load } },
    { kind: 'async', name: 'holding', body: { reports: [report] } },
    {
      kind: 'async',
      name: 'certificate',
      body: { certificate, charters: [certificate], release, ready },
    },
    { kind: 'async', name: 'bye', body: { reason: 'owner is back' } },
    { kind: 'async', name: 'notices', body: { notices } },
    { kind: 'async', name: 'named', body: { entries } },
  ]
}
