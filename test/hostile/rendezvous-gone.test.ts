import { afterEach, describe, expect, it, vi } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import type { AgentId } from '../../src/directory/agent-id.ts'
import type { Host } from '../../src/host/host.ts'
import { STRANGER_LINKS_MAX } from '../../src/host/limits.ts'
import { createHost } from '../../src/host/runtime.ts'
import { addressOf } from '../../src/identity/did.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { openMemoryStore } from '../../src/platform/memory/store.ts'
import { nodeDeflate } from '../../src/platform/node/deflate.ts'
import { nodeClock, nodeRandom, nodeTimers } from '../../src/platform/node/time.ts'
import { goOnlineFromNode } from '../../src/platform/node/transport.ts'
import { serve } from '../../src/rendezvous/serve.ts'
import { CHEAP_ENGINE, type CheapProgram, CheapSandbox, cheapTruth } from '../../src/sim/cheap-sandbox.ts'
import { author, Cluster, importProgram } from '../host/cluster.ts'
import { leaveOf } from '../host/licenses.ts'
import { quiet } from '../rendezvous/quiet.ts'

/** A rendezvous that is gone, or shows hosts only whom it likes: what a cluster that has met needs it for. */
vi.setConfig({ testTimeout: 60_000 })

const closing: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const thing of closing.splice(0).reverse()) await thing.close()
})

describe('a rendezvous that is gone, over real WebRTC', () => {
  async function start(url: string, seed: number, slots: number): Promise<Host> {
    const signer = createSigner(generateSecretKey(seededRandom(seed)))
    let hosts: () => Promise<readonly { readonly address: string }[]> = async () => []
    const host = await createHost({
      signer,
      verifier: createVerifier(globalThis.crypto.subtle),
      store: await openMemoryStore(),
      sandbox: new CheapSandbox({ ...nodeClock, ...nodeTimers }),
      deflate: nodeDeflate,
      engineId: CHEAP_ENGINE,
      clock: nodeClock,
      random: nodeRandom,
      timers: nodeTimers,
      kind: slots > 0 ? 'edge' : 'launcher',
      name: `host ${seed}`,
      slots,
      trust: [author.did],
      permit: [await leaveOf(author, signer.did)],
      async transport() {
        const online = await goOnlineFromNode({ rendezvous: url, signer, bindAddress: '127.0.0.1' })
        hosts = () => online.hosts()
        return online
      },
      members: async () => (await hosts()).map(({ address }) => address),
    })
    closing.push(host)
    return host
  }
  const runs = (host: Host, agent: AgentId): boolean =>
    host.snapshot().agents.some(({ id, state }) => id === agent && state === 'running')

  it('is missed by nobody who has met: agents hop on between the hosts, and their home hears of it', async () => {
    const rendezvous = await serve({ log: quiet })
    const home = await start(rendezvous.url, 91, 0)
    const [a, b] = [await start(rendezvous.url, 92, 2), await start(rendezvous.url, 93, 2)]
    await expect.poll(() => [home, a, b].map((host) => host.hosts().length), { timeout: 20_000 }).toEqual([2, 2, 2])
    const agent = await home.launch(await importProgram(home, { steps: 1e9, emitEvery: 0 }))
    await expect.poll(() => runs(a, agent) || runs(b, agent), { timeout: 10_000 }).toBe(true)
    await rendezvous.close()
    for (let i = 0; i < 3; i++) {
      const [from, to] = runs(a, agent) ? [a, b] : [b, a]
      from.move(agent, to.did)
      await expect.poll(() => runs(to, agent), { timeout: 10_000 }).toBe(true)
    }
    expect(home.story(agent, 0)?.row.hops).toBeGreaterThanOrEqual(4)
  })
})

describe('a rendezvous that shows a host only strangers', () => {
  it('takes it away from nobody it knows, and fills no more than the places of strangers', async () => {
    const world = new Cluster()
    const long: CheapProgram = { steps: 20_000, emitEvery: 0 }
    const strangers: string[] = []
    let lies = false
    await world.start(1, { kind: 'launcher', slots: 0 })
    await world.start(2, { members: async () => (lies ? strangers : [...world.online]) })
    await world.start(3, { members: async () => (lies ? strangers : [...world.online]) })
    await world.time.advance(15_000)
    const agent = await world.launch(world.hosts.get(1)?.host as Host, long)
    await world.time.advance(1_000)
    for (let seed = 0; seed < 100; seed++) {
      const signer = createSigner(generateSecretKey(seededRandom(seed + 5_000)))
      const transport = world.network.join(addressOf(signer.did))
      transport.accept(() => {})
      strangers.push(transport.address)
    }
    lies = true
    await world.time.advance(30_000)
    for (const seed of [2, 3]) {
      const { host } = world.hosts.get(seed) ?? {}
      expect(host?.hosts()).toContain(world.hosts.get(1)?.did)
      expect(host?.hosts()).toContain(world.hosts.get(5 - seed)?.did)
      expect(host?.hosts().length).toBeLessThanOrEqual(2 + STRANGER_LINKS_MAX)
    }
    expect(await world.ended(world.hosts.get(1)?.host as Host, agent)).toEqual({ ok: true, value: cheapTruth(long) })
  })
})
