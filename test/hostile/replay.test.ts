import { beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import { DEFAULT_POLICY, SEEN_MAX } from '../../src/host/limits.ts'
import { newState } from '../../src/host/new-state.ts'
import { epochSeen, noteSeen } from '../../src/host/seen.ts'
import type { Turn } from '../../src/host/turn.ts'
import type { Brief } from '../../src/wire/messages.ts'
import type { Certificate } from '../../src/wire/statements.ts'
import { Cluster, importProgram } from '../host/cluster.ts'
import { Rogue } from './rogue.ts'
import { refusal } from './stranger.ts'

/** An old state of an agent that comes again, with every signature that it ever had. The rogue held it in epoch 1. */
const program = { steps: 9_000, emitEvery: 0 }
let world: Cluster
let rogue: Rogue
let brief: Brief
let certificate: Certificate

const hostAt = (seed: number) => {
  const host = world.hosts.get(seed)
  if (!host) throw new Error(`no host ${seed}`)
  return host
}

beforeEach(async () => {
  world = new Cluster()
  await world.start(1, { kind: 'launcher', slots: 0 })
  rogue = await new Rogue(world, 666).meet(1)
  const agent = await world.launch(hostAt(1).host, program)
  await world.time.advance(1_000)
  for (const seed of [2, 3]) await world.start(seed)
  await importProgram(hostAt(2).host, program)
  await rogue.meet(1, 2)
  const held = rogue.held()
  brief = held.brief
  certificate = held.certificate
  const ready = await rogue.bring(hostAt(2).did, brief, certificate, 2)
  rogue.commit(hostAt(1).did, ready, await rogue.release(ready))
  await world.time.advance(1_000)
  expect(world.holders(agent)).toEqual([2])
})

const offerAgain = async (to: number, epoch: number) =>
  refusal(await rogue.ask(hostAt(to).did, 'offer', rogue.offerOf(brief, epoch)))

describe('an agent that has gone on', () => {
  beforeEach(async () => {
    hostAt(2).host.move(brief.agent, hostAt(3).did)
    await world.time.advance(1_000)
    expect(world.holders(brief.agent)).toEqual([3])
  })

  it('is not taken in again as it was, by a host where it has been, also after that host restarted', async () => {
    expect(await offerAgain(2, 2)).toBe('STALE_EPOCH: epoch 2 <= 3')
    expect(await offerAgain(2, 3)).toBe('STALE_EPOCH: epoch 3 <= 3')
    await world.start(2, {}, await world.kill(2))
    await world.time.advance(2_000)
    await rogue.meet(2)
    expect(await offerAgain(2, 2)).toBe('STALE_EPOCH: epoch 2 <= 3')
  })

  it('is not decided on again by its witness, whoever says READY once more', async () => {
    await world.start(4)
    await importProgram(hostAt(4).host, program)
    await rogue.meet(1, 4)
    const ready = await rogue.bring(hostAt(4).did, brief, certificate, 2)
    const number = rogue.commit(hostAt(1).did, ready, await rogue.release(ready))
    await world.time.advance(1_000)
    expect(refusal(rogue.answerTo(hostAt(1).did, number))).toBe('STALE_EPOCH: epoch 2 <= 3')
    expect(world.holders(brief.agent)).toEqual([3])
  })
})

describe('a sender is refused', () => {
  const send = async (changes: object) => {
    await world.start(4)
    await importProgram(hostAt(4).host, program)
    await rogue.meet(1, 4)
    await rogue.ask(hostAt(4).did, 'offer', rogue.offerOf(brief, 2))
    const body = {
      brief: { ...brief, hops: brief.hops + 1 },
      epoch: 2,
      checkpoint: null,
      reason: 'move' as const,
      certificate,
      charters: [],
      atHome: null,
      base: null,
      pack: null,
      checkpointBytes: 0,
      ...changes,
    }
    return refusal(await rogue.ask(hostAt(4).did, 'send', body))
  }

  it('without the decision that made it the holder', async () => {
    expect(await send({ certificate: null })).toBe('NOT_AUTHORISED: epoch 2 without a certificate of the epoch before')
  })

  it('with a head that its witness has not voted for', async () => {
    expect(await send({ brief: { ...brief, hops: brief.hops + 1, head: certificate.previous } })).toBe(
      'NOT_AUTHORISED: the head is not that of the certificate',
    )
  })

  it('with a decision for somebody else', async () => {
    const holding = { ...certificate.holding, holder: hostAt(2).did }
    expect(await send({ certificate: { ...certificate, holding } })).toMatch(
      /^NOT_AUTHORISED: certificate of the sender: votes differ/,
    )
  })
})

it('of what a host has seen the longest past gives way, and the newest of one agent is what counts', () => {
  const state = newState({
    self: rogue.did,
    age: 1,
    kind: 'edge',
    name: 'test',
    engineIds: [],
    policy: DEFAULT_POLICY,
    slots: 0,
    trusted: [],
    operators: [],
    administrators: [],
  })
  const turn: Turn = {
    state,
    random: seededRandom(1),
    nowMs: 1,
    wallMs: 1,
    effects: [],
    writes: new Map(),
    soon: new Map(),
  }
  const agentOf = (sequence: number) => agentId({ home: hostAt(1).did, age: 1, sequence })
  const see = (sequence: number, epoch: number) =>
    noteSeen(turn, { author: rogue.did }, { ...certificate, agent: agentOf(sequence), epoch })
  for (let i = 1; i <= SEEN_MAX; i++) see(i, 5)
  see(1, 6)
  see(1, 2)
  see(SEEN_MAX + 1, 1)
  expect([1, 2, 3].map((sequence) => epochSeen(turn, agentOf(sequence)))).toEqual([6, 0, 5])
  expect(turn.writes.get(`seen/${agentOf(2)}`)?.()).toBeNull()
  expect(state.seen.size).toBe(SEEN_MAX)
})
