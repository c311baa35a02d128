import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { asEffectOf, forProgram } from '../../src/host/about.ts'
import type { Host } from '../../src/host/host.ts'
import type { Did } from '../../src/identity/did.ts'
import { parseSealed, sealedJson } from '../../src/identity/sealed-value.ts'
import { openSealed, sealTo } from '../../src/identity/sealing.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { type CheapProgram, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { author, Cluster, type ClusterHost, importProgram } from './cluster.ts'

/** What a host does with sealed data, with guests that cost nothing. The program asks for its input to be unsealed. */
const random = seededRandom(5)
const launcher = createSigner(generateSecretKey(seededRandom(77)))
const LETTER = '"meet me at the old mill"'

interface Wish {
  readonly reader: Did
  readonly resultTo?: Did | null
  readonly about?: string
  readonly spoil?: true
}

/** Loads hosts; the network has made them known to each other after some seconds. */
async function world(...kinds: readonly ('edge' | 'launcher')[]): Promise<{ cluster: Cluster; hosts: ClusterHost[] }> {
  const cluster = new Cluster()
  const hosts: ClusterHost[] = []
  for (const [i, kind] of kinds.entries())
    hosts.push(await cluster.start(i + 1, { kind, slots: kind === 'edge' ? 2 : 0 }))
  await cluster.time.advance(3_000)
  return { cluster, hosts }
}

async function launch(home: Host, cluster: Cluster, program: CheapProgram, wish: Wish): Promise<AgentId> {
  const bundle = await importProgram(home, program)
  const { reader, resultTo = launcher.did, about = forProgram(bundle, resultTo), spoil } = wish
  const sealed = sealTo(reader, LETTER, about, random)
  if (spoil) sealed.box[3] = (sealed.box[3] ?? 0) ^ 1
  const launching = home.launch(bundle, { inputJson: sealedJson(sealed), resultTo })
  await cluster.time.advance(5)
  return launching
}

const told = (home: Host, agent: AgentId, kind: string) =>
  (home.story(agent, 1)?.lines ?? []).filter((line) => line.kind === kind)

async function opened(valueJson: string): Promise<unknown> {
  const parsed = parseSealed(JSON.parse(valueJson))
  if (!parsed.ok) return expect.fail(parsed.reason)
  const text = await openSealed(launcher, parsed.value)
  return text.ok ? JSON.parse(text.value) : expect.fail(text.reason)
}

const SHORT: CheapProgram = { steps: 100, emitEvery: 50, unsealAt: 40 }
/** Longer than several checkpoints. */
const LONG: CheapProgram = { steps: 12_000, emitEvery: 0, unsealAt: 3_000 }

describe('a sealed input', () => {
  it('is opened by the host of its reader', async () => {
    const { cluster, hosts } = await world('launcher', 'edge')
    const [home, reader] = hosts as [ClusterHost, ClusterHost]
    const agent = await launch(home.host, cluster, SHORT, { reader: reader.did, resultTo: null })
    expect(await cluster.ended(home.host, agent)).toEqual({ ok: true, value: cheapTruth(SHORT, [], LETTER.length) })
  })

  it.each<[string, (own: Did, foreign: Did) => Wish]>([
    ['by another host', (_, foreign) => ({ reader: foreign, resultTo: null })],
    ['for another program', (own) => ({ reader: own, resultTo: null, about: forProgram('bafother' as never, null) })],
    ['for other hands', (own, foreign) => ({ reader: own, resultTo: null, about: `program/x/${foreign}` })],
    ['when it was changed', (own) => ({ reader: own, resultTo: null, spoil: true })],
  ])('is not opened %s', async (_, wishOf) => {
    const { cluster, hosts } = await world('launcher', 'edge')
    const [home, reader] = hosts as [ClusterHost, ClusterHost]
    const agent = await launch(home.host, cluster, SHORT, wishOf(reader.did, launcher.did))
    expect(await cluster.ended(home.host, agent)).toEqual({ ok: true, value: cheapTruth(SHORT) })
  })

  it('is not opened for whoever launches the same program for itself', async () => {
    const { cluster, hosts } = await world('launcher', 'edge')
    const [home, reader] = hosts as [ClusterHost, ClusterHost]
    const bundle = await importProgram(home.host, SHORT)
    const stolen = sealedJson(sealTo(reader.did, LETTER, forProgram(bundle, launcher.did), random))
    for (const resultTo of [null, author.did]) {
      const launching = home.host.launch(bundle, { inputJson: stolen, resultTo })
      await cluster.time.advance(5)
      const agent = await launching
      const outcome = (await cluster.ended(home.host, agent)) as { value: { $sealed?: unknown } }
      if (resultTo === null) expect(outcome.value).toEqual(cheapTruth(SHORT))
      else expect(outcome.value.$sealed).toBeDefined()
    }
  })
})

