/**
 * A native stack in segments: where a function finds too little depth left it does not run on the stack it was called on,
 * but on a fresh one, and its caller waits. For every signature of a counted function there is one crossing function: it
 * puts the parameters onto the program's own stack in memory, asks the host for a segment (env.host_segment, one of the
 * imports at which Asyncify can unwind) and gives back what the host's call of `__segment_run` left in their place.
 * All that is kept is kept in memory, in globals and in a local of the crossing function: what the host does in between,
 * unwinding what waits or simply calling deeper, cannot be told from inside, so builds and tiers stay alike.
 */
import type { Bytes } from '../../base/bytes.ts'
import { SEGMENT_FUEL, SEGMENT_UNITS, STACK_RESERVE_BYTES } from '../limits.ts'
import { onlyTable } from './emit.ts'
import { OP } from './instruction.ts'
import type { Body, FunctionType, ModuleShape } from './module.ts'
import { Writer } from './writer.ts'

const I32 = 0x7f
const VOID = 0x40
const SLOT_BYTES = 8
const LOAD: Readonly<Record<number, number>> = { 127: 0x28, 126: 0x29, 125: 0x2a, 124: 0x2b }
const STORE: Readonly<Record<number, number>> = { 127: 0x36, 126: 0x37, 125: 0x38, 124: 0x39 }

/** Indexes of the globals that crossing reads and writes. */
export interface SegmentGlobals {
  readonly stackPointer: number
  readonly fuel: number
  readonly depth: number
  /** How many further segments there may be. */
  readonly segments: number
}

export interface SegmentParts {
  readonly types: readonly FunctionType[]
  /** Type of the import env.host_segment(signature, table index); its index is that of the first function with a body. */
  readonly importType: number
  readonly functions: readonly { readonly type: number; readonly exportName: string | null }[]
  readonly bodies: readonly Bytes[]
  readonly tableFunctions: readonly number[]
  /** (units) → the address below which a check of the program's stack says no: any, with fewer units left at the end. */
  readonly stackLimit: number
  /** Returns from this function with what the same call gives in a new segment; its own units must be given back before. */
  cross(body: Body, out: Writer): void
}

/** One import is added, so every function of the module moves up by one. */
export function segmentParts(shape: ModuleShape, counted: readonly Body[], globals: SegmentGlobals): SegmentParts {
  const signatures = [...new Set(counted.map((body) => body.type.key))].sort()
  const typeOf = (key: string): number => shape.types.findIndex((type) => type.key === key)
  const firstType = shape.types.length
  const firstFunction = shape.functionTypes.length + 1
  const firstEntry = onlyTable(shape).minimum
  const entries = new Map(counted.map((body, i) => [body.index, firstEntry + i]))
  const crossed = signatures.map((key) => shape.types[typeOf(key)] ?? { params: [], results: [], key })
  const hostSegment = shape.importedFunctions
  return {
    types: [
      { params: [I32, I32], results: [], key: '' },
      { params: [I32], results: [I32], key: '' },
      ...crossed.map(({ params, results }) => ({ params: [...params, I32], results, key: '' })),
    ],
    importType: firstType,
    functions: [
      { type: firstType, exportName: '__segment_run' },
      { type: firstType + 1, exportName: null },
      ...crossed.map((_, i) => ({ type: firstType + 2 + i, exportName: null })),
    ],
    bodies: [
      runBody(crossed, signatures.map(typeOf), globals),
      limitBody(globals),
      ...crossed.map((type, i) => crossBody(type, i, hostSegment, globals)),
    ],
    tableFunctions: counted.map((body) => body.index + 1),
    stackLimit: firstFunction + 1,
    cross(body, out) {
      body.type.params.forEach((_, i) => {
        out.byte(OP.localGet).u32(i)
      })
      out.byte(OP.i32Const).signed(entries.get(body.index) ?? 0)
      out.byte(OP.call).u32(firstFunction + 2 + signatures.indexOf(body.type.key))
      out.byte(OP.return)
    },
  }
}

const frameBytes = (type: FunctionType): number => (Math.max(type.params.length, 1) * SLOT_BYTES + 15) & ~15

