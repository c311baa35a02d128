import { expect, it } from 'vitest'
import { rawCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import { DEFAULT_POLICY } from '../../src/host/limits.ts'
import { newState } from '../../src/host/new-state.ts'
import { onPromise, propose, retryProposals } from '../../src/host/proposer.ts'
import type { Turn } from '../../src/host/turn.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'

const [one, two, three] = [1, 2, 3].map((seed) => createSigner(generateSecretKey(seededRandom(seed))).did)
const witnesses = [one, two, three]
const agent = agentId({ home: one, age: 1, sequence: 1 })
const promise = { ok: true, body: { accepted: null, tenure: 0, next: 1, log: null } } as const

it('a promise that was given for an earlier ballot does not count for a later one', () => {
  const state = newState({
    self: one,
    age: 1,
    kind: 'edge',
    name: 'one',
    engineIds: ['e'],
    policy: DEFAULT_POLICY,
    slots: 0,
    trusted: [],
    operators: [],
    administrators: [],
  })
  const turnAt = (nowMs: number): Turn => ({
    state,
    random: seededRandom(1),
    nowMs,
    wallMs: nowMs,
    effects: [],
    writes: new Map(),
    soon: new Map(),
  })
  propose(
    turnAt(1),
    agent,
    2,
    { witnesses, head: rawCid(new Uint8Array()) },
    {
      holder: one,
      checkpoint: null,
      witnesses,
      history: null,
    },
  )
  const proposal = state.proposals.get(agent)
  const first = proposal?.ballot.round ?? 0
  retryProposals(turnAt(60_000))
  expect(proposal?.ballot.round).toBeGreaterThan(first)
  const from = (witness: typeof one, round: number) =>
    onPromise(turnAt(60_001), { for: 'promise', agent, epoch: 2, witness, round }, promise)
  from(one, first + 1)
  // Since it gave this one, it may have voted for what somebody else has proposed in between.
  from(two, first)
  expect(proposal?.phase).toBe('prepare')
  from(three, first + 1)
  expect(proposal?.phase).toBe('accept')
})
