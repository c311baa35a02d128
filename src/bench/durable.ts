import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decode } from '../base/codec.ts'
import { sealBundle } from '../bundle/seal.ts'
import type { Host } from '../host/host.ts'
import { createHost } from '../host/runtime.ts'
import { createSigner, generateSecretKey, type Signer } from '../identity/signer.ts'
import { loadEngineFiles } from '../platform/node/engine-files.ts'
import { lendNativeHash } from '../platform/node/native-hash.ts'
import { lendNativeSignatures } from '../platform/node/native-signatures.ts'
import { createNodeSandbox } from '../platform/node/sandbox.ts'
import { openNodeStore } from '../platform/node/store.ts'
import { nodeRandom } from '../platform/node/time.ts'
import { goOnlineFromNode } from '../platform/node/transport.ts'
import type { RendezvousTransport } from '../platform/peerjs/transport.ts'
import { serve } from '../rendezvous/serve.ts'
import { SPARES_MAX } from '../sandbox/limits.ts'
import type { Store } from '../storage/port.ts'
import { realm, until } from './hops.ts'
import { quiet } from './quiet.ts'
import { percentile, type Row } from './row.ts'

/**
 * What a durable agent costs beside a fast one, in one run and in turns: real WebRTC, stores on the disk, a home and three
 * edge hosts in this process, with one witness (home alone) and with three. An effect has arrived when home has committed it.
 */
const ROUNDS = 4

/** Emits as fast as its host takes them, and waits a moment where that is too fast. */
const FLOOD = `globalThis.__agent = async () => {
  for (let i = 0; i < 400; i++)
    while (!(await __sojourn.call('emit', { value: i }).then(() => true, () => false)))
      await new Promise((done) => setTimeout(done, 2))
  return 0
}`

/** One at a time, with nothing else to do. */
const SELDOM = `globalThis.__agent = async () => {
  for (let i = 0; i < 60; i++) {
    await __sojourn.call('emit', { value: i })
    await new Promise((done) => setTimeout(done, 20))
  }
  return 0
}`

/** What most agents do: long work, and a word about it now and then. */
const WORK = `globalThis.__agent = async () => {
  let x = 1
  for (let i = 0; i < 12; i++) {
    for (let k = 0; k < 150_000; k++) x = (x * 31 + k) | 0
    await __sojourn.call('emit', { value: x })
  }
  return x
}`

const PROGRAMS = { flood: FLOOD, seldom: SELDOM, work: WORK } as const
type Effects = 'fast' | 'durable'

/** When the present agent's values left it, and when home had them, milliseconds. */
interface Moments {
  readonly said: number[]
  readonly here: number[]
}

export async function benchDurable(): Promise<Row[]> {
  const rendezvous = await serve({ log: quiet })
  lendNativeHash()
  lendNativeSignatures()
  const engine = await loadEngineFiles()
  const author = createSigner(generateSecretKey(nodeRandom))
  const moments: Moments = { said: [], here: [] }
  const closing: (() => Promise<void>)[] = [() => rendezvous.close()]
  const start = async (name: string, slots: number, signer: Signer): Promise<Host> => {
    const sandbox = createNodeSandbox({
      engines: new Map([[engine.manifest.id, engine.modules]]),
      spares: Math.min(slots, SPARES_MAX),
    })
    const folder = await mkdtemp(join(tmpdir(), 'sojourn-bench-'))
    const store = await openNodeStore(folder, { key: nodeRandom.bytes(32) })
    let online: RendezvousTransport | null = null
    const host = await createHost({
      ...realm(engine),
      signer,
      store: slots === 0 ? watched(store, moments) : store,
      sandbox,
      transport: async () => {
        online = await goOnlineFromNode({ rendezvous: rendezvous.url, signer, bindAddress: '127.0.0.1' })
        return online
      },
      kind: slots > 0 ? 'edge' : 'launcher',
      name,
      slots,
      trust: [author.did],
      onEmit: () => moments.said.push(performance.now()),
      members: async () => (online ? (await online.hosts()).map(({ address }) => address) : []),
    })
    closing.unshift(async () => {
      await host.close()
      sandbox.close()
      await rm(folder, { recursive: true })
    })
    return host
  }
  try {
    const edges = ['a', 'b', 'c'].map((name) => start(name, 2, createSigner(generateSecretKey(nodeRandom))))
    const [home] = await Promise.all([start('home', 0, author), ...edges])
    await until(() => home.snapshot().acquaintances.length === edges.length)
    const rows: Row[] = []
    for (const witnesses of [1, 3] as const) rows.push(...(await compare(home, author, moments, witnesses)))
    return rows
  } finally {
    for (const close of closing) await close()
  }
}

