/**
 * The kernel's profile of the pass, run by every host over what it is about to run: a kernel comes from a stranger.
 *
 * Who does what, and why: suspending needs binaryen's Asyncify, 10 MB that no browser should load, so the author's side
 * (safepoints.ts, then wasm-opt) makes a kernel able to suspend: at loop headers it asks `__fuel < __soft` and calls
 * sojourn.yield. Metering is the host's own: this pass charges fuel and depth everywhere, checks that the kernel never
 * writes `__fuel`, `__soft` or Asyncify's state, and takes nothing the author's side says on trust. A kernel without
 * safepoints, or with lying ones, is thus stopped by hard fuel and by the sandbox's watchdog; it only cannot be frozen
 * in the middle of a call. Rewinding passes function entries and loop headers again and would pay for them twice: the
 * driver lends a small allowance for that and puts the counter back when the safepoint is reached (kernels.ts), so a
 * frozen and thawed kernel counts exactly like an undisturbed one, and its loops need not look at Asyncify's state.
 *
 * Fuel: one unit for every 32 bytes of code a function or a loop's turn has outside its inner loops, at least one.
 * Depth: every function, so that no chain of large frames stays uncounted.
 * Refused: see REFUSED imports and exports below, instruction.ts and module.ts.
 */
import type { Bytes } from '../../base/bytes.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import { DEPTH_UNITS_MAX, FUEL_MAX, KERNEL_START_FUEL, MEMORY_PAGES_DECLARED } from '../limits.ts'
import { findAsyncify, type KernelAsyncify } from './asyncify-shape.ts'
import { frameWeight } from './depth.ts'
import { emitModule } from './emit.ts'
import { OP, type Step, step } from './instruction.ts'
import { type Body, KIND, type ModuleLimits, type ModuleShape, parseModule } from './module.ts'
import { Malformed, Reader } from './reader.ts'
import { type WeavePlan, weaveBody } from './weave.ts'
import { Writer } from './writer.ts'

/** Stops: modules that make the host's pass or compiler slow, and frames too large to be worth a number. */
export const KERNEL_LIMITS: ModuleLimits = {
  moduleBytes: 8 * 1_048_576,
  functions: 10_000,
  bodyBytes: 1_048_576,
  locals: 4_096,
  globals: 1_000,
  tableEntries: 10_000,
}

/** All a kernel may import: what AssemblyScript needs, its memory, and the safepoint. */
const IMPORTS: ReadonlyMap<string, string> = new Map([
  ['env.abort', '127,127,127,127>'],
  ['env.seed', '>124'],
  ['env.trace', '127,127,124,124,124,124,124>'],
  ['sojourn.yield', '>'],
])

/** Names the driver gives a meaning; a kernel that exports them itself could lie. */
const RESERVED = ['__depth', '__memory_pages_', '__state_']

const BYTES_PER_FUEL = 32

/** Metered bytes, ready to compile; or why a host does not run this kernel. */
export function instrumentKernel(wasm: Uint8Array): Result<Bytes, 'KERNEL'> {
  try {
    const metered = weaveKernel(parseModule(wasm, KERNEL_LIMITS))
    // Types are WebAssembly's own business: what was not valid before is not valid now.
    if (!WebAssembly.validate(metered)) return refuse('KERNEL', 'module does not validate')
    return accept(metered)
  } catch (error) {
    if (error instanceof Malformed) return refuse('KERNEL', error.message)
    throw error
  }
}

function weaveKernel(shape: ModuleShape): Bytes {
  checkImports(shape)
  const [oldFuel, oldSoft] = [counter(shape, '__fuel', KERNEL_START_FUEL), counter(shape, '__soft', -FUEL_MAX)]
  for (const { name } of shape.exports) {
    if (RESERVED.some((reserved) => name.startsWith(reserved))) throw new Malformed(`export ${name} is reserved`)
  }
  const asyncify = findAsyncify(shape)
  const writes = globalWrites(shape)
  for (const index of [oldFuel, oldSoft])
    if (index !== null && writes.has(index)) throw new Malformed('kernel writes its own fuel')
  const fuel = oldFuel ?? shape.globals.length
  const depth = shape.globals.length + (oldFuel === null ? 1 : 0)
  const costs = codeCosts(shape)
  const blockTypes: (readonly number[])[] = []
  const plan: WeavePlan = {
    fuel,
    depth,
    canonicalNaN: true,
    shiftFunctions: { from: 0, by: 0 },
    entryFuel: (body) => (asyncify?.functions.has(body.index) ? 0 : (costs.get(body.from) ?? 1)),
    loopFuel: (offset) => costs.get(offset) ?? 1,
    depthUnits: (body) => (asyncify?.functions.has(body.index) ? 0 : frameWeight(body)),
    blockType: (results) => shape.types.length + blockTypes.push(results) - 1,
  }
  const bodies = shape.bodies.map((body) => weaveBody(shape.bytes, body, plan))
  const fuelGlobal = { name: '__fuel', type: 'i64', mutable: true, initial: KERNEL_START_FUEL } as const
  const depthGlobal = { name: '__depth', type: 'i32', mutable: true, initial: BigInt(DEPTH_UNITS_MAX) } as const
  const pages = { name: `__memory_pages_${shape.memoryPages}`, type: 'i32', mutable: false, initial: 0n } as const
  return emitModule(shape, {
    blockTypes,
    functionImport: null,
    globals: [...(oldFuel === null ? [fuelGlobal] : []), depthGlobal, ...(shape.memoryPages === null ? [] : [pages])],
    exportGlobals: stateGlobals(shape, asyncify, [oldFuel, oldSoft]),
    memoryPagesDeclared: MEMORY_PAGES_DECLARED,
    bodies,
    shiftFunctions: plan.shiftFunctions,
  })
}

