import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sealBundle } from '../../src/bundle/seal.ts'
import type { Host } from '../../src/host/host.ts'
import { createHost } from '../../src/host/runtime.ts'
import { createSigner, generateSecretKey } from '../../src/identity/signer.ts'
import { createVerifier } from '../../src/identity/verifier.ts'
import { nodeDeflate } from '../../src/platform/node/deflate.ts'
import { loadEngineFiles } from '../../src/platform/node/engine-files.ts'
import { createNodeSandbox } from '../../src/platform/node/sandbox.ts'
import { openNodeStore } from '../../src/platform/node/store.ts'
import { nodeClock, nodeRandom, nodeTimers } from '../../src/platform/node/time.ts'
import { goOnlineFromNode } from '../../src/platform/node/transport.ts'
import type { RendezvousTransport } from '../../src/platform/peerjs/transport.ts'
import { type Rendezvous, serve } from '../../src/rendezvous/serve.ts'
import type { Sandbox } from '../../src/sandbox/port.ts'
import { quiet } from '../rendezvous/quiet.ts'

/**
 * An agent with 20 MB that goes on changing them while it is brought over a real data channel, between real stores and
 * worker threads, and that knows at its end what its memory must be.
 */
const AGENT = `globalThis.__agent = async () => {
  const heap = new Uint32Array(5_000_000)
  for (let at = 0; at < heap.length; at += 64) heap[at] = at + 1
  let sum = 0
  for (let at = 0; at < heap.length; at += 64) sum = (sum + heap[at]) >>> 0
  await __sojourn.call('emit', { value: 'built' })
  const where = async () => JSON.stringify((await __sojourn.call('self', {})).host)
  const first = await where()
  let turns = 0
  let left = 200
  while (left > 0) {
    if (left < 200 || (turns % 50 === 0 && (await where()) !== first)) left -= 1
    for (let i = 0; i < 8; i++) {
      const at = (turns * 7_919_993 + i * 64_021) % heap.length
      heap[at] += turns + i
      sum = (sum + turns + i) >>> 0
    }
    turns += 1
    await new Promise((done) => setTimeout(done, 2))
  }
  let now = 0
  for (let at = 0; at < heap.length; at++) if (heap[at] !== 0) now = (now + heap[at]) >>> 0
  return { turns: turns > 100, right: now === sum }
}`

let rendezvous: Rendezvous
const closing: (() => Promise<void>)[] = []
const author = createSigner(generateSecretKey(nodeRandom))
/** What the guests of each host were told. */
const told: string[] = []

beforeAll(async () => {
  rendezvous = await serve({ log: quiet })
})
afterAll(async () => {
  for (const close of closing.reverse()) await close()
  await rendezvous.close()
})

async function start(name: string, slots: number, signer = createSigner(generateSecretKey(nodeRandom))): Promise<Host> {
  const { manifest, modules } = await loadEngineFiles(resolve('dist/engine'))
  const inner = createNodeSandbox({
    engines: new Map([[manifest.id, modules]]),
  })
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-heap-'))
  let online: RendezvousTransport | null = null
  const host = await createHost({
    signer,
    verifier: createVerifier(globalThis.crypto.subtle),
    engineId: manifest.id,
    deflate: nodeDeflate,
    clock: nodeClock,
    random: nodeRandom,
    timers: nodeTimers,
    store: await openNodeStore(folder),
    sandbox: recorded(inner, name),
    transport: async () => {
      online = await goOnlineFromNode({ rendezvous: rendezvous.url, signer, bindAddress: '127.0.0.1' })
      return online
    },
    kind: slots > 0 ? 'edge' : 'launcher',
    name,
    slots,
    trust: [author.did],
    members: async () => (online ? (await online.hosts()).map(({ address }) => address) : []),
  })
  closing.push(async () => {
    await host.close()
    inner.close()
    await rm(folder, { recursive: true })
  })
  return host
}

const recorded = (inner: Sandbox, name: string): Sandbox => ({
  spawn(order, onEvent) {
    told.push(`${name} spawn`)
    const guest = inner.spawn(order, onEvent)
    return {
      run: () => [told.push(`${name} run`), guest.run()],
      freeze: () => [told.push(`${name} freeze`), guest.freeze()],
      patch: (image) => [told.push(`${name} patch`), guest.patch(image)],
      deliver: (delivery) => guest.deliver(delivery),
      limit: (limit) => guest.limit(limit),
      terminate: () => guest.terminate(),
    }
  },
})

it('a large agent that changes its memory while it is brought over finds it as it left it', async () => {
  const home = await start('home', 0, author)
  const one = await start('one', 1)
  const { car } = await sealBundle(
    {
      name: 'heap',
      version: '1.0.0',
      description: '',
      code: AGENT,
      sourceMap: null,
      kernels: new Map(),
      assets: new Map(),
      needs: { kind: null },
      quota: { memoryBytes: 64 * 1_048_576 },
      effects: 'fast',
    },
    author,
  )
  const bundle = await home.importBundle(car)
  if (!bundle.ok) throw new Error(bundle.reason)
  const agent = await home.launch(bundle.value.id)
  const lines = (kind: string) => (home.story(agent, 0)?.lines ?? []).filter((line) => line.kind === kind).length
  await expect.poll(() => lines('emit'), { timeout: 120_000, interval: 50 }).toBe(1)
  const before = lines('checkpoint')
  await expect.poll(() => lines('checkpoint'), { timeout: 120_000, interval: 50 }).toBeGreaterThan(before + 1)
  const two = await start('two', 1)
  await expect.poll(() => one.hosts().includes(two.did), { timeout: 60_000 }).toBe(true)
  one.move(agent, two.did)
  await expect.poll(() => told.includes('two run'), { timeout: 120_000, interval: 20 }).toBe(true)
  // Of a hop that came to nothing a guest was thrown away before; the one that ran must be one that was patched.
  const brought = told.slice(0, told.indexOf('two run')).filter((line) => line.startsWith('two'))
  expect(brought.slice(brought.lastIndexOf('two spawn')).slice(0, 2)).toEqual(['two spawn', 'two patch'])
  const outcome = await home.outcome(agent)
  expect(outcome).toEqual({ ok: true, valueJson: '{"turns":true,"right":true}' })
}, 300_000)
