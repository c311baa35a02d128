/**
 * The author's half of a kernel's instrumentation, before wasm-opt's Asyncify: at every loop header, and at the entry of
 * every recursive function, `if (__fuel < __soft) sojourn.yield()`. It charges nothing: fuel is the host's (kernel.ts).
 */
import type { Bytes } from '../../base/bytes.ts'
import { accept, type Result, refuse } from '../../base/result.ts'
import { FUEL_MAX, KERNEL_START_FUEL } from '../limits.ts'
import { callGraph, cyclicFunctions } from './depth.ts'
import { emitModule } from './emit.ts'
import { OP } from './instruction.ts'
import { KERNEL_LIMITS } from './kernel.ts'
import { type ModuleShape, parseModule, SECTION, skipConstant } from './module.ts'
import { Malformed, Reader } from './reader.ts'
import { type WeavePlan, weaveBody } from './weave.ts'

/** Low memory that a kernel leaves alone, for its frames while it is suspended (asc: `--memoryBase 65536`). */
export const KERNEL_FRAMES = { address: 16, bytes: 65_520 } as const

/** The kernel with safepoints, to be asyncified; unchanged where it has no memory, or uses the low 64 KiB itself. */
export function weaveSafepoints(
  wasm: Uint8Array,
): Result<{ readonly wasm: Bytes; readonly suspendable: boolean }, 'KERNEL'> {
  try {
    const shape = parseModule(wasm, KERNEL_LIMITS)
    if (
      shape.memoryPages === null ||
      shape.memoryPages === 0 ||
      firstData(shape) < KERNEL_FRAMES.address + KERNEL_FRAMES.bytes
    ) {
      return accept({ wasm: wasm.slice(), suspendable: false })
    }
    return accept({ wasm: weave(shape), suspendable: true })
  } catch (error) {
    if (error instanceof Malformed) return refuse('KERNEL', error.message)
    throw error
  }
}

function weave(shape: ModuleShape): Bytes {
  const [fuel, soft] = [shape.globals.length, shape.globals.length + 1]
  const recursive = new Set(cyclicFunctions(callGraph(shape)))
  const yieldFunction = shape.importedFunctions
  const plan: WeavePlan = {
    fuel: null,
    depth: null,
    canonicalNaN: false,
    shiftFunctions: { from: shape.importedFunctions, by: 1 },
    entryFuel: () => 0,
    loopFuel: () => 0,
    depthUnits: () => 0,
    blockType: () => 0,
    safepointAtEntry: (body) => recursive.has(body.index),
    safepoint(out) {
      out.byte(OP.globalGet).u32(fuel).byte(OP.globalGet).u32(soft).byte(OP.i64LtS, OP.if, 0x40)
      out.byte(OP.call).u32(yieldFunction).byte(OP.end)
    },
  }
  return emitModule(shape, {
    blockTypes: [[]],
    functionImport: { module: 'sojourn', name: 'yield', type: shape.types.length },
    globals: [
      { name: '__fuel', type: 'i64', mutable: true, initial: KERNEL_START_FUEL },
      { name: '__soft', type: 'i64', mutable: true, initial: -FUEL_MAX },
      { name: '__safepoint_address', type: 'i32', mutable: false, initial: BigInt(KERNEL_FRAMES.address) },
      { name: '__safepoint_bytes', type: 'i32', mutable: false, initial: BigInt(KERNEL_FRAMES.bytes) },
    ],
    exportGlobals: [],
    memoryPagesDeclared: null,
    bodies: shape.bodies.map((body) => weaveBody(shape.bytes, body, plan)),
    shiftFunctions: plan.shiftFunctions,
  })
}

/** The lowest address of constant data; infinity where there is none. */
function firstData(shape: ModuleShape): number {
  const section = shape.sections.find((one) => one.id === SECTION.data)
  if (section === undefined) return Number.POSITIVE_INFINITY
  const reader = new Reader(shape.bytes, section.from, section.to)
  let first = Number.POSITIVE_INFINITY
  for (let n = reader.count(100_000, 'data segments', 2); n > 0; n--) {
    const form = reader.u32()
    if (form === 0) {
      const from = reader.at
      skipConstant(reader)
      const constant = new Reader(shape.bytes, from, reader.at)
      first = Math.min(first, constant.byte() === OP.i32Const ? constant.s32() >>> 0 : 0)
    } else if (form !== 1) throw new Malformed(`data segment form ${form} is not allowed`)
    reader.skip(reader.u32())
  }
  return first
}
