/**
 * What each plain instruction takes from the operand stack and leaves on it, for a pass that must know what lies there.
 * Modules come here only after WebAssembly's own validation, so this is a table to count with, not a second judge.
 */
import { Malformed } from './reader.ts'

export const TYPE = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c } as const

export interface Signature {
  /** How many operands it takes. */
  readonly takes: number
  /** The type it leaves, or null. */
  readonly leaves: number | null
}

const { i32, i64, f32, f64 } = TYPE

/** First and last opcode, operands, result: https://webassembly.github.io/spec/core/appendix/index-instructions.html */
const ROWS: readonly (readonly [from: number, to: number, takes: number, leaves: number | null])[] = [
  [0x01, 0x01, 0, null],
  [0x1a, 0x1a, 1, null],
  [0x28, 0x28, 1, i32],
  [0x29, 0x29, 1, i64],
  [0x2a, 0x2a, 1, f32],
  [0x2b, 0x2b, 1, f64],
  [0x2c, 0x2f, 1, i32],
  [0x30, 0x35, 1, i64],
  [0x36, 0x3e, 2, null],
  [0x3f, 0x3f, 0, i32],
  [0x40, 0x40, 1, i32],
  [0x41, 0x41, 0, i32],
  [0x42, 0x42, 0, i64],
  [0x43, 0x43, 0, f32],
  [0x44, 0x44, 0, f64],
  [0x45, 0x45, 1, i32],
  [0x46, 0x4f, 2, i32],
  [0x50, 0x50, 1, i32],
  [0x51, 0x66, 2, i32],
  [0x67, 0x69, 1, i32],
  [0x6a, 0x78, 2, i32],
  [0x79, 0x7b, 1, i64],
  [0x7c, 0x8a, 2, i64],
  [0x8b, 0x91, 1, f32],
  [0x92, 0x98, 2, f32],
  [0x99, 0x9f, 1, f64],
  [0xa0, 0xa6, 2, f64],
  [0xa7, 0xab, 1, i32],
  [0xac, 0xb1, 1, i64],
  [0xb2, 0xb6, 1, f32],
  [0xb7, 0xbb, 1, f64],
  [0xbc, 0xbc, 1, i32],
  [0xbd, 0xbd, 1, i64],
  [0xbe, 0xbe, 1, f32],
  [0xbf, 0xbf, 1, f64],
  [0xc0, 0xc1, 1, i32],
  [0xc2, 0xc4, 1, i64],
  [0xfc00, 0xfc03, 1, i32],
  [0xfc04, 0xfc07, 1, i64],
  [0xfc08, 0xfc08, 3, null],
  [0xfc0a, 0xfc0b, 3, null],
  [0xfc10, 0xfc10, 0, i32],
]

const SIGNATURES = new Map<number, Signature>(
  ROWS.flatMap(([from, to, takes, leaves]) =>
    Array.from({ length: to - from + 1 }, (_, i) => [from + i, { takes, leaves }] as const),
  ),
)

/** Of an instruction without a type of its own context; refused where a kernel may not have it. */
export function signatureOf(opcode: number): Signature {
  const found = SIGNATURES.get(opcode)
  if (found === undefined)
    throw new Malformed(`instruction 0x${opcode.toString(16)} is not allowed: a checkpoint holds no references`)
  return found
}
