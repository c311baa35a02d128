/** One bit pattern for every NaN, put where bits can be seen: before stores, reinterpretations and the sign's copy. */
import { OP } from './instruction.ts'
import { TYPE } from './signature.ts'
import type { Writer } from './writer.ts'

const NAN = {
  [TYPE.f32]: { constant: OP.f32Const, bytes: [0, 0, 0xc0, 0x7f], equal: OP.f32Eq },
  [TYPE.f64]: { constant: OP.f64Const, bytes: [0, 0, 0, 0, 0, 0, 0xf8, 0x7f], equal: OP.f64Eq },
} as const

const SEEN: ReadonlyMap<number, typeof TYPE.f32 | typeof TYPE.f64> = new Map([
  [OP.f32Store, TYPE.f32],
  [OP.i32ReinterpretF32, TYPE.f32],
  [OP.f32Copysign, TYPE.f32],
  [OP.f64Store, TYPE.f64],
  [OP.i64ReinterpretF64, TYPE.f64],
  [OP.f64Copysign, TYPE.f64],
])

/** The type of the number on top of the stack whose bits the instruction lets out, or null. */
export const bitsSeen = (opcode: number): typeof TYPE.f32 | typeof TYPE.f64 | null => SEEN.get(opcode) ?? null

/** select(x, NaN, x == x) on top of the stack, by way of a local of its type. */
export function canonicalNaN(out: Writer, type: typeof TYPE.f32 | typeof TYPE.f64, local: number): void {
  const { constant, bytes, equal } = NAN[type]
  out
    .byte(OP.localTee)
    .u32(local)
    .byte(constant, ...bytes)
  out.byte(OP.localGet).u32(local).byte(OP.localGet).u32(local).byte(equal, OP.select)
}
