import { expect, it } from 'vitest'
import { rawCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import { depart, onOfferAnswered } from '../../src/host/departure.ts'
import { DEFAULT_POLICY, RELEASE_PATIENCE_MS } from '../../src/host/limits.ts'
import { newResident } from '../../src/host/residents.ts'
import type { Departure, HomeRow, Register, Resident } from '../../src/host/state.ts'
import type { Turn } from '../../src/host/turn.ts'
import { decideAnew } from '../../src/host/undecided.ts'
import { forgetUnfounded } from '../../src/host/unfounded.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { NO_MAIL } from '../../src/wire/mail.ts'
import type { Brief } from '../../src/wire/messages.ts'
import type { License } from '../../src/wire/statements.ts'
import { bareState, bareTurn } from './bare.ts'

/** What stands between an agent and its next epoch, and must not stand there for ever. */
const [one, two, three] = [1, 2, 3].map((seed) => createSigner(generateSecretKey(seededRandom(seed))).did)
const agent = agentId({ home: one, age: 1, sequence: 1 })

const turnAt = (nowMs: number): Turn => bareTurn(bareState(two), nowMs)

it('a holder whose RELEASE is not decided for long asks for a ballot of its own, and not before', () => {
  const resident = {
    agent,
    epoch: 4,
    checkpoint: null,
    brief: { witnesses: [one, two, three], head: rawCid(new Uint8Array()) },
  } as unknown as Resident
  const departure = { frozenMs: 1, releasedMs: 1_000 } as Departure
  const early = turnAt(1_000 + RELEASE_PATIENCE_MS - 1)
  decideAnew(early, resident, departure)
  expect(early.state.proposals.size).toBe(0)
  const late = turnAt(1_000 + RELEASE_PATIENCE_MS)
  decideAnew(late, resident, departure)
  expect(late.state.proposals.get(agent)).toMatchObject({ epoch: 5, phase: 'prepare', own: { holder: two } })
})

it('an agent that is to leave while its guest is still being made, or has not begun, is sent all the same', () => {
  for (const guest of ['preparing', 'ready'] as const) {
    const turn = turnAt(1)
    const brief = { agent, witnesses: [two], history: null, mail: NO_MAIL, consoleLines: 0 } as unknown as Brief
    const license = { order: { signer: one } } as License
    const resident = newResident(turn, brief, 'a', one, license, DEFAULT_POLICY, 1)
    Object.assign(resident, { guest, preparing: 7, certificate: { agent, epoch: 1 } })
    turn.state.residents.set(agent, resident)
    depart(turn, resident, { reason: 'recover', only: three })
    onOfferAnswered(turn, resident, three, { ok: true, body: { have: null } })
    expect(turn.effects.map((effect) => ('name' in effect ? effect.name : effect.kind))).toEqual([
      'offer',
      'terminate',
      'send',
    ])
    // What was being made comes too late, and is let go of.
    expect(resident).toMatchObject({ guest: 'none', preparing: null, departure: { phase: 'send' } })
  }
})

/** Whether a host that was asked to be a witness still is one when the agent comes with these first witnesses. */
function knows(
  witnesses: readonly (typeof one)[],
  mirror: Partial<HomeRow>,
  register: Partial<Register> = {},
): boolean {
  const turn = turnAt(1)
  const { state } = turn
  const known = { agent, witnesses: [one, two], epoch: 0, promised: null, accepted: null, ...register }
  state.registers.set(agent, known as Register)
  state.mirrors.set(agent, { agent, story: [], itinerary: [], forks: [], ...mirror } as unknown as HomeRow)
  forgetUnfounded(turn, one, { agent, origin: { order: null, after: null, witnesses } } as unknown as Brief)
  return state.registers.has(agent) && state.mirrors.has(agent)
}

it('a founding that came to nothing is forgotten when the agent comes with another one', () => {
  expect(knows([one], { isFounded: false })).toBe(false)
  expect(knows([one, three], { isFounded: false })).toBe(false)
})

it('a witness that may have promised anything, or is one, forgets nothing', () => {
  expect(knows([one, two], { isFounded: false })).toBe(true)
  expect(knows([one], { isFounded: true })).toBe(true)
  expect(knows([one], { isFounded: false }, { epoch: 1 })).toBe(true)
  expect(knows([one], { isFounded: false }, { promised: { round: 1, host: one, age: 1 } })).toBe(true)
})
