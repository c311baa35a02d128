/**
 * The engine's profile of the pass: quickjs-wasi's own binary in, a metered one out (build time only; the input is a
 * pinned npm package, so what does not fit its expected shape is an error of the build, not a refusal).
 *
 * - `__fuel` at loop headers and at the functions that count depth; hard trap below zero.
 * - `__soft`: the interpreter's poll calls host_interrupt only once fuel has fallen below it.
 * - `__depth` as in depth.ts counts down what is left of the native stack's segment; where it is too little the call goes
 *   on in a new segment (segments.ts). The last one is for native functions: JS_CallInternal throws a RangeError, which a
 *   program can catch, instead of crossing into it, and near its end QuickJS's own stack checks throw theirs.
 * - Those checks (js_check_stack_overflow, 22 places) compare the stack pointer with JSRuntime.stack_limit. They are asked
 *   about depth too, and keep a reserve of the stack.
 * - What calls the host starts a new segment early, so that a kernel, or what the host calls back, finds room.
 * - The interpreter's poll, at every call and backward branch, looks at fuel first: above the soft limit it returns at
 *   once, without touching QuickJS's tick counter; below it, it interrupts at this very tick instead of the 10,000th.
 * - The memory becomes the import env.memory, so that every agent has its own maximum.
 * - Every mutable global is exported.
 * Deliberately not here: Asyncify and optimisation (binaryen, afterwards).
 */
import type { Bytes } from '../../base/bytes.ts'
import {
  DEPTH_GAP_UNITS,
  DEPTH_GUARD_UNITS,
  FUEL_MAX,
  HOST_DEPTH_UNITS,
  MEMORY_PAGES_DECLARED,
  NATIVE_GUARD_UNITS,
  SEGMENT_UNITS,
  SEGMENTS_MAX,
  STACK_RESERVE_BYTES,
} from '../limits.ts'
import { planDepth } from './depth.ts'
import { emitModule } from './emit.ts'
import { OP, type Step, step } from './instruction.ts'
import { type Body, KIND, type ModuleLimits, type ModuleShape, parseModule, SECTION, skipConstant } from './module.ts'
import { Reader } from './reader.ts'
import { segmentParts } from './segments.ts'
import { type WeavePlan, weaveBody } from './weave.ts'
import { Writer } from './writer.ts'

const ENGINE_LIMITS: ModuleLimits = {
  moduleBytes: 16 * 1_048_576,
  functions: 20_000,
  bodyBytes: 1_048_576,
  locals: 4_096,
  globals: 100,
  tableEntries: 20_000,
}

/** QuickJS's JS_INTERRUPT_COUNTER_INIT. */
const STOCK_TICKS = 10_000
/** Where JSContext keeps interrupt_counter. */
const COUNTER_OFFSET = 292
/** JS_CallInternal(ctx, function, this, newTarget, argc, argv, flags) → JSValue, JSValue being an i64 on wasm32. */
const CALL_INTERNAL_TYPE = '127,126,126,126,127,127,127>126'
const FLAGS_PARAMETER = 6
const CALLEE_PARAMETER = 1
/** JSValues above this one are objects; where JSObject keeps class_id; JS_CLASS_BYTECODE_FUNCTION. */
const BELOW_OBJECTS = -4_294_967_297n
const CLASS_ID_OFFSET = 10
const CLASS_BYTECODE_FUNCTION = 13
/** The type of what an object's class does when it is called: js_call_c_function, js_call_bound. */
const CLASS_CALL_TYPE = '127,126,126,127,127,127>126'
/** JS_CALL_FLAG_GENERATOR: an async function or a generator goes on. async_func_resume has checked already. */
const FLAG_GENERATOR = 4
/** Where JSRuntime keeps stack_limit, and how often it is compared with the stack pointer. */
const STACK_LIMIT_OFFSET = 644
const STACK_CHECKS = 22
/** The comparisons behind it (lt_u, gt_u, le_u): a pointer that fell below zero must not look large. */
const SIGNED: ReadonlyMap<number, number> = new Map([
  [0x49, 0x48],
  [0x4b, 0x4a],
  [0x4d, 0x4c],
])
const I32 = 0x7f
const VOID = 0x40
const OVERFLOW_MESSAGE = 'Maximum call stack size exceeded\0'

