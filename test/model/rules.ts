/**
 * The rules of the hand-over as switches, and the bounds of a search. `DECIDED` is the protocol that src/host keeps; a
 * configuration widens its bounds, adds a part (members, bases, mail, reservations, a liar) or breaks one rule of it.
 */
export interface Rules {
  // Bounds.
  readonly epochs: number
  /** Ballots above 0 in an epoch. */
  readonly ballots: number
  /** Longest history: effect n is the history's prefix of length n. */
  readonly pieces: number
  readonly alphabet: string
  readonly crashes: number
  /** How often a witness may lose what `witnessLoses` names. */
  readonly losses: number
  readonly hosts: number
  readonly witnesses: number
  /** Who may hand over to whom. */
  readonly pairs: readonly (readonly [number, number])[]
  readonly proposers: readonly number[]

  // Parts.
  /** The author's side, which takes effects one by one; without it what may be sent counts as taken. */
  readonly receiver: boolean
  /** Checkpoints go to the witnesses while the agent runs, and the holder lets go of the pieces that f + 1 have in one. */
  readonly bases: boolean
  /** A host outside sends one message to the agent, as often as it likes. */
  readonly mail: boolean
  /** OFFER and ACCEPT, one place at each destination, kept for a while. */
  readonly reservations: boolean
  /** The first set of witnesses, and the sets that may be proposed after it. The first of a set is the keeper. */
  readonly founders: string
  readonly changes: readonly string[]
  /** A host other than the holder may propose the holder again, under other witnesses. */
  readonly repair: boolean
  readonly liar: Lie | null
  /** Witnesses keep their names, although any of them could stand for any other. */
  readonly named: boolean
  /** Logs of witnesses as in the code: a vote brings a log up to what it is for, a decision leaves nothing that may not lead to it. */
  readonly exactLogs: boolean

  // The rules, as decided. Each of them broken is one of BROKEN in configurations.ts.
  /** Whose fence it is: a witness that promised or voted for e + 1 takes no log of e. */
  readonly logFence: boolean
  /** The same for a checkpoint. */
  readonly baseFence: boolean
  readonly startOnce: boolean
  /** Who votes for a value has the state that it names, because ACCEPT brings what is missing. */
  readonly voteHasState: boolean
  /** A holder sends the effects of its history again, under its own epoch. */
  readonly resend: boolean
  readonly receiverFence: boolean
  readonly dedupe: 'number' | 'epoch'
  /** Effects leave at once; else when f + 1 have logged the pieces before them. */
  readonly fast: boolean
  readonly runNeedsCertificate: boolean
  readonly abortNeedsBallot: boolean
  readonly keepsUntilCopied: boolean
  readonly readyNamesState: boolean
  readonly preparedDurable: boolean
  readonly releaseDurable: boolean
  readonly releaseOnce: boolean
  readonly repeatsSeen: boolean
  readonly readsQuorumLog: boolean
  /** A proposer fixes its own value only when it has f + 1 promises. */
  readonly valueAfterPromises: boolean
  readonly catchUp: boolean
  readonly witnessLoses: 'nothing' | 'everything' | 'promise' | 'vote'
  /** Only logs that contain the certified history count for a recovery. */
  readonly logContainsCertified: boolean
  /** Who decides epoch e + 1: the witnesses that the value of e names, or those that the new value itself names. */
  readonly decidedBy: 'current' | 'new'
  readonly enrolsWithState: boolean
  /** A witness drops pieces for a checkpoint only when it has that checkpoint whole. */
  readonly cutsForWhole: boolean
  readonly mailLoggedFirst: boolean
  readonly marksTravel: boolean
  readonly mailGoesOn: boolean
  readonly reservationsEnd: boolean
  /** An eviction of the destination after READY throws the checkpoint away. */
  readonly evictionDrops: boolean
  readonly leaseRevalidated: boolean

  // Liveness.
  readonly live: boolean
  readonly healEpochs: number
  readonly healBallots: number
  readonly deadHosts: readonly string[]
  readonly deadWitnesses: readonly string[]
}

/**
 * What one witness of three does against the rules. `hides` what it voted for when it promises; votes `twice`, whatever it
 * promised; `forgets` all, once; says that it has `logged` what it has not.
 */
export type Lie = 'hides' | 'twice' | 'forgets' | 'logged'

export const DECIDED: Rules = {
  epochs: 2,
  ballots: 1,
  pieces: 1,
  alphabet: 'ab',
  crashes: 0,
  losses: 0,
  hosts: 3,
  witnesses: 3,
  pairs: [[0, 1]],
  proposers: [0, 2],
  receiver: false,
  bases: false,
  mail: false,
  reservations: false,
  founders: '012',
  changes: [],
  repair: false,
  liar: null,
  named: false,
  exactLogs: false,
  logFence: true,
  baseFence: true,
  startOnce: true,
  voteHasState: true,
  resend: true,
  receiverFence: true,
  dedupe: 'number',
  fast: false,
  runNeedsCertificate: true,
  abortNeedsBallot: true,
  keepsUntilCopied: true,
  readyNamesState: true,
  preparedDurable: true,
  releaseDurable: true,
  releaseOnce: true,
  repeatsSeen: true,
  readsQuorumLog: true,
  valueAfterPromises: true,
  catchUp: true,
  witnessLoses: 'nothing',
  logContainsCertified: true,
  decidedBy: 'current',
  enrolsWithState: true,
  cutsForWhole: true,
  mailLoggedFirst: true,
  marksTravel: true,
  mailGoesOn: true,
  reservationsEnd: true,
  evictionDrops: false,
  leaseRevalidated: false,
  live: false,
  healEpochs: 3,
  healBallots: 3,
  deadHosts: ['', '01', '02', '12'],
  deadWitnesses: ['', '0', '1', '2'],
}
