import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AgentParts, sealBundle } from '../bundle/seal.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Host } from '../host/host.ts'
import { createHost } from '../host/runtime.ts'
import { createSigner, generateSecretKey } from '../identity/signer.ts'
import { loadEngineFiles } from '../platform/node/engine-files.ts'
import { lendNativeHash } from '../platform/node/native-hash.ts'
import { createNodeSandbox } from '../platform/node/sandbox.ts'
import { openNodeStore } from '../platform/node/store.ts'
import { nodeRandom } from '../platform/node/time.ts'
import { goOnlineFromNode } from '../platform/node/transport.ts'
import type { RendezvousTransport } from '../platform/peerjs/transport.ts'
import { serve } from '../rendezvous/serve.ts'
import type { Sandbox } from '../sandbox/port.ts'
import { bound, rawTimes, realm, until } from './hops.ts'
import { quiet } from './quiet.ts'
import { percentile, type Row } from './row.ts'
import { Trace, traced } from './trace.ts'

/**
 * A live agent with 50 MB that no compressor shrinks, ordered from one edge host to the next over real WebRTC, each of
 * which has never seen it: how long it stands still, and how long the whole move takes beside a raw copy of as many bytes
 * over the same kind of channel. All hosts live in this process, with stores on disk; guests are worker threads.
 */
const HEAP_BYTES = 50 * 1_000_000
const MOVES = 4
const RAW_RUNS = 5
/** Home has the last checkpoint and the host its next spare worker by then. */
const REST_MS = 4_000

/** Random words, every page its own; then a page changed about every millisecond, and a look at all of it at the end. */
const AGENT: AgentParts = {
  name: 'heap',
  version: '1.0.0',
  description: 'has a large heap and goes on changing it',
  code: `globalThis.__agent = async ({ bytes, seconds }) => {
    const unit = new Uint32Array(1 << 18)
    let x = 88172645
    for (let i = 0; i < unit.length; i++) { x ^= x << 13; x ^= x >>> 17; x ^= x << 5; unit[i] = x }
    const heap = []
    let pages = 0
    for (let left = bytes; left > 0; left -= unit.byteLength) {
      const part = unit.slice()
      for (let at = 7; at < part.length; at += 1024) part[at] = pages++
      heap.push(part)
    }
    await __sojourn.call('emit', { value: pages })
    const end = Date.now() + seconds * 1000
    let changed = 0
    while (Date.now() < end) {
      for (let i = 0; i < 4; i++) {
        const page = (changed * 7919) % pages
        heap[page >> 8][((page & 255) << 10) + 9] = changed++
      }
      await new Promise((resolve) => setTimeout(resolve, 4))
    }
    for (let page = 0; page < pages; page++) if (heap[page >> 8][((page & 255) << 10) + 7] !== page) throw new Error('page ' + page)
    return changed
  }`,
  sourceMap: null,
  kernels: new Map(),
  assets: new Map(),
  needs: { kind: null },
  quota: { memoryBytes: 128 * 1_048_576 },
  effects: 'fast',
}

/** Moments of one move, milliseconds after the order. */
interface Move {
  /** The first word to freeze, for an image, and the image taken: in between the program may stand still. */
  imageMs: number
  imagedMs: number
  /** The destination has all blocks and starts a guest; the guest stands. */
  spawnMs: number
  stagedMs: number
  /** The last word to freeze, the last image, and the guest at the destination that stands where it does. */
  freezeMs: number
  frozenMs: number
  patchMs: number
  patchedMs: number
  runMs: number
  /** Of all threads of this process, and so of all hosts in it. */
  cpuMs: number
}

interface Watch {
  orderedMs: number
  cpu: NodeJS.CpuUsage
  now: Partial<Move>
  readonly moves: Move[]
  readonly trace: Trace | null
}

