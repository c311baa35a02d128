import { expect, it } from 'vitest'
import { rawCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import { isLogged, onLogAnswered } from '../../src/host/durable.ts'
import { newHeard } from '../../src/host/heard.ts'
import { add, endOf, NO_HISTORY, newLog } from '../../src/host/history.ts'
import { DEFAULT_POLICY } from '../../src/host/limits.ts'
import { type KeptLog, settleLog } from '../../src/host/logbook.ts'
import { writeResident } from '../../src/host/records.ts'
import { onEffectAnswered, sendCheckpointHome, sendEffects } from '../../src/host/residence.ts'
import { newResident } from '../../src/host/residents.ts'
import { restore } from '../../src/host/restore.ts'
import type { HomeRow, Register } from '../../src/host/state.ts'
import { joinedTrace } from '../../src/host/traces.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import type { Trace } from '../../src/sandbox/trace.ts'
import { NO_MAIL } from '../../src/wire/mail.ts'
import type { Brief } from '../../src/wire/messages.ts'
import type { Certificate, Holding, License } from '../../src/wire/statements.ts'
import { bareState, bareTurn } from './bare.ts'

/** What a holder lets go of, and what counts as kept, by the machine alone. */
const [one, two, three] = [1, 2, 3].map((seed) => createSigner(generateSecretKey(seededRandom(seed))).did)
const agent = agentId({ home: one, age: 1, sequence: 1 })
const checkpoint = rawCid(new Uint8Array([1]))

/** Host `one` holds a durable agent that it has stopped, with two pieces behind its newest checkpoint. */
function holder(witnesses: readonly (typeof one)[]) {
  const state = bareState(one)
  const turn = bareTurn(state, 1)
  const brief = { agent, witnesses, history: NO_HISTORY, mail: NO_MAIL, consoleLines: 0 } as unknown as Brief
  const resident = newResident(turn, brief, 'a', one, { order: { signer: one } } as License, DEFAULT_POLICY, 1)
  const pieces = [new Uint8Array([1]), new Uint8Array([2])]
  const log = resident.history?.log ?? newLog(NO_HISTORY)
  for (const piece of pieces) add(log, piece)
  Object.assign(resident, {
    checkpoint,
    guest: 'frozen',
    brief: { ...brief, history: endOf(log) },
    effectsBeforeCheckpoint: 0,
  })
  state.residents.set(agent, resident)
  const asked = (name: string): number =>
    turn.effects.filter((effect) => effect.kind === 'ask' && effect.name === name).length
  return { state, turn, resident, asked }
}

it('a checkpoint goes home when a majority of the witnesses has the pieces behind it, and not before', () => {
  const { turn, resident, asked } = holder([one, two, three])
  sendCheckpointHome(turn, resident)
  expect([asked('log'), asked('checkpoint')]).toEqual([2, 0])
  resident.history?.logged.set(two, 2)
  sendCheckpointHome(turn, resident)
  expect(asked('checkpoint')).toBe(0)
  resident.history?.logged.set(three, 2)
  sendCheckpointHome(turn, resident)
  expect(asked('checkpoint')).toBe(1)
})

it('what a witness has counts where it is this history, whatever its length, and where it is here as well', () => {
  const { state, turn, resident } = holder([one, two, three])
  const end = resident.history ? endOf(resident.history.log) : NO_HISTORY
  const other = { length: end.length, head: checkpoint }
  const says = (witness: typeof one, body: typeof end) => onLogAnswered(turn, resident, witness, 1, { ok: true, body })
  const own = newLog(NO_HISTORY)
  for (const n of [8, 9]) add(own, new Uint8Array([n]))
  state.logs.set(agent, { log: own } as unknown as KeptLog)
  says(two, end)
  says(three, other)
  expect(isLogged(turn, resident, end.length)).toBe(false)
  says(three, end)
  expect(isLogged(turn, resident, end.length)).toBe(true)
  says(three, other)
  state.logs.set(agent, { log: resident.history?.log } as unknown as KeptLog)
  expect(isLogged(turn, resident, end.length)).toBe(true)
})

const effectsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    agent,
    epoch: 1,
    kind: 'emit' as const,
    number: i + 1,
    valueJson: '1',
    voucher: null,
    after: 0,
    stretch: null,
  }))

