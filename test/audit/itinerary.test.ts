import { beforeAll, describe, expect, it } from 'vitest'
import { equivocationOf } from '../../src/audit/equivocation.ts'
import { type Anchor, type Itinerary, verifyItinerary } from '../../src/audit/itinerary.ts'
import { ITINERARY_MAX } from '../../src/audit/limits.ts'
import { hopOf, hostOf, itineraryOf, recoveryOf, stateOf, wayOf } from './way.ts'

/**
 * The way of one agent: home, then hosts 1 to 5, host 2 a second time. The attackers have the keys of hosts, of home too
 * where it says so, and make of the way what they like; whoever verifies has the bytes, and at most a head seen before.
 */
const home = hostOf(100)
const [one, two, three, four, five] = [101, 102, 103, 104, 105].map(hostOf)
const hosts = [one, two, three, four, two, five]
const verifier = hostOf(1)

let way: Awaited<ReturnType<typeof wayOf>>
let anchor: Anchor

beforeAll(async () => {
  way = await wayOf(home, hosts)
  anchor = { epoch: 6, head: way.hops[5].head }
})

const records = () => way.hops.map(({ record }) => record)
const check = async (hops: Itinerary['hops'], anchors: readonly Anchor[] = []) => {
  const verified = await verifyItinerary(itineraryOf(way.agent, hops), verifier, anchors)
  return verified.ok ? 'verifies' : `${verified.code} at hop ${verified.hop} of ${nameOf(verified.host)}`
}
const nameOf = (did: string | null) =>
  did === null
    ? 'nobody'
    : did === home.did
      ? 'home'
      : `host ${[one, two, three, four, five].findIndex((host) => host.did === did) + 1}`

describe('an itinerary', () => {
  it('verifies from home to the last host, by the bytes alone', async () => {
    const verified = await verifyItinerary(way.itinerary, verifier, [anchor])
    if (!verified.ok) throw new Error(verified.reason)
    const { stages, head, forgotten } = verified.value
    expect(stages.map(({ from, to }) => [nameOf(from), nameOf(to)])).toEqual([
      ['home', 'host 1'],
      ['host 1', 'host 2'],
      ['host 2', 'host 3'],
      ['host 3', 'host 4'],
      ['host 4', 'host 2'],
      ['host 2', 'host 5'],
    ])
    expect(stages[2]).toMatchObject({ epoch: 3, given: true, reason: 'move', atMs: 3_000, checkpoint: stateOf(3) })
    expect({ head, forgotten }).toEqual({ head: anchor, forgotten: 0 })
  })

  it('verifies where the witness decided without the holder, and shows it', async () => {
    const taken = await recoveryOf(way.agent, home, { epoch: 7, previous: anchor.head })
    const verified = await verifyItinerary(itineraryOf(way.agent, [...records(), taken.record]), verifier)
    expect(verified.ok && verified.value.stages[6]).toMatchObject({ given: false, reason: 'recover', to: home.did })
  })

  it('of an agent that has not moved yet verifies, and its root can be the head that was seen', async () => {
    expect(await check([], [{ epoch: 0, head: way.root }])).toBe('verifies')
    expect(await check([], [{ epoch: 0, head: anchor.head }])).toBe('ANCHOR at hop 0 of nobody')
  })
})

describe('whoever takes hops away', () => {
  it('at the end is found out by a head that was seen', async () => {
    expect(await check(records().slice(0, 4), [anchor])).toBe('CUT at hop 4 of host 4')
    expect(await check([], [anchor])).toBe('CUT at hop 0 of home')
  })

  it('at the end is not found out by who has seen nothing later: signatures cannot say that there are no more', async () => {
    expect(await check(records().slice(0, 4), [{ epoch: 3, head: way.hops[2].head }])).toBe('verifies')
  })

  it('in the middle leaves a gap', async () => {
    for (let k = 0; k < 5; k++) {
      const cut = records().toSpliced(k, 1)
      expect(await check(cut)).toBe(`GAP at hop ${k + 1} of ${nameOf(hosts[k + 1]?.did ?? null)}`)
    }
  })

  it('at the beginning leaves a gap, unless as many follow as home keeps', async () => {
    expect(await check(records().slice(2))).toBe('GAP at hop 1 of host 3')
  })

  it('between two visits of its own, as its colluder, has no votes for the short way', async () => {
    // Host 2 was there at hop 2 and at hop 5: 3 and 4 shall never have had the agent.
    const short = await hopOf(way.agent, two, two, five, { epoch: 3, previous: way.hops[1].head })
    expect(await check([...records().slice(0, 2), short.record])).toBe('VOTES at hop 3 of host 2')
  })
})