describe('what has been unsealed', () => {
  it('stays on its host: no checkpoint of the agent is taken, no order moves it, and it ends there', async () => {
    const { cluster, hosts } = await world('launcher', 'edge', 'edge')
    const [home, reader, other] = hosts as [ClusterHost, ClusterHost, ClusterHost]
    const agent = await launch(
      home.host,
      cluster,
      { ...LONG, moves: [{ at: 10, where: { host: reader.did } }] },
      { reader: reader.did },
    )
    await cluster.time.advance(4_000)
    const before = told(home.host, agent, 'checkpoint').length
    reader.host.move(agent, other.did)
    await cluster.time.advance(7_000)
    expect(told(home.host, agent, 'checkpoint').length).toBe(before)
    expect(cluster.holders(agent)).toEqual([2])
    const outcome = (await cluster.ended(home.host, agent)) as { value: unknown }
    expect(await opened(JSON.stringify(outcome.value))).toEqual(cheapTruth(LONG, [], LETTER.length))
  })

  it('is let go of when the owner wants the machine, and the agent goes on elsewhere without it', async () => {
    const { cluster, hosts } = await world('launcher', 'edge', 'edge')
    const [home, reader] = hosts as [ClusterHost, ClusterHost, ClusterHost]
    const moving = { ...LONG, moves: [{ at: 10, where: { host: reader.did } }] }
    const agent = await launch(home.host, cluster, moving, { reader: reader.did })
    await cluster.time.advance(5_000)
    expect(cluster.holders(agent)).toEqual([2])
    void reader.host.drain()
    await cluster.time.advance(3_000)
    expect(cluster.holders(agent)).toEqual([3])
    const outcome = (await cluster.ended(home.host, agent)) as { value: unknown }
    expect(await opened(JSON.stringify(outcome.value))).toEqual(cheapTruth(LONG))
  })

  it('goes with its host, and the agent comes back from before', async () => {
    const { cluster, hosts } = await world('launcher', 'edge', 'edge')
    const [home, reader] = hosts as [ClusterHost, ClusterHost, ClusterHost]
    const moving = { ...LONG, moves: [{ at: 10, where: { host: reader.did } }] }
    const agent = await launch(home.host, cluster, moving, { reader: reader.did })
    await cluster.time.advance(6_000)
    await cluster.kill(2)
    const outcome = (await cluster.ended(home.host, agent, 200_000)) as { value: unknown }
    expect(await opened(JSON.stringify(outcome.value))).toEqual(cheapTruth(LONG))
  })

  it('does not keep a kill from ending the agent', async () => {
    const { cluster, hosts } = await world('launcher', 'edge')
    const [home, reader] = hosts as [ClusterHost, ClusterHost]
    const agent = await launch(home.host, cluster, LONG, { reader: reader.did })
    await cluster.time.advance(5_000)
    home.host.kill(agent)
    await cluster.time.advance(2_000)
    expect(cluster.holders(agent)).toEqual([])
  })
})

describe('with a reader for its words', () => {
  it('all that an agent says is sealed at home, each to be known as what it is', async () => {
    const { cluster, hosts } = await world('launcher', 'edge')
    const [home, reader] = hosts as [ClusterHost, ClusterHost]
    const agent = await launch(home.host, cluster, SHORT, { reader: reader.did })
    await cluster.ended(home.host, agent)
    const lines = [...told(home.host, agent, 'emit'), ...told(home.host, agent, 'result')]
    expect(lines.length).toBe(3)
    for (const { kind, valueJson } of lines) {
      expect(valueJson).not.toContain('hash')
      expect(JSON.parse(valueJson).$sealed.about.startsWith(asEffectOf(agent, kind as 'emit'))).toBe(true)
      expect(await opened(valueJson)).toHaveProperty('hash')
    }
  })

  it('a failure keeps its code in the clear, and nothing else', async () => {
    const { cluster, hosts } = await world('launcher', 'edge')
    const [home, reader] = hosts as [ClusterHost, ClusterHost]
    const agent = await launch(home.host, cluster, { ...SHORT, fail: 'the old mill is shut' }, { reader: reader.did })
    const { ok, value } = (await cluster.ended(home.host, agent)) as { ok: boolean; value: Record<string, unknown> }
    expect([ok, value.code, value.reason]).toEqual([false, 'THROWN', `sealed to ${launcher.did}`])
    expect(JSON.stringify(value)).not.toContain('mill')
    expect(await opened(JSON.stringify(value.sealed))).toEqual({ code: 'THROWN', reason: 'the old mill is shut' })
  })
})
