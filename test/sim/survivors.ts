import { DURABLE, type Mutant, mutant } from './mutant.ts'

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
