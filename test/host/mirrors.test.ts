import { describe, expect, it } from 'vitest'
import { rawCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { type AgentId, agentId } from '../../src/directory/agent-id.ts'
import type { HostEffect } from '../../src/host/events.ts'
import { newHeard } from '../../src/host/heard.ts'
import { DEFAULT_POLICY, MIRRORS_MAX, ROWS_MAX } from '../../src/host/limits.ts'
import { catchUp, onLog } from '../../src/host/logbook.ts'
import { step } from '../../src/host/machine.ts'
import { MAILBOX_BYTES_MAX } from '../../src/host/mail-limits.ts'
import { onMirror } from '../../src/host/mirror.ts'
import { newState } from '../../src/host/new-state.ts'
import { makeMirrorRoom, makeRoom } from '../../src/host/spawn.ts'
import type { HomeRow, HostState, Register } from '../../src/host/state.ts'
import { rowTold } from '../../src/host/told.ts'
import type { Turn } from '../../src/host/turn.ts'
import type { Requests } from '../../src/wire/messages.ts'
import { authorityFor } from '../wire/world.ts'

/** What a witness keeps for others, and what it does not let them do with it. */
const [self, keeper] = [authorityFor(9).did, authorityFor(1).did]
const agentOf = (sequence: number, home = keeper): AgentId => agentId({ home, age: 1, sequence })
const CHECKPOINT = rawCid(Uint8Array.of(1))

const host = (): HostState =>
  newState({
    self,
    age: 1,
    kind: 'edge',
    name: 'witness',
    slots: 1,
    engineIds: [],
    policy: DEFAULT_POLICY,
    trusted: [self],
    operators: [self],
    administrators: [self],
  })

const turnOf = (state: HostState): Turn => ({
  state,
  nowMs: 5,
  wallMs: 5,
  random: seededRandom(1),
  effects: [],
  writes: new Map(),
  soon: new Map(),
})

/** As much of a row as these parts look at. */
const rowOf = (agent: AgentId, ended: boolean): HomeRow =>
  ({
    agent,
    checkpoint: ended ? null : CHECKPOINT,
    outcome: ended ? { ok: true, valueJson: '1' } : null,
    story: [],
    itinerary: [],
    forks: [],
    storyNext: 1,
    tenure: 0,
    since: 1,
  }) as unknown as HomeRow

function fill(rows: Map<AgentId, HomeRow>, count: number, ended: boolean, home = keeper): void {
  for (let i = 1; i <= count; i++) rows.set(agentOf(i, home), rowOf(agentOf(i, home), ended))
}

const forgets = (effects: readonly HostEffect[]): boolean => effects.some(({ kind }) => kind === 'forget')

describe('rows that a witness has for other keepers', () => {
  it('crowd out no row of its own, not even of an agent that has ended', () => {
    const state = host()
    fill(state.rows, ROWS_MAX, true, self)
    fill(state.mirrors, MIRRORS_MAX - 1, false)
    expect(makeMirrorRoom(turnOf(state))).toBe(true)
    expect(state.rows.size).toBe(ROWS_MAX)
  })

  it('take no room from agents that are launched here, however many they are', () => {
    const state = host()
    fill(state.mirrors, MIRRORS_MAX, false)
    expect(makeRoom(turnOf(state), 3)).toBe(true)
    expect(state.mirrors.size).toBe(MIRRORS_MAX)
  })

  it('are so many at most; for one more the oldest of an ended agent goes', () => {
    const state = host()
    fill(state.mirrors, MIRRORS_MAX, false)
    expect(makeMirrorRoom(turnOf(state))).toBe(false)
    state.mirrors.set(agentOf(7), rowOf(agentOf(7), true))
    expect(makeMirrorRoom(turnOf(state))).toBe(true)
    expect([state.mirrors.size, state.mirrors.has(agentOf(7))]).toEqual([MIRRORS_MAX - 1, false])
  })

  it('bring no more mail than a mailbox holds', () => {
    const state = host()
    const agent = agentOf(1)
    state.mirrors.set(agent, rowOf(agent, false))
    const register = { agent, epoch: 0, holder: keeper, witnesses: [keeper, self], promised: null, accepted: null }
    state.registers.set(agent, register as unknown as Register)
    const half = JSON.stringify('x'.repeat(30_000))
    const letters = Array.from({ length: Math.ceil(MAILBOX_BYTES_MAX / 30_000) + 1 }, (_, i) => ({
      from: agentOf(2),
      number: i + 1,
      dataJson: half,
    }))
    const mail = { first: 0, letters, marks: [], open: false }
    const told = { agent, epoch: 0, estate: { from: 1, next: 1, lines: [], checkpoint: null, mail } }
    const turn = turnOf(state)
    onMirror(turn, keeper, 3, told as unknown as Requests['mirror']['ask'])
    expect(turn.effects).toMatchObject([
      { kind: 'deny', code: 'REFUSED', reason: expect.stringContaining('mailBytes') },
    ])
  })
})

describe('the last line of a tenure that is over, which nobody else has', () => {
  const agent = agentOf(1)
  const line = (number: number, kind: string) => ({ number, atMs: 0, kind, valueJson: '{}' })
  /** It kept the row, and was away while another did, and then a third, who began at line 5. */
  function told(from: number, lines: readonly object[]) {
    const state = host()
    const row = { ...rowOf(agent, false), story: [line(1, 'hop'), line(4, 'recover')], storyNext: 5, kept: 3 }
    state.mirrors.set(agent, { ...row, checkpoint: null, heard: newHeard() } as unknown as HomeRow)
    const register = { agent, epoch: 3, holder: keeper, witnesses: [keeper, self], promised: null, accepted: null }
    state.registers.set(agent, register as unknown as Register)
    const mail = { first: 0, letters: [], marks: [], open: false }
    const estate = { tenure: 3, since: 5, from, next: 6, isWhole: false, lines, checkpoint: null, mail, itinerary: [] }
    const turn = turnOf(state)
    onMirror(turn, keeper, 3, { agent, epoch: 3, estate } as unknown as Requests['mirror']['ask'])
    return { turn, story: state.mirrors.get(agent)?.story.map(({ number, kind }) => `${number} ${kind}`) }
  }

  it('is asked for anew by whoever keeps the row now, and stays until then', () => {
    const { turn, story } = told(5, [line(5, 'keeper')])
    expect(turn.effects).toMatchObject([{ kind: 'answer', body: { next: 3 } }])
    expect(story).toEqual(['1 hop', '4 recover'])
  })

  it('gives way to the line that all others have', () => {
    const { story } = told(3, [line(4, 'keeper'), line(5, 'keeper')])
    expect(story).toEqual(['1 hop', '4 keeper', '5 keeper'])
  })
})

describe('an end', () => {
  const agent = agentOf(1)
  const register = { agent, epoch: 9, holder: keeper, witnesses: [keeper, self, authorityFor(2).did] }
  const keptBy = (did: string, epoch: number) => ({ epoch, holding: { witnesses: [did] } })
  /** This host kept the row since epoch 7, and has of it that line 5 tells the end; of its lines a majority has those before `kept`. */
  const storyAt = (kept: number, tenants: readonly object[]) => {
    const state = host()
    const story = [4, 5].map((number) => ({ number, atMs: 0, kind: number === 5 ? 'result' : 'emit', valueJson: '1' }))
    const row = { ...rowOf(agent, true), state: 'finished', story, storyNext: 6, tenure: 7, since: 3, kept }
    state.mirrors.set(agent, row as unknown as HomeRow)
    state.registers.set(agent, { ...register, charters: tenants } as unknown as Register)
    return rowTold(state, agent)?.storyNext
  }

  it('that its last keeper alone has written down is not told once another keeps the row', () => {
    expect(storyAt(5, [keptBy(self, 7), keptBy(keeper, 9)])).toBe(undefined)
  })

  it('that a majority has, or that whoever keeps the row has told, is told by any of its witnesses', () => {
    expect(storyAt(6, [keptBy(self, 7), keptBy(keeper, 9)])).toBe(6)
    expect(storyAt(1, [keptBy(keeper, 7)])).toBe(6)
  })
})

describe('the log of a durable agent that has ended', () => {
  it('takes what its holder still brings, so that its last words come through, and every decision', () => {
    const state = host()
    const agent = agentOf(1)
    state.mirrors.set(agent, rowOf(agent, true))
    state.registers.set(agent, { agent, epoch: 1, holder: keeper, witnesses: [keeper, self] } as unknown as Register)
    const turn = turnOf(state)
    onLog(turn, keeper, 3, { agent, epoch: 1, from: 2, head: null, pieces: [Uint8Array.of(1)] })
    expect(turn.effects).toMatchObject([{ kind: 'answer', body: { length: 3 } }])
    expect(catchUp(turn, agent, { length: 3, head: CHECKPOINT }, null)).toBe(null)
  })
})

describe('blocks that come late for an arrival that was given up', () => {
  const late = (state: HostState): HostEffect[] => {
    const agent = agentOf(1)
    state.waiting.set(7, { for: 'prepare', agent })
    const event = { kind: 'prepared', token: 7, fault: null, stateBytes: 0, fuelUsed: 0 } as const
    return step(state, event, { nowMs: 5, wallMs: 5 }, seededRandom(1))
  }

  it('go, where nobody here needs them', () => {
    expect(forgets(late(host()))).toBe(true)
  })

  it('take nothing along that this host has as a witness: it may have to go on from that', () => {
    const state = host()
    state.mirrors.set(agentOf(1), rowOf(agentOf(1), false))
    expect(forgets(late(state))).toBe(false)
  })
})
