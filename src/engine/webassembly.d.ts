/**
 * The part of the WebAssembly JavaScript interface (https://webassembly.github.io/spec/js-api/) that the engine uses.
 * Every realm has it, but only the DOM's types declare it, and the core is compiled without those.
 * Shapes follow TypeScript's lib.dom, so that a module passes from a rim that has the DOM's types into the core.
 * Deliberately absent: the asynchronous constructors; compiling belongs to platform/.
 */
declare namespace WebAssembly {
  type Callable = (...args: never[]) => unknown
  type ExportValue = Callable | Global | Memory | Table
  type Exports = Record<string, ExportValue>
  type ImportValue = Callable | Global | Memory | Table | number
  type Imports = Record<string, Record<string, ImportValue>>

  interface Module {
    /** Never there: keeps the type from being empty. */
    readonly webAssemblyModule?: never
  }
  interface ModuleExportDescriptor {
    kind: 'function' | 'table' | 'memory' | 'global' | 'tag'
    name: string
  }
  interface ModuleImportDescriptor extends ModuleExportDescriptor {
    module: string
  }
  const Module: {
    prototype: Module
    new (bytes: Uint8Array<ArrayBuffer>): Module
    customSections(module: Module, name: string): ArrayBuffer[]
    exports(module: Module): ModuleExportDescriptor[]
    imports(module: Module): ModuleImportDescriptor[]
  }
  interface Instance {
    readonly exports: Exports
  }
  const Instance: { prototype: Instance; new (module: Module, imports?: Imports): Instance }
  interface Memory {
    readonly buffer: ArrayBuffer
    grow(delta: number): number
  }
  const Memory: { prototype: Memory; new (descriptor: { initial: number; maximum?: number }): Memory }
  interface Global {
    // biome-ignore lint/suspicious/noExplicitAny: as in lib.dom; a global's value type is known only to its module
    value: any
  }
  const Global: { prototype: Global; new (descriptor: { value: string; mutable?: boolean }, v?: unknown): Global }
  interface Table {
    readonly length: number
  }
  const Table: { prototype: Table }
  interface RuntimeError extends Error {}
  const RuntimeError: { prototype: RuntimeError; new (message?: string): RuntimeError }
  function validate(bytes: Uint8Array<ArrayBuffer>): boolean
}
