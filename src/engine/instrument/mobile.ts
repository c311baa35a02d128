/**
 * Rewrites one function of a kernel so that it pays fuel and depth, and can be left at its points (outline.ts) and entered
 * again there, with its frame kept by the driver:
 *
 *     block $exit
 *       loop $again
 *         block $slow
 *           if (point) go to the landing of point      ;; landings are the ends of blocks that are opened here
 *           budget -= cost, depth -= units; if below zero: point = ENTRY, to $slow
 *           ... the body; a loop's header: budget -= cost, if below zero: point = header, to $slow
 *           ... behind a call: if the budget says that frames are being left: point = call, to $slow
 *           to $exit with the results
 *         end
 *         turn()                                       ;; the driver: 0 go on, 1 leave the frame, 2 take it up again
 *         1: save point and locals, to $exit with anything
 *         2: restore locals and point
 *         to $again
 *     end
 *     depth += units
 *
 * One comparison serves fuel, freezing and thawing; a loop holds the budget in a local and has no call in it, so that a
 * compiler can keep it in a register. Operands that lie on the stack at a landing are kept in locals. Nothing of a frame
 * lies in the kernel's own memory, which may be laid out as its compiler likes.
 *
 * The budget is one 64-bit number: depth left in its upper half, fuel left of what the driver lent in its lower half.
 */
import { BULK_BYTES_PER_FUEL_LOG2 } from '../limits.ts'
import { frameWeight } from './depth.ts'
import { isBulk, OP, type Step, step } from './instruction.ts'
import { Locals } from './locals.ts'
import { LABEL, MobileText } from './mobile-text.ts'
import type { Body, ModuleShape } from './module.ts'
import { bitsSeen, canonicalNaN } from './nan.ts'
import { type Construct, endsReach, type Outline, stillDead } from './outline.ts'
import { Malformed, Reader } from './reader.ts'
import { signatureOf, TYPE } from './signature.ts'
import { Writer } from './writer.ts'

export interface MobilePlan {
  /** Index of the global `__budget`. */
  readonly budget: number
  /** Indices of the driver's functions. */
  readonly turn: number
  readonly save: number
  readonly restore: number
  readonly overdrawn: number
  readonly grow: number
  /** Added to every index of a function with a body. */
  readonly shift: number
  /** Index of a function type with these results and no parameters. */
  blockType(results: readonly number[]): number
}

const VOID = 0x40
/** Below this the lower half of the budget says that frames are being left or taken up. */
const MOVING_BELOW = -(2 ** 28)
interface Frame {
  readonly opcode: number
  /** The label that a branch to it takes, by nesting. */
  readonly label: number
  readonly results: readonly number[]
  /** Operands below it. */
  readonly height: number
  readonly construct: Construct | null
  /** Operands below it that were put aside. */
  readonly aside: number
}

/** The whole code entry without its size. Without an outline the function only gets its NaNs made canonical. */
export function weaveMobile(shape: ModuleShape, body: Body, outline: Outline | null, plan: MobilePlan): Uint8Array {
  return new Weaving(shape, body, outline, plan).whole()
}

class Weaving {
  readonly #shape: ModuleShape
  readonly #body: Body
  readonly #outline: Outline | null
  readonly #plan: MobilePlan
  readonly #text: MobileText
  readonly #frames: Frame[] = []

  constructor(shape: ModuleShape, body: Body, outline: Outline | null, plan: MobilePlan) {
    this.#shape = shape
    this.#body = body
    this.#outline = outline
    this.#plan = plan
    this.#text = new MobileText(new Locals(body), plan, outline !== null)
  }

  whole(): Uint8Array {
    const code = this.#outline === null ? this.#plain() : this.#mobile(this.#outline)
    const whole = new Writer()
    this.#text.locals.write(whole)
    return whole.raw(code).bytes()
  }

