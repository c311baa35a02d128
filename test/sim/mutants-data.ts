import { LEASES, LETTERS, type Mutant, mutant } from './mutant.ts'

/** What is noticed the first time that it is done. */
const AT_ONCE = { seeds: [1] } as const
/** Of who loses messages nearly all are lost. */
const DEAF = {
  weather: 'deaf',
  options: { agents: 10, mail: false, faults: ['drop'] },
  seeds: [1, 2, 3],
} satisfies Partial<Mutant>
/** Letters, whose recipient is forgotten soon where it was. */
const FORGETFUL = {
  ...LETTERS,
  weather: 'forgetful',
  options: { ...LETTERS.options, faults: ['drop'] },
} satisfies Partial<Mutant>
/** Witnesses are replaced all the time. */
const REPLACED = {
  weather: 'members',
  options: { witnesses: 3, effects: 'durable', hosts: 6, seconds: 90, agents: 6, faults: ['crash', 'partition'] },
  seeds: [2, 3],
} satisfies Partial<Mutant>

/** What rules keep of agents' data: effects, histories, states, letters, and who has them. */
export const DATA: readonly Mutant[] = [
  mutant(
    'what is kept is not fenced',
    'safety',
    ['fenced'],
    'src/host/mirror.ts',
    {
      "else if (register.promised && register.promised.round > 0 && register.promised.host !== from)\n    deny(turn, handle, 'OUTBID', 'the next epoch may be decided by somebody else')\n  ":
        '',
      'promised !== null && promised.round > 0 && promised.host !== state.self': 'false',
    },
    { ...LEASES, seeds: [7, 4] },
  ),
  mutant(
    'answered before f + 1 have it',
    'data',
    ['kept-by-majority'],
    'src/host/mirror.ts',
    {
      'if (!register || quorumOf(register.witnesses) === 1) return answer': 'return answer',
    },
    { options: { witnesses: 3 }, seeds: [1] },
  ),
  mutant(
    'effects are not sent again',
    'liveness',
    ['liveness'],
    'src/host/machine.ts',
    {
      'if (resident.effects.length > 0) sendEffects(turn, resident)': '',
    },
    DEAF,
  ),
  mutant(
    'the source forgets the agent with its RELEASE',
    'data',
    ['copies'],
    'src/host/departure.ts',
    {
      '  resident.release = release\n':
        "  resident.release = release\n  turn.effects.push({ kind: 'forget', agent: resident.agent, keep: null })\n",
    },
    AT_ONCE,
  ),
  mutant(
    'the source forgets the agent with READY',
    'data',
    ['copies'],
    'src/host/departure.ts',
    {
      '  departure.ready = ready\n':
        "  departure.ready = ready\n  turn.effects.push({ kind: 'forget', agent: resident.agent, keep: null })\n",
    },
    AT_ONCE,
  ),
  mutant(
    'the new witnesses decide their own coming',
    'safety',
    ['members'],
    'src/host/certificates.ts',
    {
      ': certificateFault(certificate, deciders)': ': certificateFault(certificate, holding.witnesses)',
      'src/host/proposer.ts     epoch,\n    witnesses,\n': '    epoch,\n    witnesses: own.witnesses,\n',
      'src/host/witness.ts if (!register.witnesses.includes(turn.state.self)) {':
        'if (register.witnesses.length === 0) {',
    },
    REPLACED,
  ),
  mutant(
    'a witness is decided in that has nothing',
    'data',
    ['members'],
    'src/host/keeper.ts',
    {
      'return inStep(turn, row, next) >= quorumOf(next) ? next : null': 'return next',
      '    if (!register.witnesses.includes(did) && !told.has(did)) {':
        '    if (!register.witnesses.includes(did) && told.size < 0) {',
    },
    REPLACED,
  ),
  mutant(
    'a checkpoint overtakes the effects before it',
    'data',
    ['effects-first'],
    'src/host/residence.ts',
    {
      'if (resident.effectsBeforeCheckpoint !== 0 || resident.checkpointSending) return':
        'if (resident.effectsBeforeCheckpoint === null || resident.checkpointSending) return',
    },
    { ...LEASES, seeds: [7, 4] },
  ),
  mutant(
    'an effect leaves before its pieces are logged',
    'data',
    ['logged-first'],
    'src/host/logbook.ts',
    {
      '  return length < after\n': '  return length < 0 * after\n',
      'src/host/durable.ts return (counts[quorumOf(brief.witnesses) - 1] ?? 0) >= length':
        'return (counts[quorumOf(brief.witnesses) - 1] ?? 0) >= 0 * length',
    },
    AT_ONCE,
  ),
  mutant(
    'what was logged beyond a decision stays',
    'data',
    ['logs-cut'],
    'src/host/logbook.ts',
    {
      '  truncate(kept.log, history)\n': '',
    },
    { ...LEASES, seeds: [7] },
  ),
  mutant(
    "a mailbox's marks do not travel",
    'data',
    ['letters-once'],
    'src/host/mailbox.ts',
    {
      'marks: new Map(marks.map((mark) => [mark.from, mark])),':
        'marks: new Map(marks.slice(0, 0).map((mark) => [mark.from, mark])),',
    },
    LETTERS,
  ),
  mutant(
    'a forwarding row and no look-up behind it',
    'liveness',
    ['liveness'],
    'src/host/post.ts',
    {
      '      state.holders.delete(to)\n      return sendOn(turn, resident, letter, homeOf(to))':
        '      return later(turn, letter, host)',
    },
    FORGETFUL,
  ),
  mutant(
    'forwarding without expiry',
    'liveness',
    ['leaks'],
    'src/host/machine.ts',
    {
      'if (nowMs >= untilMs) state.forwards.delete(agent)':
        'if (nowMs >= Number.POSITIVE_INFINITY) state.forwards.delete(agent)',
    },
    FORGETFUL,
  ),
  mutant(
    'a fork is carried out again',
    'data',
    ['forked-once'],
    'src/host/forks.ts',
    {
      'const known = row.forks.find(({ request }) => request === asked.request)':
        'const known = row.forks.find(() => false)',
    },
    { weather: 'forks', options: { agents: 10, mail: false, seconds: 60, faults: ['drop', 'sever'] }, seeds: [3, 2] },
  ),
  mutant(
    'a letter is acknowledged before it is logged',
    'data',
    ['logged-first'],
    'src/host/mail.ts',
    {
      'if (!resident?.history) return answer': 'if (resident !== null) return answer',
    },
    AT_ONCE,
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
    'the log is not fenced',
    'safety',
    ['fenced'],
    'src/host/logbook.ts',
    {
      'return register !== undefined && (register.promised !== null || register.accepted !== null)':
        'return register === undefined && agent === null',
    },
    { ...LEASES, seeds: [1] },
  ),
]