function checkImports(shape: ModuleShape): void {
  for (const one of shape.imports) {
    const name = `${one.module}.${one.name}`
    if (one.kind === KIND.memory && name === 'env.memory') continue
    const type = one.kind === KIND.function ? shape.types[one.type]?.key : undefined
    if (type === undefined || IMPORTS.get(name) !== type) throw new Malformed(`import ${name} is not allowed`)
  }
  if (shape.memoryPages !== null && shape.memoryPages > MEMORY_PAGES_DECLARED)
    throw new Malformed('memory starts larger than 4 GiB')
}

/** Index of a counter that the author's side already asks; it must start where the host's would. */
function counter(shape: ModuleShape, name: string, initial: bigint): number | null {
  const found = shape.exports.filter((one) => one.name === name)
  const [first] = found
  if (first === undefined) return null
  const global = first.kind === KIND.global ? shape.globals[first.index] : undefined
  const start = new Writer().byte(OP.i64Const).signed(initial).byte(OP.end).bytes()
  const sound = global?.mutable && global.type === 0x7e && !global.imported && same(global.initial, start)
  if (!sound || found.length > 1) throw new Malformed(`export ${name} is not a counter that starts at ${initial}`)
  return first.index
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i])

function globalWrites(shape: ModuleShape): Set<number> {
  const written = new Set<number>()
  const now: Step = { opcode: 0, index: -1 }
  for (const body of shape.bodies) {
    const reader = new Reader(shape.bytes, body.from, body.to)
    while (!reader.done) {
      step(reader, now)
      if (now.opcode === OP.globalSet) written.add(now.index)
    }
  }
  return written
}

/** Fuel by offset: of a body's first instruction for its own code, of a `loop` for one turn of it. */
function codeCosts(shape: ModuleShape): Map<number, number> {
  const costs = new Map<number, number>()
  for (const body of shape.bodies) measure(shape, body, costs)
  return costs
}

function measure(shape: ModuleShape, body: Body, costs: Map<number, number>): void {
  const reader = new Reader(shape.bytes, body.from, body.to)
  const now: Step = { opcode: 0, index: -1 }
  /** Open constructs; a loop has where its cost belongs and how many bytes inner loops took. */
  const open: ({ readonly at: number; readonly from: number; inner: number } | null)[] = [
    { at: body.from, from: body.from, inner: 0 },
  ]
  const loops = [open[0]]
  while (!reader.done) {
    const at = reader.at
    step(reader, now)
    if (now.opcode === OP.block || now.opcode === OP.if) open.push(null)
    else if (now.opcode === OP.loop) {
      const loop = { at, from: reader.at, inner: 0 }
      open.push(loop)
      loops.push(loop)
    } else if (now.opcode === OP.end) {
      const closed = open.pop()
      if (closed === undefined) throw new Malformed('function body is not nested properly')
      if (closed === null) continue
      loops.pop()
      const bytes = reader.at - closed.from
      costs.set(closed.at, 1 + Math.floor((bytes - closed.inner) / BYTES_PER_FUEL))
      const outer = loops.at(-1)
      if (outer) outer.inner += bytes
    }
  }
}

/** Everything that can change and is not in the memory, under a name, for the checkpoint. */
function stateGlobals(
  shape: ModuleShape,
  asyncify: KernelAsyncify | null,
  counters: readonly (number | null)[],
): { name: string; index: number }[] {
  return shape.globals.flatMap((global, index) => {
    const hidden = !global.mutable || counters.includes(index) || asyncify?.globals.has(index)
    const known = shape.exports.some((one) => one.kind === KIND.global && one.index === index)
    return hidden || known ? [] : [{ name: `__state_${index}`, index }]
  })
}
