import type { Cid } from '../base/digest.ts'
import { DEPTH_STANDARD } from '../bundle/limits.ts'
import type { MachineImage } from '../engine/image.ts'
import { compileKernel } from '../platform/node/bundle-kernel.ts'
import { loadEngineFiles } from '../platform/node/engine-files.ts'
import { createNodeSandbox } from '../platform/node/sandbox.ts'
import type { Guest, GuestEvent, GuestOrder, Sandbox } from '../sandbox/port.ts'
import { percentile, type Row } from './row.ts'

/**
 * What a host waits for its guests: worker threads, asked over their ports as a host asks them. From the word to freeze to
 * the image in the host's hands, of a program that is busy with JavaScript and of one that is inside a kernel; and from the
 * order with an image to what the program does next, where a spare worker stands ready.
 */
const FREEZES = 300
const THAWS = 25
/** Between two freezes, at random up to so much: the word comes at any point of a slice. */
const PAUSE_MS = 20
/** A host has made its next spare by then. */
const SPARE_MS = 400

export const BUSY_JAVASCRIPT = `const rows = Array.from({ length: 200 }, (_, id) => ({ id, name: 'row ' + id, tags: ['a', String(id)] }))
  const deep = (n) => { if (n > 0) return deep(n - 1) + 1; let s = 0; for (let i = 0; i < 3000; i++) s += i; return s }
  for (let text = ''; ; text = JSON.stringify(rows.slice(1, 40)).replace(/row/g, () => 'x')) {
    deep(40 + (text.length & 1))
    rows.sort((a, b) => (a.id * 7919) % 211 - (b.id * 7919) % 211)
  }`
const BUSY_KERNEL = `const id = __sojourn.kernelOpen('spin', '', 0), spin = __sojourn.kernels().spin.indexOf('spin')
  for (;;) __sojourn.kernelCall(id, spin)`
const SPIN = `export function spin(): i32 {
  let x: i32 = 1
  for (let i: i32 = 0; i < 2000000000; i++) x = x * 1664525 + i
  return x
}`
const ASKING = `globalThis.__agent = async () => {
  const bag = Array.from({ length: 2000 }, (_, i) => ({ i, name: 'thing ' + i }))
  for (;;) await __sojourn.call('progress', { fraction: bag.length / 4000 })
}`

export async function benchGuests(): Promise<Row[]> {
  const { manifest, modules } = await loadEngineFiles()
  const engines = new Map([[manifest.id, modules]])
  const sandbox = createNodeSandbox({ engines, spares: 2 })
  try {
    const wasm = await compileKernel('spin.ts', (path) => (path === 'spin.ts' ? SPIN : null))
    const kernels = new Map([['spin', { cid: 'spin' as Cid, wasm }]])
    const javascript = await freezes(sandbox, orderOf(manifest.id, BUSY_JAVASCRIPT))
    const kernel = await freezes(sandbox, { ...orderOf(manifest.id, BUSY_KERNEL), kernels })
    const thaw = await thaws(sandbox, orderOf(manifest.id, ASKING))
    const [js99, kernel99, thaw50] = [percentile(javascript, 0.99), percentile(kernel, 0.99), percentile(thaw, 0.5)]
    return [
      { name: 'guest.freeze.javascript.p50', value: percentile(javascript, 0.5), unit: 'ms' },
      { name: 'guest.freeze.javascript.p99', value: js99, unit: 'ms', bar: '≤ 5', ok: js99 <= 5 },
      { name: 'guest.freeze.kernel.p50', value: percentile(kernel, 0.5), unit: 'ms' },
      { name: 'guest.freeze.kernel.p99', value: kernel99, unit: 'ms', bar: '≤ 5', ok: kernel99 <= 5 },
      { name: 'guest.thaw.p50', value: thaw50, unit: 'ms', bar: '≤ 5', ok: thaw50 <= 5 },
      { name: 'guest.thaw.p99', value: percentile(thaw, 0.99), unit: 'ms' },
    ]
  } finally {
    sandbox.close()
  }
}

const orderOf = (engineId: string, code: string): GuestOrder => ({
  label: 'bench',
  engineId,
  code,
  kernels: new Map(),
  inputJson: 'null',
  seed: 1,
  startMs: 0,
  fuelMax: Number.MAX_SAFE_INTEGER,
  memoryBytesMax: 64 * 1_048_576,
  depth: DEPTH_STANDARD,
  sentBytesMax: 2 ** 40,
  image: null,
  pace: 'real',
})

/** A guest whose next event of a kind can be waited for. */
function spawn(
  sandbox: Sandbox,
  order: GuestOrder,
): { guest: Guest; next: (kind: GuestEvent['kind']) => Promise<GuestEvent> } {
  let wanted: {
    kind: GuestEvent['kind']
    resolve: (event: GuestEvent) => void
    reject: (error: Error) => void
  } | null = null
  const guest = sandbox.spawn(order, (event) => {
    if (event.kind === 'failed') wanted?.reject(new Error(event.reason))
    else if (event.kind === 'finished') wanted?.reject(new Error('the busy program has come to its end'))
    else if (wanted?.kind === event.kind) wanted.resolve(event)
  })
  const next = (kind: GuestEvent['kind']): Promise<GuestEvent> =>
    new Promise((resolve, reject) => {
      wanted = { kind, resolve, reject }
    })
  return { guest, next }
}

async function freezes(sandbox: Sandbox, order: GuestOrder): Promise<number[]> {
  const { guest, next } = spawn(sandbox, order)
  await next('ready')
  guest.run()
  const times: number[] = []
  // Until V8 has compiled the hot parts, a slice takes several times as long: a fifth more, which do not count.
  for (let i = -FREEZES / 5; i < FREEZES; i++) {
    await pause(Math.random() * PAUSE_MS)
    const fromMs = performance.now()
    guest.freeze()
    await next('frozen')
    if (i >= 0) times.push(performance.now() - fromMs)
    guest.run()
  }
  guest.terminate()
  return times
}

/** The image is of a program that waits for an answer: with the answer it goes on, and its next call is heard at once. */
async function thaws(sandbox: Sandbox, order: GuestOrder): Promise<number[]> {
  const first = spawn(sandbox, order)
  await first.next('ready')
  first.guest.run()
  await first.next('call')
  first.guest.freeze()
  const { image } = (await first.next('frozen')) as { image: MachineImage }
  first.guest.terminate()
  const times: number[] = []
  for (let i = 0; i < THAWS; i++) {
    await pause(SPARE_MS)
    const fromMs = performance.now()
    const { guest, next } = spawn(sandbox, { ...order, image })
    await next('ready')
    guest.run()
    guest.deliver({ request: image.nextRequest - 1, outcome: { ok: true, valueJson: 'null' } })
    for (;;) {
      const event = await next('call')
      if (event.kind === 'call' && !event.again) break
    }
    times.push(performance.now() - fromMs)
    guest.terminate()
  }
  return times
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