  #plain(): Uint8Array {
    this.#open(OP.block, LABEL.function, this.#body.type.results, null, 0)
    this.#instructions()
    return this.#text.out.bytes()
  }

  #mobile(outline: Outline): Uint8Array {
    const { results } = this.#body.type
    const landings = outline.body.arms[0] ?? []
    const begin = new Writer()
    begin.byte(OP.block)
    this.#text.blockType(begin, results)
    begin.byte(OP.loop, VOID, OP.block, VOID)
    this.#text.nesting = LABEL.slow + 1
    this.#open(OP.block, LABEL.exit, results, outline.body, 0)
    this.#text.openArm(begin, landings)
    const entering = this.#text.nesting
    this.#text.land()
    this.#text.clearPoint()
    this.#instructions()
    // Only now it is known how many locals the frame has.
    const slow = new Writer()
    this.#text.slow(slow, results)
    const locals = this.#text.locals.types.length - this.#body.type.params.length
    const units = BigInt(frameWeight({ ...this.#body, localCount: locals })) << 32n
    this.#text.nesting = entering
    this.#text.enter(begin, units + BigInt(outline.costs.get(this.#body.from) ?? 1))
    return begin.raw(this.#text.out.bytes()).raw(slow.bytes()).raw(this.#text.leave(units)).bytes()
  }

  // ---- constructs and landings

  #open(opcode: number, label: number, results: readonly number[], construct: Construct | null, aside: number): void {
    this.#frames.push({ opcode, label, results, height: this.#text.stack.length, construct, aside })
  }

  // ---- instructions

  #instructions(): void {
    const { bytes } = this.#shape
    const reader = new Reader(bytes, this.#body.from, this.#body.to)
    const now: Step = { opcode: 0, index: -1 }
    let dead = 0
    let copied = reader.at
    const copyTo = (end: number): void => {
      this.#text.out.raw(bytes.subarray(copied, end))
      copied = end
    }
    while (!reader.done) {
      const from = reader.at
      step(reader, now)
      const { opcode } = now
      if (dead > 0) {
        dead = stillDead(dead, opcode)
        copied = dead > 0 ? reader.at : from
        if (dead > 0) continue
      }
      if (this.#asItIs(now)) continue
      copyTo(from)
      const seen = bitsSeen(opcode)
      if (seen !== null) {
        canonicalNaN(this.#text.out, seen, this.#text.locals.scratch(seen === TYPE.f32 ? 'nan32' : 'nan64', seen))
        continue
      }
      copied = reader.at
      this.#write(now, from, reader.at)
      if (endsReach(opcode)) dead = 1
    }
    copyTo(this.#body.to)
  }

  /** Whether the bytes of the instruction stay; its operands are counted either way. */
  #asItIs({ opcode, index }: Step): boolean {
    switch (opcode) {
      case OP.localGet:
        this.#text.stack.push(this.#text.locals.types[index] ?? TYPE.i32)
        return true
      case OP.localSet:
        this.#text.pop(1)
        return true
      case OP.localTee:
        return true
      case OP.globalGet:
        this.#text.stack.push(this.#shape.globals[index]?.type ?? TYPE.i32)
        return true
      case OP.globalSet:
        this.#text.pop(1)
        return true
      case OP.select:
      case OP.selectTyped:
        this.#text.pop(2)
        return true
      case OP.unreachable:
      case OP.block:
      case OP.loop:
      case OP.if:
      case OP.else:
      case OP.end:
      case OP.br:
      case OP.brIf:
      case OP.brTable:
      case OP.return:
      case OP.call:
      case OP.callIndirect:
        return false
    }
    const { takes, leaves } = signatureOf(opcode)
    this.#text.pop(takes)
    if (leaves !== null) this.#text.stack.push(leaves)
    const replaced = opcode === OP.memoryGrow || isBulk(opcode)
    return !replaced && bitsSeen(opcode) === null
  }

  #write({ opcode, index }: Step, from: number, to: number): void {
    const raw = this.#shape.bytes.subarray(from, to)
    switch (opcode) {
      case OP.unreachable:
        this.#text.out.byte(opcode)
        return
      case OP.block:
      case OP.loop:
      case OP.if:
        this.#construct(opcode, from, to)
        return
      case OP.else:
        this.#else()
        return
      case OP.end:
        this.#end()
        return
      case OP.br:
      case OP.brIf:
      case OP.brTable:
        this.#branch(opcode, from)
        return
      case OP.return:
        if (this.#outline === null) this.#text.out.byte(opcode)
        else this.#text.out.byte(OP.br).u32(this.#text.nesting - 1 - LABEL.exit)
        return
      case OP.call:
      case OP.callIndirect:
        this.#call(opcode, index, from, raw)
        return
    }
    if (opcode === OP.memoryGrow) {
      this.#text.flush(this.#text.out)
      this.#text.out.byte(OP.call).u32(this.#plan.grow)
      this.#text.reload(this.#text.out)
      return
    }
    this.#chargeBulk()
    this.#text.out.raw(raw)
  }

  #construct(opcode: number, from: number, to: number): void {
    const raw = this.#shape.bytes.subarray(from, to)
    const construct = this.#outline?.constructs.get(from) ?? null
    const results = this.#resultsOf(from + 1)
    let [aside, condition] = [0, 0]
    if (opcode === OP.if && construct !== null) {
      condition = this.#text.aside(this.#text.stack.length - 1)
      this.#text.out.byte(OP.localSet).u32(condition)
    }
    if (opcode === OP.if) this.#text.pop(1)
    if (construct !== null) {
      aside = this.#text.putAside(this.#frames.at(-1)?.height ?? 0)
      this.#text.land()
      if (opcode === OP.if) this.#choose(construct, condition)
    }
    this.#text.out.raw(raw)
    this.#open(opcode, this.#text.nesting++, results, construct, aside)
    if (construct === null) return
    this.#text.openArm(this.#text.out, construct.arms[0] ?? [], construct.header)
    if (opcode === OP.loop) this.#header(construct, from)
  }

  /** Which arm: what the condition says, or where the point is. */
  #choose({ arms, split }: Construct, condition: number): void {
    const out = this.#text.out
    const [first = [], second = []] = arms
    if (second.length === 0) out.byte(OP.localGet).u32(condition).byte(OP.localGet).u32(this.#text.point).byte(OP.i32Or)
    else {
      if (first.length === 0) out.byte(OP.i32Const, 0)
      else out.byte(OP.localGet).u32(this.#text.point).byte(OP.i32Const).signed(split).byte(OP.i32LtU)
      out.byte(OP.localGet).u32(condition).byte(OP.localGet).u32(this.#text.point).byte(OP.select)
    }
  }

  /** One turn is paid before its work, and not at all where the loop is left at its header. */
  #header({ arms, header }: Construct, at: number): void {
    const cost = this.#outline?.costs.get(at) ?? 1
    if ((arms[0] ?? []).length === 0) this.#text.clearPoint()
    this.#text.out
      .byte(OP.localGet)
      .u32(this.#text.budget)
      .byte(OP.i32WrapI64, OP.i32Const)
      .signed(cost)
      .byte(OP.i32LtS)
    this.#text.slowIf(this.#text.out, header)
    this.#text.out.byte(OP.localGet).u32(this.#text.budget).byte(OP.i64Const).signed(cost).byte(OP.i64Sub)
    this.#text.out.byte(OP.localSet).u32(this.#text.budget)
  }

  #resultsOf(at: number): readonly number[] {
    const reader = new Reader(this.#shape.bytes, at)
    const first = reader.bytes[at] ?? VOID
    if (first === VOID) return []
    if (first > VOID && first < 0x80) return [first]
    const type = this.#shape.types[reader.s32()]
    if (type === undefined || type.params.length > 0) throw new Malformed('a block with parameters is not allowed')
    return type.results
  }

  #else(): void {
    const frame = this.#frames.at(-1)
    if (frame === undefined) return
    this.#text.stack.length = frame.height
    this.#text.out.byte(OP.else)
    this.#text.openArm(this.#text.out, frame.construct?.arms[1] ?? [])
  }

  #end(): void {
    const frame = this.#frames.pop()
    if (frame === undefined) return
    this.#text.stack.length = frame.height
    this.#text.stack.push(...frame.results)
    if (this.#frames.length === 0 && this.#outline !== null) {
      this.#text.out.byte(OP.br).u32(this.#text.nesting - 1 - LABEL.exit)
      return
    }
    this.#text.out.byte(OP.end)
    this.#text.nesting--
    this.#text.order(frame.aside, frame.results.length)
  }

  #branch(opcode: number, from: number): void {
    const reader = new Reader(this.#shape.bytes, from + 1)
    this.#text.out.byte(opcode)
    if (opcode === OP.brTable) {
      const targets = reader.u32()
      this.#text.out.u32(targets)
      for (let i = 0; i <= targets; i++) this.#target(reader.u32())
    } else this.#target(reader.u32())
    if (opcode !== OP.br) this.#text.pop(1)
  }

  #target(depth: number): void {
    const frame = this.#frames[this.#frames.length - 1 - depth]
    this.#text.out.u32(this.#text.nesting - 1 - (frame?.label ?? 0))
  }

  #call(opcode: number, index: number, from: number, raw: Uint8Array): void {
    const type = this.#shape.types[opcode === OP.call ? (this.#shape.functionTypes[index] ?? 0) : index]
    if (type === undefined) throw new Malformed('call type is out of range')
    const operands = type.params.length + (opcode === OP.call ? 0 : 1)
    const point = this.#outline?.calls.get(from)
    let aside = 0
    if (point !== undefined) {
      const top = this.#text.stack.length
      aside = this.#text.putAside(this.#frames.at(-1)?.height ?? 0) - operands
      this.#text.land()
      this.#text.clearPoint()
      this.#text.bringBack(top - operands, top)
      this.#text.flush(this.#text.out)
    }
    if (opcode === OP.callIndirect) this.#text.out.raw(raw)
    else this.#text.out.byte(OP.call).u32(index < this.#shape.importedFunctions ? index : index + this.#plan.shift)
    this.#text.pop(operands)
    this.#text.stack.push(...type.results)
    if (point === undefined) return
    this.#text.out.byte(OP.globalGet).u32(this.#plan.budget).byte(OP.localTee).u32(this.#text.budget)
    this.#text.out.byte(OP.i32WrapI64, OP.i32Const).signed(MOVING_BELOW).byte(OP.i32LtS)
    this.#text.slowIf(this.#text.out, point)
    this.#text.order(aside, type.results.length)
  }

  /** The length lies on the stack; a copy of it pays. The operands lie there too, so nothing can be left here. */
  #chargeBulk(): void {
    const out = this.#text.out
    const length = this.#text.locals.scratch('length', TYPE.i32)
    out.byte(OP.localTee).u32(length).byte(OP.localGet).u32(this.#text.budget)
    out.byte(OP.localGet).u32(length).byte(OP.i64ExtendI32U, OP.i64Const).signed(BULK_BYTES_PER_FUEL_LOG2)
    out.byte(OP.i64ShrU, OP.i64Sub, OP.localTee).u32(this.#text.budget).byte(OP.i32WrapI64, OP.i32Const, 0, OP.i32LtS)
    out.byte(OP.if, VOID)
    this.#text.flush(out)
    out.byte(OP.call).u32(this.#plan.overdrawn)
    this.#text.reload(out)
    out.byte(OP.end)
  }
}
