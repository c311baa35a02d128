/**
 * Inside a realm, a thread of Node or a web worker of a browser: times of the engine's builds and of the machine on them.
 * Answers with numbers in milliseconds; which of them are ratios with bars, engine.ts says. The realms room runs it.
 */

import { utf8 } from '../base/bytes.ts'
import { DEPTH_STANDARD } from '../bundle/limits.ts'
import { openFrame } from '../conformance/frame.ts'
import { instrumentKernel } from '../engine/instrument/kernel.ts'
import { type EngineBuild, Machine, type MachineOptions, prepareEngine, type TierChoice } from '../engine/machine.ts'
import { PROGRAMS } from './engine-programs.ts'
import { rawEval } from './raw-engine.ts'
import { bestMs, percentile } from './row.ts'

export interface EngineFigures {
  /** Best time of each program on each build. */
  readonly builds: Readonly<Record<string, Readonly<Record<'stock' | 'plain' | 'movable', number>>>>
  /** Best time of the mix on each tier, and how often auto ran turns again. */
  readonly mix: Readonly<Record<TierChoice, number>>
  readonly mixPromotions: number
  /** Share of the plain build's time that the long turns of the mix take. */
  readonly mixLongShare: number
  readonly freeze: Readonly<Record<'javascript' | 'kernel' | 'mix', Freeze>>
  /** From an image of a program in mid-turn, or between turns, until it has run on. */
  readonly thaw: Readonly<Record<'interrupt' | 'turn', Spread>>
}

/** The most that a freeze waits for its safepoint, which is a whole slice; and what taking the image adds then. */
export interface Freeze {
  readonly safepoint: Spread
  readonly image: Spread
}

export interface Spread {
  readonly p50: number
  readonly p99: number
}

const RUNS = 4
const MIX_RUNS = 3
/** As a guest runs it: sandbox/limits.ts. */
const SLICE_FUEL = 250_000n
/** Until a realm's compiler has seen the interpreter's hot parts, a slice takes several times as long. */
const WARM_SLICES = 200
const SLICES = 1_000
const THAWS = 100
const OPTIONS: MachineOptions = {
  seed: 1,
  startMs: 0,
  memoryBytesMax: 256 * 1_048_576,
  depth: DEPTH_STANDARD,
  fuelMax: 10n ** 14n,
  kernels: new Map(),
}

/** Parts: the stock engine, the plain and the movable build, the kernel. */
export function answer(request: Uint8Array): Uint8Array {
  const { parts } = openFrame<object>(request)
  const [stock, plain, movable, kernel] = parts as readonly Uint8Array<ArrayBuffer>[]
  if (!stock || !plain || !movable || !kernel) throw new Error('four files are needed')
  const modules = { plain: new WebAssembly.Module(plain), movable: new WebAssembly.Module(movable) }
  const build = prepareEngine('bench', modules)
  const figures: EngineFigures = {
    builds: timeBuilds({ stock: new WebAssembly.Module(stock), ...modules }),
    ...timeMix(build),
    freeze: {
      javascript: freezeLatency(build, BUSY, OPTIONS),
      kernel: freezeLatency(build, BUSY_KERNEL, { ...OPTIONS, kernels: new Map([['loops', metered(kernel)]]) }),
      mix: freezeLatency(build, mix(1_000), OPTIONS),
    },
    thaw: { interrupt: thawLatency(build, BUSY), turn: thawLatency(build, SLEEPY) },
  }
  return utf8(JSON.stringify(figures))
}

type Builds = Readonly<Record<'stock' | 'plain' | 'movable', WebAssembly.Module>>

function timeBuilds(builds: Builds): EngineFigures['builds'] {
  const time = (module: WebAssembly.Module, program: string): number => {
    const evaluate = rawEval(module)
    evaluate(program)
    return bestMs(RUNS, () => evaluate('run()'))
  }
  const timed = Object.entries(PROGRAMS).map(([name, program]) => {
    const { stock, plain, movable } = builds
    return [name, { stock: time(stock, program), plain: time(plain, program), movable: time(movable, program) }]
  })
  return Object.fromEntries(timed)
}

/** A unit of ordinary work, about a tenth of a millisecond on the plain build in Node. */
const WORK = `const rows = Array.from({ length: 12 }, (_, id) => ({ id, name: 'row ' + id, tags: ['a', String(id)] }))
  let kept = 0
  const work = (units) => {
    for (let u = 0; u < units; u++) {
      kept = (kept + JSON.stringify(rows.slice(u % 7)).replace(/row/g, () => 'x').length) | 0
      for (let i = 0; i < 900; i++) kept = (kept * 31 + i) % 1000003
      kept += [...rows].sort((a, b) => (a.id * 7919) % 11 - (b.id * 7919) % 11)[0].id
    }
  }
  const turn = () => new Promise((resolve) => setTimeout(resolve, 0))`
