import type { SimOptions } from '../../src/sim/options.ts'
import type { Invariant } from '../../src/sim/report.ts'
import type { Patch } from './bundle.ts'
import type { Weather } from './weathers.ts'

/**
 * The hand-over with one rule broken, as changes of the production text. Each says what notices it: an oracle of safety, of
 * liveness or of data, by the name of the invariant. `seeds` are those under which it must be noticed, the likeliest first:
 * what a mutant can do depends on chance, and the seeds that bring it about were looked for once.
 */
export interface Mutant {
  readonly name: string
  readonly oracle: 'safety' | 'liveness' | 'data'
  /** In the walks there is one: that production does what the model does. */
  readonly names: readonly (Invariant | 'conformance')[]
  readonly seeds: readonly number[]
  /**
   * Whole hosts in virtual time, or machines led along the walks of the model (test/model): what needs a vote lost between
   * two others is too rare a chance for the first.
   */
  readonly arena: 'simulator' | 'walks'
  readonly options?: Partial<SimOptions>
  /** What the world is like beside its faults, so that a rare race is run within a minute. */
  readonly weather?: Weather
  readonly patches: readonly Patch[]
}

/** A short life full of trouble. */
export const PROVOKING: Omit<SimOptions, 'seed' | 'signatures'> = {
  hosts: 4,
  homes: 1,
  agents: 7,
  witnesses: 1,
  seconds: 40,
  effects: 'mixed',
  mail: true,
  faults: ['crash', 'sever', 'drop', 'partition', 'oneway', 'suspend', 'owner', 'duplicate'],
}

const DURABLE = { options: { effects: 'durable' } } as const
/** All durable, one witness: hosts die all the time. */
const DYING = {
  options: { effects: 'durable', seconds: 60, agents: 8, faults: ['crash', 'torn', 'owner', 'sever', 'drop'] },
  seeds: [1],
} satisfies Partial<Mutant>
/** All durable, three witnesses. */
const WITNESSED = {
  options: { witnesses: 3, effects: 'durable', hosts: 5, seconds: 60, agents: 8 },
  seeds: [1, 4],
} satisfies Partial<Mutant>
/** One that writes to another, which hops after every letter. */
const LETTERS = {
  weather: 'letters',
  options: { effects: 'durable', seconds: 50, agents: 2, faults: ['drop', 'crash', 'sever', 'duplicate'] },
  seeds: [1, 2],
} satisfies Partial<Mutant>
/** All durable, three witnesses: hosts are away for about as long as a lease. */
const LEASES = {
  weather: 'leases',
  options: {
    witnesses: 3,
    effects: 'durable',
    hosts: 5,
    seconds: 60,
    faults: ['suspend', 'oneway', 'partition', 'slow', 'drop', 'delay', 'crash'],
  },
  seeds: [4],
} satisfies Partial<Mutant>
/** All fast, one witness. */
const FAST = {
  options: { effects: 'fast', seconds: 60, agents: 8, faults: ['crash', 'drop', 'partition', 'suspend'] },
  seeds: [4],
} satisfies Partial<Mutant>
const SEEDS: readonly number[] = [1, 2, 3]
const SEVERAL = { options: { witnesses: 3 }, seeds: [2, 3] } as const
/** Seeds of walks. */
const WALKS = { arena: 'walks', seeds: Array.from({ length: 60 }, (_, i) => i + 1) } as const

