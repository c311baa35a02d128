/**
 * The kernel's profile of the pass, run by every host over what it is about to run: a kernel comes from a stranger, and
 * from any compiler. It needs nothing of its author: metering and the means to be frozen are the host's own (mobile.ts).
 *
 * Fuel: one unit for every 32 bytes of code a function or a loop's turn has outside its inner loops, at least one.
 * A function without loops, calls, bulk work and growing is a leaf: whoever calls it pays its code along with its own.
 * Depth: every function but leaves, whose frames are small, so that no chain of frames stays uncounted.
 * Refused: what is not on the list below, in instruction.ts, signature.ts and module.ts.
 */
import type { Bytes } from '../../base/bytes.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import {
  HOST_DEPTH_UNITS,
  KERNEL_CELL_FUEL,
  KERNEL_GLOBALS_MAX,
  KERNEL_NAME_LENGTH_MAX,
  KERNEL_START_FUEL,
  MEMORY_PAGES_DECLARED,
} from '../limits.ts'
import { frameWeight } from './depth.ts'
import { emitModule } from './emit.ts'
import { isBulk, OP, type Step, step } from './instruction.ts'
import { type MobilePlan, weaveMobile } from './mobile.ts'
import { type Body, KIND, type ModuleLimits, type ModuleShape, parseModule } from './module.ts'
import { type Callees, type Outline, outlineBody } from './outline.ts'
import { Malformed, Reader } from './reader.ts'
import { TYPE } from './signature.ts'

/** Stops: modules that make the host's pass or compiler slow, and frames too large to be worth a number. */
export const KERNEL_LIMITS: ModuleLimits = {
  moduleBytes: 8 * 1_048_576,
  functions: 10_000,
  bodyBytes: 1_048_576,
  locals: 4_096,
  globals: 1_000,
  tableEntries: 10_000,
}

/** Bytes of all bodies once instrumented. Stops: a small module of calls over many operands that fills its host's memory. */
const WOVEN_BYTES_MAX = 4 * KERNEL_LIMITS.moduleBytes

/** All a kernel may import: what AssemblyScript needs, and its memory. */
const IMPORTS: ReadonlyMap<string, string> = new Map([
  ['env.abort', '127,127,127,127>'],
  ['env.seed', '>124'],
  ['env.trace', '127,127,124,124,124,124,124>'],
])

/** What the driver gives to what the pass makes. */
const DRIVER = [
  { name: 'turn', type: { params: [], results: [TYPE.i32] } },
  { name: 'overdrawn', type: { params: [], results: [] } },
  { name: 'grow', type: { params: [TYPE.i32], results: [TYPE.i32] } },
  { name: 'save', type: { params: [TYPE.i32], results: [] } },
  { name: 'restore', type: { params: [], results: [TYPE.i32] } },
] as const

/** Names the driver gives a meaning; a kernel that exports them itself could lie. */
const RESERVED = ['__budget', '__state_']
const NUMBERS: ReadonlySet<number> = new Set(Object.values(TYPE))
/** Of a leaf: so small that calls of it may go unchecked. */
const LEAF = { bytes: 256, frameUnits: 512 } as const

/** Section of the instrumented module that tells the driver what reflection does not (KernelFacts as JSON). */
export const FACTS_SECTION = 'sojourn'

export interface KernelFacts {
  /** Pages the memory starts with; null where there is none. */
  readonly memoryPages: number | null
  /** Exported functions in the order of their exports: parameter and result types as WebAssembly's bytes. */
  readonly functions: readonly (readonly [params: readonly number[], results: readonly number[]])[]
}

/** Instrumented bytes, ready to compile; or why a host does not run this kernel. */
export function instrumentKernel(wasm: Uint8Array): Result<Bytes, 'KERNEL'> {
  try {
    const shape = parseModule(wasm, KERNEL_LIMITS)
    checkShape(shape)
    const outlines = outlineKernel(shape)
    // Types are WebAssembly's own business, and the rewriting relies on them.
    if (!WebAssembly.validate(Uint8Array.from(wasm))) return refuse('KERNEL', 'module does not validate')
    const woven = weaveKernel(shape, outlines)
    if (!WebAssembly.validate(woven)) return refuse('KERNEL', 'module does not validate once it is instrumented')
    return accept(woven)
  } catch (error) {
    if (error instanceof Malformed) return refuse('KERNEL', error.message)
    throw error
  }
}

/** By function index; null for leaves. */
type Outlines = ReadonlyMap<number, Outline | null>

function outlineKernel(shape: ModuleShape): Outlines {
  const leaves = findLeaves(shape)
  const callees: Callees = { leafBytes: (index) => leaves.get(index) ?? null, leafBytesMax: LEAF.bytes }
  return new Map(
    shape.bodies.map((body) => {
      const outline = outlineBody(shape, body, callees)
      for (const cost of outline.costs.values())
        if (cost > KERNEL_CELL_FUEL) throw new Malformed(`fuel of one stretch of code ${cost} > ${KERNEL_CELL_FUEL}`)
      return [body.index, leaves.has(body.index) ? null : outline]
    }),
  )
}

