import type { Rules } from './rules.ts'

/** A search: what of the protocol it is about, its bounds, and what must come of it. */
export interface Configuration {
  readonly name: string
  readonly rules: Partial<Rules>
  /** `npm test` runs it; the others are for `npm run model`. */
  readonly quick: boolean
}

/** The protocol as decided: every search must end without a violation. */
export const SOUND: readonly Configuration[] = [
  { name: 'hand-over and recovery, one piece', quick: true, rules: {} },
  {
    name: 'hand-over and recovery, healed from every state',
    quick: true,
    rules: { pieces: 0, live: true, healEpochs: 2, healBallots: 2 },
  },
  {
    name: 'recovery, every effect taken once',
    quick: true,
    rules: { pairs: [], proposers: [2], receiver: true, live: true, healEpochs: 1, healBallots: 1 },
  },
  {
    name: 'recovery, logs as in the code',
    quick: true,
    rules: { exactLogs: true, pairs: [], proposers: [2], epochs: 3 },
  },
  {
    name: 'members, logs as in the code',
    quick: false,
    rules: { ...member(['013']), exactLogs: true, proposers: [0, 2] },
  },
  { name: 'two crashes', quick: true, rules: { pieces: 0, crashes: 2 } },
  {
    name: 'a crash, healed from every state',
    quick: false,
    rules: { pieces: 0, crashes: 1, live: true, healEpochs: 2, healBallots: 2 },
  },
  { name: 'two pieces', quick: false, rules: { pieces: 2, alphabet: 'a', proposers: [2] } },
  { name: 'a crash, one piece', quick: false, rules: { crashes: 1, alphabet: 'a' } },
  { name: 'three crashes', quick: false, rules: { pieces: 0, crashes: 3 } },
  { name: 'two ballots', quick: false, rules: { pieces: 0, ballots: 2 } },
  { name: 'two changes of holder', quick: true, rules: { pieces: 0, epochs: 3, proposers: [2] } },
  {
    name: 'two changes of holder, one piece',
    quick: false,
    rules: { epochs: 3, proposers: [2], pairs: [], alphabet: 'a' },
  },
  {
    name: 'two destinations',
    quick: false,
    rules: {
      pieces: 0,
      pairs: [
        [0, 1],
        [0, 2],
      ],
      crashes: 1,
    },
  },
  {
    name: 'members: the holder goes on under other witnesses',
    quick: true,
    rules: { ...member(['013']), proposers: [0], live: true, deadHosts: ['01'], deadWitnesses: ['0', '1'] },
  },
  {
    name: 'members: another keeper, by another host than the holder',
    quick: true,
    rules: { ...member(['103']), proposers: [2], repair: true, pieces: 0 },
  },
  { name: 'members: the same, one piece', quick: false, rules: { ...member(['103']), proposers: [2], repair: true } },
  { name: 'members: changed while a recovery goes on', quick: false, rules: { ...member(['013']), proposers: [0, 2] } },
  { name: 'bases: recovery', quick: true, rules: { bases: true, alphabet: 'a', proposers: [2], pairs: [] } },
  {
    name: 'bases: recovery, healed from every state',
    quick: false,
    rules: {
      bases: true,
      alphabet: 'a',
      proposers: [2],
      pairs: [],
      live: true,
      healEpochs: 1,
      healBallots: 1,
      deadHosts: ['', '01'],
    },
  },
  { name: 'bases: hand-over', quick: false, rules: { bases: true, alphabet: 'a', proposers: [] } },
  {
    name: 'bases: two pieces, so that bases and logs differ',
    quick: false,
    rules: { bases: true, alphabet: 'a', pieces: 2, proposers: [2], pairs: [], ballots: 1 },
  },
  {
    name: 'mail: recovery',
    quick: true,
    rules: { mail: true, pieces: 0, proposers: [2], pairs: [], live: true, ...fewerDead() },
  },
  { name: 'mail: hand-over', quick: true, rules: { mail: true, pieces: 0, proposers: [] } },
  {
    name: 'mail: hand-over and recovery',
    quick: false,
    rules: { mail: true, pieces: 0, proposers: [2], live: true, ...fewerDead() },
  },
  { name: 'mail: between two pieces', quick: false, rules: { mail: true, alphabet: 'a', proposers: [2], pairs: [] } },
  {
    name: 'reservations',
    quick: true,
    rules: { reservations: true, pieces: 0, proposers: [2], live: true, healEpochs: 1, healBallots: 1 },
  },
  {
    name: 'reservations, and a crash',
    quick: false,
    rules: { reservations: true, pieces: 0, crashes: 1, proposers: [0, 2], evictionDrops: true },
  },
]