export async function benchHeap(tracing: boolean): Promise<Row[]> {
  const rendezvous = await serve({ log: quiet })
  lendNativeHash()
  const engine = await loadEngineFiles()
  const watch: Watch = {
    orderedMs: 0,
    cpu: process.cpuUsage(),
    now: {},
    moves: [],
    trace: tracing ? new Trace() : null,
  }
  const author = createSigner(generateSecretKey(nodeRandom))
  const closing: (() => Promise<void>)[] = [() => rendezvous.close()]
  let leaving = ''
  const start = async (
    name: string,
    slots: number,
    signer = createSigner(generateSecretKey(nodeRandom)),
  ): Promise<Host> => {
    const inner = createNodeSandbox({
      engines: new Map([[engine.manifest.id, engine.modules]]),
      spares: slots > 0 ? 1 : 0,
    })
    const folder = await mkdtemp(join(tmpdir(), 'sojourn-bench-'))
    let online: RendezvousTransport | null = null
    const ports = {
      signer,
      store: await openNodeStore(folder, { key: nodeRandom.bytes(32) }),
      sandbox: slots > 0 ? watched(inner, watch) : inner,
      transport: async () => {
        online = await goOnlineFromNode({ rendezvous: rendezvous.url, signer, bindAddress: '127.0.0.1' })
        return online
      },
    }
    const host = await createHost({
      ...realm(engine),
      ...(watch.trace
        ? traced(ports, watch.trace, () => (slots === 0 ? 'home' : leaving === name ? 'from' : 'to'))
        : ports),
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
  try {
    const home = await start('home', 0, author)
    const first = await start('edge 0', 1)
    await until(() => home.snapshot().acquaintances.length === 1)
    const agent = await launch(home, author)
    await until(() => first.snapshot().agents.some(({ id, state }) => id === agent && state === 'running'))
    await until(() => checkpointsSinceEmit(home, agent) > 1)
    let at = first
    for (let move = 1; move <= MOVES; move++) {
      const next = await start(`edge ${move}`, 1)
      const there = at
      await until(() => there.hosts().includes(next.did) && home.hosts().includes(next.did))
      await new Promise((resolve) => setTimeout(resolve, REST_MS))
      leaving = `edge ${move - 1}`
      watch.now = {}
      watch.cpu = process.cpuUsage()
      watch.orderedMs = performance.now()
      watch.trace?.begin('ordered')
      at.move(agent, next.did)
      await until(() => watch.moves.length === move)
      at = next
      await new Promise((resolve) => setTimeout(resolve, REST_MS))
    }
    if (watch.trace) process.stderr.write(`${watch.trace.report()}\n`)
    const rawCpu = process.cpuUsage()
    const raw = percentile(await rawTimes(rendezvous, HEAP_BYTES, RAW_RUNS), 0.5)
    return rowsOf(watch.moves, raw, cpuMs(rawCpu) / RAW_RUNS)
  } finally {
    for (const close of closing) await close()
  }
}

function rowsOf(moves: readonly Move[], raw: number, rawCpuMs: number): Row[] {
  const middle = (pick: (move: Move) => number): number => percentile(moves.map(pick), 0.5)
  const frozen = middle(({ freezeMs, runMs }) => runMs - freezeMs)
  const whole = middle(({ runMs }) => runMs)
  const phases: readonly (readonly [name: string, pick: (move: Move) => number])[] = [
    ['offer', ({ imageMs }) => imageMs],
    ['image', ({ imageMs, imagedMs }) => imagedMs - imageMs],
    ['bring', ({ imagedMs, spawnMs }) => spawnMs - imagedMs],
    ['thaw', ({ spawnMs, stagedMs }) => stagedMs - spawnMs],
    ['rounds', ({ stagedMs, freezeMs }) => freezeMs - stagedMs],
    ['frozen.image', ({ freezeMs, frozenMs }) => frozenMs - freezeMs],
    ['frozen.bring', ({ frozenMs, patchMs }) => patchMs - frozenMs],
    ['frozen.patch', ({ patchMs, patchedMs }) => patchedMs - patchMs],
    ['frozen.decide', ({ patchedMs, runMs }) => runMs - patchedMs],
  ]
  return [
    { name: 'heap.50mb.frozen', value: frozen, unit: 'ms', bar: '≤ 100', ok: frozen <= 100 },
    { name: 'heap.50mb.whole', value: whole, unit: 'ms' },
    { name: 'heap.50mb.raw', value: raw, unit: 'ms' },
    { name: 'heap.50mb.ratio', value: whole / raw, unit: '× raw', bar: '≤ 1.5', ok: whole / raw <= 1.5 },
    { name: 'heap.50mb.processor', value: middle((move) => move.cpuMs), unit: 'ms' },
    { name: 'heap.50mb.raw.processor', value: rawCpuMs, unit: 'ms' },
    ...phases.map(([name, pick]) => ({ name: `heap.50mb.phase.${name}`, value: middle(pick), unit: 'ms' })),
  ]
}

function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1_000
}

async function launch(home: Host, author: ReturnType<typeof createSigner>): Promise<AgentId> {
  const { car } = await sealBundle(AGENT, author)
  const bundle = await home.importBundle(car)
  if (!bundle.ok) throw new Error(bundle.reason)
  return home.launch(bundle.value.id, { inputJson: JSON.stringify({ bytes: HEAP_BYTES, seconds: 600 }) })
}

/** Checkpoints at home since the agent said that its heap is built. */
function checkpointsSinceEmit(home: Host, agent: AgentId): number {
  const lines = home.story(agent, 0)?.lines ?? []
  const built = lines.findIndex(({ kind }) => kind === 'emit')
  return built < 0 ? 0 : lines.slice(built).filter(({ kind }) => kind === 'checkpoint').length
}

/** Notes when guests are told what, and when they have done it. */
function watched(inner: Sandbox, watch: Watch): Sandbox {
  const nowMs = (): number => performance.now() - watch.orderedMs
  return {
    spawn(order, onEvent) {
      let isNew = order.image !== null
      if (isNew) watch.now.spawnMs = nowMs()
      const guest = inner.spawn(order, (event) => {
        if (event.kind === 'ready' && isNew) {
          watch.now.stagedMs ??= nowMs()
          watch.now.patchedMs = nowMs()
        }
        if (event.kind === 'frozen') {
          watch.now.imagedMs ??= nowMs()
          watch.now.frozenMs = nowMs()
        }
        onEvent(event)
      })
      return {
        ...bound(guest),
        freeze() {
          watch.now.imageMs ??= nowMs()
          watch.now.freezeMs = nowMs()
          watch.trace?.note('from: freeze')
          guest.freeze()
        },
        patch(image) {
          watch.now.patchMs = nowMs()
          watch.trace?.note('to: patch')
          guest.patch(image)
        },
        run() {
          if (isNew) {
            watch.moves.push({ ...(watch.now as Move), runMs: nowMs(), cpuMs: cpuMs(watch.cpu) })
            watch.trace?.end('to: run')
          }
          isNew = false
          guest.run()
        },
      }
    },
  }
}