export interface InstrumentedEngine {
  readonly wasm: Bytes
  readonly depthFunctions: number
}

export function instrumentEngine(wasm: Uint8Array): InstrumentedEngine {
  const shape = parseModule(wasm, ENGINE_LIMITS)
  const callsHost = callersOf(shape, ['host_call', 'host_promise_rejection'])
  const { weights } = planDepth(shape, DEPTH_GAP_UNITS, [...callsHost])
  const fuel = shape.globals.length
  const soft = fuel + 1
  const depth = fuel + 2
  const segments = fuel + 3
  const counted = shape.bodies.filter((body) => weights.has(body.index))
  const parts = segmentParts(shape, counted, { stackPointer: stackPointer(shape), fuel, depth, segments })
  const interrupt = importIndex(shape, 'host_interrupt')
  const callInternal = largest(shape)
  if (callInternal.type.key !== CALL_INTERNAL_TYPE || !weights.has(callInternal.index))
    throw new Error('JS_CallInternal is not where it was')
  const shiftFunctions = { from: shape.importedFunctions, by: 1 }
  const throwRangeError = functionExport(shape, 'JS_ThrowRangeError') + shiftFunctions.by
  const message = addressOf(shape, OVERFLOW_MESSAGE)
  const poll = findPoll(shape)
  const natives = shape.bodies.filter((body) => body.type.key === CLASS_CALL_TYPE)
  const guardOf = ({ at }: Reader): number =>
    natives.some(({ from, to }) => at > from && at < to) ? NATIVE_GUARD_UNITS : DEPTH_GUARD_UNITS
  let interruptCalls = 0
  let stackChecks = 0
  let comparesStack = false
  const blockTypes: (readonly number[])[] = []
  const plan: WeavePlan = {
    fuel,
    depth,
    entryFuel: (body) => (weights.has(body.index) ? 1 : 0),
    loopFuel: () => 1,
    depthUnits: (body) => weights.get(body.index) ?? 0,
    depthFloor(body) {
      if (body.index === callInternal.index) return DEPTH_GUARD_UNITS
      return callsHost.has(body.index) ? HOST_DEPTH_UNITS : 0
    },
    blockType: (results) => shape.types.length + parts.types.length + blockTypes.push(results) - 1,
    shallow(body, left, units, out) {
      const giveBack = (): void => {
        out.byte(OP.globalGet).u32(depth).byte(OP.i32Const).signed(units).byte(OP.i32Add, OP.globalSet).u32(depth)
      }
      if (body.index === callInternal.index) {
        refusesCall(segments, left, out)
        out.byte(OP.if, VOID)
        giveBack()
        out.byte(OP.localGet, 0, OP.i32Const).signed(message).byte(OP.i32Const, 0, OP.call).u32(throwRangeError)
        out.byte(OP.return, OP.end)
      }
      const early = plan.depthFloor?.(body) !== 0
      if (early) out.byte(OP.globalGet).u32(segments).byte(OP.if, VOID)
      giveBack()
      parts.cross(body, out)
      if (!early) return
      out.byte(OP.end, OP.localGet).u32(left).byte(OP.i32Const, 0, OP.i32LtS, OP.if, VOID, OP.unreachable, OP.end)
    },
    replace(now, reader, out) {
      if (now.opcode === OP.call && now.index === interrupt) {
        interruptCalls++
        out.byte(OP.globalGet).u32(fuel).byte(OP.globalGet).u32(soft).byte(OP.i64LtS, OP.if, 0x7f)
        out.byte(OP.call).u32(interrupt).byte(OP.else, OP.i32Const, 0, OP.end)
        return true
      }
      if ((now.opcode === OP.call || now.opcode === OP.refFunc) && now.index >= shiftFunctions.from) {
        out.byte(now.opcode).u32(now.index + shiftFunctions.by)
        return true
      }
      if (isStackCheck(now, reader)) {
        stackChecks++
        comparesStack = true
        const inCall = reader.at > callInternal.from && reader.at < callInternal.to
        out.byte(OP.drop)
        if (inCall) out.byte(OP.i32Const).signed(STACK_RESERVE_BYTES)
        else out.byte(OP.i32Const).signed(guardOf(reader)).byte(OP.call).u32(parts.stackLimit)
        return true
      }
      const signed = comparesStack ? SIGNED.get(now.opcode) : undefined
      if (signed !== undefined) {
        comparesStack = false
        out.byte(signed)
        return true
      }
      if (!isPollReset(now, reader)) return false
      out.byte(OP.i32Const, 1)
      return true
    },
    prologue(body, out) {
      if (body.index !== poll.index) return
      out.byte(OP.globalGet).u32(fuel).byte(OP.globalGet).u32(soft).byte(OP.i64LtS, OP.i32Eqz, OP.if, 0x40)
      out.byte(OP.i32Const, 0, OP.return, OP.end)
    },
  }
  const bodies = [...shape.bodies.map((body) => weaveBody(wasm, body, plan)), ...parts.bodies]
  if (interruptCalls !== 1) throw new Error(`host_interrupt is called ${interruptCalls} times`)
  if (stackChecks !== STACK_CHECKS) throw new Error(`the stack is checked in ${stackChecks} places`)
  const woven = emitModule(shape, {
    types: [...parts.types, ...blockTypes.map((results) => ({ params: [], results }))],
    functionImports: [{ module: 'env', name: 'host_segment', type: parts.importType }],
    functions: parts.functions,
    tableFunctions: parts.tableFunctions,
    globals: [
      { name: '__fuel', type: 'i64', mutable: true, initial: FUEL_MAX },
      { name: '__soft', type: 'i64', mutable: true, initial: -FUEL_MAX },
      { name: '__depth', type: 'i32', mutable: true, initial: BigInt(SEGMENT_UNITS) },
      { name: '__segments', type: 'i32', mutable: true, initial: BigInt(SEGMENTS_MAX - 1) },
    ],
    exportGlobals: shape.globals.flatMap((one, index) =>
      one.mutable && !shape.exports.some((e) => e.kind === KIND.global && e.index === index)
        ? [{ name: `__global${index}`, index }]
        : [],
    ),
    memoryPagesDeclared: MEMORY_PAGES_DECLARED,
    bodies,
    shiftFunctions,
    custom: null,
  })
  return { wasm: woven, depthFunctions: weights.size }
}