export interface Broken extends Configuration {
  /** The invariant that must catch it, or the beginning of its name. */
  readonly caughtBy: string
  readonly kind: 'safety' | 'liveness' | 'data'
}

/** One rule broken, the rest as decided: every search must end at a violation. */
export const BROKEN: readonly Broken[] = [
  broken('RUN before the certificate', 'safety', 'RUNS-WITHOUT-CERTIFICATE', { runNeedsCertificate: false }),
  broken('effects known by epoch and number', 'data', 'EFFECT-TAKEN-TWICE', {
    dedupe: 'epoch',
    receiver: true,
    proposers: [2],
    pairs: [],
  }),
  broken('abort after RELEASE without a ballot', 'safety', 'EFFECT-NOT-IN-HISTORY', { abortNeedsBallot: false }),
  broken('a witness forgets everything', 'safety', 'EFFECT-NOT-IN-HISTORY', { witnessLoses: 'everything', losses: 1 }),
  broken('a promise is not durable', 'safety', 'EFFECT-NOT-IN-HISTORY', { witnessLoses: 'promise', losses: 1 }),
  broken('a vote is not durable', 'safety', 'TWO-CERTIFICATES', { witnessLoses: 'vote', losses: 1, pieces: 0 }),
  broken('own value over one that was seen', 'safety', 'TWO-CERTIFICATES', { repeatsSeen: false, pieces: 0 }),
  broken('own value fixed before the promises', 'safety', 'EFFECT-NOT-IN-HISTORY', { valueAfterPromises: false }),
  broken("recovery ignores the quorum's log", 'safety', 'EFFECT-NOT-IN-HISTORY', { readsQuorumLog: false }),
  broken('the log is not fenced', 'safety', 'EFFECT-NOT-IN-HISTORY', { logFence: false }),
  broken('a checkpoint is not fenced', 'safety', 'EFFECT-NOT-IN-HISTORY', { bases: true, baseFence: false }),
  broken('an epoch is started twice', 'safety', 'RUNS-AGAINST', { startOnce: false, crashes: 1 }),
  broken('a second RELEASE in an epoch', 'safety', 'TWO-CERTIFICATES', {
    releaseOnce: false,
    pairs: [
      [0, 1],
      [0, 2],
    ],
    pieces: 0,
  }),
  broken('effects leave at once, and then a recovery', 'data', 'EFFECT-NOT-IN-HISTORY', { fast: true }),
  broken('the same, with the lease looked at', 'data', 'EFFECT-NOT-IN-HISTORY', {
    fast: true,
    leaseRevalidated: true,
    crashes: 1,
  }),
  broken('effects are not sent again', 'liveness', 'STUCK', {
    resend: false,
    receiver: true,
    proposers: [2],
    pairs: [],
    ...nobodyDead(1, 0),
  }),
  broken('no catch-up by certificate', 'liveness', 'STUCK', {
    catchUp: false,
    pieces: 0,
    live: true,
    healEpochs: 1,
    healBallots: 1,
    deadHosts: ['02', '12'],
  }),
  broken('a vote without the state that it names', 'data', 'STUCK', {
    voteHasState: false,
    alphabet: 'a',
    proposers: [2],
    pairs: [],
    live: true,
    healEpochs: 1,
    healBallots: 1,
  }),
  broken('the old copy goes with the certificate, and votes have no state', 'data', 'STUCK', {
    voteHasState: false,
    keepsUntilCopied: false,
    alphabet: 'a',
    proposers: [],
    ballots: 0,
    live: true,
    healEpochs: 1,
    healBallots: 1,
    deadHosts: ['12'],
    deadWitnesses: [''],
  }),
  broken('a log is cut for a checkpoint that is not there', 'data', 'EFFECT-NOT-IN-HISTORY', {
    bases: true,
    cutsForWhole: false,
    alphabet: 'a',
    proposers: [2],
    pairs: [],
  }),
  broken('the new witnesses decide their own coming', 'safety', 'TWO-CERTIFICATES', {
    ...member(['013']),
    proposers: [0, 2],
    pieces: 0,
    ballots: 2,
    decidedBy: 'new',
  }),
  broken('a witness is decided in without the state', 'data', 'STUCK', {
    ...member(['013']),
    proposers: [0],
    enrolsWithState: false,
    live: true,
    healEpochs: 1,
    healBallots: 1,
    deadHosts: ['01', '02'],
    deadWitnesses: ['0', '1'],
  }),
  broken('a message is acknowledged before its arrival is logged', 'data', 'MESSAGE-LOST', {
    mail: true,
    pieces: 0,
    proposers: [2],
    mailLoggedFirst: false,
  }),
  broken("a mailbox's mark does not travel", 'data', 'MESSAGE-TWICE', {
    mail: true,
    alphabet: 'a',
    marksTravel: false,
  }),
  broken('a forwarding row and no look-up behind it', 'liveness', 'STUCK', {
    mail: true,
    pieces: 0,
    proposers: [2],
    mailGoesOn: false,
    live: true,
    deadHosts: ['01'],
    deadWitnesses: [''],
    healEpochs: 0,
    healBallots: 1,
  }),
  broken('a reservation has no end', 'liveness', 'STUCK', {
    reservations: true,
    pieces: 0,
    proposers: [2],
    reservationsEnd: false,
    ...nobodyDead(1, 1),
  }),
]

