import { setTimeout as pause } from 'node:timers/promises'
import { shortAgentId } from '../../directory/agent-id.ts'
import type { Did } from '../../identity/did.ts'
import type { ClusterClient } from './cluster-client.ts'
import { type AgentView, hasEnded } from './cluster-view.ts'
import { CommandError } from './output.ts'

/** An order to move is taken before the move is done, and a destination may still say no: this waits for the outcome. */

/** A hand-over is well under a second; over a slow link with a large state it takes a few. */
const ARRIVAL_MS_MAX = 30_000
const LOOK_AGAIN_MS = 150

/** Resolves with the new holder once home has decided it. `from` is who had the agent when the order was taken. */
export async function arrivalOf(client: ClusterClient, agent: AgentView, from: Did): Promise<Did> {
  const deadlineMs = performance.now() + ARRIVAL_MS_MAX
  const called = shortAgentId(agent.agent)
  while (performance.now() < deadlineMs) {
    // No line has this number: we only want the row.
    const { row } = await client.ask(agent.home, 'story', { agent: agent.agent, from: Number.MAX_SAFE_INTEGER })
    if (row.epoch > agent.epoch && row.holder !== from) return row.holder
    if (hasEnded(row.state)) throw new CommandError('ENDED', `${called} ended before it could move: ${row.state}`)
    await pause(LOOK_AGAIN_MS)
  }
  throw new CommandError('STAYED', `${called} is still where it was: no host took it in ${ARRIVAL_MS_MAX / 1000} s`)
}