describe('two hosts that cut out the one between them', () => {
  /** Host 2 releases to host 4 what it released to host 3, and host 4 signs READY for it. */
  const stem = () => hopOf(way.agent, home, two, four, { epoch: 3, previous: way.hops[1].head })

  it('have no vote for it', async () => {
    const { record } = await stem()
    expect(await check([...records().slice(0, 2), { ...record, votes: [] }])).toBe('VOTES at hop 3 of home')
    const own = await hopOf(way.agent, four, two, four, { epoch: 3, previous: way.hops[1].head })
    expect(await check([...records().slice(0, 2), own.record])).toBe('VOTES at hop 3 of host 4')
  })

  it('cannot use the votes that there are', async () => {
    const { record } = await stem()
    const [third, fourth] = [way.hops[2].record, way.hops[3].record]
    const behind = records().slice(4)
    expect(await check([...records().slice(0, 2), { ...record, votes: third.votes }, ...behind])).toBe(
      'RELEASE at hop 3 of host 2',
    )
    expect(await check([...records().slice(0, 2), { ...record, votes: fourth.votes }, ...behind])).toBe(
      'GAP at hop 3 of host 4',
    )
  })

  it('with home are found out by any later head that was seen, and by the one whom they cut out', async () => {
    const { record, vote, release, head } = await stem()
    const next = await hopOf(way.agent, home, four, two, { epoch: 4, previous: head })
    const told = [...records().slice(0, 2), record, next.record]
    expect(await check(told, [{ epoch: 4, head: way.hops[3].head }])).toBe('ANCHOR at hop 4 of host 2')
    // Host 3 has the vote by which it held the agent, and home the release: each a proof beside the new one.
    expect(equivocationOf(way.hops[2].vote, vote)).toMatchObject({ signer: home.did, epoch: 3 })
    expect(equivocationOf(way.hops[2].release, release)).toMatchObject({ signer: two.did, epoch: 3 })
  })

  it('with home and all later hosts, and no head seen by anybody, are believed: nobody else knows', async () => {
    const { record } = await stem()
    expect(await check([...records().slice(0, 2), record])).toBe('verifies')
  })
})

describe('whoever puts hops where they do not belong', () => {
  it('of another agent is found out, be it one or all that follow', async () => {
    const other = await wayOf(home, hosts, 2)
    expect(await check(records().toSpliced(3, 1, other.hops[3].record))).toBe('GAP at hop 4 of host 4')
    expect(await check([...records().slice(0, 3), ...other.hops.slice(3).map(({ record }) => record)])).toBe(
      'GAP at hop 4 of host 4',
    )
  })

  it('in another order is found out', async () => {
    const [a, b, c, d, e, f] = records()
    expect(await check([a, c, b, d, e, f])).toBe('GAP at hop 2 of host 3')
    expect(await check([b, a, c, d, e, f])).toBe('GAP at hop 1 of host 2')
  })

  it('that have been before is found out', async () => {
    const [a, b] = records()
    expect(await check([...records(), b])).toBe('GAP at hop 7 of host 2')
    expect(await check([a, a, b])).toBe('GAP at hop 2 of host 1')
  })

  it('after another past than was voted for is found out, home as its colluder or not', async () => {
    const elsewhere = await hopOf(way.agent, home, three, four, { epoch: 4, previous: way.hops[1].head })
    expect(await check([...records().slice(0, 3), elsewhere.record])).toBe('CHAIN at hop 4 of host 3')
  })

  it('for another beginning is found out', async () => {
    const { agent, itinerary } = way
    const verified = await verifyItinerary({ ...itinerary, bundle: stateOf(1) }, verifier)
    expect(verified).toMatchObject({ ok: false, code: 'CHAIN', hop: 1 })
    const child = { ...itinerary, agent, origin: { ...itinerary.origin, after: anchor.head } }
    expect(await verifyItinerary(child, verifier)).toMatchObject({ ok: false, code: 'CHAIN', hop: 1 })
  })
})