/** Broken, and no invariant of safety falls: what these rules are for stands in docs/HANDOVER.md. */
export const HARMLESS: readonly Configuration[] = [
  { name: 'PREPARED is not durable', quick: false, rules: { preparedDurable: false, pieces: 0, crashes: 1 } },
  { name: 'RELEASE is not durable', quick: false, rules: { releaseDurable: false, pieces: 0, crashes: 1 } },
  {
    name: 'no fence at the receiver',
    quick: true,
    rules: { receiverFence: false, receiver: true, proposers: [2], pairs: [] },
  },
  { name: 'READY for another checkpoint is taken', quick: false, rules: { readyNamesState: false, proposers: [2] } },
  {
    name: 'an eviction drops the checkpoint after READY',
    quick: false,
    rules: {
      evictionDrops: true,
      pieces: 0,
      live: true,
      healEpochs: 1,
      healBallots: 1,
      deadHosts: [''],
      deadWitnesses: [''],
    },
  },
]

export interface Lying extends Configuration {
  /** What falls. Two votes of the liar convict it, or would do so if promises were signed. */
  readonly falls: readonly string[]
}

/** One witness of three lies. */
export const LYING: readonly Lying[] = [
  {
    name: 'hides its vote from a proposer',
    quick: true,
    rules: { liar: 'hides', pieces: 0 },
    falls: ['TWO-CERTIFICATES-IN-ONE-EPOCH'],
  },
  {
    name: 'votes whatever it promised',
    quick: true,
    rules: { liar: 'twice', pieces: 0 },
    falls: ['TWO-CERTIFICATES-IN-ONE-EPOCH'],
  },
  {
    name: 'forgets everything, once',
    quick: true,
    rules: { liar: 'forgets', losses: 1, alphabet: 'a', proposers: [2], pairs: [] },
    falls: ['EFFECT-NOT-IN-HISTORY'],
  },
  {
    name: 'says that it has logged what it has not',
    quick: true,
    rules: { liar: 'logged', alphabet: 'a', proposers: [2], pairs: [] },
    falls: ['EFFECT-NOT-IN-HISTORY'],
  },
]

/** Four witnesses to be, of whom three are, and at most one change of the set. */
function member(changes: readonly string[]): Partial<Rules> {
  return { witnesses: 4, changes, pairs: [], alphabet: 'a', healEpochs: 1, healBallots: 1 }
}

function fewerDead(): Partial<Rules> {
  return { deadHosts: ['01', '02'], deadWitnesses: ['', '0'], healEpochs: 1, healBallots: 1 }
}

function nobodyDead(healBallots: number, healEpochs: number): Partial<Rules> {
  return { live: true, healEpochs, healBallots, deadHosts: [''], deadWitnesses: [''] }
}

function broken(name: string, kind: Broken['kind'], caughtBy: string, rules: Partial<Rules>): Broken {
  return { name, kind, caughtBy, rules, quick: true }
}
