import { expect, it } from 'vitest'
import { rawCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import type { HostEffect } from '../../src/host/events.ts'
import { step } from '../../src/host/machine.ts'
import type { HomeRow } from '../../src/host/state.ts'
import type { Waiting } from '../../src/host/waiting.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { bareState } from './bare.ts'

const self = createSigner(generateSecretKey(seededRandom(1))).did
const agent = agentId({ home: self, age: 1, sequence: 1 })
const checkpoint = rawCid(new Uint8Array([1]))
const forgotten = (ended?: true) => ({ kind: 'forget', agent, keep: null, ...(ended ? { ended } : {}) })

/** What is let go of when that comes to an end on a host that has nothing of the agent but this row, or this mirror of one. */
function letGoOf(
  waiting: Waiting,
  known: { readonly rows?: Partial<HomeRow>; readonly mirrors?: Partial<HomeRow> },
): readonly HostEffect[] {
  const state = bareState(self)
  if (known.rows) state.rows.set(agent, known.rows as HomeRow)
  if (known.mirrors) state.mirrors.set(agent, known.mirrors as HomeRow)
  state.waiting.set(7, waiting)
  const event =
    waiting.for === 'relive'
      ? ({ kind: 'relived', token: 7, outcome: { code: 'BUSY', reason: '' } } as const)
      : ({ kind: 'fetched', token: 7, fault: null } as const)
  return step(state, event, { nowMs: 1, wallMs: 1 }, seededRandom(1)).filter(({ kind }) => kind === 'forget')
}

const gathered = { for: 'gathered', agent, epoch: 2, estate: {} } as Waiting
const told = { for: 'home-checkpoint', agent, handle: 1, ask: { agent } } as Waiting
const outcome = { ok: true, valueJson: '1' }

it('what a host that has become a mere witness still gets as keeper takes nothing from it that it needs', () => {
  expect(letGoOf(told, { mirrors: { outcome: null, checkpoint } })).toEqual([])
})

it('blocks that come for an agent that is not here are let go of, whatever they came for', () => {
  expect(letGoOf(told, {})).toEqual([forgotten()])
  expect(letGoOf({ for: 'relive', agent }, {})).toEqual([forgotten()])
  expect(letGoOf({ for: 'parked', agent }, {})).toEqual([forgotten()])
})

it('of an agent that has ended nothing is kept that comes afterwards', () => {
  expect(letGoOf(told, { rows: { outcome } })).toEqual([forgotten(true)])
  expect(letGoOf(gathered, { mirrors: { outcome } })).toEqual([forgotten(true)])
  expect(letGoOf({ for: 'relive', agent }, { mirrors: { outcome } })).toEqual([forgotten(true)])
})
