import { setTimeout as pause } from 'node:timers/promises'
import { type AgentId, homeOf } from '../../directory/agent-id.ts'
import type { Row, StoryLine } from '../../wire/messages.ts'
import { AnswerError } from './cluster-client.ts'
import { hasEnded, inOrderOfBirth } from './cluster-view.ts'
import { type AsksKeepers, askKeeper } from './keepers.ts'
import { madeAgents } from './story-text.ts'

/** An agent's story as its home tells it, asked for again and again: the wire has no subscriptions. */
export interface Watcher {
  onLine(line: StoryLine): void
  /** Where it stands, after each look. */
  onRow?(row: Row): void
}

/** Between two looks at an agent that goes on. */
const LOOK_AGAIN_MS = 400

/** A home that has not answered for so long is given up; a restart or a new session takes less. */
const SILENCE_MS_MAX = 30_000

/** An agent that has ended, with whom it was made of. */
export interface Followed {
  readonly agent: AgentId
  readonly row: Row
}

/** A home that tells of more made of one agent is not believed; a permit of that size is none that hosts give. */
const FAMILY_MAX = 2_000

/**
 * Follows an agent and all that it forks into, and resolves when the last of them has ended: the agent itself first, the
 * others in the order in which they were made. All have one home, and of others it has nothing to tell.
 */
export async function followFamily(
  client: AsksKeepers,
  agent: AgentId,
  watch: (agent: AgentId) => Watcher,
): Promise<readonly Followed[]> {
  const family = new Map<AgentId, Promise<Row>>()
  const follow = (one: AgentId): void => {
    if (family.has(one) || homeOf(one) !== homeOf(agent) || family.size >= FAMILY_MAX) return
    const watcher = watch(one)
    const following = followStory(client, one, {
      ...watcher,
      onLine(line) {
        watcher.onLine(line)
        for (const made of madeAgents(line)) follow(made)
      },
    })
    following.catch(() => {}) // it is awaited below, in its turn
    family.set(one, following)
  }
  follow(agent)
  const ended: Followed[] = []
  for (const [one, following] of family) ended.push({ agent: one, row: await following })
  return inOrderOfBirth(ended)
}

/** Tells what is known now from line `from` on. */
export async function tellStory(client: AsksKeepers, agent: AgentId, watcher: Watcher, from = 1): Promise<Row> {
  let next = from
  for (;;) {
    const { row, lines } = await askKeeper(client, agent, 'story', { agent, from: next })
    for (const line of lines) watcher.onLine(line)
    next = Math.max(next, ...lines.map(({ number }) => number + 1))
    if (lines.length > 0) continue
    watcher.onRow?.(row)
    return row
  }
}

/** Tells until the agent has ended and everything is told. A home that goes away for a moment is waited for. */
export async function followStory(client: AsksKeepers, agent: AgentId, watcher: Watcher): Promise<Row> {
  let next = 1
  let silentSince: number | null = null
  const onLine = (line: StoryLine): void => {
    next = Math.max(next, line.number + 1)
    watcher.onLine(line)
  }
  for (;;) {
    try {
      const row = await tellStory(client, agent, { ...watcher, onLine }, next)
      if (hasEnded(row.state)) return row
      silentSince = null
    } catch (error) {
      if (!(error instanceof AnswerError) || (error.answer !== 'TIMEOUT' && error.answer !== 'CLOSED')) throw error
      silentSince ??= performance.now()
      if (performance.now() - silentSince > SILENCE_MS_MAX) throw error
    }
    await pause(LOOK_AGAIN_MS)
  }
}
