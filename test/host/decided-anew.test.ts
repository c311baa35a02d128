import { describe, expect, it } from 'vitest'
import { rawCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import { learn } from '../../src/host/certificates.ts'
import { onLogAnswered } from '../../src/host/durable.ts'
import { newFounding, onEnrolAnswered } from '../../src/host/founding.ts'
import { newHeard } from '../../src/host/heard.ts'
import { add, endOf, NO_HISTORY } from '../../src/host/history.ts'
import { onEffect } from '../../src/host/home.ts'
import { DEFAULT_POLICY } from '../../src/host/limits.ts'
import { newResident } from '../../src/host/residents.ts'
import type { Departure, HomeRow, Register, Resident } from '../../src/host/state.ts'
import type { Turn } from '../../src/host/turn.ts'
import type { Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { FENCED_MS } from '../../src/wire/history-limits.ts'
import { NO_MAIL } from '../../src/wire/mail.ts'
import type { Brief } from '../../src/wire/messages.ts'
import type { Certificate, History, License } from '../../src/wire/statements.ts'
import { bareState, bareTurn } from './bare.ts'

/** An agent that has ended, or is about to leave, and is decided for anew; and a founding that comes too late. */
const [one, two, three] = [1, 2, 3].map(
  (seed) => createSigner(generateSecretKey(seededRandom(seed))).did,
) as unknown as readonly [Did, Did, Did]
const agent = agentId({ home: two, age: 1, sequence: 1 })
const witnesses = [two, three, one]
const head = rawCid(Uint8Array.of(1))

/** Host `one` holds it in epoch 1, with two pieces logged and nothing more to do. */
function holder(): { turn: Turn; resident: Resident; end: History } {
  const turn = bareTurn(bareState(one), 1)
  const brief = { agent, witnesses, head, history: NO_HISTORY, mail: NO_MAIL, consoleLines: 0 } as unknown as Brief
  const resident = newResident(turn, brief, 'a', one, { order: { signer: two } } as License, DEFAULT_POLICY, 1)
  const log = resident.history?.log ?? expect.fail('it is durable')
  for (const n of [1, 2]) add(log, Uint8Array.of(n))
  Object.assign(resident, { certificate: decided(1, NO_HISTORY), started: 1 })
  turn.state.residents.set(agent, resident)
  return { turn, resident, end: endOf(log) }
}

/** For host `one`, once more. */
function decided(epoch: number, history: History): Certificate {
  const holding = { holder: one, checkpoint: null, witnesses, history }
  const ballot = { round: 1, host: two, age: 1 }
  const decision = { agent, epoch, holding, previous: head, release: null }
  const statement = { type: 'vote' as const, ...decision, ballot, of: 3, atMs: 1 }
  return { ...decision, ballot, votes: [two, three].map((signer) => ({ signer, statement })) } as unknown as Certificate
}

const result = {
  agent,
  epoch: 1,
  kind: 'result' as const,
  number: 1,
  valueJson: '7',
  voucher: null,
  after: 2,
  stretch: null,
}

describe('the end of an agent', () => {
  it('is told under the new epoch where the agent is decided for its holder anew, and not lived through again', () => {
    const { turn, resident, end } = holder()
    Object.assign(resident, { ended: true, effectSending: true })
    resident.effects.push(result)
    learn(turn, { certificate: decided(2, end), charters: [], release: null, ready: null })
    expect(resident).toMatchObject({ epoch: 2, started: 2, ended: true, effectSending: false, reliving: null })
    expect(resident.effects).toEqual([result])
    expect(resident.history && endOf(resident.history.log)).toEqual(end)
  })

  it('is taken by a keeper that has held the agent itself without a receipt, and from nobody else', () => {
    const answerTo = (from: Did): readonly string[] => {
      const turn = bareTurn(bareState(one), 1)
      const told = { story: [], storyNext: 1, seen: { emit: 0, console: 0, result: 0, failure: 0 }, heard: newHeard() }
      const row = { agent, epoch: 1, holder: from, outcome: null, itinerary: [], forks: [], mail: NO_MAIL, ...told }
      turn.state.rows.set(agent, row as unknown as HomeRow)
      turn.state.registers.set(agent, { agent, witnesses: [one], epoch: 1, holder: from } as unknown as Register)
      onEffect(turn, from, 1, { ...result, after: 0 })
      return turn.effects.flatMap((effect) => (effect.kind === 'answer' || effect.kind === 'deny' ? [effect.kind] : []))
    }
    expect([answerTo(one), answerTo(two)]).toEqual([['answer'], ['deny']])
  })
})

it('a holder whose log is fenced asks for the next epoch while its agent is to leave, until that is released', () => {
  const asks = (release: boolean): boolean => {
    const { turn, resident } = holder()
    Object.assign(resident, { departure: {} as Departure, release: release ? { statement: { epoch: 2 } } : null })
    const fenced = { ok: false, code: 'OUTBID', reason: 'the next epoch is promised' } as const
    for (const nowMs of [1, 1 + FENCED_MS]) onLogAnswered({ ...turn, nowMs }, resident, two, 1, fenced)
    return turn.state.proposals.has(agent)
  }
  expect([asks(false), asks(true)]).toEqual([true, false])
})

it('a host that has become a witness of a founding which home has given up since hears nothing more of it', () => {
  const enrolledAfter = (first: readonly Did[]): readonly unknown[] => {
    const turn = bareTurn(bareState(one), 1)
    const founding = newFounding(null)
    const row = { agent, origin: { order: null, after: null, witnesses: [one] }, birth: null, itinerary: [] }
    turn.state.rows.set(agent, row as unknown as HomeRow)
    turn.state.founding.set(agent, founding)
    onEnrolAnswered(turn, { for: 'enrol', agent, to: two, first }, { ok: true, body: { next: 1, epoch: 0 } })
    return [founding.enrolled.has(two), turn.state.mirroring.has(agent)]
  }
  expect(enrolledAfter([one, two, three])).toEqual([false, false])
  expect(enrolledAfter([one])).toEqual([true, true])
})
