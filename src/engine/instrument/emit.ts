/** Puts a module together again: woven bodies, added types, functions, globals and exports, the memory as an import. */
import type { Bytes } from '../../base/bytes.ts'
import { OP } from './instruction.ts'
import { KIND, type ModuleShape, SECTION, skipConstant } from './module.ts'
import { Malformed, Reader } from './reader.ts'
import { Writer } from './writer.ts'

export interface Additions {
  /** Function types behind the module's own: of blocks, which the format can name in no other way, and of imports. */
  readonly types: readonly { readonly params: readonly number[]; readonly results: readonly number[] }[]
  readonly functionImports: readonly { readonly module: string; readonly name: string; readonly type: number }[]
  /** Functions behind the module's own, their bodies last in `bodies`. */
  readonly functions?: readonly { readonly type: number; readonly exportName: string | null }[]
  /** Functions to append to the one table, shifted already; its size grows by as many. */
  readonly tableFunctions?: readonly number[]
  readonly globals: readonly {
    readonly name: string
    readonly type: 'i32' | 'i64'
    readonly mutable: boolean
    readonly initial: bigint
  }[]
  /** Global exports under new names, for globals that are there already. */
  readonly exportGlobals: readonly { readonly name: string; readonly index: number }[]
  /** Declared maximum of the memory, which becomes the import env.memory; null leaves the memory as it is. */
  readonly memoryPagesDeclared: number | null
  readonly bodies: readonly Uint8Array[]
  readonly shiftFunctions: { readonly from: number; readonly by: number }
  /** A custom section at the end, of Latin-1 text. */
  readonly custom: { readonly name: string; readonly text: string } | null
}

type Put = (id: number, content: Writer) => void

/** Sections that may have to be made where the module has none, in their order. */
const CARRIED = [
  SECTION.type,
  SECTION.import,
  SECTION.function,
  SECTION.table,
  SECTION.memory,
  SECTION.global,
  SECTION.export,
  SECTION.start,
  SECTION.element,
  SECTION.dataCount,
  SECTION.code,
  SECTION.data,
]

export function emitModule(shape: ModuleShape, add: Additions): Bytes {
  const out = new Writer().raw(shape.bytes.subarray(0, 8))
  const put: Put = (id, content) => {
    out.byte(id).u32(content.length).raw(content.bytes())
  }
  const shifted = (index: number): number => (index >= add.shiftFunctions.from ? index + add.shiftFunctions.by : index)
  for (const id of CARRIED) {
    const section = shape.sections.find((one) => one.id === id)
    const raw = section === undefined ? null : shape.bytes.subarray(section.from, section.to)
    if (id === SECTION.type) putTypes(put, raw, add)
    else if (id === SECTION.import) putImports(put, shape, add)
    else if (id === SECTION.function) putFunctions(put, raw, add)
    else if (id === SECTION.table) putTable(put, shape, raw, add)
    else if (id === SECTION.memory) {
      if (raw !== null && add.memoryPagesDeclared === null) put(id, new Writer().raw(raw))
    } else if (id === SECTION.global) putGlobals(put, shape, add)
    else if (id === SECTION.export) putExports(put, shape, add, shifted)
    else if (id === SECTION.start) {
      if (shape.startFunction !== null) put(id, new Writer().u32(shifted(shape.startFunction)))
    } else if (id === SECTION.element) {
      if (raw !== null) put(id, elements(shape, raw, shifted, add))
    } else if (id === SECTION.code) {
      const content = new Writer().u32(add.bodies.length)
      for (const body of add.bodies) content.u32(body.length).raw(body)
      put(id, content)
    } else if (raw !== null) put(id, new Writer().raw(raw))
  }
  if (add.custom !== null) put(SECTION.custom, new Writer().name(add.custom.name).latin1(add.custom.text))
  return out.bytes()
}

function putTypes(put: Put, raw: Uint8Array | null, add: Additions): void {
  const reader = new Reader(raw ?? Uint8Array.of(0))
  const count = reader.u32()
  const content = new Writer().u32(count + add.types.length).raw(reader.take(reader.end - reader.at))
  for (const { params, results } of add.types) {
    content.byte(0x60).u32(params.length)
    content
      .byte(...params)
      .u32(results.length)
      .byte(...results)
  }
  put(SECTION.type, content)
}

function putFunctions(put: Put, raw: Uint8Array | null, add: Additions): void {
  const functions = add.functions ?? []
  if (raw === null && functions.length === 0) return
  const reader = new Reader(raw ?? Uint8Array.of(0))
  const content = new Writer().u32(reader.u32() + functions.length).raw(reader.take(reader.end - reader.at))
  for (const { type } of functions) content.u32(type)
  put(SECTION.function, content)
}

