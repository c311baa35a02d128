import { DEPTH_STANDARD } from '../bundle/limits.ts'
import { loadEngineFiles } from '../platform/node/engine-files.ts'
import { createNodeSandbox, type Isolation } from '../platform/node/sandbox.ts'
import type { GuestEvent, GuestOrder } from '../sandbox/port.ts'
import { percentile, type Row } from './row.ts'

/**
 * What walls around a guest cost and do: from the order to a guest that stands ready, where no spare is, in a thread and in a
 * caged process; and from the last word of a guest that never answers again to its end.
 */
const STARTS = 12
const RUNAWAYS = 12

/** The engine has fallen, and what is in the thread now only burns. */
const RUNAWAY = `const { parentPort: host } = require('node:worker_threads')
host.on('message', ({ kind }) => {
  if (kind === 'start') host.postMessage({ kind: 'ready' })
  if (kind === 'run') { host.postMessage({ kind: 'pulse', fuelUsed: 1, sentBytes: 0 }); for (;;); }
})`

export async function benchWalls(): Promise<Row[]> {
  const { manifest, modules } = await loadEngineFiles()
  const engines = new Map([[manifest.id, modules]])
  const order: GuestOrder = {
    label: 'bench',
    engineId: manifest.id,
    code: '0',
    kernels: new Map(),
    inputJson: 'null',
    seed: 1,
    startMs: 0,
    fuelMax: 1e9,
    memoryBytesMax: 64 * 1_048_576,
    depth: DEPTH_STANDARD,
    sentBytesMax: 2 ** 20,
    image: null,
    pace: 'virtual',
  }

  /** From one event to another. */
  const between = (
    isolate: Isolation,
    from: GuestEvent['kind'] | null,
    to: GuestEvent['kind'],
    script?: string,
  ): Promise<number> => {
    const sandbox = createNodeSandbox({ engines, spares: 0, isolate, ...(script === undefined ? {} : { script }) })
    return new Promise<number>((resolve, reject) => {
      let fromMs = performance.now()
      const guest = sandbox.spawn(order, (event) => {
        if (event.kind === 'ready') guest.run()
        if (event.kind === from) fromMs = performance.now()
        if (event.kind === to) resolve(performance.now() - fromMs)
        else if (event.kind === 'failed') reject(new Error(event.reason))
      })
    }).finally(() => sandbox.close())
  }
  const many = async (count: number, one: () => Promise<number>): Promise<number[]> => {
    const times: number[] = []
    for (let i = 0; i < count; i++) times.push(await one())
    return times
  }
  const thread = await many(STARTS, () => between('thread', null, 'ready'))
  const caged = await many(STARTS, () => between('process', null, 'ready'))
  const runaways = await many(RUNAWAYS, () => between('thread', 'pulse', 'failed', RUNAWAY))
  const worst = Math.max(...runaways)
  return [
    { name: 'wall.thread.ready.p50', value: percentile(thread, 0.5), unit: 'ms' },
    { name: 'wall.process.ready.p50', value: percentile(caged, 0.5), unit: 'ms' },
    { name: 'runaway.terminated.p50', value: percentile(runaways, 0.5), unit: 'ms' },
    { name: 'runaway.terminated.worst', value: worst, unit: 'ms', bar: '≤ 1000', ok: worst <= 1_000 },
  ]
}
