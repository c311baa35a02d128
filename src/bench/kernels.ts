/**
 * What a kernel costs: run by its driver as in an agent, against the same loop in V8, and against the same module without
 * any instrumentation. The three take turns, and of each the best run counts.
 */
import { DEPTH_STANDARD } from '../bundle/limits.ts'
import { instrumentKernel } from '../engine/instrument/kernel.ts'
import { Kernel } from '../engine/kernels.ts'
import { Machine } from '../engine/machine.ts'
import { compileKernel } from '../platform/node/bundle-kernel.ts'
import { loadEngine } from '../platform/node/engine-files.ts'
import { KERNEL_SOURCE, LOOPS } from './engine-programs.ts'
import { geometricMean, type Row } from './row.ts'

const RUNS = 40
const PAGES = 1_024
const CALLS = 20_000

export async function benchKernels(): Promise<Row[]> {
  const binary = await compileKernel('kernel.ts', (path) => (path === 'kernel.ts' ? KERNEL_SOURCE : null))
  const instrumented = instrumentKernel(binary)
  if (!instrumented.ok) throw new Error(instrumented.reason)
  const bare = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(binary)), { env: { abort: () => {} } })
    .exports as unknown as Readonly<Record<string, () => number>>
  const module = new WebAssembly.Module(instrumented.value)
  const kernel = new Kernel('bench', module, { pagesMax: PAGES, seed: 1 })
  const called = (name: string) => (): number => {
    const outcome = kernel.call(kernel.numberOf(name), [], { fuelLeft: 1n << 50n, soft: 0n, depthLeft: 290_000 })
    if (outcome.kind !== 'value') throw new Error(`${name}: ${outcome.kind}`)
    return Number(outcome.value)
  }
  const rows: Row[] = []
  const [speeds, costs]: [number[], number[]] = [[], []]
  for (const [name, loop] of Object.entries(LOOPS)) {
    const runs = [new Function(`${loop}; return run`)() as () => number, called(name), () => bare[name]?.() ?? 0]
    const answers = new Set(runs.map((run) => run().toFixed(6)))
    if (answers.size > 1) throw new Error(`${name}: answers differ: ${[...answers]}`)
    const [v8 = 0, metered = 0, plain = 0] = bestOfEach(runs)
    speeds.push(v8 / metered)
    costs.push(metered / plain)
    rows.push({ name: `kernel.${name}`, value: v8 / metered, unit: '× V8 speed' })
  }
  const [speed, cost] = [geometricMean(speeds), geometricMean(costs)]
  rows.push({ name: 'kernel', value: speed, unit: '× V8 speed', bar: '≥ 0.7', ok: speed >= 0.7 })
  rows.push({ name: 'kernel.instrumentation', value: cost, unit: '× uninstrumented time', bar: '≤ 2', ok: cost <= 2 })
  return [...rows, ...(await benchCalls(module, kernel.numberOf('nothing')))]
}

/** What a call of a kernel costs a program, and reading 4 KiB of its memory: beside a call of a function of its own. */
async function benchCalls(module: WebAssembly.Module, index: number): Promise<Row[]> {
  const build = await loadEngine()
  const options = {
    seed: 1,
    startMs: 0,
    memoryBytesMax: 2 ** 26,
    depth: DEPTH_STANDARD,
    fuelMax: 10n ** 12n,
    kernels: new Map([['k', module]]),
  }
  const run = (body: string) => (): number => {
    const code = `const id = __sojourn.kernelOpen('k', '', 0); const view = new Uint8Array(4096); const own = (a, b) => a
      const { kernelCall, kernelRead } = __sojourn; for (let i = 0; i < ${CALLS}; i++) ${body}`
    return Machine.start(build, code, 'null', options).run(10n ** 12n).kind === 'finished' ? 1 : 0
  }
  const [own = 0, call = 0, read = 0] = bestOfEach([
    run('own(id, 1)'),
    run(`kernelCall(id, ${index}, 1)`),
    run('kernelRead(id, 0, view)'),
  ])
  return [
    { name: 'kernel.call', value: ((call - own) / CALLS) * 1_000, unit: 'µs' },
    { name: 'kernel.read4k', value: ((read - own) / CALLS) * 1_000, unit: 'µs' },
  ]
}

function bestOfEach(runs: readonly (() => number)[]): number[] {
  const best = runs.map(() => Number.POSITIVE_INFINITY)
  for (let i = 0; i < RUNS; i++) {
    for (const [which, run] of runs.entries()) {
      const from = performance.now()
      run()
      best[which] = Math.min(best[which] ?? 0, performance.now() - from)
    }
  }
  return best
}
