/**
 * The engine's profile of the pass: quickjs-wasi's own binary in, a metered one out (build time only; the input is a
 * pinned npm package, so what does not fit its expected shape is an error of the build, not a refusal).
 *
 * - `__fuel` at loop headers and at the functions that count depth; hard trap below zero.
 * - `__soft`: the interpreter's poll calls host_interrupt only once fuel has fallen below it.
 * - `__depth` as in depth.ts, and a guard in JS_CallInternal: near the end a call throws RangeError, which a program can
 *   catch, instead of trapping.
 * - The interpreter's poll, at every call and backward branch, looks at fuel first: above the soft limit it returns at
 *   once, without touching QuickJS's tick counter; below it, it interrupts at this very tick instead of the 10,000th.
 * - The memory becomes the import env.memory, so that every agent has its own maximum.
 * - Every mutable global is exported.
 * Deliberately not here: Asyncify and optimisation (binaryen, afterwards).
 */
import type { Bytes } from '../../base/bytes.ts'
import { DEPTH_GAP_UNITS, DEPTH_GUARD_UNITS, DEPTH_UNITS_MAX, FUEL_MAX, MEMORY_PAGES_DECLARED } from '../limits.ts'
import { planDepth } from './depth.ts'
import { emitModule } from './emit.ts'
import { OP, type Step, step } from './instruction.ts'
import { type Body, KIND, type ModuleLimits, type ModuleShape, parseModule, SECTION, skipConstant } from './module.ts'
import { Reader } from './reader.ts'
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
const OVERFLOW_MESSAGE = 'Maximum call stack size exceeded\0'

export interface InstrumentedEngine {
  readonly wasm: Bytes
  readonly depthFunctions: number
}

export function instrumentEngine(wasm: Uint8Array): InstrumentedEngine {
  const shape = parseModule(wasm, ENGINE_LIMITS)
  const { weights } = planDepth(shape, DEPTH_GAP_UNITS)
  const fuel = shape.globals.length
  const soft = fuel + 1
  const depth = fuel + 2
  const interrupt = shape.imports
    .filter((one) => one.kind === KIND.function)
    .findIndex((one) => one.name === 'host_interrupt')
  const callInternal = largest(shape)
  if (callInternal.type.key !== CALL_INTERNAL_TYPE || !weights.has(callInternal.index))
    throw new Error('JS_CallInternal is not where it was')
  const throwRangeError = functionExport(shape, 'JS_ThrowRangeError')
  const message = addressOf(shape, OVERFLOW_MESSAGE)
  const poll = findPoll(shape)
  let interruptCalls = 0
  const blockTypes: (readonly number[])[] = []
  const plan: WeavePlan = {
    fuel,
    depth,
    entryFuel: (body) => (weights.has(body.index) ? 1 : 0),
    loopFuel: () => 1,
    depthUnits: (body) => weights.get(body.index) ?? 0,
    blockType: (results) => shape.types.length + blockTypes.push(results) - 1,
    guard(body, depthLocal, units, out) {
      if (body.index !== callInternal.index) return
      out.byte(OP.localGet).u32(depthLocal).byte(OP.i32Const).signed(DEPTH_GUARD_UNITS).byte(OP.i32LtS, OP.if, 0x40)
      out.byte(OP.globalGet).u32(depth).byte(OP.i32Const).signed(units).byte(OP.i32Add, OP.globalSet).u32(depth)
      out.byte(OP.localGet, 0, OP.i32Const).signed(message).byte(OP.i32Const, 0, OP.call).u32(throwRangeError)
      out.byte(OP.return, OP.end)
    },
    replace(now, reader, out) {
      if (now.opcode === OP.call && now.index === interrupt) {
        interruptCalls++
        out.byte(OP.globalGet).u32(fuel).byte(OP.globalGet).u32(soft).byte(OP.i64LtS, OP.if, 0x7f)
        out.byte(OP.call).u32(interrupt).byte(OP.else, OP.i32Const, 0, OP.end)
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
  const bodies = shape.bodies.map((body) => weaveBody(wasm, body, plan))
  if (interruptCalls !== 1) throw new Error(`host_interrupt is called ${interruptCalls} times`)
  const woven = emitModule(shape, {
    types: blockTypes.map((results) => ({ params: [], results })),
    functionImports: [],
    globals: [
      { name: '__fuel', type: 'i64', mutable: true, initial: FUEL_MAX },
      { name: '__soft', type: 'i64', mutable: true, initial: -FUEL_MAX },
      { name: '__depth', type: 'i32', mutable: true, initial: BigInt(DEPTH_UNITS_MAX) },
    ],
    exportGlobals: shape.globals.flatMap((one, index) =>
      one.mutable && !shape.exports.some((e) => e.kind === KIND.global && e.index === index)
        ? [{ name: `__global${index}`, index }]
        : [],
    ),
    memoryPagesDeclared: MEMORY_PAGES_DECLARED,
    bodies,
    shiftFunctions: { from: 0, by: 0 },
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
