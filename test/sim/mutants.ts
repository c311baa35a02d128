import { DYING, FAST, LEASES, LETTERS, LOSSY, type Mutant, mutant, SEVERAL, WITNESSED } from './mutant.ts'
import { BALLOT_MUTANTS } from './mutants-ballots.ts'
import { DATA } from './mutants-data.ts'
import { VIEW } from './mutants-view.ts'

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
    ['released-once', 'one-holder', 'certificate-first'],
    'src/host/departure.ts',
    {
      "else if (departure.phase === 'decide' && turn.nowMs >= departure.retryMs) askVotes(turn, resident, departure)":
        "else if (departure.phase === 'decide' && turn.nowMs >= departure.retryMs) {\n    resident.release = null\n    nextCandidate(turn, resident, departure, { code: 'TIMEOUT', reason: 'no votes' })\n  }",
    },
    LOSSY,
  ),
  mutant(
    'one vote makes a certificate',
    'safety',
    ['chosen-once', 'hop-chain', 'one-decision', 'one-holder'],
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
    ['letters-once', 'liveness', 'result'],
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
  ...DATA,
  ...BALLOT_MUTANTS,
  ...VIEW,
]