describe('an invented hop', () => {
  const place = () => ({ epoch: 4, previous: way.hops[2].head })

  it('of a host alone has no vote of the witness', async () => {
    const own = await hopOf(way.agent, three, three, four, place())
    expect(await check([...records().slice(0, 3), own.record])).toBe('VOTES at hop 4 of host 3')
  })

  it('to a host that has never signed for it is refused, whoever colludes', async () => {
    const forged = await hopOf(way.agent, home, three, four, place(), { by: { ready: three } })
    expect(await check([...records().slice(0, 3), forged.record])).toBe('READY at hop 4 of host 3')
    const none = { ...forged.record, ready: null }
    expect(await check([...records().slice(0, 3), none])).toBe('READY at hop 4 of host 4')
  })

  it('that the next host has signed for, and the holder released for another word of it, is refused', async () => {
    const forged = await hopOf(way.agent, home, three, four, place(), { release: { ready: stateOf(9) } })
    expect(await check([...records().slice(0, 3), forged.record])).toBe('READY at hop 4 of host 4')
  })

  it('to a host that has signed for another past of the agent is refused, whoever colludes', async () => {
    const elsewhere = { previous: way.hops[1].head }
    const forged = await hopOf(way.agent, home, three, four, place(), { ready: elsewhere })
    expect(await check([...records().slice(0, 3), forged.record])).toBe('READY at hop 4 of host 4')
  })

  it('from a host that has not released the agent is refused, whoever colludes', async () => {
    const forged = await hopOf(way.agent, home, three, four, place(), { by: { release: four } })
    expect(await check([...records().slice(0, 3), forged.record])).toBe('RELEASE at hop 4 of host 4')
    const other = await hopOf(way.agent, home, three, four, place(), {
      release: { holding: { holder: five.did, checkpoint: null, witnesses: [home.did], history: null } },
    })
    expect(await check([...records().slice(0, 3), other.record])).toBe('RELEASE at hop 4 of host 3')
    const none = { ...forged.record, release: null }
    expect(await check([...records().slice(0, 3), none])).toBe('RELEASE at hop 4 of host 3')
  })

  it('that claims a recovery at ballot 0, or brings a release for one, is refused', async () => {
    const bare = await hopOf(way.agent, home, three, four, place(), { vote: { release: null } })
    expect(await check([...records().slice(0, 3), { ...bare.record, release: null, ready: null }])).toBe(
      'RELEASE at hop 4 of host 3',
    )
    const ballot = { round: 1, host: home.did, age: 1 }
    const both = await hopOf(way.agent, home, three, four, place(), { vote: { release: null, ballot } })
    expect(await check([...records().slice(0, 3), both.record])).toBe('RELEASE at hop 4 of host 3')
  })
})

describe('a changed bit', () => {
  it('anywhere in any statement is found, at its hop', async () => {
    for (const [i, part] of [
      [0, 'vote'],
      [2, 'release'],
      [4, 'ready'],
    ] as const) {
      const { record } = way.hops[i]
      const flipped = (envelope: Uint8Array | null, at: number) => {
        const copy = Uint8Array.from(envelope ?? [])
        copy[at] ^= 1
        return copy
      }
      const length = (part === 'vote' ? record.votes[0] : record[part])?.length ?? 0
      for (let at = 0; at < length; at += 29) {
        const changed =
          part === 'vote'
            ? { ...record, votes: [flipped(record.votes[0], at)] }
            : { ...record, [part]: flipped(record[part], at) }
        expect(await check(records().toSpliced(i, 1, changed)), `${part} at ${at}`).toMatch(
          new RegExp(`^SIGNATURE at hop ${i + 1} of`),
        )
      }
    }
  })
})

describe('a way that is longer than home keeps', { timeout: 20_000 }, () => {
  const LENGTH = ITINERARY_MAX + 3
  let long: Awaited<ReturnType<typeof wayOf>>
  beforeAll(async () => {
    long = await wayOf(
      home,
      Array.from({ length: LENGTH }, (_, i) => hosts[i % 5] ?? one),
    )
  }, 20_000)

  const checkLong = (from: number, anchors: readonly Anchor[] = []) =>
    verifyItinerary(
      itineraryOf(
        long.agent,
        long.hops.slice(from).map(({ record }) => record),
      ),
      verifier,
      anchors,
    )

  it('verifies from the first hop that is there: the witness has signed the head before it', async () => {
    const anchors = [LENGTH, 500, 2].map((epoch) => ({ epoch, head: long.hops[epoch - 1].head }))
    const verified = await checkLong(3, anchors)
    if (!verified.ok) throw new Error(verified.reason)
    expect(verified.value).toMatchObject({ forgotten: 3, head: { epoch: LENGTH } })
    expect(verified.value.stages[0]).toMatchObject({ epoch: 4, from: hosts[2].did, to: hosts[3].did })
  })

  it('does not verify with more than is kept taken away, nor as one that is too long', async () => {
    expect(await checkLong(4)).toMatchObject({ code: 'GAP', hop: 1 })
    expect(await checkLong(2)).toMatchObject({ code: 'LENGTH' })
  })
})
