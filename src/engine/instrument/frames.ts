/** Writes the instructions that hand a frame to the driver, word by word, and take it back in the opposite order. */
import { OP } from './instruction.ts'
import type { Locals } from './locals.ts'
import { canonicalNaN } from './nan.ts'
import { TYPE } from './signature.ts'
import type { Writer } from './writer.ts'

/** Every local that is part of the frame, NaNs canonical: two hosts keep the same words. */
export function saveFrame(out: Writer, locals: Locals, save: number): void {
  const wide = locals.scratch('wide', TYPE.i64)
  const nan = { [TYPE.f32]: locals.scratch('nan32', TYPE.f32), [TYPE.f64]: locals.scratch('nan64', TYPE.f64) }
  for (const { type, index } of locals.frame) {
    out.byte(OP.localGet).u32(index)
    if (type === TYPE.f32 || type === TYPE.f64) canonicalNaN(out, type, nan[type])
    if (type === TYPE.f32) out.byte(OP.i32ReinterpretF32)
    if (type === TYPE.f64) out.byte(OP.i64ReinterpretF64)
    if (isWide(type)) {
      out.byte(OP.localTee).u32(wide).byte(OP.i32WrapI64, OP.call).u32(save)
      out.byte(OP.localGet).u32(wide).byte(OP.i64Const, 32, OP.i64ShrU, OP.i32WrapI64)
    }
    out.byte(OP.call).u32(save)
  }
}

export function restoreFrame(out: Writer, locals: Locals, restore: number): void {
  for (const { type, index } of locals.frame.reverse()) {
    out.byte(OP.call).u32(restore)
    if (type === TYPE.f32) out.byte(OP.f32ReinterpretI32)
    if (isWide(type)) {
      out.byte(OP.i64ExtendI32U, OP.i64Const, 32, OP.i64Shl, OP.call).u32(restore).byte(OP.i64ExtendI32U, OP.i64Or)
      if (type === TYPE.f64) out.byte(OP.f64ReinterpretI64)
    }
    out.byte(OP.localSet).u32(index)
  }
}

const isWide = (type: number): boolean => type === TYPE.i64 || type === TYPE.f64

/** A value of each type, where only the type counts. */
export function anything(out: Writer, types: readonly number[]): void {
  for (const type of types) {
    if (type === TYPE.i32) out.byte(OP.i32Const, 0)
    else if (type === TYPE.i64) out.byte(OP.i64Const, 0)
    else if (type === TYPE.f32) out.byte(OP.f32Const, 0, 0, 0, 0)
    else out.byte(OP.f64Const, 0, 0, 0, 0, 0, 0, 0, 0)
  }
}
