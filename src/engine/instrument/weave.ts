/**
 * Rewrites one function body: fuel, depth, bulk charges and the special points a plan asks for. Binary in, binary out;
 * nothing is decoded into a tree, so what is not touched stays byte for byte.
 *
 * Depth needs one exit: the body is wrapped in a block, `return` becomes a branch to it, and the counter is given back
 * behind it. Fuel is taken before the loop's or the function's own work, and a trap at zero leaves the counter negative,
 * which is how the driver knows the reason.
 */
import { BULK_BYTES_PER_FUEL_LOG2 } from '../limits.ts'
import { OP, type Step, step } from './instruction.ts'
import type { Body, FunctionType } from './module.ts'
import { Malformed, Reader } from './reader.ts'
import { Writer } from './writer.ts'

export interface WeavePlan {
  /** Index of `__fuel` (i64), or null: no metering. */
  readonly fuel: number | null
  /** Fuel a function's entry costs; 0 for none. */
  entryFuel(body: Body): number
  /** Fuel one turn of the loop at this offset costs. */
  loopFuel(offset: number): number
  /** Index of `__depth` (i32), or null. */
  readonly depth: number | null
  /** Depth units the function takes; 0 for none. */
  depthUnits(body: Body): number
  /** Instructions before anything else, fuel and depth included; they may return. */
  prologue?(body: Body, out: Writer): void
  /** Depth units that must be left behind a function's entry, or `shallow` comes first; 0 where absent. */
  depthFloor?(body: Body): number
  /**
   * Instructions where fewer units are left than the floor, which may return (after giving the function's own units back).
   * Without them the program traps.
   */
  shallow?(body: Body, depthLocal: number, units: number, out: Writer): void
  /** Replaces an instruction: writes its own and returns true, or returns false. `reader` stands behind the instruction. */
  replace?(now: Step, reader: Reader, out: Writer): boolean
  /** Index of a function type with these results and no parameters. */
  blockType(results: readonly number[]): number
}

const VOID = 0x40
const TYPE = { i32: 0x7f, i64: 0x7e } as const

/** Extra locals of one body, made when first asked for. */
class Scratch {
  readonly types: number[] = []
  readonly #base: number
  readonly #known = new Map<number, number>()

  constructor(body: Body) {
    this.#base = body.type.params.length + body.localCount
  }

  of(type: number): number {
    const known = this.#known.get(type)
    if (known !== undefined) return known
    const index = this.#base + this.types.length
    this.types.push(type)
    this.#known.set(type, index)
    return index
  }
}

/** The whole code entry without its size: locals and instructions. */
export function weaveBody(bytes: Uint8Array, body: Body, plan: WeavePlan): Uint8Array {
  const scratch = new Scratch(body)
  const out = new Writer()
  const units = plan.depth === null ? 0 : plan.depthUnits(body)
  plan.prologue?.(body, out)
  charge(out, plan, plan.entryFuel(body), scratch)
  if (units > 0) enterDepth(out, plan, body, units, scratch)
  weaveInstructions(bytes, body, plan, units > 0, scratch, out)
  if (units > 0 && plan.depth !== null) {
    out.byte(OP.globalGet).u32(plan.depth).byte(OP.i32Const).signed(units).byte(OP.i32Add, OP.globalSet).u32(plan.depth)
    out.byte(OP.end)
  }
  const whole = new Writer().u32(body.localGroups.length + scratch.types.length)
  for (const [count, type] of body.localGroups) whole.u32(count).byte(type)
  for (const type of scratch.types) whole.u32(1).byte(type)
  return whole.raw(out.bytes()).bytes()
}

function charge(out: Writer, plan: WeavePlan, fuel: number, scratch: Scratch): void {
  if (plan.fuel === null || fuel === 0) return
  const left = scratch.of(TYPE.i64)
  out.byte(OP.globalGet).u32(plan.fuel).byte(OP.i64Const).signed(fuel).byte(OP.i64Sub, OP.localTee).u32(left)
  out.byte(OP.globalSet).u32(plan.fuel)
  out.byte(OP.localGet).u32(left).byte(OP.i64Const, 0, OP.i64LtS, OP.if, VOID, OP.unreachable, OP.end)
}

function enterDepth(out: Writer, plan: WeavePlan, body: Body, units: number, scratch: Scratch): void {
  const depth = plan.depth ?? 0
  const left = scratch.of(TYPE.i32)
  out.byte(OP.globalGet).u32(depth).byte(OP.i32Const).signed(units).byte(OP.i32Sub, OP.localTee).u32(left)
  out.byte(OP.globalSet).u32(depth)
  out
    .byte(OP.localGet)
    .u32(left)
    .byte(OP.i32Const)
    .signed(plan.depthFloor?.(body) ?? 0)
  out.byte(OP.i32LtS, OP.if, VOID)
  if (plan.shallow === undefined) out.byte(OP.unreachable)
  else plan.shallow(body, left, units, out)
  out.byte(OP.end, OP.block)
  blockResults(out, body.type, plan)
}

function blockResults(out: Writer, type: FunctionType, plan: WeavePlan): void {
  const [only] = type.results
  if (only === undefined) out.byte(VOID)
  else if (type.results.length === 1) out.byte(only)
  else out.signed(plan.blockType(type.results))
}

function weaveInstructions(
  bytes: Uint8Array,
  body: Body,
  plan: WeavePlan,
  wrapped: boolean,
  scratch: Scratch,
  out: Writer,
): void {
  const reader = new Reader(bytes, body.from, body.to)
  const now: Step = { opcode: 0, index: -1 }
  let nesting = 0
  let copied = reader.at
  const copyTo = (end: number): void => {
    out.raw(bytes.subarray(copied, end))
    copied = end
  }
  while (!reader.done) {
    if (nesting < 0) throw new Malformed('code behind the end of a function')
    const from = reader.at
    step(reader, now)
    if (plan.replace !== undefined) {
      copyTo(from)
      if (plan.replace(now, reader, out)) {
        copied = reader.at
        continue
      }
    }
    switch (now.opcode) {
      case OP.block:
      case OP.if:
        nesting++
        break
      case OP.end:
        nesting--
        break
      case OP.loop:
        nesting++
        copyTo(reader.at)
        charge(out, plan, plan.loopFuel(from), scratch)
        break
      case OP.return:
        if (!wrapped) break
        copyTo(from)
        out.byte(OP.br).u32(nesting)
        copied = reader.at
        break
      case OP.memoryCopy:
      case OP.memoryFill:
        copyTo(from)
        chargeBulk(out, plan, scratch)
        break
    }
  }
  if (nesting !== -1) throw new Malformed('function body is not nested properly')
  copyTo(body.to)
}

/** The length lies on the stack; a copy of it pays. The next fuel point traps if that was too much. */
function chargeBulk(out: Writer, plan: WeavePlan, scratch: Scratch): void {
  if (plan.fuel === null) return
  const length = scratch.of(TYPE.i32)
  out.byte(OP.localTee).u32(length).byte(OP.globalGet).u32(plan.fuel)
  out.byte(OP.localGet).u32(length).byte(OP.i64ExtendI32U, OP.i64Const).signed(BULK_BYTES_PER_FUEL_LOG2)
  out.byte(OP.i64ShrU, OP.i64Sub, OP.globalSet).u32(plan.fuel)
}
