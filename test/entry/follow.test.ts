import { expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { type AgentId, agentId } from '../../src/directory/agent-id.ts'
import type { ClusterClient } from '../../src/entry/node/cluster-client.ts'
import { followFamily } from '../../src/entry/node/follow.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import type { Row, StoryLine } from '../../src/wire/messages.ts'

const [home, other] = [1, 2].map((seed) => createSigner(generateSecretKey(seededRandom(seed))).did)

it('follows what an agent forks into, and of what a home says no more than it has to say', async () => {
  if (!home || !other) throw new Error('no names')
  const of = (sequence: number, at = home): AgentId => agentId({ home: at, age: 1, sequence })
  /** Lines of `fork` by agent: the fourth says that it made everybody, itself, and an agent of another home. */
  const made = new Map<AgentId, readonly AgentId[]>([
    [of(1), [of(4), of(2)]],
    [of(4), [of(10), of(1), of(4), of(5, other)]],
  ])
  const asked: AgentId[] = []
  const client = {
    async ask(_to: unknown, _name: string, { agent, from }: { agent: AgentId; from: number }) {
      asked.push(agent)
      const valueJson = JSON.stringify({ agents: made.get(agent) ?? [] })
      const lines: StoryLine[] = from <= 1 ? [{ number: 1, atMs: 0, kind: 'fork', valueJson }] : []
      return { row: { agent, state: 'finished' } as Row, lines }
    },
  } as unknown as ClusterClient
  const told: AgentId[] = []
  const ended = await followFamily(client, of(1), (agent) => ({ onLine: () => void told.push(agent) }))
  expect(ended.map(({ agent }) => agent)).toEqual([of(1), of(2), of(4), of(10)])
  expect(told.sort()).toEqual([of(1), of(10), of(2), of(4)])
  expect(new Set(asked).size).toBe(4)
})
