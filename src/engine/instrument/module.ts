/**
 * The parts of a WebAssembly module that instrumentation reads: types, imports, functions, globals, exports, element
 * functions and bodies. Sections it need not understand stay bytes. It does not validate types: the browser's own
 * validator does that when the result is compiled; here only what could mislead the rewriting is refused.
 */
import { OP, type Step, step } from './instruction.ts'
import { Malformed, Reader } from './reader.ts'

export interface FunctionType {
  readonly params: readonly number[]
  readonly results: readonly number[]
  /** Equal for equal types: what call_indirect compares. */
  readonly key: string
}

export interface Import {
  readonly module: string
  readonly name: string
  readonly kind: number
  /** Function: type index. Others: 0. */
  readonly type: number
  /** The descriptor's bytes, kind included. */
  readonly raw: Uint8Array
}

export interface GlobalType {
  readonly type: number
  readonly mutable: boolean
  readonly imported: boolean
  /** The constant expression it starts with, `end` included; empty where it is imported. */
  readonly initial: Uint8Array
}

export interface Export {
  readonly name: string
  readonly kind: number
  readonly index: number
}

export interface Body {
  /** In the function index space, imports first. */
  readonly index: number
  readonly type: FunctionType
  readonly localGroups: readonly (readonly [count: number, type: number])[]
  readonly localCount: number
  /** Instructions, up to and including the last `end`. */
  readonly from: number
  readonly to: number
}

export interface Section {
  readonly id: number
  readonly from: number
  readonly to: number
}

export interface ModuleShape {
  readonly bytes: Uint8Array
  readonly sections: readonly Section[]
  readonly types: FunctionType[]
  readonly imports: readonly Import[]
  readonly importedFunctions: number
  /** Type index of every function, imports first. */
  readonly functionTypes: readonly number[]
  readonly globals: readonly GlobalType[]
  readonly globalsRaw: Uint8Array
  readonly exports: readonly Export[]
  readonly elementFunctions: ReadonlySet<number>
  /** Initial pages of the one memory, or null where there is none. */
  readonly memoryPages: number | null
  readonly memoryImported: boolean
  readonly startFunction: number | null
  readonly bodies: readonly Body[]
}

export interface ModuleLimits {
  readonly moduleBytes: number
  readonly functions: number
  readonly bodyBytes: number
  readonly locals: number
  readonly globals: number
  readonly tableEntries: number
}

export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const
export const KIND = { function: 0, table: 1, memory: 2, global: 3 } as const
const NAME_MAX = 256
/** Sections in the only order the format allows; the data count stands before the code. */
const ORDER: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11]
const VALUE_TYPES: ReadonlySet<number> = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x70, 0x6f])

export function parseModule(bytes: Uint8Array, limits: ModuleLimits): ModuleShape {
  if (bytes.length > limits.moduleBytes) throw new Malformed(`module bytes ${bytes.length} > ${limits.moduleBytes}`)
  const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  if (bytes.length < 8 || head.some((byte, i) => bytes[i] !== byte)) throw new Malformed('not a WebAssembly 1 module')
  const sections = parseSections(bytes)
  const open = (id: number): Reader | null => {
    const section = sections.find((one) => one.id === id)
    return section === undefined ? null : new Reader(bytes, section.from, section.to)
  }
  const types = parseTypes(open(SECTION.type))
  const imports = parseImports(open(SECTION.import), types.length)
  const functionTypes = imports.filter((one) => one.kind === KIND.function).map((one) => one.type)
  const importedFunctions = functionTypes.length
  const declared = open(SECTION.function)
  if (declared !== null) {
    for (let n = declared.count(limits.functions, 'functions'); n > 0; n--) {
      const type = declared.u32()
      if (type >= types.length) throw new Malformed('function type index out of range')
      functionTypes.push(type)
    }
  }
  parseTables(open(SECTION.table), limits)
  const memories = parseMemory(open(SECTION.memory), imports)
  const globals: GlobalType[] = imports
    .filter((one) => one.kind === KIND.global)
    .map((one) => ({
      type: one.raw[1] ?? 0,
      mutable: one.raw[2] === 1,
      imported: true,
      initial: one.raw.subarray(0, 0),
    }))
  const globalsRaw = parseGlobals(open(SECTION.global), globals, limits)
  const shape = { bytes, sections, types, imports, importedFunctions, functionTypes, globals, globalsRaw, ...memories }
  const start = open(SECTION.start)
  const startFunction = start === null ? null : start.u32()
  if (startFunction !== null && startFunction >= functionTypes.length)
    throw new Malformed('start function out of range')
  return {
    ...shape,
    exports: parseExports(open(SECTION.export)),
    elementFunctions: parseElements(open(SECTION.element), functionTypes.length, limits),
    startFunction,
    bodies: parseBodies(open(SECTION.code), shape, limits),
  }
}

