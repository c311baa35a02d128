import { beforeEach, describe, expect, it } from 'vitest'
import { rawCid } from '../../src/base/digest.ts'
import { DEFAULT_QUOTA } from '../../src/bundle/limits.ts'
import { agentId } from '../../src/directory/agent-id.ts'
import { type CheapProgram, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { rootOf, statementCid } from '../../src/wire/chain.ts'
import { NO_MAIL } from '../../src/wire/mail.ts'
import type { Certificate, Ready, Release, Vote } from '../../src/wire/statements.ts'
import { author, Cluster, importProgram } from '../host/cluster.ts'
import { licenseOf } from '../host/licenses.ts'
import { Rogue } from './rogue.ts'
import { refusal } from './stranger.ts'

/** Hosts that make two of one agent: a holder that gives it away twice, and a home that decides twice. */
const program: CheapProgram = { steps: 6_000, emitEvery: 0 }
let world: Cluster
let rogue: Rogue

const hostAt = (seed: number) => {
  const host = world.hosts.get(seed)
  if (!host) throw new Error(`no host ${seed}`)
  return host
}
const banned = (seed: number) => hostAt(seed).logs.filter((line) => line.includes(`${rogue.did} is `)).length > 0
const known = (seed: number) =>
  hostAt(seed)
    .host.snapshot()
    .acquaintances.some(({ id }) => id === rogue.did)

beforeEach(async () => {
  world = new Cluster()
  await world.start(1, { kind: 'launcher', slots: 0 })
  rogue = await new Rogue(world, 666).meet(1)
})

/** An agent that the rogue was given by its home, in epoch 1, and two hosts that have said READY for it. */
async function givenAndReadyTwice() {
  const agent = await world.launch(hostAt(1).host, program)
  await world.time.advance(2_000)
  for (const seed of [2, 3]) {
    await world.start(seed)
    await importProgram(hostAt(seed).host, program)
  }
  await rogue.meet(1, 2, 3)
  const { brief, certificate } = rogue.held()
  const [one, other] = [
    await rogue.bring(hostAt(2).did, brief, certificate, 2),
    await rogue.bring(hostAt(3).did, brief, certificate, 2),
  ]
  return { agent, brief, certificate, one, other }
}

describe('a holder that gives its agent to two hosts', () => {
  it.each([
    ['at once', 0],
    ['one after the other', 2_000],
  ])('%s has one of them run it, and is banned by everybody, by proof', async (_, betweenMs) => {
    const { agent, one, other } = await givenAndReadyTwice()
    const [first, second] = [await rogue.release(one), await rogue.release(other)]
    const asked = [rogue.commit(hostAt(1).did, one, first)]
    await world.time.advance(betweenMs)
    asked.push(rogue.commit(hostAt(1).did, other, second))
    await world.time.advance(1_000)
    const answers = asked.map((number) => rogue.answerTo(hostAt(1).did, number))
    expect(answers.filter((message) => message?.kind === 'reply')).toHaveLength(1)
    expect(world.holders(agent)).toHaveLength(1)
    expect([banned(1), banned(2), banned(3)]).toEqual([true, true, true])

    // Also by who was not there; and the agent is none the worse for it.
    await world.start(4)
    await world.time.advance(3_000)
    expect(banned(4)).toBe(true)
    await rogue.meet(4)
    expect(rogue.heard.some(({ message }) => message.kind === 'error' && message.code === 'BANNED')).toBe(true)
    await expect(rogue.meet(4)).rejects.toThrow(/not answered/)
    expect([1, 2, 3, 4].filter(known)).toEqual([])
    expect(await world.ended(hostAt(1).host, agent)).toEqual({ ok: true, value: cheapTruth(program) })
  })

  it('and says to its witness what only one of them has signed for is not believed, and proves nothing against itself', async () => {
    const { agent, one, other } = await givenAndReadyTwice()
    const release = await rogue.release(one)
    const number = rogue.commit(hostAt(1).did, other, release)
    await world.time.advance(500)
    expect(refusal(rogue.answerTo(hostAt(1).did, number))).toMatch(/^NOT_AUTHORISED: ready is for something else|READY/)
    expect(banned(1)).toBe(false)
    expect(world.holders(agent)).toEqual([])
  })
})

describe('a release that its witness does not vote for', () => {
  const ELSE = rawCid(Uint8Array.of(5))

  it.each([
    ['is one for another past', { previous: ELSE }, 'ready is for something else'],
    ['is one that names another READY', { ready: ELSE }, 'release names another READY'],
  ])('%s', async (_, changes, reason) => {
    const { one } = await givenAndReadyTwice()
    const number = rogue.commit(hostAt(1).did, one, await rogue.release(one, changes))
    await world.time.advance(500)
    expect(refusal(rogue.answerTo(hostAt(1).did, number))).toBe(`NOT_AUTHORISED: ${reason}`)
  })

  it('is one for another past, though the next host has signed for it too', async () => {
    const { brief } = await givenAndReadyTwice()
    const itself = await rogue.ready({ brief: { ...brief, head: ELSE }, epoch: 2, checkpoint: null })
    const number = rogue.commit(hostAt(1).did, itself, await rogue.release(itself))
    await world.time.advance(500)
    expect(refusal(rogue.answerTo(hostAt(1).did, number))).toBe(
      `NOT_AUTHORISED: the hop follows ${ELSE}, not the head ${brief.head}`,
    )
  })

  it('is one with a READY that the holder has signed itself', async () => {
    const { one } = await givenAndReadyTwice()
    const own = await rogue.authority.seal<Ready>({ ...one.statement })
    const number = rogue.commit(hostAt(1).did, own, await rogue.release(own))
    await world.time.advance(500)
    expect(refusal(rogue.answerTo(hostAt(1).did, number))).toBe('NOT_AUTHORISED: READY not signed by the next host')
  })

  it('is one that somebody else has signed than who holds the agent', async () => {
    const { one } = await givenAndReadyTwice()
    const { statement } = await rogue.release(one)
    const number = rogue.commit(
      hostAt(1).did,
      one,
      await new Rogue(world, 667).authority.seal<Release>({ ...statement }),
    )
    await world.time.advance(500)
    expect(refusal(rogue.answerTo(hostAt(1).did, number))).toBe(
      'NOT_AUTHORISED: release not signed by the holder of the epoch before',
    )
  })

  it('is one without the READY of the next host', async () => {
    const { one } = await givenAndReadyTwice()
    const release = await rogue.release(one)
    const { agent, epoch, holding, previous } = release.statement
    const ballot = { round: 0, host: rogue.did, age: epoch }
    const body = { agent, epoch, ballot, holding, previous, release, ready: null, voucher: null, log: null }
    expect(refusal(await rogue.ask(hostAt(1).did, 'accept', body))).toBe(
      'NOT_AUTHORISED: a release without the READY of the next host',
    )
  })
})

describe('a home that decides an epoch twice', () => {
  it('is banned by the host that sees both decisions, and its agents end there', async () => {
    await world.start(2)
    await rogue.meet(1, 2)
    const bundle = await importProgram(hostAt(2).host, program)
    const agent = agentId({ home: rogue.did, age: 1, sequence: 1 })
    const license = await licenseOf(author, { home: rogue.did, bundle, nowMs: world.time.wallMs() })
    rogue.licenses.set(agent, license)
    const origin = { order: statementCid(license.order.statement), after: null, witnesses: [rogue.did] }
    const brief = {
      agent,
      bundle,
      inputJson: 'null',
      seed: 1,
      launchedMs: world.time.wallMs(),
      allowance: { ...DEFAULT_QUOTA, fuel: 1e9, memoryBytes: 1e7, hops: 10 },
      witnesses: [rogue.did],
      hops: 0,
      consoleLines: 0,
      sentBytes: 0,
      messages: 0,
      movedBy: null,
      mail: NO_MAIL,
      birth: null,
      forkedFrom: null,
      history: null,
      resultTo: null,
      origin,
      head: rootOf(agent, bundle, origin),
    }
    // Nobody co-signs another beginning than the one that the order and the bundle make.
    await expect(rogue.bring(hostAt(2).did, { ...brief, head: bundle }, null, 1)).rejects.toThrow(/root/)
    await rogue.bring(hostAt(2).did, brief, null, 1)
    const decide = async (holder = hostAt(2).did): Promise<Certificate> => {
      const holding = { holder, checkpoint: null, witnesses: [rogue.did], history: null }
      const decision = { agent, epoch: 1, holding, previous: brief.head, release: null }
      const ballot = { round: holder === hostAt(2).did ? 1 : 2, host: rogue.did, age: 1 }
      const vote = await rogue.authority.seal<Vote>({ type: 'vote', ...decision, ballot, of: 1, atMs: 1 })
      return { ...decision, ballot, votes: [vote] }
    }
    rogue.tell(hostAt(2).did, 'certificate', { certificate: await decide(), charters: [], release: null, ready: null })
    await world.time.advance(500)
    expect(world.holders(agent)).toEqual([2])
    rogue.tell(hostAt(2).did, 'certificate', {
      certificate: await decide(hostAt(1).did),
      charters: [],
      release: null,
      ready: null,
    })
    await world.time.advance(3_000)
    expect(world.holders(agent)).toEqual([])
    expect([banned(1), banned(2)]).toEqual([true, true])
  })
})
