import { beforeEach, describe, expect, it } from 'vitest'
import { type AgentId, agentId } from '../../src/directory/agent-id.ts'
import { NAME_LEASE_MS, NAMES_BY_OWNER_MAX } from '../../src/host/mail-limits.ts'
import type { NameEntry, NameRecord } from '../../src/wire/mail.ts'
import { NAME_MARKS_BYTES } from '../../src/wire/mail-limits.ts'
import { Cluster } from '../host/cluster.ts'
import { licenseOf } from '../host/licenses.ts'
import { Rogue } from './rogue.ts'

/** Hosts that say of names what is not theirs to say. */
let world: Cluster
let rogue: Rogue
let victim: AgentId

const hostAt = (seed: number) => world.hosts.get(seed) ?? expect.fail(`no host ${seed}`)

async function namesAt(seed: number): Promise<NameEntry[]> {
  const asking = hostAt(1).host.ask(hostAt(seed).did, 'names', { from: 0, marks: new Uint8Array(NAME_MARKS_BYTES) })
  await world.time.advance(50)
  const answer = await asking
  return answer.ok ? [...(answer.body as { entries: NameEntry[] }).entries] : []
}

beforeEach(async () => {
  world = new Cluster()
  const { host: home } = await world.start(1, { kind: 'launcher', slots: 0 })
  await world.start(2)
  await world.time.advance(5_000)
  victim = await world.launch(home, {
    steps: 100,
    emitEvery: 0,
    registers: [{ at: 1, name: 'tally' }],
    receives: [{ at: 100, count: 1 }],
  })
  await world.time.advance(3_000)
  rogue = await new Rogue(world, 666).meet(1, 2)
  rogue.answers = (_from, message) => rogue.welcomeOnly(message)
})

describe('a name', () => {
  it('is not taken, renewed or given up by a host that does not keep its agent', async () => {
    const [real] = await namesAt(2)
    if (!real) expect.fail('the name is not known')
    const { statement } = real.record
    const nowMs = world.time.wallMs()
    const own = agentId({ home: rogue.did, age: 1, sequence: 1 })
    const { order: ownOrder } = await licenseOf(rogue.signer, {
      home: rogue.did,
      bundle: await world.bundle(hostAt(1).host, { steps: 1, emitEvery: 0 }),
      nowMs,
    })
    const older = { ...statement, agent: own, sinceMs: 0, number: 9 }
    const succession = { bundle: ownOrder.statement.bundle, origin: ORIGIN, birth: null, charters: [] }
    const tries: [NameRecord, NameEntry['order'], NameEntry['succession']][] = [
      // Of the victim, by a host that is neither its home nor proves that it keeps it.
      [{ ...statement, number: 9 }, real.order, null],
      [
        { ...statement, number: 9, untilMs: nowMs },
        real.order,
        { ...succession, origin: { ...ORIGIN, witnesses: [rogue.did] } },
      ],
      // Of its own agent, under the victim’s owner.
      [older, real.order, null],
      [older, ownOrder, null],
      // For ever, and from the future.
      [{ ...older, owner: rogue.did, untilMs: nowMs + 100 * NAME_LEASE_MS }, ownOrder, null],
      [{ ...older, owner: rogue.did, sinceMs: nowMs + 100 * NAME_LEASE_MS }, ownOrder, null],
    ]
    for (const [said, order, shown] of tries) {
      const record = await rogue.authority.seal<NameRecord>(said)
      rogue.tell(hostAt(2).did, 'named', { entries: [{ record, order, succession: shown }] })
      await world.time.advance(200)
    }
    expect((await namesAt(2)).map(({ record }) => record.statement)).toEqual([statement])
    // What is its own to say it may: a name of its own owner.
    const record = await rogue.authority.seal<NameRecord>({
      ...older,
      owner: rogue.did,
      untilMs: nowMs + NAME_LEASE_MS,
    })
    rogue.tell(hostAt(2).did, 'named', { entries: [{ record, order: ownOrder, succession: null }] })
    await world.time.advance(200)
    const all = (await namesAt(2)).map(({ record: { statement: one } }) => [one.owner, one.agent])
    expect(all).toContainEqual([rogue.did, own])
    expect(all).toContainEqual([statement.owner, victim])
  })

  it('of an owner with thousands does not push out another’s', async () => {
    const nowMs = world.time.wallMs()
    const { order } = await licenseOf(rogue.signer, {
      home: rogue.did,
      bundle: await world.bundle(hostAt(1).host, { steps: 1, emitEvery: 0 }),
      nowMs,
    })
    const entries: NameEntry[] = []
    for (let i = 0; i < NAMES_BY_OWNER_MAX + 40; i++) {
      const said: NameRecord = {
        type: 'name',
        name: `n${i}`,
        agent: agentId({ home: rogue.did, age: 1, sequence: 1 }),
        owner: rogue.did,
        sinceMs: nowMs,
        untilMs: nowMs + NAME_LEASE_MS,
        number: 1,
      }
      entries.push({ record: await rogue.authority.seal<NameRecord>(said), order, succession: null })
    }
    for (let at = 0; at < entries.length; at += 16) {
      rogue.tell(hostAt(2).did, 'named', { entries: entries.slice(at, at + 16) })
      await world.time.advance(40)
    }
    await world.time.advance(2_000)
    const known = new Set<string>()
    let [from, next]: [number, number | null] = [0, 0]
    while (next !== null) {
      const asking = hostAt(1).host.ask(hostAt(2).did, 'names', { from, marks: new Uint8Array(NAME_MARKS_BYTES) })
      await world.time.advance(50)
      const answer = await asking
      if (!answer.ok) expect.fail(answer.reason)
      const page = answer.body as { entries: NameEntry[]; next: number | null }
      for (const { record } of page.entries) known.add(`${record.statement.owner}/${record.statement.name}`)
      ;[from, next] = [page.next ?? 0, page.next]
    }
    expect([...known].some((key) => key.endsWith('/tally'))).toBe(true)
    expect(known.size).toBeLessThanOrEqual(NAMES_BY_OWNER_MAX + 1)
  })
})

const ORIGIN = { order: null, after: null, witnesses: [] }