export const MUTANTS: readonly Mutant[] = [
  mutant('RUN before the certificate', 'safety', ['certificate-first', 'one-holder'], 'src/host/arrival.ts', {
    '  persist(turn, writeResident(resident))\n  sealReady(turn, resident, handle)': `  persist(turn, writeResident(resident))
  sealReady(turn, resident, handle)
  if (resident.guest === 'ready') {
    resident.guest = 'running'
    turn.effects.push({ kind: 'run', agent: resident.agent })
  }`,
  }),
  mutant(
    'effects are known by epoch and number',
    'data',
    ['effects-once', 'effects-kept'],
    'src/host/certificates.ts',
    {
      '  row.epoch = epoch\n':
        '  row.epoch = epoch\n  Object.assign(row.seen, { emit: 0, console: 0, result: 0, failure: 0 })\n',
    },
  ),
  mutant(
    'abort after RELEASE without a ballot',
    'liveness',
    ['one-holder', 'certificate-first', 'effects-once', 'liveness'],
    'src/host/departure.ts',
    {
      "else if (departure.phase === 'decide' && turn.nowMs >= departure.retryMs) askVotes(turn, resident, departure)":
        "else if (departure.phase === 'decide' && turn.nowMs >= departure.retryMs) {\n    resident.release = null\n    nextCandidate(turn, resident, departure, { code: 'TIMEOUT', reason: 'no votes' })\n  }",
    },
    LEASES,
  ),
  mutant(
    'a witness forgets its register',
    'safety',
    ['conformance'],
    'src/host/restore.ts',
    {
      'state.registers.set(register.agent, register)':
        'state.registers.set(register.agent, { ...register, promised: null, accepted: null })',
    },
    WALKS,
  ),
  mutant(
    'a promise is not durable',
    'safety',
    ['conformance'],
    'src/host/witness.ts',
    {
      '  register.promised = ask.ballot\n  persist(turn, writeRegister(register))': '  register.promised = ask.ballot',
    },
    WALKS,
  ),
  mutant(
    'a vote is not durable',
    'safety',
    ['conformance'],
    'src/host/witness.ts',
    {
      "  persist(turn, writeRegister(register))\n  answer(turn, handle, 'accept'": "  answer(turn, handle, 'accept'",
    },
    WALKS,
  ),
  mutant(
    'own value over one that was seen',
    'safety',
    ['conformance'],
    'src/host/proposer.ts',
    {
      '  for (const seen of proposal.promises.values())\n    if (seen && (!highest':
        '  for (const seen of [] as (Accepted | null)[])\n    if (seen && (!highest',
    },
    WALKS,
  ),
  mutant(
    'one vote makes a certificate',
    'safety',
    ['hop-chain', 'one-decision', 'one-holder'],
    'src/host/ballots.ts',
    {
      'Math.floor(witnesses.length / 2) + 1': '1',
    },
    SEVERAL,
  ),
  mutant('an epoch is started twice', 'safety', ['one-holder'], 'src/host/restore.ts', {
    'started: kept.started,': 'started: null,',
  }),
  mutant('no catch-up by certificate', 'liveness', ['liveness', 'leaks'], 'src/host/certificates.ts', {
    "tell(turn, to, 'certificate', { certificate, charters, ...given })":
      'void [turn, to, certificate, charters, given, tell]',
  }),
  mutant('a lease never ends', 'liveness', ['liveness'], 'src/host/home.ts', {
    'if (turn.nowMs < overMs && !isBanned(state, row.holder)) continue': 'if (!isBanned(state, row.holder)) continue',
  }),
  mutant('a reservation has no end', 'liveness', ['leaks', 'liveness'], 'src/host/arrival.ts', {
    'if (!arrival || turn.nowMs < arrival.untilMs) continue':
      'if (!arrival || turn.nowMs < Number.POSITIVE_INFINITY) continue',
  }),
  mutant(
    'a RELEASE is forgotten by a crash',
    'safety',
    ['conformance'],
    'src/host/restore.ts',
    { 'release: kept.release,': 'release: null,' },
    WALKS,
  ),
  mutant(
    'a vote below a promise',
    'safety',
    ['conformance'],
    'src/host/witness.ts',
    {
      'else if (register.promised && compareBallots(ask.ballot, register.promised) < 0)':
        'else if (register.promised && compareBallots(ask.ballot, ask.ballot) < 0)',
    },
    WALKS,
  ),
  mutant(
    'a promise below a promise',
    'safety',
    ['conformance'],
    'src/host/witness.ts',
    {
      '  if (register.promised && compareBallots(ask.ballot, register.promised) < 0)':
        '  if (register.promised && compareBallots(ask.ballot, ask.ballot) < 0)',
    },
    WALKS,
  ),
  mutant(
    'a decision does not end what was promised',
    'liveness',
    ['conformance'],
    'src/host/certificates.ts',
    { '    register.promised = null\n': '' },
    WALKS,
  ),
  mutant(
    'an accepted value is forgotten with a later promise',
    'safety',
    ['conformance'],
    'src/host/witness.ts',
    {
      '  register.promised = ask.ballot\n  persist(turn, writeRegister(register))\n  const { accepted } = register':
        '  register.promised = ask.ballot\n  register.accepted = null\n  persist(turn, writeRegister(register))\n  const { accepted } = register',
    },
    WALKS,
  ),
  mutant(
    'the old holder does not stop',
    'safety',
    ['conformance'],
    'src/host/certificates.ts',
    {
      '  else if (resident && epoch > resident.epoch) letGo(turn, resident, certificate)': '',
    },
    WALKS,
  ),
  mutant(
    'a spent epoch is never renewed',
    'liveness',
    ['conformance'],
    'src/host/machine.ts',
    { '  renewEpochs(turn)\n': '' },
    WALKS,
  ),
  mutant(
    'a ballot is tried once',
    'liveness',
    ['conformance'],
    'src/host/proposer.ts',
    {
      'if (turn.nowMs < proposal.retryMs) continue': 'if (turn.nowMs < Number.POSITIVE_INFINITY) continue',
    },
    WALKS,
  ),
  mutant(
    'a vote does not bind to its ballot',
    'safety',
    ['conformance'],
    'src/host/witness.ts',
    {
      '  register.promised = ballot\n': '',
    },
    WALKS,
  ),
  mutant(
    'a log is not durable',
    'data',
    ['liveness'],
    'src/host/logbook.ts',
    {
      '  for (let i = before; i < log.pieces.length; i++) persist(turn, writePiece(kept, i))\n': '',
    },
    DYING,
  ),
  mutant(
    "recovery ignores the quorum's log",
    'safety',
    ['state-contained', 'said-contained', 'effects-once'],
    'src/host/promised.ts',
    {
      'return longest ? { ...own, checkpoint: longest.shown.checkpoint, history: longest.end } : own':
        'return longest ? { ...own, checkpoint: longest.shown.checkpoint, history: longest.shown.base } : own',
    },
    WITNESSED,
  ),
  mutant(
    'a letter is acknowledged and not kept',
    'data',
    ['liveness', 'result'],
    'src/host/mail.ts',
    {
      '  put(mailbox, letter)\n': '',
    },
    LETTERS,
  ),
  mutant(
    'a letter is tried once',
    'liveness',
    ['liveness'],
    'src/host/post.ts',
    {
      'letter.dueMs = turn.nowMs + Math.min(LETTER_AGAIN_MS':
        'letter.dueMs = turn.nowMs + 1e15 + Math.min(LETTER_AGAIN_MS',
    },
    LETTERS,
  ),
  mutant(
    'nobody tells where an agent went',
    'liveness',
    ['liveness'],
    'src/host/mail.ts',
    {
      "if (row && row.holder !== state.self) return { code: 'MIGRATED', reason: row.holder }":
        "if (row && row.holder !== state.self) return { code: 'BUSY', reason: row.holder }",
    },
    LETTERS,
  ),
  mutant(
    'what a history let out is not sent again',
    'data',
    ['said-contained', 'effects-once'],
    'src/host/recovery.ts',
    {
      '  for (const said of outcome.said) sayAgain(turn, resident, said)\n': '',
    },
    LEASES,
  ),
  mutant(
    'effects of a life before are not sent again',
    'data',
    ['effects-once'],
    'src/host/restore.ts',
    {
      'effects: kept.brief.history ? [] : [...kept.effects],': 'effects: [],',
    },
    FAST,
  ),
]