const SHORT_UNITS = [1, 2, 4, 8, 16]
const SHORT_TURNS = 200
const LONG_UNITS = 310

/** Rounds of 200 turns of 0.1 to 1.6 ms and one of about 30 ms: the long ones have a fifth of the time. */
const mix = (rounds: number, long = LONG_UNITS): string => `${WORK}
  globalThis.__agent = async () => {
    for (let round = 0; round < ${rounds}; round++) {
      for (let n = 0; n < ${SHORT_TURNS}; n++) { await turn(); work([${SHORT_UNITS}][n % ${SHORT_UNITS.length}]) }
      await turn(); work(${long})
    }
    return kept
  }`

function timeMix(build: EngineBuild): Pick<EngineFigures, 'mix' | 'mixPromotions' | 'mixLongShare'> {
  const rounds = 5
  let promotions = 0
  const time = (tier: TierChoice, code: string): number =>
    bestMs(1, () => {
      const machine = Machine.start(build, code, 'null', { ...OPTIONS, tier })
      toEnd(machine)
      promotions = machine.promotions
    })
  const best = { plain: Number.POSITIVE_INFINITY, movable: Number.POSITIVE_INFINITY, auto: Number.POSITIVE_INFINITY }
  let short = Number.POSITIVE_INFINITY
  for (let i = 0; i < MIX_RUNS; i++) {
    short = Math.min(short, time('plain', mix(rounds, 0)))
    for (const tier of ['plain', 'movable', 'auto'] as const) best[tier] = Math.min(best[tier], time(tier, mix(rounds)))
  }
  return { mix: best, mixPromotions: promotions, mixLongShare: 1 - short / best.plain }
}

function toEnd(machine: Machine): void {
  for (let stop = machine.run(SLICE_FUEL); stop.kind !== 'finished'; stop = machine.run(SLICE_FUEL)) {
    if (stop.kind === 'failed') throw new Error(stop.reason)
    if (stop.kind === 'idle' && stop.wakeMs !== null) machine.advanceTo(stop.wakeMs)
  }
}

const BUSY = `const rows = Array.from({ length: 200 }, (_, id) => ({ id, name: 'row ' + id, tags: ['a', String(id)] }))
  const deep = (n) => { if (n > 0) return deep(n - 1) + 1; let s = 0; for (let i = 0; i < 3000; i++) s += i; return s }
  for (let text = ''; ; text = JSON.stringify(rows.slice(1, 40)).replace(/row/g, () => 'x')) {
    deep(40 + (text.length & 1))
    rows.sort((a, b) => (a.id * 7919) % 211 - (b.id * 7919) % 211)
  }`
const BUSY_KERNEL = `const id = __sojourn.kernelOpen('loops', '', 0), names = __sojourn.kernels().loops
  for (;;) for (const name of ['sieve', 'fib', 'nbody', 'mandelbrot']) __sojourn.kernelCall(id, names.indexOf(name))`
/** Between turns whenever it is looked at. */
const SLEEPY = `${WORK}; for (;;) { await turn(); work(1) }`

function metered(wasm: Uint8Array): WebAssembly.Module {
  const kernel = instrumentKernel(wasm)
  if (!kernel.ok) throw new Error(kernel.reason)
  return new WebAssembly.Module(kernel.value)
}

function freezeLatency(build: EngineBuild, code: string, options: MachineOptions): Freeze {
  const machine = Machine.start(build, code, 'null', options)
  const slice = (): void => {
    const stop = machine.run(SLICE_FUEL)
    if (stop.kind === 'idle' && stop.wakeMs !== null) machine.advanceTo(stop.wakeMs)
  }
  for (let i = 0; i < WARM_SLICES; i++) slice()
  const times = Array.from({ length: SLICES }, () => ({
    safepoint: bestMs(1, slice),
    image: bestMs(1, () => machine.freeze()),
  }))
  return { safepoint: spread(times.map(({ safepoint }) => safepoint)), image: spread(times.map(({ image }) => image)) }
}

function thawLatency(build: EngineBuild, code: string): Spread {
  const machine = Machine.start(build, code, 'null', OPTIONS)
  for (let i = 0; i < WARM_SLICES; i++) {
    const stop = machine.run(SLICE_FUEL)
    if (stop.kind === 'idle' && stop.wakeMs !== null) machine.advanceTo(stop.wakeMs)
  }
  const image = machine.freeze()
  const thaw = (): number => bestMs(1, () => Machine.thaw(build, image, OPTIONS).run(1n))
  return spread(Array.from({ length: THAWS }, thaw))
}

const spread = (times: readonly number[]): Spread => ({ p50: percentile(times, 0.5), p99: percentile(times, 0.99) })