/** The one table, made larger by what is appended to it. */
function putTable(put: Put, shape: ModuleShape, raw: Uint8Array | null, add: Additions): void {
  if (raw === null) return
  const more = add.tableFunctions?.length ?? 0
  if (more === 0) return put(SECTION.table, new Writer().raw(raw))
  const { minimum, maximum } = onlyTable(shape)
  const content = new Writer().byte(1, 0x70, maximum === null ? 0 : 1).u32(minimum + more)
  put(SECTION.table, maximum === null ? content : content.u32(maximum + more))
}

/** Sizes of the one table a module has; appending is done for no other. */
export function onlyTable(shape: ModuleShape): { readonly minimum: number; readonly maximum: number | null } {
  const section = shape.sections.find((one) => one.id === SECTION.table)
  const reader = section === undefined ? null : new Reader(shape.bytes, section.from, section.to)
  if (reader === null || reader.u32() !== 1) throw new Malformed('module has not one table')
  reader.byte()
  const limited = reader.byte() === 1
  const minimum = reader.u32()
  return { minimum, maximum: limited ? reader.u32() : null }
}

function putImports(put: Put, shape: ModuleShape, add: Additions): void {
  const kept = shape.imports.filter((one) => one.kind !== KIND.memory || add.memoryPagesDeclared === null)
  const memory = add.memoryPagesDeclared !== null && shape.memoryPages !== null ? shape.memoryPages : null
  const count = kept.length + (memory === null ? 0 : 1) + add.functionImports.length
  if (count === 0) return
  const content = new Writer().u32(count)
  for (const one of kept) content.name(one.module).name(one.name).raw(one.raw)
  for (const one of add.functionImports) content.name(one.module).name(one.name).byte(KIND.function).u32(one.type)
  if (memory !== null) {
    content
      .name('env')
      .name('memory')
      .byte(KIND.memory, 1)
      .u32(memory)
      .u32(add.memoryPagesDeclared ?? 0)
  }
  put(SECTION.import, content)
}

function putGlobals(put: Put, shape: ModuleShape, add: Additions): void {
  const own = shape.globals.filter((one) => !one.imported).length
  if (own + add.globals.length === 0) return
  const content = new Writer().u32(own + add.globals.length).raw(shape.globalsRaw)
  for (const one of add.globals) {
    content.byte(one.type === 'i64' ? 0x7e : 0x7f, one.mutable ? 1 : 0, one.type === 'i64' ? 0x42 : 0x41)
    content.signed(one.initial).byte(0x0b)
  }
  put(SECTION.global, content)
}

function putExports(put: Put, shape: ModuleShape, add: Additions, shifted: (index: number) => number): void {
  const functions = add.functions ?? []
  const first = shape.functionTypes.length + add.shiftFunctions.by
  const named = functions.flatMap(({ exportName }, i) =>
    exportName === null ? [] : [{ exportName, index: first + i }],
  )
  const count = shape.exports.length + add.globals.length + add.exportGlobals.length + named.length
  const content = new Writer().u32(count)
  for (const one of shape.exports) {
    content
      .name(one.name)
      .byte(one.kind)
      .u32(one.kind === KIND.function ? shifted(one.index) : one.index)
  }
  add.globals.forEach((one, i) => {
    content
      .name(one.name)
      .byte(KIND.global)
      .u32(shape.globals.length + i)
  })
  for (const one of add.exportGlobals) content.name(one.name).byte(KIND.global).u32(one.index)
  for (const { exportName, index } of named) content.name(exportName).byte(KIND.function).u32(index)
  put(SECTION.export, content)
}

function elements(shape: ModuleShape, raw: Uint8Array, shifted: (index: number) => number, add: Additions): Writer {
  const reader = new Reader(raw)
  const count = reader.u32()
  const more = add.tableFunctions ?? []
  const content = new Writer().u32(count + (more.length > 0 ? 1 : 0))
  for (let n = count; n > 0; n--) {
    content.u32(reader.u32())
    const from = reader.at
    skipConstant(reader)
    content.raw(raw.subarray(from, reader.at))
    const functions = reader.u32()
    content.u32(functions)
    for (let k = functions; k > 0; k--) content.u32(shifted(reader.u32()))
  }
  if (more.length > 0) {
    content.u32(0).byte(OP.i32Const).signed(onlyTable(shape).minimum).byte(OP.end).u32(more.length)
    for (const index of more) content.u32(index)
  }
  return content
}
