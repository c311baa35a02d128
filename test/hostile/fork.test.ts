import { beforeEach, describe, expect, it } from 'vitest'
import { rawCid } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import { DEFAULT_POLICY, ROWS_MAX } from '../../src/host/limits.ts'
import { step } from '../../src/host/machine.ts'
import { newState } from '../../src/host/new-state.ts'
import { propose } from '../../src/host/proposer.ts'
import { NOTHING_DONE, spawn } from '../../src/host/spawn.ts'
import type { HomeRow, HostState, Resident } from '../../src/host/state.ts'
import type { Turn } from '../../src/host/turn.ts'
import type { Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import type { Requests } from '../../src/wire/messages.ts'
import { letIn } from '../host/introduction.ts'
import { licenseOf } from '../host/licenses.ts'

/** A home that is asked to make agents by hosts that say what they like. The agent is at `holder`, in its third epoch. */
const [home, holder, stranger] = [1, 2, 3].map((seed) => createSigner(generateSecretKey(seededRandom(seed))).did) as [
  Did,
  Did,
  Did,
]
const bundle = rawCid(Uint8Array.of(7))
const license = await licenseOf(createSigner(generateSecretKey(seededRandom(1))), { home, bundle, nowMs: 5_000 })
const NEWEST = rawCid(Uint8Array.of(1))
const moment = { nowMs: 1_000, wallMs: 5_000 }
const random = seededRandom(9)
let state: HostState
let row: HomeRow

const turnOf = (): Turn => ({ state, random, ...moment, effects: [], writes: new Map(), soon: new Map() })
const begun = (): Resident =>
  spawn(turnOf(), DEFAULT_QUOTA, {
    name: 'one',
    author: home,
    launcher: home,
    bundle,
    inputJson: 'null',
    resultTo: null,
    seed: 4,
    launchedMs: 100,
    allowance: DEFAULT_QUOTA,
    license,
    origin: { order: null, after: null, witnesses: [home] },
    ...NOTHING_DONE,
  })

beforeEach(() => {
  state = newState({
    self: home,
    age: 1,
    kind: 'launcher',
    name: 'home',
    engineIds: ['e'],
    policy: DEFAULT_POLICY,
    slots: 0,
    trusted: [],
    operators: [],
    administrators: [],
    roots: [],
  })
  for (const host of [holder, stranger]) letIn(state, host)
  const { agent } = begun()
  state.residents.delete(agent)
  const found = state.rows.get(agent)
  if (!found) throw new Error('no row')
  row = found
  Object.assign(row, { holder, epoch: 3, checkpoint: NEWEST, fuelUsed: 500, sentBytes: 70, consoleLines: 6, hops: 2 })
})

function ask(changes: Partial<Requests['fork']['ask']> = {}, from = holder) {
  const body = { agent: row.agent, epoch: 3, request: 8, n: 3, checkpoint: NEWEST, fuelUsed: 500, hops: 2, ...changes }
  const effects = step(state, { kind: 'asked', from, handle: 1, name: 'fork', body }, moment, random)
  const said = effects.find(({ kind }) => kind === 'answer' || kind === 'deny')
  if (said?.kind === 'deny') return `${said.code}: ${said.reason}`
  return said?.kind === 'answer' ? (said.body as Requests['fork']['answer']) : null
}

const agentsOf = (answer: ReturnType<typeof ask>): readonly string[] =>
  answer && typeof answer === 'object' ? answer.agents : [`${answer}`]

describe('a home is not made to make agents', () => {
  it('by a host that does not hold the agent', () => {
    expect(ask({}, stranger)).toBe(`STALE_EPOCH: epoch 3 of ${stranger}, but 3 of ${holder} is decided`)
    expect(state.rows.size).toBe(1)
  })

  it('by who held it in an epoch before', () => {
    expect(ask({ epoch: 2 })).toBe(`STALE_EPOCH: epoch 2 of ${holder}, but 3 of ${holder} is decided`)
  })

  it('of an agent that is not its own', () => {
    const agent = agentId({ home: stranger, age: 1, sequence: 1 })
    expect(ask({ agent })).toBe(`UNKNOWN_AGENT: the row of ${agent} is not kept here`)
  })

  it('from a checkpoint that it has not taken', () => {
    const other = rawCid(Uint8Array.of(2))
    expect(ask({ checkpoint: other })).toBe(`REFUSED: checkpoint ${other} is not the newest that home has of it`)
  })

  it.each([
    ['more agents than are left to it', { n: 17 }, 'QUOTA: children 16 > 15'],
    ['with fuel that it has not', { fuelUsed: 2e12 }, 'QUOTA: fuel -1000000000000 < 3, one for each'],
    ['with hops that it has not', { hops: 998 }, 'QUOTA: hops 2 < 3, one for each'],
  ])('%s', (_, changes, refusal) => {
    expect(ask(changes)).toBe(refusal)
    expect(state.rows.size).toBe(1)
  })

  it('of an agent that has ended', () => {
    row.outcome = { ok: true, valueJson: '1' }
    expect(ask()).toBe('REFUSED: the agent has ended')
  })

  it('while another checkpoint than this one may be decided for', () => {
    propose(
      turnOf(),
      row.agent,
      4,
      { witnesses: [home], head: row.head },
      { holder: home, checkpoint: null, witnesses: [home], history: null },
    )
    expect(ask()).toBe('BUSY: the next holder of the agent is being decided')
  })

  it('where a decision of its life before is open: it is brought to its end first', () => {
    const register = state.registers.get(row.agent)
    if (register)
      register.accepted = {
        ballot: { round: 1, host: home, age: 1 },
        holding: { holder: home, checkpoint: null, witnesses: [home], history: null },
        release: null,
        ready: null,
      }
    expect(ask()).toBe('BUSY: the next holder of the agent is being decided')
    expect(state.proposals.get(row.agent)?.epoch).toBe(4)
  })

  it('beyond its rows', () => {
    for (let sequence = 1_000; state.rows.size < ROWS_MAX - 1; sequence++)
      state.rows.set(agentId({ home, age: 1, sequence }), row)
    expect(ask()).toBe('QUOTA: home has no room for 2 rows')
  })
})

describe('a home that makes agents', () => {
  it('gives each a share of what it knows, whatever the holder says it has used less of', () => {
    const answer = ask({ hops: 0 })
    const [one, two] = agentsOf(answer)
    const rows = [row, ...[...state.rows.values()].filter(({ agent }) => agent === one || agent === two)]
    expect(rows.map(({ allowance: { hops } }) => hops)).toEqual([2 + 334, 332, 332])
    expect(rows.map(({ allowance: { sentBytes } }) => sentBytes)).toEqual([70 + 5_592_382, 5_592_382, 5_592_382])
    expect(rows.map(({ allowance: { children } }) => children)).toEqual([5, 4, 4])
    expect(rows.map(({ launchedMs }) => launchedMs)).toEqual([100, 100, 100])
  })

  it('makes them once for one call, and says no to the same call with another number', () => {
    const first = ask()
    expect(agentsOf(first)).toHaveLength(2)
    expect(ask({ checkpoint: rawCid(Uint8Array.of(3)), fuelUsed: 900 })).toEqual(first)
    expect(ask({ n: 4 })).toBe('REFUSED: call 8 has made it 3 before')
    expect(state.rows.size).toBe(3)
  })

  it('gives them seeds of their own, the same for the same launch', () => {
    ask()
    const seeds = [...state.rows.values()].map(({ forkedFrom }) => forkedFrom?.seed)
    expect(new Set(seeds).size).toBe(3)
    expect(seeds).toEqual([undefined, 208504477, 1800453070])
  })
})
