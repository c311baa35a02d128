/**
 * A first walk over one function body: where it can be left and entered again (its points), what each construct holds of
 * them, and what its code costs. Code that cannot be reached is passed over, here and when the body is written.
 *
 * Points are numbered in the order of the text from ENTRY on, so that the points inside a construct are one range.
 * A landing is a place in a body, or in one arm of a construct, at which a range of points is entered again.
 */
import { OP, type Step, step } from './instruction.ts'
import type { Body, ModuleShape } from './module.ts'
import { Malformed, Reader } from './reader.ts'

/** The function's beginning. 0 means that nothing is entered again. */
export const ENTRY = 1

export interface Landing {
  readonly from: number
  readonly to: number
}

export interface Construct extends Landing {
  /** Of a loop: its header's point. */
  readonly header: number
  /** Landings of the body; of an `if`: of both arms. */
  readonly arms: readonly (readonly Landing[])[]
  /** Of an `if`: the first point of its second arm. */
  readonly split: number
}

export interface Outline {
  readonly points: number
  readonly body: Construct
  /** Constructs with points inside, by the offset of their first byte. */
  readonly constructs: ReadonlyMap<number, Construct>
  /** Calls that may be left in the middle, by offset. */
  readonly calls: ReadonlyMap<number, number>
  /** Fuel: of the body's own code by `body.from`, of one turn of a loop by the loop's offset. */
  readonly costs: ReadonlyMap<number, number>
}

/** What a walk needs to know of functions that are called. */
export interface Callees {
  /** Bytes of a function that pays nothing itself and cannot be left in the middle; null for all others. */
  leafBytes(index: number): number | null
  /** The most bytes such a function has. */
  readonly leafBytesMax: number
}

/** Bytes of code that one unit of fuel pays. */
const BYTES_PER_FUEL = 32
/** Stops: a function whose dispatching tables are many times its own code. */
const POINTS_MAX = 8_192
const TABLE_ENTRIES_MAX = 262_144

interface Open {
  readonly at: number
  readonly opcode: number
  readonly begin: number
  readonly from: number
  readonly header: number
  readonly arms: Landing[][]
  split: number
  /** Of a loop or the body: bytes that belong to it beside its text, and bytes of inner loops that do not. */
  extra: number
  inner: number
}

export function outlineBody(shape: ModuleShape, body: Body, callees: Callees): Outline {
  const reader = new Reader(shape.bytes, body.from, body.to)
  const now: Step = { opcode: 0, index: -1 }
  let next = ENTRY
  let tableEntries = 0
  const constructs = new Map<number, Construct>()
  const calls = new Map<number, number>()
  const costs = new Map<number, number>()
  const opened = (at: number, opcode: number, header: number, from: number): Open => {
    return { at, opcode, begin: reader.at, header, from, arms: [[]], split: 0, extra: 0, inner: 0 }
  }
  const root = opened(body.from, OP.block, 0, next)
  root.arms[0]?.push({ from: next++, to: next })
  const open = [root]
  const paying = [root]
  const land = (from: number): void => {
    open.at(-1)?.arms.at(-1)?.push({ from, to: next })
    tableEntries += next - from
    if (next > POINTS_MAX || tableEntries > TABLE_ENTRIES_MAX)
      throw new Malformed(`function has more than ${POINTS_MAX} loops and calls, or nests them too deep`)
  }
  const close = (): Construct | null => {
    const closed = open.pop()
    if (closed === undefined) throw new Malformed('function body is not nested properly')
    if (paying.at(-1) === closed) {
      paying.pop()
      const bytes = reader.at - closed.begin
      costs.set(closed.at, 1 + Math.floor((bytes - closed.inner + closed.extra) / BYTES_PER_FUEL))
      const outer = paying.at(-1)
      if (outer) outer.inner += bytes
    }
    if (next === closed.from) return null
    const construct = { from: closed.from, to: next, header: closed.header, arms: closed.arms, split: closed.split }
    if (open.length > 0) {
      constructs.set(closed.at, construct)
      land(closed.from)
    }
    return construct
  }
  let dead = 0
  let whole: Construct | null = null
  while (!reader.done) {
    if (open.length === 0) throw new Malformed('code behind the end of a function')
    const at = reader.at
    step(reader, now)
    const { opcode } = now
    if (dead > 0) {
      dead = stillDead(dead, opcode)
      if (dead > 0 || (opcode !== OP.else && opcode !== OP.end)) continue
    }
    const top = open.at(-1)
    if (opcode === OP.block || opcode === OP.if) open.push(opened(at, opcode, 0, next))
    else if (opcode === OP.loop) {
      const loop = opened(at, opcode, next, next)
      next++
      open.push(loop)
      paying.push(loop)
    } else if (opcode === OP.else && top?.opcode === OP.if && top.arms.length === 1) {
      top.split = next
      top.arms.push([])
    } else if (opcode === OP.else) throw new Malformed('function body is not nested properly')
    else if (opcode === OP.end) whole = close()
    else if (endsReach(opcode)) dead = 1
    else if (opcode === OP.call || opcode === OP.callIndirect) {
      const leafBytes = opcode === OP.call ? callees.leafBytes(now.index) : null
      const payer = paying.at(-1)
      if (payer) payer.extra += leafBytes ?? (opcode === OP.callIndirect ? callees.leafBytesMax : 0)
      const stays = opcode === OP.call && (leafBytes !== null || now.index < shape.importedFunctions)
      if (!stays) {
        calls.set(at, next)
        land(next++)
      }
    }
  }
  if (whole === null || open.length > 0) throw new Malformed('function body is not nested properly')
  return { points: next, body: whole, constructs, calls, costs }
}

/** Whether nothing behind the instruction is reached before the next `else` or `end` of its construct. */
export const endsReach = (opcode: number): boolean =>
  opcode === OP.unreachable || opcode === OP.br || opcode === OP.brTable || opcode === OP.return

/** Depth of constructs inside unreachable code; 0 where the construct that holds it goes on. */
export function stillDead(dead: number, opcode: number): number {
  if (opcode === OP.block || opcode === OP.loop || opcode === OP.if) return dead + 1
  if (opcode === OP.end) return dead - 1
  return opcode === OP.else && dead === 1 ? 0 : dead
}