/** (parameters, table index) → result. */
function crossBody(type: FunctionType, signature: number, hostSegment: number, globals: SegmentGlobals): Bytes {
  const { stackPointer, fuel, depth, segments } = globals
  const callee = type.params.length
  const [frame, depthBefore] = [callee + 1, callee + 2]
  const out = new Writer().u32(1).u32(2).byte(I32)
  out.byte(OP.globalGet).u32(segments).byte(OP.i32Eqz, OP.if, VOID)
  out.byte(OP.i32Const).signed(-1).byte(OP.globalSet).u32(depth).byte(OP.unreachable, OP.end)
  add(out, segments, -1)
  out.byte(OP.globalGet).u32(fuel).byte(OP.i64Const).signed(SEGMENT_FUEL).byte(OP.i64Sub, OP.globalSet).u32(fuel)
  out.byte(OP.globalGet).u32(stackPointer).byte(OP.i32Const).signed(frameBytes(type)).byte(OP.i32Sub)
  out.byte(OP.localTee).u32(frame).byte(OP.globalSet).u32(stackPointer)
  type.params.forEach((param, i) => {
    out.byte(OP.localGet).u32(frame).byte(OP.localGet).u32(i)
    access(out, STORE, param, i)
  })
  out.byte(OP.globalGet).u32(depth).byte(OP.localSet).u32(depthBefore)
  out.byte(OP.i32Const).signed(SEGMENT_UNITS).byte(OP.globalSet).u32(depth)
  out.byte(OP.i32Const).signed(signature).byte(OP.localGet).u32(callee).byte(OP.call).u32(hostSegment)
  out.byte(OP.localGet).u32(depthBefore).byte(OP.globalSet).u32(depth)
  add(out, segments, 1)
  out.byte(OP.localGet).u32(frame).byte(OP.i32Const).signed(frameBytes(type)).byte(OP.i32Add, OP.globalSet)
  out.u32(stackPointer)
  const [result] = type.results
  if (result !== undefined) {
    out.byte(OP.localGet).u32(frame)
    access(out, LOAD, result, 0)
  }
  return out.byte(OP.end).bytes()
}

/** (signature, table index): calls the function with the parameters on top of the stack, leaves its result there. */
function runBody(types: readonly FunctionType[], indexes: readonly number[], globals: SegmentGlobals): Bytes {
  const frame = 2
  const out = new Writer().u32(1).u32(1).byte(I32)
  out.byte(OP.globalGet).u32(globals.stackPointer).byte(OP.localSet).u32(frame)
  for (let i = 0; i <= types.length; i++) out.byte(OP.block, VOID)
  out.byte(OP.localGet, 0, OP.brTable).u32(types.length)
  for (let i = 0; i <= types.length; i++) out.u32(i)
  types.forEach((type, i) => {
    out.byte(OP.end)
    const [result] = type.results
    if (result !== undefined) out.byte(OP.localGet).u32(frame)
    type.params.forEach((param, k) => {
      out.byte(OP.localGet).u32(frame)
      access(out, LOAD, param, k)
    })
    out
      .byte(OP.localGet, 1, OP.callIndirect)
      .u32(indexes[i] ?? 0)
      .byte(0)
    if (result !== undefined) access(out, STORE, result, 0)
    out.byte(OP.return)
  })
  return out.byte(OP.end, OP.unreachable, OP.end).bytes()
}

/** Nothing is enough stack near the end of the last segment. */
function limitBody({ depth, segments }: SegmentGlobals): Bytes {
  const out = new Writer().u32(0)
  out.byte(OP.i32Const).signed(0x7fff_ffff).byte(OP.i32Const).signed(STACK_RESERVE_BYTES)
  out.byte(OP.globalGet).u32(segments).byte(OP.i32Eqz)
  out.byte(OP.globalGet).u32(depth).byte(OP.localGet, 0, OP.i32LtS, OP.i32And)
  return out.byte(OP.select, OP.end).bytes()
}

function add(out: Writer, global: number, value: number): void {
  out.byte(OP.globalGet).u32(global).byte(OP.i32Const).signed(value).byte(OP.i32Add, OP.globalSet).u32(global)
}

function access(out: Writer, opcodes: Readonly<Record<number, number>>, type: number, slot: number): void {
  const opcode = opcodes[type]
  if (opcode === undefined) throw new Error(`a value of type ${type} cannot wait in memory`)
  out.byte(opcode, 2).u32(slot * SLOT_BYTES)
}
