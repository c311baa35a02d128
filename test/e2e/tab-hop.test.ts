import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyItinerary } from '../../src/audit/itinerary.ts'
import { toHex } from '../../src/base/bytes.ts'
import { sealBundle } from '../../src/bundle/seal.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import { openTab, type Tab } from '../../src/entry/node/demo/tab.ts'
import { type LocalCluster, startLocalCluster } from '../../src/entry/node/local-cluster.ts'
import type { Did } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { findChromium } from '../../src/platform/node/chromium.ts'
import { nodeRandom } from '../../src/platform/node/time.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import type { CommandOrder } from '../../src/wire/statements.ts'

/** A running program travels between an edge worker (an OS process of its own) and a real tab of the built page. */
const signer = createSigner(generateSecretKey(nodeRandom))
const authority = createAuthority(signer, createVerifier())

/** A loop of some seconds on the engine, whose every step shows in the result. */
const STEPS = 12_000_000
const program = `
const f = (s, i) => (Math.imul(s, 31) + i) | 0
let s = 7
for (let i = 0; i < ${STEPS}; i++) { s = f(s, i); if (i % 1000000 === 0) console.log('at', i) }
console.log('sum', s)`

function truth(): number {
  let s = 7
  for (let i = 0; i < STEPS; i++) s = (Math.imul(s, 31) + i) | 0
  return s
}

const chromium = findChromium()
if (!chromium) console.warn('skipped: no Chromium on this machine')

// Why it is skipped is printed above.
describe.skipIf(!chromium)('an agent in the middle of a loop', () => {
  let cluster: LocalCluster
  let tab: Tab | null
  let edge: Did
  let page: Did

  beforeAll(async () => {
    cluster = await startLocalCluster({ edges: 1, slots: 2, signer, loopbackOnly: false })
    tab = await openTab(cluster.rendezvous.url, console.warn)
    const seen = () => cluster.home.host.snapshot().acquaintances
    await until(
      () => seen().some(({ kind }) => kind === 'tab') && seen().some(({ kind }) => kind === 'edge'),
      'tab and edge worker on line',
    )
    edge = cluster.edges()[0].did
    page = seen().find(({ kind }) => kind === 'tab')?.id ?? edge
  })
  afterAll(async () => {
    await tab?.close()
    await cluster?.stop()
  })

  it.each([
    ['from an edge worker into a tab and back', ['edge', 'tab', 'edge']],
    ['from a tab to an edge worker and back', ['tab', 'edge', 'tab']],
  ])('hops %s, and its result is that of a run in one place', async (_name, way) => {
    const didOf = (kind: string): Did => (kind === 'tab' ? page : edge)
    const { host } = cluster.home
    const agent = await launch(way[0] as 'edge' | 'tab')
    const row = () => host.story(agent, 0)?.row
    for (const kind of way.slice(1)) {
      const before = row()?.fuelUsed ?? 0
      await until(() => (row()?.fuelUsed ?? 0) > before && row()?.state === 'running', 'it runs')
      expect(await move(row()?.holder ?? edge, agent, didOf(kind))).toBe('on its way')
      await until(() => row()?.holder === didOf(kind), `it is in the ${kind}`)
      expect(row()?.state).toBe('running')
    }
    const outcome = await host.outcome(agent)
    expect(outcome).toMatchObject({ ok: true })
    const lines = (host.story(agent, 0)?.lines ?? [])
      .filter(({ kind }) => kind === 'console')
      .map(({ valueJson }) => JSON.parse(valueJson).text)
    expect(lines).toEqual([...Array.from({ length: STEPS / 1e6 }, (_, i) => `at ${i * 1e6}`), `sum ${truth()}`])
    const itinerary = host.itinerary(agent)
    const checked = itinerary && (await verifyItinerary(itinerary, authority))
    expect(checked?.ok && checked.value.stages.map(({ to }) => to)).toEqual(way.map(didOf))
  })

  async function launch(kind: 'edge' | 'tab'): Promise<AgentId> {
    const other = kind === 'edge' ? 'tab' : 'edge'
    const { car } = await sealBundle(
      {
        name: `from-${kind}-to-${other}`,
        version: '1.0.0',
        description: 'a long loop',
        code: program,
        sourceMap: null,
        kernels: new Map(),
        assets: new Map(),
        needs: { kind: null },
        quota: {},
        effects: 'fast',
      },
      signer,
    )
    const bundle = await cluster.home.host.importBundle(car)
    if (!bundle.ok) throw new Error(bundle.reason)
    const agent = await cluster.home.host.launch(bundle.value.id)
    await until(() => cluster.home.host.story(agent, 0)?.row.state === 'running', 'it is placed')
    // The allocator chooses freely; the order brings it to where the test begins, in the middle of its loop too.
    const holder = cluster.home.host.story(agent, 0)?.row.holder
    const start = kind === 'tab' ? page : edge
    if (holder === start) return agent
    cluster.home.host.kill(agent)
    return launch(kind)
  }

  async function move(holder: Did, agent: AgentId, to: Did): Promise<string> {
    const order = await authority.seal<CommandOrder>({
      type: 'command',
      host: holder,
      verb: 'move',
      agent,
      to,
      nonce: toHex(nodeRandom.bytes(16)),
      expiresMs: Date.now() + 60_000,
    })
    const answer = await cluster.home.host.ask(holder, 'command', { order, permits: [] })
    return answer.ok ? (answer.body as { note: string }).note : `${answer.code}: ${answer.reason}`
  }
})

async function until(condition: () => boolean, what: string): Promise<void> {
  const lateMs = performance.now() + 60_000
  while (!condition()) {
    if (performance.now() > lateMs) throw new Error(`not within a minute: ${what}`)
    await pause(20)
  }
}
