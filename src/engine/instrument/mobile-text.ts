/**
 * The text of one mobile function while it is written: what labels are open, what lies on the operand stack and in which
 * locals it is put aside, and the landings at which the function is entered again. Which instructions are written when is
 * mobile.ts's business.
 */
import { anything, restoreFrame, saveFrame } from './frames.ts'
import { OP } from './instruction.ts'
import type { Locals } from './locals.ts'
import type { MobilePlan } from './mobile.ts'
import { ENTRY, type Landing } from './outline.ts'
import { Malformed } from './reader.ts'
import { TYPE } from './signature.ts'
import { Writer } from './writer.ts'

const VOID = 0x40
/** What every engine takes: https://webassembly.github.io/spec/js-api/index.html#limits */
const WOVEN_BODY_BYTES_MAX = 7_654_321
/** Labels by nesting, from the function's own outwards in. */
export const LABEL = { function: 0, exit: 1, again: 2, slow: 3 } as const

/** Sign bits of both halves. */
const EITHER_NEGATIVE = -(2n ** 63n) + 2n ** 31n
/** What turn() answers where the frame is to be left; 2 is: taken up. */
const LEAVE = 1

export class MobileText {
  readonly out = new Writer()
  readonly locals: Locals
  /** The local that holds the budget, and the one that says at which point to go on (0: at none). */
  readonly budget: number
  readonly point: number
  /** Labels open. */
  nesting = 1
  /** Types of the operands on the stack, and of those put aside below them. */
  readonly stack: number[] = []
  readonly #plan: MobilePlan

  constructor(locals: Locals, plan: MobilePlan, mobile: boolean) {
    this.locals = locals
    this.#plan = plan
    this.budget = mobile ? locals.scratch('budget', TYPE.i64) : 0
    this.point = mobile ? locals.kept('point', TYPE.i32) : 0
  }

  flush(out: Writer): void {
    out.byte(OP.localGet).u32(this.budget).byte(OP.globalSet).u32(this.#plan.budget)
  }

  reload(out: Writer): void {
    out.byte(OP.globalGet).u32(this.#plan.budget).byte(OP.localSet).u32(this.budget)
  }

  /** The condition lies on the stack. */
  slowIf(out: Writer, point: number): void {
    out.byte(OP.if, VOID, OP.i32Const).signed(point).byte(OP.localSet).u32(this.point)
    out.byte(OP.br).u32(this.nesting - LABEL.slow)
    out.byte(OP.end)
  }

  blockType(out: Writer, results: readonly number[]): void {
    const [only] = results
    if (only === undefined) out.byte(VOID)
    else if (results.length === 1) out.byte(only)
    else out.signed(this.#plan.blockType(results))
  }

  /** Blocks whose ends are the landings, the last one outermost, and the way to them. */
  openArm(out: Writer, landings: readonly Landing[], header = 0): void {
    const [first] = landings
    const last = landings.at(-1)
    if (first === undefined || last === undefined) return
    for (let i = 0; i < landings.length; i++) out.byte(OP.block, VOID)
    this.nesting += landings.length
    out.byte(OP.localGet).u32(this.point).byte(OP.if, VOID)
    if (header !== 0) out.byte(OP.block, VOID)
    const inside = header === 0 ? 1 : 2
    out.byte(OP.localGet).u32(this.point).byte(OP.i32Const).signed(first.from).byte(OP.i32Sub)
    out.byte(OP.brTable).u32(last.to - first.from)
    landings.forEach(({ from, to }, i) => {
      for (let point = from; point < to; point++) out.u32(inside + i)
    })
    // Of a loop all other points are its header; elsewhere there are none but those a stranger made up.
    out.u32(header === 0 ? inside + landings.length - 1 : 0)
    if (header !== 0) out.byte(OP.end, OP.i32Const, 0, OP.localSet).u32(this.point)
    out.byte(OP.end)
  }

  /** The next landing of the innermost construct. */
  land(): void {
    this.nesting--
    this.out.byte(OP.end)
  }

  /** Local for the operand at a place of the stack. */
  aside(place: number): number {
    const type = this.stack[place] ?? TYPE.i32
    return this.locals.kept(`${place}:${type}`, type)
  }

  /** Puts what lies on the stack in this construct into locals. */
  putAside(height: number): number {
    for (let place = this.stack.length - 1; place >= height; place--) this.out.byte(OP.localSet).u32(this.aside(place))
    // Before it all has been written: every call may have to put aside all that lies below it.
    if (this.out.length > WOVEN_BODY_BYTES_MAX)
      throw new Malformed(`function body bytes once instrumented > ${WOVEN_BODY_BYTES_MAX}`)
    return this.stack.length - height
  }

  bringBack(from: number, to: number): void {
    for (let place = from; place < to; place++) this.out.byte(OP.localGet).u32(this.aside(place))
  }

  /** Behind a call or construct: what was put aside belongs below its results. */
  order(aside: number, results: number): void {
    if (aside === 0) return
    const top = this.stack.length
    for (let place = top - 1; place >= top - results; place--) this.out.byte(OP.localSet).u32(this.aside(place))
    this.bringBack(top - results - aside, top)
  }

  pop(count: number): void {
    this.stack.length = Math.max(0, this.stack.length - count)
  }

  clearPoint(): void {
    this.out.byte(OP.i32Const, 0, OP.localSet).u32(this.point)
  }

  /** A function's entry: cost and depth are charged. */
  enter(out: Writer, charge: bigint): void {
    out.byte(OP.globalGet).u32(this.#plan.budget).byte(OP.i64Const).signed(charge).byte(OP.i64Sub)
    out.byte(OP.localTee).u32(this.budget).byte(OP.i64Const).signed(EITHER_NEGATIVE).byte(OP.i64And)
    out.byte(OP.i64Const, 0, OP.i64Ne)
    this.slowIf(out, ENTRY)
  }

  /** The driver is asked, and says what is done to the frame. */
  slow(out: Writer, results: readonly number[]): void {
    const { turn, save, restore } = this.#plan
    const how = this.locals.scratch('how', TYPE.i32)
    out.byte(OP.end)
    this.flush(out)
    out.byte(OP.call).u32(turn).byte(OP.localSet).u32(how)
    this.reload(out)
    out.byte(OP.localGet).u32(how).byte(OP.if, VOID)
    out.byte(OP.localGet).u32(how).byte(OP.i32Const, LEAVE, OP.i32Eq, OP.if, VOID)
    saveFrame(out, this.locals, save)
    anything(out, results)
    // Out of both ifs and of $again.
    out.byte(OP.br, 3, OP.end)
    restoreFrame(out, this.locals, restore)
    this.reload(out)
    out.byte(OP.end, OP.br, 0)
  }

  /** A function's end: depth is given back. */
  leave(units: bigint): Uint8Array {
    const out = new Writer().byte(OP.end, OP.unreachable, OP.end).byte(OP.localGet).u32(this.budget)
    out.byte(OP.i64Const).signed(units).byte(OP.i64Add, OP.globalSet).u32(this.#plan.budget).byte(OP.end)
    return out.bytes()
  }
}
