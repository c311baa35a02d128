import { describe, expect, it } from 'vitest'
import { bundleSimulator } from '../sim/bundle.ts'
import type { Rules } from './rules.ts'
import { CHANGING, LOGGING, type WitnessWalk, walkWitnesses } from './witness-walks.ts'

/** What a witness has of a durable agent's history, and who decides after it, step by step as in the model. */
const WALKS = 80

describe('witnesses of production have what those of the model have', { timeout: 120_000 }, () => {
  it.each<[string, Rules, readonly string[]]>([
    ['of histories', LOGGING, ["W1 LOGGED(1, 'am')", "W2 VOTE(2, ballot 1: host 2, 'a')", 'W0 learns QC(3)']],
    ['of members', CHANGING, ["W3 is enrolled with 'a'", 'W3 learns QC(3)', 'W2 learns QC(3)']],
  ])(`%s, on ${WALKS} random walks`, (_name, rules, wanted) => {
    const seen = new Set<string>()
    for (let seed = 1; seed <= WALKS; seed++) {
      const { labels, difference } = walkWitnesses(seed, rules)
      expect(difference, `seed ${seed}: ${labels.join(' > ')}`).toBeNull()
      for (const label of labels) seen.add(label)
    }
    expect([...seen]).toEqual(expect.arrayContaining([...wanted]))
  })
})

function firstDifference(walk: typeof walkWitnesses, rules: Rules): WitnessWalk | null {
  for (let seed = 1; seed <= WALKS; seed++) {
    const walked = walk(seed, rules)
    if (walked.difference !== null) return walked
  }
  return null
}

describe('a rule that is changed on one side only is seen', { timeout: 120_000 }, () => {
  it.each<[string, Partial<Rules>, Rules]>([
    ['the log is not fenced', { logFence: false }, LOGGING],
    ['a vote leaves the log as it is, and so does a decision', { exactLogs: false }, LOGGING],
    ['the new witnesses decide their own coming', { decidedBy: 'new' }, CHANGING],
  ])('in the model: %s', (_name, changed, rules) => {
    expect(firstDifference(walkWitnesses, { ...rules, ...changed })).not.toBeNull()
  })

  it.each<[string, string, string, string, Rules]>([
    ['what was logged beyond a decision stays', 'logbook', '  truncate(kept.log, history)\n', '', LOGGING],
    [
      'who has missed a decision keeps what that may have left out',
      'logbook',
      'if (!reaches(kept.log, history) && !isBefore) truncate',
      'if (history.length < 0) truncate',
      LOGGING,
    ],
    ['who is behind keeps nothing', 'certificates', 'epoch === knownEpoch + 1)', 'epoch < 0)', LOGGING],
    [
      'the log is not fenced',
      'logbook',
      'register !== undefined && (register.promised !== null || register.accepted !== null)',
      'register === undefined',
      LOGGING,
    ],
    [
      'a log is not durable',
      'logbook',
      'for (let i = before; i < log.pieces.length; i++) persist',
      'for (let i = log.pieces.length; i < before; i++) persist',
      LOGGING,
    ],
    [
      'a vote brings no log along',
      'witness',
      'return catchUp(turn, agent, holding.history, log)',
      'return catchUp(turn, agent, holding.history, null)',
      LOGGING,
    ],
    ['who decides next is as before', 'certificates', '    register.witnesses = holding.witnesses\n', '', CHANGING],
    [
      'a change that was missed is not kept',
      'certificates',
      'chartersAfter({ ...register, epoch: knownEpoch }',
      'chartersAfter({ ...register, epoch }',
      CHANGING,
    ],
  ])('in production: %s', async (_name, room, find, replace, rules) => {
    const path = await bundleSimulator([{ file: `src/host/${room}.ts`, find, replace }], 'test/model/witness-walks.ts')
    const patched = (await import(/* @vite-ignore */ path)) as { walkWitnesses: typeof walkWitnesses }
    const walked = firstDifference(patched.walkWitnesses, rules)
    expect(walked).not.toBeNull()
  })
})