async function compare(home: Host, author: Signer, moments: Moments, witnesses: 1 | 3): Promise<Row[]> {
  const seen = { fast: newFigures(), durable: newFigures() }
  for (let round = 0; round < ROUNDS; round++)
    for (const effects of ['fast', 'durable'] as const) {
      const run = (name: keyof typeof PROGRAMS) => live(home, author, moments, { name, effects, witnesses })
      const flood = await run('flood')
      seen[effects].flood.push(flood.spanMs / flood.latencies.length)
      seen[effects].latency.push(...(await run('seldom')).latencies)
      seen[effects].work.push((await run('work')).saidMs)
    }
  const middle = (effects: Effects, what: keyof Figures): number => percentile(seen[effects][what], 0.5)
  const name = `durable.witnesses-${witnesses}`
  const ratio = (what: keyof Figures): number => middle('durable', what) / middle('fast', what)
  // Of work the run that was disturbed least: its length is the processor's.
  const work = Math.min(...seen.durable.work) / Math.min(...seen.fast.work)
  return [
    { name: `${name}.throughput.ratio`, value: 1 / ratio('flood'), unit: '× fast' },
    { name: `${name}.throughput`, value: 1_000 / middle('durable', 'flood'), unit: 'emits/s' },
    { name: `${name}.latency.p50`, value: middle('durable', 'latency'), unit: 'ms' },
    { name: `${name}.latency.fast.p50`, value: middle('fast', 'latency'), unit: 'ms' },
    { name: `${name}.latency.ratio`, value: ratio('latency'), unit: '× fast' },
    { name: `${name}.work.ratio`, value: work, unit: '× fast', bar: '≤ 1.1', ok: work <= 1.1 },
  ]
}

/** Milliseconds: for one value of a flood, for one on its way, and from the first to the last of a worker. */
interface Figures {
  readonly flood: number[]
  readonly latency: number[]
  readonly work: number[]
}

const newFigures = (): Figures => ({ flood: [], latency: [], work: [] })

async function live(
  home: Host,
  author: Signer,
  moments: Moments,
  { name, effects, witnesses }: { name: keyof typeof PROGRAMS; effects: Effects; witnesses: 1 | 3 },
): Promise<{ spanMs: number; saidMs: number; latencies: number[] }> {
  const { car } = await sealBundle(
    {
      name,
      version: '1.0.0',
      description: '',
      code: PROGRAMS[name],
      sourceMap: null,
      kernels: new Map(),
      assets: new Map(),
      needs: { kind: 'edge' },
      quota: { messagesPerSecond: 2_000 },
      effects,
    },
    author,
  )
  const bundle = await home.importBundle(car)
  if (!bundle.ok) throw new Error(bundle.reason)
  moments.said.length = 0
  moments.here.length = 0
  const agent = await home.launch(bundle.value.id, { witnesses })
  const outcome = await home.outcome(agent)
  if (!outcome?.ok) throw new Error(`the agent failed: ${outcome?.valueJson}`)
  const { said, here } = moments
  return {
    spanMs: (here.at(-1) ?? 0) - (said[0] ?? 0),
    saidMs: (said.at(-1) ?? 0) - (said[0] ?? 0),
    latencies: here.map((atMs, i) => atMs - (said[i] ?? atMs)),
  }
}

/** Notes when a value of the agent is safe at home. */
function watched(inner: Store, moments: Moments): Store {
  return {
    read: (key) => inner.read(key),
    list: (prefix) => inner.list(prefix),
    close: () => inner.close(),
    async commit(writes) {
      await inner.commit(writes)
      for (const { key, value } of writes) {
        const line = key.startsWith('story/') && value ? decode(value) : null
        if (line?.ok && Object(line.value).kind === 'emit') moments.here.push(performance.now())
      }
    },
  }
}
