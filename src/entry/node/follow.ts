import { setTimeout as pause } from 'node:timers/promises'
import { type AgentId, homeOf } from '../../directory/agent-id.ts'
import type { Row, StoryLine } from '../../wire/messages.ts'
import { AnswerError, type ClusterClient } from './cluster-client.ts'
import { hasEnded } from './cluster-view.ts'

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

/** Tells what is known now from line `from` on. */
export async function tellStory(client: ClusterClient, agent: AgentId, watcher: Watcher, from = 1): Promise<Row> {
  let next = from
  for (;;) {
    const { row, lines } = await client.ask(homeOf(agent), 'story', { agent, from: next })
    for (const line of lines) watcher.onLine(line)
    next = Math.max(next, ...lines.map(({ number }) => number + 1))
    if (lines.length > 0) continue
    watcher.onRow?.(row)
    return row
  }
}

/** Tells until the agent has ended and everything is told. A home that goes away for a moment is waited for. */
export async function followStory(client: ClusterClient, agent: AgentId, watcher: Watcher): Promise<Row> {
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
