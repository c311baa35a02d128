/**
 * Steps over one instruction and tells what matters to instrumentation. What it does not know it refuses: this is the
 * allow-list of the instruction set (MVP, sign extension, saturating conversions, bulk memory, multi-value, ref.null/func).
 * Deliberately refused: SIMD and relaxed SIMD (NaN bits differ between machines), threads, tail calls, exceptions, GC, and
 * every instruction that changes a table or drops a segment, because a checkpoint holds neither.
 */
import { Malformed, type Reader } from './reader.ts'

export const OP = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  select: 0x1b,
  selectTyped: 0x1c,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Load: 0x28,
  i32Load16U: 0x2f,
  f32Store: 0x38,
  f64Store: 0x39,
  i32Store: 0x36,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  i32Eqz: 0x45,
  i32LtS: 0x48,
  i64LtS: 0x53,
  f32Eq: 0x5b,
  f64Eq: 0x61,
  i32LtU: 0x49,
  i32LeU: 0x4d,
  i32Eq: 0x46,
  i64GtU: 0x56,
  i32WrapI64: 0xa7,
  i32And: 0x71,
  i32Or: 0x72,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i64Ne: 0x52,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64And: 0x83,
  i64Or: 0x84,
  i64Shl: 0x86,
  i64ShrU: 0x88,
  f32Copysign: 0x98,
  f64Copysign: 0xa6,
  i64ExtendI32U: 0xad,
  i32ReinterpretF32: 0xbc,
  i64ReinterpretF64: 0xbd,
  f32ReinterpretI32: 0xbe,
  f64ReinterpretI64: 0xbf,
  refNull: 0xd0,
  refFunc: 0xd2,
  memoryInit: 0xfc08,
  memoryCopy: 0xfc0a,
  memoryFill: 0xfc0b,
} as const

/** Works on as many bytes as it is told. */
export const isBulk = (opcode: number): boolean =>
  opcode === OP.memoryCopy || opcode === OP.memoryFill || opcode === OP.memoryInit

/** The immediate of the last instruction, where it is an index; callers read it right after `step`. */
export interface Step {
  opcode: number
  index: number
}

const REFUSED_PREFIXES: ReadonlyMap<number, string> = new Map([
  [0x12, 'tail call'],
  [0x13, 'tail call'],
  [0x06, 'exception handling'],
  [0x08, 'exception handling'],
  [0x0a, 'exception handling'],
  [0x1f, 'exception handling'],
  [0x26, 'table.set (a checkpoint holds no tables)'],
  [0xfb, 'garbage collection'],
  [0xfd, 'SIMD (its NaN bits differ between machines)'],
  [0xfe, 'threads'],
])

const hex = (value: number): string => `0x${value.toString(16)}`

/** Leaves the reader after the instruction. Throws Malformed where it is not on the list. */
export function step(reader: Reader, into: Step): void {
  const opcode = reader.byte()
  into.opcode = opcode
  into.index = -1
  switch (opcode) {
    case OP.block:
    case OP.loop:
    case OP.if:
    case OP.refNull:
      reader.skipLeb(5)
      return
    case OP.br:
    case OP.brIf:
    case 0x25:
      reader.skipLeb(5)
      return
    case OP.brTable: {
      const targets = reader.count(reader.end - reader.at, 'branch table')
      for (let i = 0; i <= targets; i++) reader.skipLeb(5)
      return
    }
    case OP.call:
    case OP.globalGet:
    case OP.globalSet:
    case OP.localGet:
    case OP.localSet:
    case OP.localTee:
    case OP.refFunc:
      into.index = reader.u32()
      return
    case OP.callIndirect:
      into.index = reader.u32()
      reader.skipLeb(5)
      return
    case OP.selectTyped: {
      const types = reader.count(16, 'select types')
      reader.skip(types)
      return
    }
    case 0x3f:
    case 0x40:
      if (reader.byte() !== 0) throw new Malformed('memory index is not 0')
      return
    case OP.i32Const:
      reader.skipLeb(5)
      return
    case OP.i64Const:
      reader.skipLeb(10)
      return
    case OP.f32Const:
      reader.skip(4)
      return
    case OP.f64Const:
      reader.skip(8)
      return
    case 0xfc:
      stepPrefixed(reader, into)
      return
  }
  if (opcode >= 0x28 && opcode <= 0x3e) {
    if (reader.u32() >= 0x40) throw new Malformed('memory access names another memory')
    reader.skipLeb(5)
    return
  }
  const plain =
    opcode <= 0x01 ||
    opcode === OP.else ||
    opcode === OP.end ||
    opcode === OP.return ||
    opcode === 0x1a ||
    opcode === OP.select ||
    opcode === 0xd1 ||
    (opcode >= 0x45 && opcode <= 0xc4)
  if (!plain)
    throw new Malformed(`instruction ${hex(opcode)} is not allowed: ${REFUSED_PREFIXES.get(opcode) ?? 'unknown'}`)
}

function stepPrefixed(reader: Reader, into: Step): void {
  const sub = reader.u32()
  into.opcode = 0xfc00 | (sub & 0xff)
  if (sub <= 7) return
  if (sub === 8) {
    reader.skipLeb(5)
    reader.skipLeb(5)
    return
  }
  if (sub === 10) {
    reader.skip(2)
    return
  }
  if (sub === 11) {
    reader.skip(1)
    return
  }
  if (sub === 16) {
    reader.skipLeb(5)
    return
  }
  throw new Malformed(`instruction 0xfc ${sub} is not allowed: it changes a table or drops a segment`)
}
