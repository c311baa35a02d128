import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { verifyItinerary } from '../../src/audit/itinerary.ts'
import { seededRandom } from '../../src/base/random.ts'
import { sealBundle } from '../../src/bundle/seal.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Host } from '../../src/host/host.ts'
import { createHost } from '../../src/host/runtime.ts'
import { addressOf } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey, type Signer } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { openMemoryStore } from '../../src/platform/memory/store.ts'
import { MemoryNetwork } from '../../src/platform/memory/transport.ts'
import { buildAgent } from '../../src/platform/node/bundle-builder.ts'
import { nodeDeflate } from '../../src/platform/node/deflate.ts'
import { loadEngineFiles } from '../../src/platform/node/engine-files.ts'
import { createNodeSandbox } from '../../src/platform/node/sandbox.ts'
import { nodeClock, nodeRandom, nodeTimers } from '../../src/platform/node/time.ts'
import { goOnlineFromNode } from '../../src/platform/node/transport.ts'
import type { RendezvousTransport } from '../../src/platform/peerjs/transport.ts'
import { serve } from '../../src/rendezvous/serve.ts'
import { createAuthority } from '../../src/wire/authority.ts'
import type { Transport } from '../../src/wire/transport.ts'

/**
 * Programs that move and fork where nothing can be awaited, in the real engine between real hosts: over the network in
 * memory, and over WebRTC from Node to Node.
 */
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const author = createSigner(generateSecretKey(seededRandom(77)))

interface Place {
  readonly name: string
  readonly slots: number
  readonly signer: Signer
}
const PLACES: readonly Place[] = [
  { name: 'home', slots: 0, signer: author },
  { name: 'a', slots: 4, signer: createSigner(generateSecretKey(nodeRandom)) },
  { name: 'b', slots: 4, signer: createSigner(generateSecretKey(nodeRandom)) },
]

interface Net {
  join(signer: Signer): Promise<Transport>
  members(): Promise<readonly string[]>
}

async function hostsOn({ join: goOnline, members }: Net): Promise<Host[]> {
  const { manifest, modules } = await loadEngineFiles(resolve('dist/engine'))
  const start = async ({ name, slots, signer }: Place): Promise<Host> => {
    const sandbox = createNodeSandbox({
      engines: new Map([[manifest.id, modules]]),
      spares: slots > 0 ? 1 : 0,
    })
    const host = await createHost({
      signer,
      verifier: createVerifier(globalThis.crypto.subtle),
      store: await openMemoryStore(),
      sandbox,
      deflate: nodeDeflate,
      engineId: manifest.id,
      clock: nodeClock,
      random: nodeRandom,
      timers: nodeTimers,
      kind: slots > 0 ? 'edge' : 'launcher',
      name,
      slots,
      trust: [author.did],
      transport: () => goOnline(signer),
      members,
    })
    closing.push(async () => {
      await host.close()
      sandbox.close()
    })
    return host
  }
  return Promise.all(PLACES.map(start))
}

function inMemory(): Promise<Host[]> {
  const network = new MemoryNetwork({ random: seededRandom(4), clock: nodeClock, timers: nodeTimers })
  return hostsOn({
    join: async ({ did }) => network.join(addressOf(did)),
    members: async () => PLACES.map(({ signer }) => addressOf(signer.did)),
  })
}

async function overWebRtc(): Promise<Host[]> {
  const rendezvous = await serve({ log: pino({ level: 'silent' }) })
  closing.push(() => rendezvous.close())
  const online: RendezvousTransport[] = []
  return hostsOn({
    async join(signer) {
      const transport = await goOnlineFromNode({ rendezvous: rendezvous.url, signer, bindAddress: '127.0.0.1' })
      online.push(transport)
      return transport
    },
    members: async () => (await online[0]?.hosts())?.map(({ address }) => address) ?? [],
  })
}

