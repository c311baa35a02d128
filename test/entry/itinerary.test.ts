import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Itinerary, verifyItinerary } from '../../src/audit/itinerary.ts'
import { writeItinerary } from '../../src/audit/saved.ts'
import { seededRandom } from '../../src/base/random.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { AnswerError, type ClusterClient } from '../../src/entry/node/cluster-client.ts'
import { askAround, fetchItinerary } from '../../src/entry/node/itineraries.ts'
import { wayLines } from '../../src/entry/node/way-text.ts'
import type { Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { HOPS_PER_REPLY } from '../../src/wire/limits.ts'
import { hostOf, itineraryOf, recoveryOf, wayOf } from '../audit/way.ts'
import { Cluster, type ClusterHost } from '../host/cluster.ts'

const folder = await mkdtemp(join(tmpdir(), 'sojourn-itinerary-'))
afterAll(() => rm(folder, { recursive: true }))
const bin = fileURLToPath(new URL('../../bin/sojourn.js', import.meta.url))
const verifier = hostOf(1)
const names = (did: Did) => `…${did.slice(-4)}`

/** Asks through a host of the cluster, in its time. */
const clientAt = (world: Cluster, asker: ClusterHost): Pick<ClusterClient, 'ask' | 'look'> => ({
  look: async () => ({ hosts: [], agents: [], silent: [], hidden: false }),
  async ask(to, name, body) {
    const asking = asker.host.ask(to, name, body)
    await world.time.advance(200)
    const answer = await asking
    if (!answer.ok) throw new AnswerError(answer.code, answer.reason, to)
    return answer.body as never
  },
})

describe('a way that is asked for in a cluster', () => {
  let world: Cluster
  let home: ClusterHost
  let asker: ClusterHost
  let agent: AgentId
  const others = () => [...world.hosts.values()].map(({ did }) => did)

  beforeAll(async () => {
    world = new Cluster()
    // Who asks belongs to those who may read.
    const operators = [createSigner(generateSecretKey(seededRandom(4))).did]
    home = await world.start(1, { kind: 'launcher', slots: 0, operators })
    for (const seed of [2, 3]) await world.start(seed, { operators })
    asker = await world.start(4, { kind: 'launcher', slots: 0 })
    await world.time.advance(5_000)
    const moves = Array.from({ length: 48 }, (_, i) => ({ at: 100 * (i + 1), where: 'anywhere' }))
    agent = await world.launch(home.host, { steps: 5_000, emitEvery: 0, moves })
    await world.ended(home.host, agent)
  }, 60_000)

  it('comes in pages, whole, and with what other hosts have seen', async () => {
    const client = clientAt(world, asker)
    const seen = await askAround(client, agent, others())
    const way = await fetchItinerary(client, agent)
    expect(way.hops.length).toBeGreaterThan(HOPS_PER_REPLY)
    expect(way).toEqual(home.host.itinerary(agent))
    expect(seen.map(({ host }) => host).sort()).toEqual([2, 3].map((seed) => world.hosts.get(seed)?.did).sort())
    expect(await verifyItinerary(way, verifier, seen)).toMatchObject({ ok: true, value: { forgotten: 0 } })
  })

  it('of which home keeps the last hops back is found out by what others have seen', async () => {
    const client = clientAt(world, asker)
    const seen = await askAround(client, agent, others())
    const way = await fetchItinerary(client, agent)
    const cut = { ...way, hops: way.hops.slice(0, -2) }
    expect(await verifyItinerary(cut, verifier, seen)).toMatchObject({ ok: false, code: 'CUT' })
  })

  it('is shown to nobody who may not read it, at home or elsewhere', async () => {
    const stranger = await world.start(5, { kind: 'launcher', slots: 0 })
    await world.time.advance(5_000)
    await expect(fetchItinerary(clientAt(world, stranger), agent)).rejects.toThrow(/NOT_AUTHORISED/)
    expect(await askAround(clientAt(world, stranger), agent, others())).toEqual([])
  })

  it('is refused by a host that has never seen the agent', async () => {
    const unknown = `${agent.slice(0, -1)}9` as AgentId
    await expect(fetchItinerary(clientAt(world, asker), unknown)).rejects.toThrow(/UNKNOWN_AGENT/)
    expect(await askAround(clientAt(world, asker), unknown, others())).toEqual([])
  })
})

describe('a way that is drawn', () => {
  const home = hostOf(100)
  const [one, two] = [101, 102].map(hostOf)
  let way: Itinerary
  beforeAll(async () => {
    const { agent, hops } = await wayOf(home, [one, two])
    const taken = await recoveryOf(agent, home, { epoch: 3, previous: hops[1]?.head ?? hops[0].head })
    way = itineraryOf(agent, [...hops.map(({ record }) => record), taken.record])
  })
  const drawn = async (hops: Itinerary['hops']) =>
    wayLines(way.agent, await verifyItinerary({ ...way, hops }, verifier), names).map((line) =>
      line.replace(/\d\d:\d\d:\d\d\.\d\d\d/, 'TIME').replace(/bafyrei\w+/, 'HEAD'),
    )

  it('has a line for each hop, with who signed it', async () => {
    const [home4, one4, two4] = [home, one, two].map(({ did }) => names(did))
    expect((await drawn(way.hops)).map((line) => line.replace(/ +/g, ' ').trim())).toEqual([
      `${way.agent.split('.')[0]?.slice(-6)}.1 began at ${home4} (home)`,
      'hop when next holder witness host why',
      `1 TIME ✓ ✓ ✓ → ${one4} it moved`,
      `2 TIME ✓ ✓ ✓ → ${two4} it moved`,
      `3 TIME · · ✓ ⇢ ${home4} (home) taken back from its last checkpoint`,
      '3 hops verify; head after hop 3: HEAD',
    ])
  })

  it('ends where it breaks, with the hop, the host and the reason', async () => {
    const lines = await drawn([way.hops[0], way.hops[2]] as Itinerary['hops'])
    expect(lines).toHaveLength(4)
    expect(lines[3]).toMatch(/^✗ hop 2: the vote is for epoch 3 \(….{4}\): GAP$/)
  })

  it('from a file is verified without a cluster; the exit code tells', { timeout: 60_000 }, async () => {
    const [good, bad, none] = ['good.cbor', 'bad.cbor', 'none.cbor'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    await writeFile(good, writeItinerary(way))
    await writeFile(bad, writeItinerary({ ...way, hops: way.hops.slice(1) }))
    await writeFile(none, 'nothing')
    const verified = await sojourn('itinerary', '--file', good, '--json')
    expect(JSON.parse(verified.stdout)).toMatchObject({
      ok: true,
      agent: way.agent,
      head: { epoch: 3 },
      hops: [{}, {}, {}],
    })
    expect(verified.code).toBe(0)
    const broken = await sojourn('itinerary', '--file', bad, '--json')
    expect(JSON.parse(broken.stdout)).toMatchObject({ ok: false, error: { code: 'GAP', hop: 1 } })
    expect([broken.code, broken.stderr]).toEqual([
      1,
      'sojourn: the itinerary does not verify: hop 1: the vote is for epoch 2\n',
    ])
    const cut = await sojourn('itinerary', '--file', good, '--seen', `9:${way.bundle}`)
    expect([cut.code, cut.stdout]).toEqual([1, expect.stringContaining('✗ hop 3: nothing follows')])
    expect(await sojourn('itinerary', '--file', none)).toMatchObject({ code: 1, stdout: '' })
    expect((await sojourn('itinerary')).stderr).toBe('sojourn: say which agent, or --file with a saved itinerary\n')
  })
})

function sojourn(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const { SOJOURN_JOIN: _, ...env } = process.env
    execFile(process.execPath, [bin, ...args], { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}
