import type { Effects } from '../bundle/manifest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { StoryLine } from '../wire/messages.ts'

/**
 * What the agents of a soak do, and what their stories must say at the end. Every one is told apart by its `start`; a step
 * that is lost, done twice or done on another's state changes all that follows.
 */
export interface Task {
  /**
   * `computes` in one go; `says` what it has every round; `travels` and says. These are the same in every run, and fast.
   * `sees` where it is, which differs from run to run: what it has said must be what it remembers having said. `reads` what
   * `writes` sends it: every letter, once and in order. These are durable.
   */
  readonly kind: TaskKind
  readonly start: number
  readonly rounds: number
  /** Steps of the loop in each round. */
  readonly steps: number
  /** Between two rounds, milliseconds. */
  readonly pauseMs: number
  /** Who decides about it: its home alone, or so many hosts, any of which takes home's place. */
  readonly witnesses: number
  /** Whom it writes to. */
  readonly to?: AgentId
}

export const TASK_KINDS = ['computes', 'says', 'travels', 'sees', 'reads', 'writes'] as const
export type TaskKind = (typeof TASK_KINDS)[number]

export const effectsOf = (kind: TaskKind): Effects =>
  kind === 'computes' || kind === 'says' || kind === 'travels' ? 'fast' : 'durable'

/** The program of all of them; `agent.ts` of a bundle. */
export const PROGRAM = `
import { agent } from 'sojourn/agent'

interface Task { kind: string; start: number; rounds: number; steps: number; pauseMs: number; to: string }

export default agent(async (self, task: Task) => {
  let s = task.start | 0
  const said: unknown[] = []
  const say = (what: unknown) => (said.push(what), self.emit(what))
  for (let round = 0; round < task.rounds; round++) {
    for (let i = 0; i < task.steps; i++) s = (Math.imul(s, 31) + i) | 0
    if (task.kind === 'travels') await self.move('anywhere').catch(() => {})
    if (task.kind === 'says' || task.kind === 'travels') await self.emit([round, s])
    if (task.kind === 'sees') {
      const { name, age } = await self.where()
      await say([round, name, age])
    }
    if (task.kind === 'writes') await self.send(task.to, [round, s])
    if (task.kind === 'reads') for await (const { data } of self.inbox) {
      await say(data)
      break
    }
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
  const isSilent = task.kind === 'computes' || task.kind === 'writes'
  // A reader has the seed of who writes to it.
  const expected = isSilent ? [] : task.kind === 'sees' ? result.said : truth.map((s, round) => [round, s])
  const wrong = result.s === truth.at(-1) ? null : `result ${result.s}, not ${truth.at(-1)}`
  const rounds = (said: readonly unknown[]): string => JSON.stringify(said)
  if (results.length + failures.length > 1)
    return { lost: wrong, doubled: `${results.length} results, ${failures.length} failures` }
  if (rounds(emits) === rounds(expected)) return { lost: wrong, doubled: null }
  const differ = `said ${rounds(emits)}, not ${rounds(expected)}`
  return emits.length < expected.length ? { lost: wrong ?? differ, doubled: null } : { lost: wrong, doubled: differ }
}