/** `ctx->interrupt_counter = 10000`: the constant and, right behind it, a store into that field. */
function isPollReset(now: Step, reader: Reader): boolean {
  if (now.opcode !== OP.i32Const) return false
  const constant = new Writer().byte(OP.i32Const).signed(STOCK_TICKS).bytes()
  const store = new Writer().byte(OP.i32Store, 2).u32(COUNTER_OFFSET).bytes()
  const stands = (bytes: Uint8Array, at: number): boolean => bytes.every((byte, i) => reader.bytes[at + i] === byte)
  return stands(constant, reader.at - constant.length) && stands(store, reader.at)
}

/** `rt->stack_limit`, the offset in the load or added before: it is loaded for the comparison only, and nothing else there. */
function isStackCheck(now: Step, reader: Reader): boolean {
  if (now.opcode !== OP.i32Load) return false
  const load = new Writer().byte(OP.i32Load, 2).u32(STACK_LIMIT_OFFSET).bytes()
  const added = new Writer().byte(OP.i32Const).signed(STACK_LIMIT_OFFSET).byte(OP.i32Add, OP.i32Load, 2, 0).bytes()
  const endsWith = (bytes: Uint8Array): boolean =>
    bytes.every((byte, i) => reader.bytes[reader.at - bytes.length + i] === byte)
  return endsWith(load) || endsWith(added)
}

/**
 * In JS_CallInternal: whether a call is refused. A function of the program's may not use the last segment. A native one may,
 * nearly to its end: were it refused with the other, QuickJS could not even reject the promise of an async function. What
 * comes back after it stood still has been checked by async_func_resume already.
 */
