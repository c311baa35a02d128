import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sealBundle } from '../bundle/seal.ts'
import type { Host } from '../host/host.ts'
import { createHost } from '../host/runtime.ts'
import { createSigner, generateSecretKey } from '../identity/signer.ts'
import { createVerifier } from '../identity/verifier.ts'
import { nodeDeflate } from '../platform/node/deflate.ts'
import { type EngineFiles, loadEngineFiles } from '../platform/node/engine-files.ts'
import { lendNativeHash } from '../platform/node/native-hash.ts'
import { createNativeSubtle, lendNativeSignatures } from '../platform/node/native-signatures.ts'
import { createNodeSandbox } from '../platform/node/sandbox.ts'
import { openNodeStore } from '../platform/node/store.ts'
import { nodeClock, nodeRandom, nodeTimers } from '../platform/node/time.ts'
import { goOnlineFromNode } from '../platform/node/transport.ts'
import type { RendezvousTransport } from '../platform/peerjs/transport.ts'
import { type Rendezvous, serve } from '../rendezvous/serve.ts'
import { SPARES_MAX } from '../sandbox/limits.ts'
import type { Sandbox } from '../sandbox/port.ts'
import { FRAME_BYTES_MAX } from '../wire/limits.ts'
import type { Channel, Transport } from '../wire/transport.ts'
import { benchEvictions, type Moments } from './evictions.ts'
import { quiet } from './quiet.ts'
import { percentile, type Row } from './row.ts'
import { Trace, type Traced, traced } from './trace.ts'
import { STAY_MS, TRAVELLER } from './traveller.ts'

/**
 * How long a small agent stands still when it moves between two edge hosts over real WebRTC, beside the time of the same
 * bytes and three round trips on a raw channel. Both hosts live in this process, so that one clock sees both ends; their
 * guests are worker threads as always.
 */
const HOPS = 60

/** What all hosts have sent so far, and how much that was at each arrival. */
interface Meter {
  bytes: number
  readonly atRuns: number[]
}

/** When each agent was told to stand still, and told to go on. */
interface Stopwatch extends Moments {
  frozenMs: number
  readonly stoodMs: number[]
  /** The host that was last told to freeze. */
  leaving: string
  readonly trace: Trace | null
  readonly meter: Meter
}

