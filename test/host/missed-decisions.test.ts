import { describe, expect, it } from 'vitest'
import { rawCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import { learn } from '../../src/host/certificates.ts'
import { decidersOf } from '../../src/host/charter.ts'
import { headAfter, NO_HISTORY } from '../../src/host/history.ts'
import { openLog, showLog, takePieces } from '../../src/host/logbook.ts'
import { encodePiece } from '../../src/host/pieces.ts'
import type { HomeRow, Register } from '../../src/host/state.ts'
import type { Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import type { Certificate, History } from '../../src/wire/statements.ts'
import { bareState, bareTurn } from './bare.ts'

/** A witness that hears of a decision, and has missed the one before or has not. */
const [one, two, three, four] = [1, 2, 3, 4].map(
  (seed) => createSigner(generateSecretKey(seededRandom(seed))).did,
) as unknown as readonly [Did, Did, Did, Did]
const agent = agentId({ home: one, age: 1, sequence: 1 })
const first = [one, two, three]

function decided(
  epoch: number,
  voters: readonly Did[],
  of: readonly Did[],
  witnesses = of,
  history: History | null = null,
): Certificate {
  const holding = { holder: four, checkpoint: null, witnesses, history }
  const ballot = { round: 1, host: one, age: 1 }
  const decision = { agent, epoch, holding, previous: rawCid(Uint8Array.of(epoch)), release: null }
  const vote = { type: 'vote' as const, ...decision, ballot, of: of.length, atMs: 1 }
  const votes = voters.map((signer) => ({ signer, statement: vote, signature: new Uint8Array(64) }))
  return { ...decision, ballot, votes } as unknown as Certificate
}

/** Host two as a witness that knows what was decided for epoch 1. */
function witness(history: History | null = null) {
  const turn = bareTurn(bareState(two), 1)
  const certificate = decided(1, [one, two], first, first, history)
  const register = {
    agent,
    witnesses: first,
    charters: [],
    epoch: 1,
    holder: four,
    head: certificate.previous,
    certificate,
  }
  const undecided = { given: { release: null, ready: null }, promised: null, accepted: null }
  turn.state.registers.set(agent, { ...register, ...undecided } as Register)
  const hear = (certificate: Certificate, charters: readonly Certificate[] = []): Register => {
    learn(turn, { certificate, charters, release: null, ready: null })
    const register = turn.state.registers.get(agent) ?? expect.fail('no register')
    expect(register.epoch).toBe(certificate.epoch)
    return register
  }
  return { turn, hear }
}

describe('a witness that has missed a change of witnesses', () => {
  const next = [two, three, four]
  const changed = decided(2, [one, two], first, next)

  it('shows a chain of decisions that leads from the first witnesses to those of now', () => {
    const { charters } = witness().hear(decided(3, [three, four], next), [changed])
    expect(decidersOf({ epoch: 0, witnesses: first }, 4, charters)).toEqual(next)
  })

  it('shows the same as one that has not', () => {
    const { hear } = witness()
    hear(changed)
    expect(hear(decided(3, [three, four], next)).charters).toEqual(
      witness().hear(decided(3, [three, four], next), [changed]).charters,
    )
  })
})

describe('the log of a witness', () => {
  const pieces = [1, 2, 3, 4].map((n) => encodePiece({ kind: 'mail', letter: Uint8Array.of(n) }))
  const [a, b, c, other] = pieces as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  const historyOf = (...pieces: Uint8Array[]): History => ({
    length: pieces.length,
    head: pieces.reduce(headAfter as never, null),
  })

  function logging(...had: Uint8Array[]) {
    const { turn, hear } = witness(NO_HISTORY)
    openLog(turn, {
      agent,
      history: NO_HISTORY,
      checkpoint: null,
      consoleLines: 0,
      sentBytes: 0,
      messages: 0,
      mail: {},
    } as unknown as HomeRow)
    expect(takePieces(turn, agent, { from: 0, head: null, pieces: had })).toBeNull()
    return { hear, kept: () => showLog(turn.state, agent)?.pieces }
  }

  it('keeps what it has of the next decision', () => {
    const { hear, kept } = logging(a, b)
    hear(decided(2, [one, two], first, first, historyOf(a, b, c)))
    expect(kept()).toEqual([a, b])
  })

  it('keeps nothing that the next decision has left out', () => {
    const { hear, kept } = logging(a, b, c)
    hear(decided(2, [one, two], first, first, historyOf(a)))
    expect(kept()).toEqual([a])
  })

  it('keeps nothing that a decision which it has missed may have left out', () => {
    const { hear, kept } = logging(a, other)
    hear(decided(3, [one, two], first, first, historyOf(a, b, c)))
    expect(kept()).toEqual([])
  })
})