function refusesCall(segments: number, left: number, out: Writer): void {
  out.byte(OP.localGet, FLAGS_PARAMETER, OP.i32Const, FLAG_GENERATOR, OP.i32And, OP.i32Eqz, OP.if, I32)
  out.byte(OP.localGet, CALLEE_PARAMETER, OP.i64Const).signed(BELOW_OBJECTS).byte(OP.i64GtU, OP.if, I32)
  out.byte(OP.localGet, CALLEE_PARAMETER, OP.i32WrapI64, OP.i32Load16U, 1).u32(CLASS_ID_OFFSET)
  out.byte(OP.i32Const, CLASS_BYTECODE_FUNCTION, OP.i32Eq, OP.else, OP.i32Const, 0, OP.end, OP.if, I32)
  out.byte(OP.globalGet).u32(segments).byte(OP.i32Const, 1, OP.i32LeU, OP.else)
  out.byte(OP.globalGet).u32(segments).byte(OP.i32Eqz)
  out.byte(OP.localGet).u32(left).byte(OP.i32Const).signed(NATIVE_GUARD_UNITS).byte(OP.i32LtS, OP.i32And, OP.end)
  out.byte(OP.else, OP.i32Const, 0, OP.end)
}

/** js_poll_interrupts(ctx): the one function that sets the counter back. */
function findPoll(shape: ModuleShape): Body {
  const now: Step = { opcode: 0, index: -1 }
  const found = shape.bodies.filter((body) => {
    const reader = new Reader(shape.bytes, body.from, body.to)
    while (!reader.done) {
      step(reader, now)
      if (isPollReset(now, reader)) return true
    }
    return false
  })
  const [poll] = found
  if (poll?.type.key !== '127>127' || found.length !== 1)
    throw new Error(`the poll is not where it was: found ${found.length} times`)
  return poll
}

function largest(shape: ModuleShape): Body {
  let found = shape.bodies[0]
  for (const body of shape.bodies) if (found === undefined || body.to - body.from > found.to - found.from) found = body
  if (found === undefined) throw new Error('the engine has no functions')
  return found
}

function importIndex(shape: ModuleShape, name: string): number {
  const found = shape.imports.filter((one) => one.kind === KIND.function).findIndex((one) => one.name === name)
  if (found < 0) throw new Error(`the engine does not import ${name}`)
  return found
}

/** The functions that call these imports themselves. */
function callersOf(shape: ModuleShape, names: readonly string[]): Set<number> {
  const imports = names.map((name) => importIndex(shape, name))
  const now: Step = { opcode: 0, index: -1 }
  const callers = new Set<number>()
  for (const body of shape.bodies) {
    const reader = new Reader(shape.bytes, body.from, body.to)
    while (!reader.done) {
      step(reader, now)
      if (now.opcode === OP.call && imports.includes(now.index)) callers.add(body.index)
    }
  }
  return callers
}

function stackPointer(shape: ModuleShape): number {
  const found = shape.exports.find((one) => one.kind === KIND.global && one.name === '__stack_pointer')
  if (found === undefined) throw new Error('the engine does not export __stack_pointer')
  return found.index
}

function functionExport(shape: ModuleShape, name: string): number {
  const found = shape.exports.find((one) => one.kind === KIND.function && one.name === name)
  if (found === undefined) throw new Error(`the engine does not export ${name}`)
  return found.index
}

/** The address of a text in the engine's constant data. */
function addressOf(shape: ModuleShape, text: string): number {
  const section = shape.sections.find((one) => one.id === SECTION.data)
  if (section === undefined) throw new Error('the engine has no data')
  const reader = new Reader(shape.bytes, section.from, section.to)
  for (let n = reader.u32(); n > 0; n--) {
    if (reader.u32() !== 0) throw new Error('data segment form is not 0')
    const from = reader.at
    skipConstant(reader)
    const base = new Reader(shape.bytes, from + 1, reader.at).s32()
    const bytes = reader.take(reader.u32())
    const at = indexOf(bytes, text)
    if (at >= 0) return base + at
  }
  throw new Error(`the engine has no text "${text}"`)
}

function indexOf(bytes: Uint8Array, text: string): number {
  outer: for (let at = 0; at + text.length <= bytes.length; at++) {
    for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) continue outer
    return at
  }
  return -1
}