export async function benchHops(tracing: boolean): Promise<Row[]> {
  const rendezvous = await serve({ log: quiet })
  lendNativeHash()
  lendNativeSignatures()
  const engine = await loadEngineFiles()
  const watch: Stopwatch = {
    frozenMs: Number.NaN,
    stillMs: Number.NaN,
    ranMs: Number.NaN,
    stoodMs: [],
    leaving: '',
    trace: tracing ? new Trace() : null,
    meter: { bytes: 0, atRuns: [] },
  }
  const author = createSigner(generateSecretKey(nodeRandom))
  const closing: (() => Promise<void>)[] = [() => rendezvous.close()]
  const start = async (
    name: string,
    slots: number,
    signer = createSigner(generateSecretKey(nodeRandom)),
  ): Promise<Host> => {
    const inner = createNodeSandbox({
      engines: new Map([[engine.manifest.id, engine.modules]]),
      spares: Math.min(slots, SPARES_MAX),
    })
    const folder = await mkdtemp(join(tmpdir(), 'sojourn-bench-'))
    let online: RendezvousTransport | null = null
    const ports: Traced = {
      signer,
      store: await openNodeStore(folder, { key: nodeRandom.bytes(32) }),
      sandbox: slots > 0 ? watched(inner, name, watch) : inner,
      transport: async () => {
        online = await goOnlineFromNode({ rendezvous: rendezvous.url, signer, bindAddress: '127.0.0.1' })
        return metered(online, watch.meter)
      },
    }
    const role = (): string => (slots === 0 ? 'home' : watch.leaving === name ? 'from' : 'to')
    const host = await createHost({
      ...realm(engine),
      ...(watch.trace ? traced(ports, watch.trace, role) : ports),
      kind: slots > 0 ? 'edge' : 'launcher',
      name,
      slots,
      trust: [author.did],
      members: async () => (online ? (await online.hosts()).map(({ address }) => address) : []),
    })
    closing.unshift(async () => {
      await host.close()
      inner.close()
      await rm(folder, { recursive: true })
    })
    return host
  }
  const report = (title: string): void => {
    if (watch.trace) process.stderr.write(`${title}\n${watch.trace.report()}\n`)
    watch.trace?.reset()
  }
  try {
    const [home, a, b] = await Promise.all([start('home', 0, author), start('a', 2), start('b', 2)])
    await until(() => home.snapshot().acquaintances.length === 2 && a.snapshot().acquaintances.length === 2)
    await travel(home, author, [a, b], 0)
    report('hops without a stay')
    const hurried = watch.stoodMs.splice(0).slice(5)
    watch.meter.bytes = 0
    watch.meter.atRuns.length = 0
    await travel(home, author, [a, b], STAY_MS)
    report(`hops with a stay of ${STAY_MS} ms`)
    const stood = watch.stoodMs.slice(5)
    const hopBytes = watch.meter.atRuns.map((bytes, i) => bytes - (watch.meter.atRuns[i - 1] ?? 0))
    const bytesAHop = percentile(hopBytes.slice(5), 0.5)
    const raw = await rawTimes(rendezvous, bytesAHop, HOPS)
    const evictions = await benchEvictions(home, author, [a, b], watch)
    const p50 = percentile(stood, 0.5)
    return [
      { name: 'hop.edge-edge.p50', value: p50, unit: 'ms', bar: '≤ 30', ok: p50 <= 30 },
      {
        name: 'hop.edge-edge.p99',
        value: percentile(stood, 0.99),
        unit: 'ms',
        bar: '≤ 100',
        ok: percentile(stood, 0.99) <= 100,
      },
      { name: 'hop.edge-edge.first.bytes', value: Math.max(...hopBytes.slice(0, 3)), unit: 'B' },
      { name: 'hop.edge-edge.bytes', value: bytesAHop, unit: 'B', bar: '≤ 20480', ok: bytesAHop <= 20_480 },
      {
        name: 'hop.edge-edge.hurried.p50',
        value: percentile(hurried, 0.5),
        unit: 'ms',
        bar: '≤ 30',
        ok: percentile(hurried, 0.5) <= 30,
      },
      {
        name: 'hop.edge-edge.hurried.p99',
        value: percentile(hurried, 0.99),
        unit: 'ms',
        bar: '≤ 100',
        ok: percentile(hurried, 0.99) <= 100,
      },
      { name: 'hop.raw-channel.p50', value: percentile(raw, 0.5), unit: 'ms' },
      { name: 'hop.raw-channel.p99', value: percentile(raw, 0.99), unit: 'ms' },
      {
        name: 'hop.edge-edge.ratio',
        value: p50 / percentile(raw, 0.5),
        unit: '× raw',
        bar: '≤ 2',
        ok: p50 / percentile(raw, 0.5) <= 2,
      },
      ...evictions,
    ]
  } finally {
    for (const close of closing) await close()
  }
}

export const realm = ({ manifest }: EngineFiles) => ({
  verifier: createVerifier(createNativeSubtle()),
  engineId: manifest.id,
  deflate: nodeDeflate,
  clock: nodeClock,
  random: nodeRandom,
  timers: nodeTimers,
})