const rowOf = (changes: object): HomeRow =>
  ({ agent, epoch: 1, story: [], storyNext: 1, seen: { emit: 0 }, heard: newHeard(), ...changes }) as unknown as HomeRow

it('what an agent lets out where its row is kept is not there yet while others have to know of it', () => {
  const { state, turn, resident, asked } = holder([one, two, three])
  state.rows.set(agent, rowOf({ holder: one }))
  resident.effects.push(...effectsOf(2))
  sendEffects(turn, resident)
  expect([resident.effects.length, asked('effect'), state.rows.get(agent)?.seen.emit]).toEqual([2, 1, 0])
})

it('where nobody else has to know of it, it counts as gone before the checkpoint, which then follows', () => {
  const { state, turn, resident } = holder([one])
  const row = rowOf({ holder: one, mail: NO_MAIL })
  state.rows.set(agent, row)
  resident.effects.push(...effectsOf(2))
  resident.effectsBeforeCheckpoint = 2
  sendEffects(turn, resident)
  expect([resident.effects.length, resident.effectsBeforeCheckpoint, row.checkpoint]).toEqual([0, null, checkpoint])
})

it('a witness keeps pieces that lead to the next decision, and none that an earlier one has left out', () => {
  const kept = (decided: { length: number; head: typeof checkpoint | null }, isNext: boolean): number => {
    const { state, turn } = holder([one])
    const log = newLog(NO_HISTORY)
    for (const byte of [1, 2, 3]) add(log, new Uint8Array([byte]))
    state.logs.set(agent, {
      agent,
      checkpoint: null,
      counts: { consoleLines: 0, sentBytes: 0, messages: 0, mail: NO_MAIL },
      log,
    })
    state.registers.set(agent, { agent, epoch: 1 } as Register)
    const history =
      decided.head === null ? { length: decided.length, head: log.heads[decided.length - 1] ?? null } : decided
    settleLog(turn, agent, { history } as Holding, isNext)
    return endOf(log).length
  }
  const elsewhere = rawCid(new Uint8Array([9]))
  expect(kept({ length: 2, head: null }, true)).toBe(2)
  expect(kept({ length: 5, head: elsewhere }, true)).toBe(3)
  expect(kept({ length: 5, head: elsewhere }, false)).toBe(0)
  expect(kept({ length: 3, head: elsewhere }, true)).toBe(0)
})

it('what two guests did one after the other is no trace of one', () => {
  const trace = (from: string, to: string) =>
    ({ from: { effects: from }, inputs: [], until: { fuelUsed: 1, standing: 'turn' }, effects: to }) as unknown as Trace
  expect(joinedTrace([trace('0', 'a'), trace('a', 'b')])).not.toBeNull()
  expect(joinedTrace([trace('0', 'a'), trace('0', 'b')])).toBeNull()
})

it('what was said again before a restart, and not run on from, is said after it; what was run on from is lived again', () => {
  const said = (started: number | null): readonly unknown[] => {
    const before = holder([one, two, three])
    before.resident.effects.push(...effectsOf(2))
    before.resident.started = started
    const record = writeResident(before.resident)
    const { state, turn } = holder([one])
    state.residents.clear()
    restore(turn, new Map([[record.key, record.value()]]))
    const { effects, started: isStarted } = state.residents.get(agent) ?? { effects: [], started: undefined }
    return [effects.length, isStarted]
  }
  // Not run on either: letters may have been logged since.
  expect(said(0)).toEqual([2, 1])
  expect(said(1)).toEqual([0, 1])
})

it('a keeper that does not know that it is one hears so from the holder that it turns away', () => {
  const { turn, resident } = holder([two, one, three])
  resident.certificate = { agent, epoch: 1 } as Certificate
  resident.effects.push(...effectsOf(1))
  onEffectAnswered(turn, resident, { ok: false, code: 'UNKNOWN_AGENT', reason: 'the row is not kept here' })
  const told = turn.effects.flatMap((effect) => (effect.kind === 'tell' ? [[effect.to, effect.name]] : []))
  expect(told).toEqual([[two, 'certificate']])
  expect(resident.effects).toHaveLength(1)
})
