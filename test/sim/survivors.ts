import { LEASES, type Mutant, mutant } from './mutant.ts'

/** Broken rules that no oracle has noticed yet under the seeds that were tried: what the simulator is still too weak for. */
export const SURVIVORS: readonly Mutant[] = [
  mutant('a fork is carried out again', 'data', ['forked-once', 'result', 'budgets'], 'src/host/forks.ts', {
    'const known = row.forks.find(({ request }) => request === asked.request)':
      'const known = row.forks.find(() => false)',
  }),
  mutant(
    'effects of any epoch are taken',
    'safety',
    ['fenced'],
    'src/host/home.ts',
    {
      'if (row.epoch !== epoch || row.holder !== from) {': 'if (row.epoch < 0 || row.holder === null) {',
    },
    LEASES,
  ),
  mutant(
    'the log is not fenced',
    'safety',
    ['fenced'],
    'src/host/logbook.ts',
    {
      'return register !== undefined && (register.promised !== null || register.accepted !== null)':
        'return register === undefined && agent === null',
    },
    { ...LEASES, seeds: [7] },
  ),
  mutant(
    'a checkpoint that follows another does not wait for what came between',
    'data',
    ['effects-first'],
    'src/host/residence.ts',
    {
      '  if (resident.effectsBeforeCheckpoint !== null) resident.effectsBeforeCheckpoint = resident.effects.length\n':
        '',
    },
    { seeds: [17] },
  ),
  mutant(
    'a checkpoint at its keeper is safe before others have it',
    'data',
    ['logged-first', 'logs-cut'],
    'src/host/residence.ts',
    {
      'resident.checkpointSending = awaitKept(turn, row, { epoch: resident.epoch, checkpoint, history })':
        'resident.checkpointSending = resident.epoch < 0 && awaitKept(turn, row, { epoch: resident.epoch, checkpoint, history })',
    },
    { ...LEASES, seeds: [7, 4] },
  ),
]