function parseSections(bytes: Uint8Array): Section[] {
  const reader = new Reader(bytes, 8)
  const sections: Section[] = []
  let place = -1
  while (!reader.done) {
    const id = reader.byte()
    const size = reader.u32()
    const from = reader.at
    reader.skip(size)
    if (id !== SECTION.custom) {
      const next = ORDER.indexOf(id)
      if (next < 0) throw new Malformed(`section ${id} is not allowed`)
      if (next <= place) throw new Malformed(`section ${id} is out of order or doubled`)
      place = next
    }
    sections.push({ id, from, to: reader.at })
  }
  return sections
}

function parseTypes(reader: Reader | null): FunctionType[] {
  if (reader === null) return []
  const types: FunctionType[] = []
  for (let n = reader.count(10_000, 'types'); n > 0; n--) {
    if (reader.byte() !== 0x60) throw new Malformed('only function types are allowed')
    const params = [...reader.take(reader.count(255, 'parameters'))]
    const results = [...reader.take(reader.count(16, 'results'))]
    for (const type of [...params, ...results])
      if (!VALUE_TYPES.has(type)) throw new Malformed(`value type 0x${type.toString(16)} is not allowed`)
    types.push({ params, results, key: `${params}>${results}` })
  }
  return types
}

function skipLimits(reader: Reader): number {
  const flags = reader.byte()
  if (flags > 1) throw new Malformed('shared or 64-bit memory or table is not allowed')
  const minimum = reader.u32()
  if (flags === 1) reader.u32()
  return minimum
}

function parseImports(reader: Reader | null, typeCount: number): Import[] {
  if (reader === null) return []
  const imports: Import[] = []
  for (let n = reader.count(1_000, 'imports', 4); n > 0; n--) {
    const module = reader.name(NAME_MAX)
    const name = reader.name(NAME_MAX)
    const from = reader.at
    const kind = reader.byte()
    let type = 0
    if (kind === KIND.function) {
      type = reader.u32()
      if (type >= typeCount) throw new Malformed('import type index out of range')
    } else if (kind === KIND.table) {
      reader.byte()
      skipLimits(reader)
    } else if (kind === KIND.memory) skipLimits(reader)
    else if (kind === KIND.global) reader.skip(2)
    else throw new Malformed(`import kind ${kind} is not allowed`)
    imports.push({ module, name, kind, type, raw: reader.bytes.subarray(from, reader.at) })
  }
  return imports
}

function parseTables(reader: Reader | null, limits: ModuleLimits): void {
  if (reader === null) return
  for (let n = reader.count(16, 'tables'); n > 0; n--) {
    reader.byte()
    const entries = skipLimits(reader)
    if (entries > limits.tableEntries) throw new Malformed(`table entries ${entries} > ${limits.tableEntries}`)
  }
}

