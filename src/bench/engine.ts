/**
 * The engine's figures: our builds against the stock engine, freezing and thawing. Functions that
 * return rows; printing and comparing with bars over time is the caller's.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Machine, type MachineOptions } from '../engine/machine.ts'
import { allowHugeFunctions, engineFolder, loadEngine, packageRoot } from '../platform/node/engine-files.ts'
import { PROGRAMS } from './engine-programs.ts'
import { bestMs, geometricMean, percentile, type Row } from './row.ts'

const RUNS = 4
const WARM_SLICES = 200
const OPTIONS: MachineOptions = {
  seed: 1,
  startMs: 0,
  memoryBytesMax: 256 * 1_048_576,
  fuelMax: 10n ** 14n,
  kernels: new Map(),
}

interface RawEngine {
  _initialize(): void
  qjs_init(): number
  qjs_eval(code: number, length: number, file: number, flags: number): number
  qjs_is_exception(value: number): number
  qjs_free_value(value: number): void
  wasm_malloc(bytes: number): number
  wasm_free(address: number): void
}

/** Evaluates in any of the three builds, without a driver that would cost one of them more than another. */
function rawEval(wasm: Uint8Array<ArrayBuffer>): (code: string) => void {
  const module = new WebAssembly.Module(wasm)
  const own = WebAssembly.Module.imports(module).some((one) => one.kind === 'memory')
  let memory = new WebAssembly.Memory({ initial: 20, maximum: 4_096 })
  const view = (): DataView => new DataView(memory.buffer)
  const zero = (): number => 0
  const env = {
    host_get_timezone_offset: zero,
    host_interrupt: zero,
    host_promise_rejection: () => {},
    host_module_normalize: zero,
    host_module_load: zero,
    host_call: zero,
  }
  const wasi = {
    clock_time_get: (_id: number, _precision: bigint, at: number) => {
      view().setBigUint64(at, 1n, true)
      return 0
    },
    fd_close: zero,
    fd_fdstat_get: zero,
    fd_seek: zero,
    fd_write: zero,
    random_get: zero,
  }
  const instance = new WebAssembly.Instance(module, {
    env: own ? { memory, ...env } : env,
    wasi_snapshot_preview1: wasi,
  })
  const raw = instance.exports as unknown as RawEngine & { memory: WebAssembly.Memory }
  memory = raw.memory
  raw._initialize()
  raw.qjs_init()
  return (code) => {
    const bytes = new TextEncoder().encode(`${code}\0`)
    const at = raw.wasm_malloc(bytes.length)
    new Uint8Array(memory.buffer).set(bytes, at)
    const value = raw.qjs_eval(at, bytes.length - 1, at + bytes.length - 1, 0)
    if (raw.qjs_is_exception(value) !== 0) throw new Error(`program failed: ${code.slice(0, 40)}`)
    raw.qjs_free_value(value)
    raw.wasm_free(at)
  }
}

/** Plain and movable build against the unmodified engine: time ratios, program by program and on the whole. */
export async function benchBuilds(): Promise<Row[]> {
  allowHugeFunctions()
  const stock = await readFile(join(packageRoot(), 'node_modules/quickjs-wasi/quickjs.wasm'))
  const builds = {
    stock,
    plain: await readFile(join(engineFolder(), 'plain.wasm')),
    movable: await readFile(join(engineFolder(), 'movable.wasm')),
  }
  const ratios: { plain: number[]; movable: number[] } = { plain: [], movable: [] }
  const rows: Row[] = []
  for (const [name, program] of Object.entries(PROGRAMS)) {
    const time = (wasm: Uint8Array<ArrayBuffer>): number => {
      const evaluate = rawEval(wasm)
      evaluate(program)
      return bestMs(RUNS, () => evaluate('run()'))
    }
    const base = time(builds.stock)
    for (const build of ['plain', 'movable'] as const) {
      const ratio = time(builds[build]) / base
      ratios[build].push(ratio)
      rows.push({ name: `engine.${build}.${name}`, value: ratio, unit: '× stock' })
    }
  }
  const [plain, movable] = [geometricMean(ratios.plain), geometricMean(ratios.movable)]
  rows.push({ name: 'engine.plain', value: plain, unit: '× stock', bar: '≤ 1.15', ok: plain <= 1.15 })
  rows.push({
    name: 'engine.movable',
    value: movable / plain,
    unit: '× plain',
    bar: '≤ 2.2',
    ok: movable / plain <= 2.2,
  })
  return rows
}

/** How long a busy agent takes to answer a freeze with slices of this fuel, and what freezing and thawing take. */
export async function benchFreeze(sliceFuel = 250_000n): Promise<Row[]> {
  const build = await loadEngine()
  const busy = `const rows = Array.from({ length: 200 }, (_, id) => ({ id, name: 'row ' + id, tags: ['a', String(id)] }))
    const deep = (n) => { if (n > 0) return deep(n - 1) + 1; let s = 0; for (let i = 0; i < 3000; i++) s += i; return s }
    for (let text = ''; ; text = JSON.stringify(rows.slice(1, 40)).replace(/row/g, () => 'x')) {
      deep(40 + (text.length & 1))
      rows.sort((a, b) => (a.id * 7919) % 211 - (b.id * 7919) % 211)
    }`
  const machine = Machine.start(build, busy, 'null', OPTIONS)
  const times = { slice: [] as number[], freeze: [] as number[], thaw: [] as number[] }
  const timed = <T>(into: number[], run: () => T): T => {
    const from = performance.now()
    const value = run()
    into.push(performance.now() - from)
    return value
  }
  // Until V8 has compiled the interpreter's hot parts, a slice takes several times as long.
  for (let i = 0; i < WARM_SLICES; i++) machine.run(sliceFuel)
  for (let i = 0; i < 1_000; i++) {
    timed(times.slice, () => machine.run(sliceFuel))
    const image = timed(times.freeze, () => machine.freeze())
    if (i % 20 === 0) timed(times.thaw, () => Machine.thaw(build, image, OPTIONS))
  }
  const latency = times.slice.map((slice, i) => slice + (times.freeze[i] ?? 0))
  const p99 = percentile(latency, 0.99)
  return [
    { name: 'freeze.latency.p50', value: percentile(latency, 0.5), unit: 'ms' },
    { name: 'freeze.latency.p99', value: p99, unit: 'ms', bar: '≤ 5', ok: p99 <= 5 },
    { name: 'freeze.small.p50', value: percentile(times.freeze, 0.5), unit: 'ms' },
    { name: 'thaw.small.p50', value: percentile(times.thaw, 0.5), unit: 'ms' },
    { name: 'freeze.pages', value: machine.freeze().pages.size * 4, unit: 'KiB' },
  ]
}

export const benchEngine = async (): Promise<Row[]> => [...(await benchBuilds()), ...(await benchFreeze())]
