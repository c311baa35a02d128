/** What came of a run, as `sojourn sim --json` prints it. */
export interface Report {
  readonly ok: boolean
  readonly seed: number
  readonly traceHash: string
  readonly events: number
  readonly agents: number
  /** Agents that have come to their end, those made by forks included. */
  readonly results: number
  readonly violations: readonly Violation[]
  /** How often something rare has happened: a race that never happened was not tested. */
  readonly sometimes: Readonly<Record<string, number>>
}

export interface Violation {
  /** Which of the invariants (INVARIANTS). */
  readonly invariant: Invariant
  readonly text: string
  /** Virtual milliseconds since the run began. */
  readonly atMs: number
}

/** What must hold at every moment, or at the end, as the author of an agent would say it (DESIGN 4.5). */
export const INVARIANTS = {
  'one-holder': 'at most one life of one host starts an epoch of an agent',
  'certificate-first': 'who runs an epoch has its certificate',
  'one-decision': 'an epoch is decided once',
  'promise-kept': 'a witness goes back on nothing that it has promised or voted, and nothing else binds it',
  'chosen-once': 'what a majority has voted for is what every later ballot carries, and every certificate',
  'released-once': 'who gives an agent away gives it to one, whatever becomes of him',
  'lets-go': 'who knows that another has an agent does nothing more with it',
  'epochs-grow': 'nobody goes back to an epoch before',
  'hop-chain': 'the chain of hops verifies',
  'effects-once': 'every accepted effect is what a failure-free run gives, once and in order',
  'effects-kept': 'an effect that was acknowledged is never lost',
  'said-contained': 'what an agent does comes of all that it has said before',
  'state-contained': 'a certified state is contained in every later one',
  'logged-first': 'what leaves a durable agent comes of pieces that a majority of its witnesses has',
  'effects-first': 'a checkpoint goes to who keeps it after the effects that it has behind it',
  'kept-by-majority': 'what is said to be kept, a majority of the witnesses keeps',
  fenced: 'what a promise, a vote or a decision has ended takes nothing more',
  members: 'who decides was named by those before, and has what it takes',
  copies: 'nobody lets go of a state that it may still have to go on from',
  'logs-cut': 'nothing is logged that a decision has left out',
  'forked-once': 'one call makes others once',
  'letters-once': 'a letter that was acknowledged is known wherever its recipient goes on',
  result: 'every agent ends as in a failure-free run',
  liveness: 'when all is whole again every agent comes to its end in time',
  leaks: 'no reservation, guest, block or forwarding row is left over',
  eviction: 'an owner has his machine back at once',
  follower: 'who follows a story is told each line of it once, whoever keeps it',
  letters: 'letters of one agent to another come in order, each once, and none is left out',
  budgets: 'a fork divides a budget, and makes nothing',
  accused: 'nobody honest is accused',
  determinism: 'the same seed gives the same run',
  crashed: 'no host stops for a reason that is none',
} as const

export type Invariant = keyof typeof INVARIANTS
