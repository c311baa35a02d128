import type { StoryLine } from '../wire/messages.ts'

/**
 * What the agents of a soak do, and what their stories must say at the end. Every one is told apart by its `start`; a step
 * that is lost, done twice or done on another's state changes all that follows.
 */
export interface Task {
  /**
   * `computes` in one go; `says` what it has every round; `travels` and says; `sees` where it is, which differs from run to
   * run: what it has said must be what it remembers having said.
   */
  readonly kind: TaskKind
  readonly start: number
  readonly rounds: number
  /** Steps of the loop in each round. */
  readonly steps: number
  /** Between two rounds, milliseconds. */
  readonly pauseMs: number
}

export const TASK_KINDS = ['computes', 'says', 'travels', 'sees'] as const
export type TaskKind = (typeof TASK_KINDS)[number]

/** The program of all of them; `agent.ts` of a bundle. */
export const PROGRAM = `
import { agent } from 'sojourn/agent'

interface Task { kind: string; start: number; rounds: number; steps: number; pauseMs: number }

export default agent(async (self, task: Task) => {
  let s = task.start | 0
  const said: unknown[] = []
  for (let round = 0; round < task.rounds; round++) {
    for (let i = 0; i < task.steps; i++) s = (Math.imul(s, 31) + i) | 0
    if (task.kind === 'travels') await self.move('anywhere').catch(() => {})
    if (task.kind === 'sees') {
      const { name, age } = await self.where()
      said.push([round, name, age])
      await self.emit([round, name, age])
    } else if (task.kind !== 'computes') await self.emit([round, s])
    self.progress((round + 1) / task.rounds)
    if (task.pauseMs > 0) await self.sleep(task.pauseMs)
  }
  return { s, said }
})
`

/** What the program computes, done here. */
export function truthOf({ start, rounds, steps }: Task): readonly number[] {
  let s = start | 0
  return Array.from({ length: rounds }, () => {
    for (let i = 0; i < steps; i++) s = (Math.imul(s, 31) + i) | 0
    return s
  })
}

export interface Verdict {
  /** There is no result, or another than the right one. */
  readonly lost: string | null
  /** Something was said twice, or in another order, or is not what the agent remembers. */
  readonly doubled: string | null
}

/** The whole story of an agent that has ended, or of one that has not. */
export function judge(task: Task, lines: readonly StoryLine[]): Verdict {
  const of = (kind: StoryLine['kind']): unknown[] =>
    lines.filter((line) => line.kind === kind).map(({ valueJson }) => JSON.parse(valueJson))
  const [results, failures, emits] = [of('result'), of('failure'), of('emit')]
  const [result] = results as { s: number; said: unknown[] }[]
  const truth = truthOf(task)
  if (result === undefined)
    return { lost: failures.length > 0 ? `it failed: ${JSON.stringify(failures[0])}` : 'no result', doubled: null }
  const expected =
    task.kind === 'computes' ? [] : task.kind === 'sees' ? result.said : truth.map((s, round) => [round, s])
  const wrong = result.s === truth.at(-1) ? null : `result ${result.s}, not ${truth.at(-1)}`
  const rounds = (said: readonly unknown[]): string => JSON.stringify(said)
  if (results.length + failures.length > 1)
    return { lost: wrong, doubled: `${results.length} results, ${failures.length} failures` }
  if (rounds(emits) === rounds(expected)) return { lost: wrong, doubled: null }
  const differ = `said ${rounds(emits)}, not ${rounds(expected)}`
  return emits.length < expected.length ? { lost: wrong ?? differ, doubled: null } : { lost: wrong, doubled: differ }
}