function weaveKernel(shape: ModuleShape, outlines: Outlines): Bytes {
  const blockTypes: (readonly number[])[] = []
  const driverTypes = DRIVER.map(({ type }) => type)
  const first = shape.importedFunctions
  const plan: MobilePlan = {
    budget: shape.globals.length,
    turn: first,
    overdrawn: first + 1,
    grow: first + 2,
    save: first + 3,
    restore: first + 4,
    shift: DRIVER.length,
    blockType: (results) => shape.types.length + driverTypes.length + blockTypes.push(results) - 1,
  }
  let bytes = 0
  const bodies = shape.bodies.map((body) => {
    const woven = weaveMobile(shape, body, outlines.get(body.index) ?? null, plan)
    bytes += woven.length
    if (bytes > WOVEN_BYTES_MAX) throw new Malformed(`module bytes once instrumented > ${WOVEN_BYTES_MAX}`)
    return woven
  })
  return emitModule(shape, {
    types: [...driverTypes, ...blockTypes.map((results) => ({ params: [], results }))],
    functionImports: DRIVER.map(({ name }, i) => ({ module: 'sojourn', name, type: shape.types.length + i })),
    globals: [
      {
        name: '__budget',
        type: 'i64',
        mutable: true,
        initial: (BigInt(HOST_DEPTH_UNITS) << 32n) + KERNEL_START_FUEL,
      },
    ],
    exportGlobals: stateGlobals(shape),
    memoryPagesDeclared: MEMORY_PAGES_DECLARED,
    bodies,
    shiftFunctions: { from: first, by: DRIVER.length },
    custom: { name: FACTS_SECTION, text: JSON.stringify(factsOf(shape)) },
  })
}

function checkShape(shape: ModuleShape): void {
  for (const one of shape.imports) {
    const name = `${one.module}.${one.name}`
    if (one.kind === KIND.memory && name === 'env.memory') continue
    const type = one.kind === KIND.function ? shape.types[one.type]?.key : undefined
    if (type === undefined || IMPORTS.get(name) !== type) throw new Malformed(`import ${name} is not allowed`)
  }
  if (shape.memoryPages !== null && shape.memoryPages > MEMORY_PAGES_DECLARED)
    throw new Malformed('memory starts larger than 4 GiB')
  for (const { name } of shape.exports) {
    if (RESERVED.some((reserved) => name.startsWith(reserved))) throw new Malformed(`export ${name} is reserved`)
    if (name.length > KERNEL_NAME_LENGTH_MAX)
      throw new Malformed(`export name length ${name.length} > ${KERNEL_NAME_LENGTH_MAX}`)
  }
  const named = shape.exports.filter(({ kind, index }) => kind === KIND.global && shape.globals[index]?.mutable)
  const changing = stateGlobals(shape).length + named.length
  if (changing > KERNEL_GLOBALS_MAX) throw new Malformed(`globals that change ${changing} > ${KERNEL_GLOBALS_MAX}`)
  const types = [
    ...shape.types.flatMap(({ params, results }) => [...params, ...results]),
    ...shape.globals.map(({ type }) => type),
    ...shape.bodies.flatMap(({ localGroups }) => localGroups.map(([, type]) => type)),
  ]
  if (!types.every((type) => NUMBERS.has(type)))
    throw new Malformed('a reference is not allowed as a value: a checkpoint holds none')
}

/** Bytes by index of the functions that pay nothing themselves. */
function findLeaves(shape: ModuleShape): ReadonlyMap<number, number> {
  const leaves = new Map<number, number>()
  for (const body of shape.bodies)
    if (frameWeight(body) <= LEAF.frameUnits && body.to - body.from <= LEAF.bytes && isLeaf(shape, body))
      leaves.set(body.index, body.to - body.from)
  return leaves
}

function isLeaf(shape: ModuleShape, body: Body): boolean {
  const now: Step = { opcode: 0, index: -1 }
  const reader = new Reader(shape.bytes, body.from, body.to)
  while (!reader.done) {
    step(reader, now)
    if (now.opcode === OP.loop || now.opcode === OP.callIndirect) return false
    if (now.opcode === OP.call && now.index >= shape.importedFunctions) return false
    if (isBulk(now.opcode) || now.opcode === OP.memoryGrow) return false
  }
  return true
}

/** Everything that can change and is not in the memory, under a name, for the checkpoint. */
function stateGlobals(shape: ModuleShape): { name: string; index: number }[] {
  return shape.globals.flatMap((global, index) => {
    const known = shape.exports.some((one) => one.kind === KIND.global && one.index === index)
    return !global.mutable || known ? [] : [{ name: `__state_${index}`, index }]
  })
}

function factsOf(shape: ModuleShape): KernelFacts {
  const functions = shape.exports
    .filter((one) => one.kind === KIND.function)
    .map(({ index }) => {
      const type = shape.types[shape.functionTypes[index] ?? 0]
      return [type?.params ?? [], type?.results ?? []] as const
    })
  return { memoryPages: shape.memoryPages, functions }
}