/** An agent that does nothing but travel to and fro. */
async function travel(
  home: Host,
  author: ReturnType<typeof createSigner>,
  [a, b]: readonly Host[],
  stayMs: number,
): Promise<void> {
  const { car } = await sealBundle(TRAVELLER, author)
  const bundle = await home.importBundle(car)
  if (!bundle.ok) throw new Error(bundle.reason)
  const agent = await home.launch(bundle.value.id, {
    inputJson: JSON.stringify({ hosts: [a?.did, b?.did], hops: HOPS, stayMs }),
  })
  const outcome = await home.outcome(agent)
  if (!outcome?.ok) throw new Error(`the traveller failed: ${outcome?.valueJson}`)
}

/** From the host's word to freeze to the other host's word to run; checkpoints in place are not hops. */
function watched(inner: Sandbox, name: string, watch: Stopwatch): Sandbox {
  return {
    spawn(order, onEvent) {
      const guest = inner.spawn(order, (event) => {
        if (event.kind === 'frozen') watch.stillMs = performance.now()
        onEvent(event)
      })
      let isNew = order.image !== null
      return {
        ...bound(guest),
        freeze() {
          watch.frozenMs = performance.now()
          watch.leaving = name
          watch.trace?.begin('from: freeze')
          guest.freeze()
        },
        run() {
          if (isNew) {
            watch.ranMs = performance.now()
            watch.stoodMs.push(performance.now() - watch.frozenMs)
            watch.trace?.end('to: run')
            watch.meter.atRuns.push(watch.meter.bytes)
          }
          isNew = false
          guest.run()
        },
      }
    },
  }
}

export const bound = (guest: ReturnType<Sandbox['spawn']>): ReturnType<Sandbox['spawn']> => ({
  run: () => guest.run(),
  freeze: () => guest.freeze(),
  deliver: (delivery) => guest.deliver(delivery),
  limit: (limit) => guest.limit(limit),
  patch: (image) => guest.patch(image),
  terminate: () => guest.terminate(),
})

function metered(inner: Transport, meter: Meter): Transport {
  const count = (channel: Channel): Channel => ({
    remoteAddress: channel.remoteAddress,
    networkAddress: channel.networkAddress,
    fingerprints: channel.fingerprints,
    closed: channel.closed,
    receive: (onFrame) => channel.receive(onFrame),
    close: () => channel.close(),
    send(frame) {
      meter.bytes += frame.length
      return channel.send(frame)
    },
  })
  return {
    address: inner.address,
    dial: async (address) => count(await inner.dial(address)),
    accept: (onChannel, standingOf) => inner.accept((channel) => onChannel(count(channel)), standingOf),
    close: () => inner.close(),
  }
}

/** Three pings, then the bytes in frames, then the last pong. */
export async function rawTimes(rendezvous: Rendezvous, bytes: number, runs: number): Promise<number[]> {
  const join = () =>
    goOnlineFromNode({
      rendezvous: rendezvous.url,
      signer: createSigner(generateSecretKey(nodeRandom)),
      bindAddress: '127.0.0.1',
    })
  const [near, far] = await Promise.all([join(), join()])
  try {
    far.accept((channel) => {
      let got = 0
      channel.receive((frame) => {
        got = frame.length === 1 ? 0 : got + frame.length
        if (frame.length === 1 || got >= bytes) void channel.send(Uint8Array.of(1))
      })
    })
    const channel = await near.dial(far.address)
    let pong = (): void => {}
    channel.receive(() => pong())
    const answered = (): Promise<void> =>
      new Promise((resolve) => {
        pong = resolve
      })
    const times: number[] = []
    for (let run = 0; run < runs; run++) {
      const startMs = performance.now()
      for (let trip = 0; trip < 2; trip++) {
        const back = answered()
        await channel.send(Uint8Array.of(0))
        await back
      }
      const back = answered()
      for (let left = Math.ceil(bytes); left > 0; left -= FRAME_BYTES_MAX)
        await channel.send(new Uint8Array(Math.max(2, Math.min(left, FRAME_BYTES_MAX))))
      await back
      times.push(performance.now() - startMs)
    }
    return times
  } finally {
    await near.close()
    await far.close()
  }
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20))
}