function parseMemory(
  reader: Reader | null,
  imports: readonly Import[],
): Pick<ModuleShape, 'memoryPages' | 'memoryImported'> {
  const imported = imports.filter((one) => one.kind === KIND.memory)
  const own = reader === null ? 0 : reader.count(1, 'memories')
  if (imported.length + own > 1) throw new Malformed('memories > 1')
  const [first] = imported
  if (first !== undefined) return { memoryPages: skipLimits(new Reader(first.raw, 1)), memoryImported: true }
  return { memoryPages: reader === null || own === 0 ? null : skipLimits(reader), memoryImported: false }
}

function parseGlobals(reader: Reader | null, globals: GlobalType[], limits: ModuleLimits): Uint8Array {
  if (reader === null) return new Uint8Array(0)
  const count = reader.count(limits.globals, 'globals', 4)
  const from = reader.at
  for (let n = count; n > 0; n--) {
    const type = reader.byte()
    if (!VALUE_TYPES.has(type)) throw new Malformed('global type is not allowed')
    const mutability = reader.byte()
    if (mutability > 1) throw new Malformed('global is shared')
    const initialFrom = reader.at
    skipConstant(reader)
    globals.push({
      type,
      mutable: mutability === 1,
      imported: false,
      initial: reader.bytes.subarray(initialFrom, reader.at),
    })
  }
  return reader.bytes.subarray(from, reader.at)
}

/** Steps over a constant expression and its `end`. */
export function skipConstant(reader: Reader): void {
  const now: Step = { opcode: 0, index: -1 }
  do step(reader, now)
  while (now.opcode !== OP.end)
}

function parseExports(reader: Reader | null): Export[] {
  if (reader === null) return []
  const exports: Export[] = []
  for (let n = reader.count(10_000, 'exports', 3); n > 0; n--) {
    const name = reader.name(NAME_MAX)
    const kind = reader.byte()
    if (kind > KIND.global) throw new Malformed(`export kind ${kind} is not allowed`)
    exports.push({ name, kind, index: reader.u32() })
  }
  return exports
}

function parseElements(reader: Reader | null, functionCount: number, limits: ModuleLimits): Set<number> {
  const functions = new Set<number>()
  if (reader === null) return functions
  for (let n = reader.count(1_000, 'element segments', 3); n > 0; n--) {
    const flags = reader.u32()
    if (flags !== 0) throw new Malformed(`element segment form ${flags} is not allowed`)
    skipConstant(reader)
    for (let k = reader.count(limits.tableEntries, 'element functions'); k > 0; k--) {
      const index = reader.u32()
      if (index >= functionCount) throw new Malformed('element function out of range')
      functions.add(index)
    }
  }
  return functions
}

function parseBodies(
  reader: Reader | null,
  shape: Pick<ModuleShape, 'functionTypes' | 'importedFunctions' | 'types' | 'bytes'>,
  limits: ModuleLimits,
): Body[] {
  const declared = shape.functionTypes.length - shape.importedFunctions
  const count = reader === null ? 0 : reader.count(limits.functions, 'functions', 3)
  if (count !== declared) throw new Malformed('function and code sections disagree')
  const bodies: Body[] = []
  if (reader === null) return bodies
  for (let i = 0; i < count; i++) {
    const size = reader.u32()
    if (size > limits.bodyBytes) throw new Malformed(`function body bytes ${size} > ${limits.bodyBytes}`)
    const from = reader.at
    reader.skip(size)
    const inner = new Reader(shape.bytes, from, reader.at)
    const localGroups: [number, number][] = []
    let localCount = 0
    for (let n = inner.count(limits.locals, 'local groups', 2); n > 0; n--) {
      const repeat = inner.u32()
      localCount += repeat
      if (localCount > limits.locals) throw new Malformed(`locals > ${limits.locals}`)
      const type = inner.byte()
      if (!VALUE_TYPES.has(type)) throw new Malformed('local type is not allowed')
      localGroups.push([repeat, type])
    }
    const index = shape.importedFunctions + i
    const type = shape.types[shape.functionTypes[index] ?? 0]
    if (type === undefined) throw new Malformed('function type index out of range')
    bodies.push({ index, type, localGroups, localCount, from: inner.at, to: reader.at })
  }
  return bodies
}
