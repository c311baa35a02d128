import { expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { SEAL_PAUSE_MS } from '../../src/host/limits.ts'
import { Seals } from '../../src/host/seals.ts'
import { SEALED_BYTES_MAX } from '../../src/identity/limits.ts'
import { parseSealed } from '../../src/identity/sealed-value.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { VirtualTime } from '../../src/platform/memory/virtual-time.ts'

const [greedy, modest] = ['greedy', 'modest'] as unknown as [AgentId, AgentId]

function started() {
  const signer = createSigner(generateSecretKey(seededRandom(1)))
  const answered: AgentId[] = []
  const outcomes: unknown[] = []
  const time = new VirtualTime(async () => {
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
  })
  const seals = new Seals({
    signer,
    random: seededRandom(2),
    timers: time,
    lend: () => {},
    deliver: (agent, { outcome }) => {
      answered.push(agent)
      outcomes.push(outcome)
    },
  })
  return { seals, signer, time, answered, outcomes }
}

it('an agent that has values sealed without end costs its host one at a time, with a pause, and holds no other up', async () => {
  const { seals, signer, time, answered, outcomes } = started()
  await seals.ready()
  for (let request = 1; request <= 100; request++) void seals.seal(greedy, request, signer.did, '1', 'a test')
  void seals.seal(modest, 1, signer.did, '2', 'a test')
  await time.advance(SEAL_PAUSE_MS / 2)
  expect(answered.toSorted()).toEqual([greedy, modest])
  await time.advance(10 * SEAL_PAUSE_MS)
  expect(answered.filter((agent) => agent === greedy).length).toBe(11)
  const [first] = outcomes as { valueJson: string }[]
  const sealed = parseSealed(JSON.parse(first?.valueJson ?? ''))
  expect(sealed.ok && (await seals.open(modest, sealed.value))).toBe('1')
})

it('what is too long to be sealed is refused at once', async () => {
  const { seals, signer, outcomes } = started()
  await seals.seal(greedy, 1, signer.did, `"${'x'.repeat(SEALED_BYTES_MAX)}"`, 'a test')
  expect(outcomes).toMatchObject([{ ok: false, code: 'QUOTA' }])
})
