import { beforeEach, describe, expect, it } from 'vitest'
import type { Cid } from '../../src/base/digest.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { headAfter } from '../../src/host/history.ts'
import { encodePiece, type RunPiece } from '../../src/host/pieces.ts'
import { addressOf, type Did } from '../../src/identity/did.ts'
import { HISTORY_BYTES_MAX, PIECE_BYTES_MAX } from '../../src/wire/history-limits.ts'
import type { Requests } from '../../src/wire/messages.ts'
import { author, Cluster, importProgram } from '../host/cluster.ts'
import { Rogue } from './rogue.ts'

/** A holder that says what it likes of the history of its durable agent, to a home that is its only witness. */
let world: Cluster
let rogue: Rogue
let home: Did
let agent: AgentId

beforeEach(async () => {
  world = new Cluster()
  const started = await world.start(1, { kind: 'launcher', slots: 0 })
  home = started.did
  rogue = await new Rogue(world, 666).meet(1)
  rogue.lure(home)
  await world.time.advance(1_500)
  const program = { steps: 3_000, emitEvery: 500, lookEvery: 90 }
  const launching = started.host.launch(await importProgram(started.host, program, author, { effects: 'durable' }))
  await world.time.advance(5)
  agent = await launching
  await world.time.advance(500)
  expect(rogue.held().brief.agent).toBe(agent)
})

const piece = (fuelUsed: number, inputs: RunPiece['inputs'] = []): Uint8Array =>
  encodePiece({
    kind: 'run',
    from: { fuelMax: 1e9, sentBytesMax: 1e9, sentBytes: 0 },
    inputs,
    until: { fuelUsed, standing: 'turn' },
    assets: new Map(),
  })

/** The head after the first so many of what `log` and `effect` bring in these tests. */
const headOf = (length: number): Cid | null =>
  Array.from({ length }, (_, i) => piece(i + 1)).reduce<Cid | null>(headAfter, null)

async function log(from: number, ...pieces: Uint8Array[]): Promise<string | number> {
  return logAfter(from, headOf(from), ...pieces)
}

async function logAfter(from: number, head: Cid | null, ...pieces: Uint8Array[]): Promise<string | number> {
  const said = await rogue.ask(home, 'log', { agent, epoch: 1, from, head, pieces })
  if (said?.kind === 'reply') return (said.body as Requests['log']['answer']).length
  return said?.kind === 'error' ? said.code : 'silence'
}

async function effect(after: number, from: number | null, ...pieces: Uint8Array[]): Promise<string> {
  const stretch = from === null ? null : { from, head: headOf(from), pieces }
  const emit = { agent, epoch: 1, kind: 'emit', number: after + 1, valueJson: '1', voucher: null } as const
  const said = await rogue.ask(home, 'effect', { ...emit, after, stretch })
  return said?.kind === 'error' ? said.code : (said?.kind ?? 'silence')
}

describe('a log', () => {
  it('goes on where it ends, and says where that is', async () => {
    expect(await log(0, piece(1), piece(2))).toBe(2)
    expect(await log(1, piece(2), piece(3))).toBe(3)
    expect(await log(7, piece(9))).toBe(3)
  })

  it.each([
    ['a piece that does not parse', [Uint8Array.of(1, 2, 3)], 'BAD_MESSAGE'],
    ['an end before its inputs', [piece(1, [{ fuelUsed: 5, standing: 'turn', act: { kind: 'rest' } }])], 'BAD_MESSAGE'],
    ['more than it may have', Array.from({ length: 4 }, (_, i) => mail(i)), 'QUOTA'],
  ])('does not take %s, nor anything beside it', async (_, pieces, code) => {
    expect(await log(0, piece(1), ...pieces)).toBe(code)
    expect(await log(0)).toBe(0)
  })

  it('does not become another one', async () => {
    await log(0, piece(1), piece(2))
    expect(await log(1, piece(3))).toBe('CONFLICT')
    expect(await logAfter(2, headAfter(headOf(1), piece(3)), piece(4))).toBe('CONFLICT')
    expect(await log(2)).toBe(2)
  })

  it('takes nothing more once the next epoch is promised', async () => {
    await log(0, piece(1))
    const ballot = { round: 1, host: rogue.did, age: 1 }
    const promised = await rogue.ask(home, 'prepare', { agent, epoch: 2, ballot })
    const { log: shown } = (promised as { body: Requests['prepare']['answer'] }).body
    expect(shown?.pieces).toEqual([piece(1)])
    expect(await log(1, piece(2))).toBe('OUTBID')
    expect(await effect(2, 1, piece(2))).toBe('OUTBID')
    expect(await effect(1, null)).toBe('reply')
  })
})

describe('an effect', () => {
  it('is taken with the pieces that it comes of, and not before them', async () => {
    expect(await effect(1, null)).toBe('BUSY')
    expect(await effect(2, 1, piece(2))).toBe('BUSY')
    expect(await effect(2, 0, piece(1), piece(2))).toBe('reply')
    expect(await log(0)).toBe(2)
  })
})

describe('a history that the program cannot have had', () => {
  it('ends nobody: the agent goes on from its checkpoint, and its launcher is told', async () => {
    const answer = { request: 40, outcome: { ok: true, valueJson: '"never asked"' } } as const
    await log(0, piece(3, [{ fuelUsed: 2, standing: 'turn', act: { kind: 'deliver', delivery: answer } }]))
    await world.start(2, { slots: 2 })
    world.network.crash(addressOf(rogue.did))
    const { host } = world.hosts.get(1) as { host: Parameters<Cluster['ended']>[0] }
    expect(await world.ended(host, agent, 120_000)).toMatchObject({ ok: true })
    expect(host.story(agent, 0)?.lines.filter(({ kind }) => kind === 'conflict')).toHaveLength(1)
  })
})

/** Letters, each a quarter of what a log may have. */
function mail(n: number): Uint8Array {
  const letter = new Uint8Array(Math.min(PIECE_BYTES_MAX - 200, HISTORY_BYTES_MAX / 3)).fill(n)
  return encodePiece({ kind: 'mail', letter })
}
