import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { type AgentId, agentId } from '../../src/directory/agent-id.ts'
import { parseName } from '../../src/directory/name.ts'
import {
  enterName,
  expireNames,
  type NameFacts,
  nameMarks,
  namesLacked,
  newNameBook,
  resolveName,
} from '../../src/directory/name-book.ts'
import type { Host } from '../../src/host/host.ts'
import { NAME_LEASE_MS } from '../../src/host/mail-limits.ts'
import type { Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import type { CheapProgram } from '../../src/sim/cheap-sandbox.ts'
import type { NameEntry } from '../../src/wire/mail.ts'
import { NAME_MARKS_BYTES } from '../../src/wire/mail-limits.ts'
import { author, Cluster, didOfSeed, importProgram } from './cluster.ts'
import { leaveOf, licenseOf } from './licenses.ts'

const [owner, home] = [didOfSeed(1), didOfSeed(2)]
const [first, second] = [1, 2].map((sequence) => agentId({ home, age: 1, sequence })) as [AgentId, AgentId]
const facts = (agent: AgentId, more: Partial<NameFacts> = {}): NameFacts => ({
  name: 'tally',
  owner,
  agent,
  sinceMs: 100,
  untilMs: 1_000,
  number: 1,
  ...more,
})

describe('of two records for one name', () => {
  it.each([
    ['the one that had it first', facts(second, { sinceMs: 99 }), facts(first), second],
    ['where both began together, the smaller id', facts(first), facts(second), first],
    [
      'whoever has it while the other’s lease is over',
      facts(second),
      facts(first, { sinceMs: 1, untilMs: 400 }),
      second,
    ],
    ['of one agent the higher number', facts(first, { number: 3, untilMs: 2_000 }), facts(first, { number: 2 }), first],
  ])('%s counts, in whatever order they come', (_, winner, loser, agent) => {
    for (const order of [
      [winner, loser],
      [loser, winner],
    ]) {
      const book = newNameBook<NameFacts>(64, 16)
      for (const one of order) enterName(book, one, one, 500)
      expect(resolveName(book, owner, 'tally', 500)?.facts).toEqual(winner)
      expect(agent).toBe(winner.agent)
    }
  })

  it('one that is given up does not come back by an older record of it', () => {
    const book = newNameBook<null>(64, 16)
    enterName(book, facts(first, { untilMs: 9_000 }), null, 500)
    enterName(book, facts(first, { number: 2, untilMs: 600 }), null, 600)
    expect(resolveName(book, owner, 'tally', 601)).toBeNull()
    expect(enterName(book, facts(first, { untilMs: 9_000 }), null, 700)).toBe('old')
    expect(enterName(book, facts(second, { sinceMs: 650, untilMs: 9_000 }), null, 700)).toBe('new')
    expireNames(book, 20_000, 1_000)
    expect(book.entries.size).toBe(0)
  })

  it('is told to whoever has it older, and nothing to who has the same', () => {
    const [mine, other] = [newNameBook<string>(64, 16), newNameBook<string>(64, 16)]
    for (const book of [mine, other])
      for (let i = 0; i < 50; i++) enterName(book, facts(first, { name: `n${i}` }), `n${i}`, 500)
    const lot = (): number => 0
    expect(namesLacked(mine, 0, nameMarks(other), 16, lot)).toEqual({ entries: [], next: null })
    enterName(mine, facts(first, { name: 'n7', number: 2 }), 'n7 again', 500)
    const { entries, next } = namesLacked(mine, 0, nameMarks(other), 16, lot)
    expect(entries).toContain('n7 again')
    expect(next).toBeNull()
  })
})

describe('a name', () => {
  it.each([
    ['tally', { name: 'tally', owner: null }],
    [`a.b-c_9@${didOfSeed(1)}`, { name: 'a.b-c_9', owner: didOfSeed(1) }],
  ])('%s is one', (text, value) => expect(parseName(text)).toEqual({ ok: true, value }))

  it.each(['', 'Tally', '-a', 'a b', 'x'.repeat(65), 'a@did:web:x', 'a@', 7])('%s is none', (text) =>
    expect(parseName(text).ok).toBe(false),
  )
})

const named = (name: string, more: Partial<CheapProgram> = {}): CheapProgram => ({
  steps: 100,
  emitEvery: 0,
  registers: [{ at: 1, name }],
  receives: [{ at: 100, count: 1 }],
  ...more,
})
const writer = (to: string, at = 100): CheapProgram => ({ steps: at + 100, emitEvery: 0, as: 1, sends: [{ at, to }] })

const resultOf = async (world: Cluster, at: Host, agent: AgentId) =>
  (await world.ended(at, agent)) as { value: unknown }

async function namesAt(world: Cluster, seed: number, asker = 1): Promise<NameEntry[]> {
  const did = world.hosts.get(seed)?.did as Did
  const asking = world.hosts.get(asker)?.host.ask(did, 'names', { from: 0, marks: new Uint8Array(NAME_MARKS_BYTES) })
  await world.time.advance(50)
  const answer = await asking
  return answer?.ok ? [...(answer.body as { entries: NameEntry[] }).entries] : []
}

describe('agents of one cluster', () => {
  async function cluster() {
    const world = new Cluster()
    const { host: at } = await world.start(1, { kind: 'launcher', slots: 0 })
    for (const seed of [2, 3]) await world.start(seed)
    await world.time.advance(5_000)
    return { world, at }
  }

  it('have the name of whoever took it first, and the second is refused', async () => {
    const { world, at } = await cluster()
    const one = await world.launch(at, named('tally'))
    await world.time.advance(3_000)
    const other = await world.launch(at, named('tally', { receives: [] }))
    expect(await resultOf(world, at, other)).toMatchObject({ value: { mail: { refused: 1 } } })
    await world.launch(at, writer('tally'))
    expect(await resultOf(world, at, one)).toMatchObject({ value: { mail: { count: 1, refused: 0 } } })
  })

  it('keep it when they move, and it is free again when they have ended', async () => {
    const { world, at } = await cluster()
    const one = await world.launch(at, named('tally', { moves: [{ at: 80, where: 'anywhere' }] }))
    await world.time.advance(4_000)
    await world.launch(at, writer('tally'))
    expect(await resultOf(world, at, one)).toMatchObject({ value: { mail: { count: 1 } } })
    await world.time.advance(3_000)
    const two = await world.launch(at, named('tally'))
    await world.time.advance(3_000)
    await world.launch(at, writer('tally'))
    expect(await resultOf(world, at, two)).toMatchObject({ value: { mail: { count: 1, refused: 0 } } })
  })

  it('keep it for as long as they live, and lose it a lease after their keeper has gone', async () => {
    const { world, at } = await cluster()
    const one = await world.launch(at, named('tally'))
    await world.time.advance(1.5 * NAME_LEASE_MS)
    expect((await namesAt(world, 2)).map(({ record }) => record.statement)).toMatchObject([{ agent: one }])
    await world.kill(1)
    await world.time.advance(5_000)
    expect(await namesAt(world, 2, 3)).toHaveLength(1)
    await world.time.advance(1.1 * NAME_LEASE_MS)
    const live = (await namesAt(world, 2, 3)).filter(({ record }) => record.statement.untilMs > world.time.wallMs())
    expect(live).toEqual([])
  }, 60_000)

  it('are found by hosts that come later, and after their keeper was started again', async () => {
    const { world, at } = await cluster()
    const one = await world.launch(at, named('tally'))
    await world.time.advance(3_000)
    await world.start(4)
    await world.time.advance(5_000)
    expect((await namesAt(world, 4)).map(({ record }) => record.statement.agent)).toEqual([one])
    const disk = await world.kill(1)
    await world.time.advance(1_000)
    const again = await world.start(1, { kind: 'launcher', slots: 0 }, disk)
    await world.time.advance(NAME_LEASE_MS)
    const [entry] = await namesAt(world, 3)
    expect(entry?.record.statement).toMatchObject({ agent: one, number: expect.any(Number) })
    expect(entry?.record.statement.number).toBeGreaterThan(1)
    await world.launch(again.host, writer('tally'))
    expect(await resultOf(world, again.host, one)).toMatchObject({ value: { mail: { count: 1 } } })
  }, 60_000)

  it('keep it when another witness has taken the place of their home, and renews it', async () => {
    const world = new Cluster()
    const { host: at, did } = await world.start(1, { kind: 'launcher', slots: 0 })
    for (const seed of [2, 3, 4]) await world.start(seed)
    await world.time.advance(5_000)
    const launching = at.launch(await importProgram(at, named('tally')), { witnesses: 3 })
    await world.time.advance(2_000)
    const one = await launching
    await world.time.advance(5_000)
    expect((await namesAt(world, 4)).map(({ record }) => record.signer)).toEqual([did])
    await world.kill(1)
    await world.time.advance(60_000)
    for (const seed of [2, 3, 4]) {
      const [entry] = await namesAt(world, seed, seed === 2 ? 3 : 2)
      expect(entry?.record.statement, `host ${seed}`).toMatchObject({ agent: one, name: 'tally' })
      expect(entry?.record.signer, `host ${seed}`).not.toBe(did)
    }
  })

  it('of two launchers may have the same name, and each finds its own, or the other’s by asking for it', async () => {
    const { world, at } = await cluster()
    const { host: there, did } = await world.start(7, {
      kind: 'launcher',
      slots: 0,
      permit: [await leaveOf(author, didOfSeed(7))],
    })
    await world.time.advance(5_000)
    const [one, other] = [
      await world.launch(at, named('tally')),
      await world.launch(there, named('tally', { open: true })),
    ]
    await world.time.advance(3_000)
    await world.launch(at, writer('tally'))
    expect(await resultOf(world, at, one)).toMatchObject({ value: { mail: { count: 1, refused: 0 } } })
    expect(there.story(other, 0)?.row.state).toBe('running')
    await world.launch(at, writer(`tally@${did}`))
    expect(await resultOf(world, there, other)).toMatchObject({ value: { mail: { count: 1, refused: 0 } } })
  })

  it('that two keepers give the same name before they hear of each other: the older keeps it', async () => {
    const { world, at } = await cluster()
    // One launcher, two homes: both are launched by orders of the same key.
    const launcher = createSigner(generateSecretKey(seededRandom(50)))
    const permit = [await leaveOf(author, launcher.did)]
    const homes = [at, (await world.start(6, { kind: 'launcher', slots: 0 })).host]
    await world.time.advance(5_000)
    const launched: Promise<unknown>[] = []
    for (const [i, one] of homes.entries()) {
      const program = named('tally', { as: i, receives: [], steps: 3_000 })
      const bundle = await importProgram(one, program)
      const license = await licenseOf(launcher, {
        home: one.did,
        bundle,
        nowMs: world.time.wallMs(),
        permit,
        nonce: `${i}`,
      })
      launched.push(one.ask(one.did, 'launch', { license, inputJson: 'null' }))
    }
    await world.time.advance(3_000)
    const agents = (await Promise.all(launched)).map((answer) => (answer as { body: { agent: AgentId } }).body.agent)
    const refused: number[] = []
    for (const [i, agent] of agents.entries()) {
      const ended = (await world.ended(homes[i] as Host, agent)) as { value: { mail: { refused: number } } }
      refused.push(ended.value.mail.refused)
    }
    expect(refused.sort()).toEqual([0, 1])
  })
})