/** Broken rules that no oracle has noticed yet under the seeds that were tried: what the simulator is still too weak for. */
export const SURVIVORS: readonly Mutant[] = [
  mutant('what is kept is not fenced', 'safety', ['effects-kept', 'effects-once'], 'src/host/mirror.ts', {
    "else if (register.promised && register.promised.round > 0 && register.promised.host !== from)\n    deny(turn, handle, 'OUTBID', 'the next epoch may be decided by somebody else')\n  ":
      '',
    'promised !== null && promised.round > 0 && promised.host !== state.self': 'false',
  }),
  mutant('answered before f + 1 have it', 'data', ['effects-kept', 'effects-once'], 'src/host/mirror.ts', {
    'if (!register || quorumOf(register.witnesses) === 1) return answer': 'return answer',
  }),
  mutant('effects are not sent again', 'liveness', ['liveness', 'effects-once', 'result'], 'src/host/machine.ts', {
    'if (resident.effects.length > 0) sendEffects(turn, resident)': '',
  }),
  mutant(
    'the source forgets the agent with its RELEASE',
    'data',
    ['liveness', 'result', 'effects-once'],
    'src/host/departure.ts',
    {
      '  resident.release = release\n':
        "  resident.release = release\n  turn.effects.push({ kind: 'forget', agent: resident.agent, keep: null })\n",
    },
  ),
  mutant(
    'the new witnesses decide their own coming',
    'safety',
    ['one-decision', 'hop-chain', 'liveness'],
    'src/host/certificates.ts',
    {
      ': certificateFault(certificate, deciders)': ': certificateFault(certificate, holding.witnesses)',
      'src/host/proposer.ts     epoch,\n    witnesses,\n': '    epoch,\n    witnesses: own.witnesses,\n',
      'src/host/witness.ts if (!register.witnesses.includes(turn.state.self)) {':
        'if (register.witnesses.length === 0) {',
    },
  ),
  mutant(
    'a witness is decided in that has nothing',
    'data',
    ['effects-kept', 'liveness', 'effects-once'],
    'src/host/keeper.ts',
    {
      'return inStep(turn, row, next) >= quorumOf(next) ? next : null': 'return next',
      '    if (!register.witnesses.includes(did) && !told.has(did)) {':
        '    if (!register.witnesses.includes(did) && told.size < 0) {',
    },
  ),
  mutant('a checkpoint overtakes the effects before it', 'data', ['effects-once', 'result'], 'src/host/residence.ts', {
    'if (resident.effectsBeforeCheckpoint !== 0 || resident.checkpointSending) return':
      'if (resident.effectsBeforeCheckpoint === null || resident.checkpointSending) return',
  }),
  mutant('a fork is carried out again', 'data', ['result', 'budgets'], 'src/host/forks.ts', {
    'const known = row.forks.find(({ request }) => request === asked.request)':
      'const known = row.forks.find(() => false)',
  }),
  mutant('effects of any epoch are taken', 'safety', ['effects-once', 'state-contained', 'leaks'], 'src/host/home.ts', {
    'if (row.epoch !== epoch || row.holder !== from) {': 'if (row.epoch < 0 || row.holder === null) {',
  }),
  mutant(
    'the log is not fenced',
    'safety',
    ['effects-once', 'state-contained', 'one-decision'],
    'src/host/logbook.ts',
    {
      'return register !== undefined && (register.promised !== null || register.accepted !== null)':
        'return register === undefined && agent === null',
    },
    DURABLE,
  ),
  mutant(
    'an effect leaves before its pieces are logged',
    'data',
    ['effects-once', 'result'],
    'src/host/logbook.ts',
    {
      '  return length < after\n': '  return length < 0 * after\n',
      'src/host/durable.ts return (counts[quorumOf(brief.witnesses) - 1] ?? 0) >= length':
        'return (counts[quorumOf(brief.witnesses) - 1] ?? 0) >= 0 * length',
    },
    DURABLE,
  ),
  mutant(
    'what was logged beyond a decision stays',
    'liveness',
    ['liveness', 'effects-once', 'state-contained'],
    'src/host/logbook.ts',
    {
      '  truncate(kept.log, history)\n': '',
    },
    DURABLE,
  ),
  mutant("a mailbox's marks do not travel", 'data', ['result', 'effects-once'], 'src/host/mailbox.ts', {
    'marks: new Map(marks.map((mark) => [mark.from, mark])),':
      'marks: new Map(marks.slice(0, 0).map((mark) => [mark.from, mark])),',
  }),
  mutant('a forwarding row and no look-up behind it', 'liveness', ['liveness', 'result'], 'src/host/post.ts', {
    '      state.holders.delete(to)\n      return sendOn(turn, resident, letter, homeOf(to))':
      '      return later(turn, letter, host)',
  }),
  mutant('a letter is acknowledged before it is logged', 'data', ['result', 'liveness'], 'src/host/mail.ts', {
    'if (!resident?.history) return answer': 'if (resident !== null) return answer',
  }),
]

function mutant(
  name: string,
  oracle: Mutant['oracle'],
  names: Mutant['names'],
  file: string,
  changes: Readonly<Record<string, string>>,
  more: Partial<Pick<Mutant, 'seeds' | 'options' | 'arena' | 'weather'>> = {},
): Mutant {
  const patches = Object.entries(changes).map(([find, replace]) => ({
    file: find.startsWith('src/') ? find.slice(0, find.indexOf(' ')) : file,
    find: find.startsWith('src/') ? find.slice(find.indexOf(' ') + 1) : find,
    replace,
  }))
  return { name, oracle, names, seeds: SEEDS, arena: 'simulator', patches, ...more }
}
