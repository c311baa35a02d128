import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Did } from '../../src/identity/did.ts'
import { Faults, type Field } from '../../src/soak/faults.ts'
import type { Watched } from '../../src/soak/flock.ts'
import type { Edge } from '../../src/soak/processes.ts'
import { judge, type Task, truthOf } from '../../src/soak/program.ts'
import { reportOf, tableOf } from '../../src/soak/report.ts'
import type { StoryLine } from '../../src/wire/messages.ts'

/** What a soak counts, from stories that are written here: that it sees what it is there to see. */
const says: Task = { kind: 'says', start: 5, rounds: 3, steps: 10, pauseMs: 0, witnesses: 1 }
const sees: Task = { ...says, kind: 'sees' }
const truth = truthOf(says)
const END = { s: truth.at(-1), said: [] }
const [HOME, DEAD, OTHER] = ['did:home', 'did:dead', 'did:other'] as unknown as [Did, Did, Did]

let number = 0
const line = (kind: string, value: unknown, atMs = 0): StoryLine =>
  ({ number: ++number, atMs, kind, valueJson: JSON.stringify(value) }) as StoryLine
const emits = truth.map((s, round) => line('emit', [round, s]))

describe('the story of an agent', () => {
  it('is right with its result and everything it said, once and in order', () => {
    expect(judge(says, [...emits, line('result', END)])).toEqual({ lost: null, doubled: null })
    const said = truth.map((_, round) => [round, 'edge-1', round])
    const seen = said.map((one) => line('emit', one))
    expect(judge(sees, [...seen, line('result', { ...END, said })])).toEqual({ lost: null, doubled: null })
  })

  it.each<[string, Task, readonly StoryLine[], 'lost' | 'doubled']>([
    ['without a result', says, emits, 'lost'],
    ['with a failure instead', says, [...emits, line('failure', { code: 'QUOTA' })], 'lost'],
    ['with another result', says, [...emits, line('result', { ...END, s: 1 })], 'lost'],
    ['without something it said', says, [...emits.slice(1), line('result', END)], 'lost'],
    ['with something said twice', says, [...emits, ...emits.slice(2), line('result', END)], 'doubled'],
    ['said in another order', says, [...emits.toReversed(), line('result', END)], 'doubled'],
    ['with two results', says, [...emits, line('result', END), line('result', END)], 'doubled'],
    [
      'with words that the agent does not remember',
      sees,
      [
        ...truth.map((_, round) => line('emit', [round, 'edge-1', 1])),
        line('result', { ...END, said: truth.map((_, round) => [round, 'edge-2', 1]) }),
      ],
      'doubled',
    ],
  ])('is wrong %s', (_, task, lines, which) => {
    const verdict = judge(task, lines)
    expect(verdict[which]).not.toBeNull()
    expect(verdict[which === 'lost' ? 'doubled' : 'lost']).toBeNull()
  })
})

describe('the report of a soak', () => {
  const agent = (lines: readonly StoryLine[], id = 'a'): Watched => ({
    agent: id as AgentId,
    task: { ...says, kind: 'computes' },
    keeper: {} as Edge,
    lines: [...lines],
    row: null,
    heardMs: 0,
  })
  const hit = agent([
    line('hop', { from: HOME, to: DEAD }, 1_000),
    line('checkpoint', {}, 9_200),
    line('recover', { from: DEAD }, 15_200),
    line('hop', { from: DEAD, to: HOME, reason: 'recover' }, 15_210),
    line('hop', { from: HOME, to: OTHER, reason: 'recover' }, 15_400),
  ])
  const blow = { kind: 'edge-kill' as const, target: 'edge-1', atMs: 10_000, host: DEAD, healedMs: 20_000 }

  it('measures from the blow to where the agent runs again, and from its last checkpoint to the blow', () => {
    const report = reportOf({
      seed: 1,
      startMs: 0,
      verdicts: new Map([[hit, { lost: null, doubled: null }]]),
      happenings: [{ ...blow, held: [hit.agent] }],
      unanswered: 0,
    })
    expect(report).toMatchObject({ ok: true, kills: 1, recoveries: 1, faults: { 'edge-kill': 1 } })
    expect(report.recovery).toEqual({ 'edge-kill': { count: 1, p50: 5_400, p95: 5_400, most: 5_400 } })
    expect(report.workLost).toEqual({ 'edge-kill': { count: 1, p50: 800, p95: 800, most: 800 } })
  })

  it('is not well with one agent lost, or one doubled, which it names', () => {
    for (const verdict of [
      { lost: 'no result', doubled: null },
      { lost: null, doubled: 'said twice' },
    ]) {
      const report = reportOf({
        seed: 1,
        startMs: 0,
        verdicts: new Map([[hit, verdict]]),
        happenings: [],
        unanswered: 0,
      })
      expect(report.ok).toBe(false)
      expect(tableOf(report).join('\n')).toContain(`a (computes): ${verdict.lost ?? verdict.doubled}`)
    }
  })
})

describe('the faults of a soak', () => {
  it('are drawn from the seed, leave some workers alone, and are all over at the end', async () => {
    const run = async (seed: number) => {
      const [up, log]: [Set<string>, string[]] = [new Set(['a', 'b', 'c', 'd', 'e']), []]
      let fewest = up.size
      const edges = [...up].map((name) => ({
        name,
        did: name as Did,
        kill: async () => {
          up.delete(name)
          fewest = Math.min(fewest, up.size)
          log.push(name)
        },
        start: async () => void up.add(name),
      })) as unknown as Edge[]
      const stop = new AbortController()
      const field = { edges, homes: [], tabs: [], disk: null, heldBy: () => [], say: () => {} } as unknown as Field
      const faults = new Faults(field, seededRandom(seed), ['edge-kill'], async (_ms, signal) => {
        if (log.length >= 6) stop.abort()
        if (!signal.aborted) await new Promise((resolve) => setImmediate(resolve))
      })
      await faults.run(stop.signal)
      expect(up.size).toBe(5)
      expect(faults.happenings.every(({ healedMs }) => healedMs !== null)).toBe(true)
      expect(fewest).toBeGreaterThanOrEqual(2)
      return log
    }
    expect(await run(3)).toEqual(await run(3))
    expect(await run(3)).not.toEqual(await run(4))
  })
})
