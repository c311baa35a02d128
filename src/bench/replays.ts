import { DEPTH_STANDARD } from '../bundle/limits.ts'
import { loadEngineFiles } from '../platform/node/engine-files.ts'
import { lendNativeHash } from '../platform/node/native-hash.ts'
import { createNodeSandbox } from '../platform/node/sandbox.ts'
import type { GuestOrder, Sandbox } from '../sandbox/port.ts'
import { replaySegment, type Segment } from '../sandbox/replay.ts'
import type { Trace } from '../sandbox/trace.ts'
import { percentile, type Row } from './row.ts'

/**
 * What it costs that a run can be done again: an agent that does little between its calls, with and without a log of its
 * inputs, in turns; and the run once more from that log. Processor time of the whole process, the worker threads included:
 * what else the machine does has no part in it.
 */
const PAIRS = 24

/** Some 40 µs of work and a line of the console for each call, a timer for every eighth. */
const CHATTY = `globalThis.__agent = async () => {
  const rows = Array.from({ length: 40 }, (_, id) => ({ id, name: 'row ' + id }))
  let sum = 0
  for (let i = 0; i < 3000; i++) {
    sum += (await __sojourn.call('progress', { fraction: i / 3000 })).length + JSON.stringify(rows.slice(i % 30, 40)).length
    if (i % 8 === 0) await new Promise((done) => setTimeout(done, 0))
    if (i % 4 === 0) console.log('step', i)
  }
  return sum
}`

export async function benchReplays(): Promise<Row[]> {
  // As in every host of Node.
  lendNativeHash()
  const { manifest, modules } = await loadEngineFiles()
  const sandbox = createNodeSandbox({ engines: new Map([[manifest.id, modules]]), spares: 0 })
  const order: GuestOrder = {
    label: 'bench',
    engineId: manifest.id,
    code: CHATTY,
    kernels: new Map(),
    inputJson: 'null',
    seed: 1,
    startMs: 1_700_000_000_000,
    fuelMax: 1e12,
    memoryBytesMax: 64 * 1_048_576,
    depth: DEPTH_STANDARD,
    sentBytesMax: 2 ** 30,
    image: null,
    pace: 'real',
  }
  try {
    const [off, on, again]: [number[], number[], number[]] = [[], [], []]
    for (let i = 0; i < PAIRS; i++) {
      // Either comes first as often: what warms up warms both.
      const runs = [() => live(sandbox, order), () => live(sandbox, { ...order, record: true })]
      const [first, second] = i % 2 === 0 ? [0, 1] : [1, 0]
      const done = new Map<number, Run>()
      for (const which of [first, second]) done.set(which, await (runs[which] as () => Promise<Run>)())
      const [plain, recorded] = [done.get(0), done.get(1)]
      if (!plain || !recorded?.trace) throw new Error('no trace')
      off.push(plain.cpuMs)
      on.push(recorded.cpuMs)
      again.push(await repeat(sandbox, { program: order, image: null, trace: recorded.trace }))
    }
    const ratio = median(on) / median(off)
    return [
      { name: 'replay.record', value: ratio, unit: '× without', bar: '≤ 1.02', ok: ratio <= 1.02 },
      { name: 'replay.record.pairs', value: median(on.map((ms, i) => ms / (off[i] ?? ms))), unit: '× without' },
      { name: 'replay.again', value: median(again) / median(off), unit: '× the run' },
      { name: 'replay.run', value: median(off), unit: 'ms of CPU' },
    ]
  } finally {
    sandbox.close()
  }
}

const median = (values: readonly number[]): number => percentile(values, 0.5)

interface Run {
  readonly cpuMs: number
  readonly trace: Trace | undefined
}

const cpuSince = (from: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1000
}

/** From the word to run to the end; every call is answered at once. */
function live(sandbox: Sandbox, order: GuestOrder): Promise<Run> {
  return new Promise((resolve, reject) => {
    let from = process.cpuUsage()
    const guest = sandbox.spawn(order, (event) => {
      if (event.kind === 'ready') {
        from = process.cpuUsage()
        guest.run()
      } else if (event.kind === 'call')
        guest.deliver({ request: event.call.request, outcome: { ok: true, valueJson: '"taken"' } })
      else if (event.kind === 'finished') resolve({ cpuMs: cpuSince(from), trace: event.trace })
      else if (event.kind === 'failed') reject(new Error(event.reason))
    })
  })
}

/** With the start of its worker, which an audit has to pay for. */
async function repeat(sandbox: Sandbox, segment: Segment): Promise<number> {
  const from = process.cpuUsage()
  const outcome = await replaySegment(sandbox, segment)
  if (outcome.kind !== 'finished') throw new Error(`${outcome.kind} instead of the end`)
  return cpuSince(from)
}
