import { expect, it } from 'vitest'
import { rawCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import { onPromise, propose, retryProposals } from '../../src/host/proposer.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { bareState, bareTurn } from './bare.ts'

const [one, two, three] = [1, 2, 3].map((seed) => createSigner(generateSecretKey(seededRandom(seed))).did)
const witnesses = [one, two, three]
const agent = agentId({ home: one, age: 1, sequence: 1 })
const promise = { ok: true, body: { accepted: null, tenure: 0, next: 1, log: null } } as const

it('a promise that was given for an earlier ballot does not count for a later one', () => {
  const state = bareState(one)
  const turnAt = (nowMs: number) => bareTurn(state, nowMs)
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
