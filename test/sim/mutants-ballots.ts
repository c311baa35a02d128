import { DUELS, LOSSY, type Mutant, mutant, RESTARTS } from './mutant.ts'

/**
 * The rules of single-decree Paxos itself, each broken: what breaks them is seen with the word that breaks them (src/sim,
 * protocol-oracles.ts). The walks of the model notice them as well.
 */
const ballot = (
  name: string,
  oracle: Mutant['oracle'],
  names: Mutant['names'],
  file: string,
  changes: Readonly<Record<string, string>>,
  more: Partial<Pick<Mutant, 'seeds' | 'options' | 'weather'>> = DUELS,
): Mutant => ({ ...mutant(name, oracle, names, file, changes, more), isWalked: true })

export const BALLOT_MUTANTS: readonly Mutant[] = [
  ballot(
    'a witness forgets its register',
    'safety',
    ['promise-kept'],
    'src/host/restore.ts',
    {
      'state.registers.set(register.agent, register)':
        'state.registers.set(register.agent, { ...register, promised: null, accepted: null })',
    },
    RESTARTS,
  ),
  ballot('a promise is not durable', 'safety', ['promise-kept'], 'src/host/witness.ts', {
    '  register.promised = ask.ballot\n  persist(turn, writeRegister(register))': '  register.promised = ask.ballot',
  }),
  ballot('a vote is not durable', 'safety', ['promise-kept'], 'src/host/witness.ts', {
    "  persist(turn, writeRegister(register))\n  answer(turn, handle, 'accept'": "  answer(turn, handle, 'accept'",
  }),
  ballot('own value over one that was seen', 'safety', ['chosen-once'], 'src/host/proposer.ts', {
    '  for (const seen of proposal.promises.values())\n    if (seen && (!highest':
      '  for (const seen of [] as (Accepted | null)[])\n    if (seen && (!highest',
  }),
  ballot(
    'a RELEASE is forgotten by a crash',
    'safety',
    ['released-once'],
    'src/host/restore.ts',
    {
      'release: kept.release,': 'release: null,',
    },
    RESTARTS,
  ),
  ballot('a vote below a promise', 'safety', ['promise-kept'], 'src/host/witness.ts', {
    'else if (register.promised && compareBallots(ask.ballot, register.promised) < 0)':
      'else if (register.promised && compareBallots(ask.ballot, ask.ballot) < 0)',
  }),
  ballot('a promise below a promise', 'safety', ['promise-kept'], 'src/host/witness.ts', {
    '  if (register.promised && compareBallots(ask.ballot, register.promised) < 0)':
      '  if (register.promised && compareBallots(ask.ballot, ask.ballot) < 0)',
  }),
  ballot('a decision does not end what was promised', 'liveness', ['promise-kept'], 'src/host/certificates.ts', {
    '    register.promised = null\n': '',
  }),
  ballot('an accepted value is forgotten with a later promise', 'safety', ['promise-kept'], 'src/host/witness.ts', {
    '  register.promised = ask.ballot\n  persist(turn, writeRegister(register))\n  const { accepted } = register':
      '  register.promised = ask.ballot\n  register.accepted = null\n  persist(turn, writeRegister(register))\n  const { accepted } = register',
  }),
  ballot('the old holder does not stop', 'safety', ['lets-go'], 'src/host/certificates.ts', {
    '  else if (resident && epoch > resident.epoch) letGo(turn, resident, certificate)': '',
  }),
  ballot(
    'a spent epoch is never renewed',
    'liveness',
    ['liveness'],
    'src/host/machine.ts',
    {
      '  renewEpochs(turn)\n': '',
    },
    RESTARTS,
  ),
  ballot(
    'a ballot is tried once',
    'liveness',
    ['liveness'],
    'src/host/proposer.ts',
    {
      'if (turn.nowMs < proposal.retryMs) continue': 'if (turn.nowMs < Number.POSITIVE_INFINITY) continue',
    },
    LOSSY,
  ),
  ballot('a vote does not bind to its ballot', 'safety', ['promise-kept'], 'src/host/witness.ts', {
    '  register.promised = ballot\n': '',
  }),
  mutant(
    'a promise counts for a later ballot',
    'safety',
    ['chosen-once'],
    'src/host/proposer.ts',
    {
      " || proposal.phase !== 'prepare' || proposal.ballot.round !== round) return\n  if (!outcome.ok) {":
        " || proposal.phase !== 'prepare' || round < 0) return\n  if (!outcome.ok) {",
    },
    { ...DUELS, seeds: [7, 8, 9] },
  ),
]