/** Sorts across hosts, forks inside the last comparison's callback, and goes on moving as two. */
const PROGRAM = `
  import { agent } from 'sojourn/agent'
  export default agent(async (self, input: { hosts: string[] }) => {
    const trail: string[] = []
    let turns = 0
    const go = () => {
      void self.move({ host: input.hosts[turns++ % input.hosts.length] as string })
      trail.push(self.host.name)
    }
    const late = self.sleep(50).then(() => 'late')
    const told = self.emit('before')
    const sorted = [5, 3, 9, 1].sort((a, b) => (go(), a - b))
    let forked: Promise<number> | null = null
    const text = 'one two'.replace(/two/, (word) => ((forked = self.fork(2)), go(), word.toUpperCase()))
    const index = await (forked as Promise<number> | null)
    await told
    await self.emit(index)
    return { index, id: self.id, sorted, text, trail, late: await late, chance: Math.random(), here: (await self.where()).name }
  })`

async function bundleOf(source: string): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-anywhere-'))
  closing.push(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'agent.ts'), source)
  return (await sealBundle({ ...(await buildAgent(folder)), name: 'anywhere' }, author)).car
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20))
}

async function launch(hosts: readonly Host[], source: string): Promise<{ home: Host; agent: AgentId }> {
  const [home, a, b] = hosts
  if (!home || !a || !b) throw new Error('a host is missing')
  await until(() => hosts.every((host) => host.snapshot().acquaintances.length === 2))
  const bundle = await home.importBundle(await bundleOf(source))
  if (!bundle.ok) throw new Error(bundle.reason)
  const inputJson = JSON.stringify({ hosts: [a.did, b.did] })
  return { home, agent: await home.launch(bundle.value.id, { inputJson }) }
}

const storyOf = (home: Host, agent: AgentId, kind: string): unknown[] =>
  (home.story(agent, 0)?.lines ?? []).filter((line) => line.kind === kind).map(({ valueJson }) => JSON.parse(valueJson))

describe.each([
  ['over the network in memory', inMemory],
  ['over WebRTC', overWebRtc],
])('a program, %s', (_, cluster) => {
  it('moves in a comparator and forks in a callback, and both go on from there', async () => {
    const { home, agent } = await launch(await cluster(), PROGRAM)
    const first = await home.outcome(agent)
    if (!first?.ok) throw new Error(first?.valueJson)
    const [made] = storyOf(home, agent, 'fork') as { agents: AgentId[] }[]
    const [child] = made?.agents ?? []
    if (!child) throw new Error('nobody was made')
    const second = await home.outcome(child)
    const results = [first, second].map((outcome) => JSON.parse(outcome?.valueJson ?? 'null'))
    const [one, two] = results
    for (const { sorted, text, trail, late } of results) {
      expect([sorted, text, late]).toEqual([[1, 3, 5, 9], 'one TWO', 'late'])
      expect(trail).toEqual(Array.from({ length: trail.length }, (_, i) => 'ab'[i % 2]))
    }
    expect([one.index, one.id, two.index, two.id]).toEqual([0, agent, 1, child])
    expect(two.trail).toEqual(one.trail)
    expect(two.here).toBe(one.here)
    expect(two.chance).not.toBe(one.chance)
    expect([storyOf(home, agent, 'emit'), storyOf(home, child, 'emit')]).toEqual([['before', 0], [1]])
    for (const one of [agent, child]) {
      const itinerary = home.itinerary(one)
      const verified = itinerary && (await verifyItinerary(itinerary, createAuthority(author, createVerifier())))
      expect(verified?.ok ? verified.value.stages.length : verified?.reason).toBe(home.story(one, 0)?.row.hops)
    }
  })
})

it('a move that is refused is a rejected promise at the same place, and nobody has to look', async () => {
  const source = `
    import { agent } from 'sojourn/agent'
    export default agent(async (self) => {
      const refused: Promise<unknown>[] = []
      const sorted = [2, 1].sort((a, b) => {
        refused.push(self.move({ kind: 'tab' }).catch((error) => error.code))
        void self.move({ host: 'no host' })
        return a - b
      })
      await self.sleep(1)
      return [sorted, await Promise.all(refused), self.host.kind]
    })`
  const { home, agent } = await launch(await inMemory(), source)
  const outcome = await home.outcome(agent)
  expect(JSON.parse(outcome?.valueJson ?? 'null')).toEqual([[1, 2], ['UNREACHABLE'], 'edge'])
  expect(storyOf(home, agent, 'console')).toMatchObject([
    { level: 'error', text: expect.stringContaining('unhandled rejection: RefusalError: ') },
  ])
})
