/**
 * One instance of the engine: QuickJS's raw exports, strings in and out, value handles, and the imports it needs. It knows
 * how to suspend and resume by Asyncify, not when or why; that is the machine's. Every address that comes out of the
 * instance is checked against its memory: the memory may be an image made by a stranger.
 */
import { ASYNCIFY_STATE, Segments } from './segments.ts'

/** The exports the driver uses; numbers are addresses unless named otherwise. */
interface VmExports {
  readonly __fuel: WebAssembly.Global
  readonly __soft: WebAssembly.Global
  readonly __depth: WebAssembly.Global
  readonly __stack_pointer: WebAssembly.Global
  readonly __segments: WebAssembly.Global
  __segment_run(signature: number, callee: number): void
  _initialize(): void
  qjs_init(): number
  qjs_set_interrupt_handler(on: number): void
  qjs_set_memory_limit(bytes: number): void
  qjs_set_promise_rejection_handler(on: number): void
  qjs_get_context_ptr(): number
  qjs_get_undefined(): number
  qjs_eval(code: number, length: number, file: number, flags: number): number
  qjs_call(callee: number, self: number, argc: number, argv: number): number
  qjs_new_string(text: number, length: number): number
  qjs_new_number(value: number): number
  qjs_new_host_function(name: number, length: number, arity: number): number
  qjs_get_float64(value: number): number
  qjs_is_big_int(value: number): number
  qjs_get_big_int64(value: number, low: number, high: number): number
  qjs_new_big_int64(low: number, high: number): number
  qjs_get_array_buffer(value: number, length: number): number
  qjs_get_string_len(value: number, length: number): number
  qjs_free_cstring(text: number): void
  qjs_free_value(value: number): void
  qjs_is_exception(value: number): number
  qjs_get_exception(): number
  qjs_is_job_pending(): number
  qjs_execute_pending_job(): number
  wasm_malloc(bytes: number): number
  wasm_free(address: number): void
  asyncify_start_unwind?(address: number): void
  asyncify_stop_unwind?(): void
  asyncify_start_rewind?(address: number): void
  asyncify_stop_rewind?(): void
  asyncify_get_state?(): number
}

const NAMES = [
  '_initialize',
  'qjs_init',
  'qjs_set_interrupt_handler',
  'qjs_set_memory_limit',
  'qjs_set_promise_rejection_handler',
  'qjs_get_context_ptr',
  'qjs_get_undefined',
  'qjs_eval',
  'qjs_call',
  'qjs_new_string',
  'qjs_new_number',
  'qjs_new_host_function',
  'qjs_get_float64',
  'qjs_is_big_int',
  'qjs_get_big_int64',
  'qjs_new_big_int64',
  'qjs_get_array_buffer',
  'qjs_get_string_len',
  'qjs_free_cstring',
  'qjs_free_value',
  'qjs_is_exception',
  'qjs_get_exception',
  'qjs_is_job_pending',
  'qjs_execute_pending_job',
  'wasm_malloc',
  'wasm_free',
  '__fuel',
  '__soft',
  '__depth',
  '__stack_pointer',
  '__segments',
  '__segment_run',
] as const satisfies readonly (keyof VmExports)[]

/** What the instance asks of its driver while it runs. Times are whole milliseconds. */
export interface VmOwner {
  nowMs(): number
  /** Fuel is below the soft limit at a safepoint (or the frames of one are being rewound). */
  onInterrupt(): void
  /** A promise was rejected without a handler, or got one after all; the two value handles are the owner's to free. */
  onRejection(promise: number, reason: number, handled: number): void
  /** The program called the host function: value handles in, a value handle out. */
  onHostCall(args: readonly number[]): number
}

const WASI_BADF = 8
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8')

export class VmFault extends Error {
  override readonly name = 'VmFault'
}

export class Vm {
  readonly memory: WebAssembly.Memory
  readonly exports: VmExports
  /** The mutable globals by export name, without `__fuel` and `__soft`, which belong to the driver. */
  readonly stateGlobals: ReadonlyMap<string, WebAssembly.Global>
  /** Until the base image has an arena there is nowhere to cross to. */
  segments: Segments
  readonly #owner: VmOwner

  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, owner: VmOwner) {
    this.memory = memory
    this.#owner = owner
    const instance = new WebAssembly.Instance(module, {
      env: { memory, ...this.#engineImports() },
      wasi_snapshot_preview1: this.#wasiImports(),
    })
    for (const name of NAMES)
      if (instance.exports[name] === undefined) throw new VmFault(`the engine does not export ${name}`)
    this.exports = instance.exports as unknown as VmExports
    this.stateGlobals = mutableGlobals(module, instance)
    this.segments = new Segments(this, 0, 0)
  }

  /** Where the frames of a suspended program go: a room the base image has allocated. `nativeMax`: see NativeStackSpent. */
  useArena(address: number, nativeMax = 0): void {
    this.segments = new Segments(this, address, nativeMax)
  }

  get fuelLeft(): bigint {
    return this.exports.__fuel.value as bigint
  }

  set fuelLeft(fuel: bigint) {
    this.exports.__fuel.value = fuel
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.memory.buffer)
  }

  #engineImports(): Record<string, WebAssembly.ImportValue> {
    return {
      host_get_timezone_offset: () => 0,
      host_interrupt: () => {
        this.#owner.onInterrupt()
        return 0
      },
      host_promise_rejection: (promise: number, reason: number, handled: number) => {
        this.#owner.onRejection(promise, reason, handled)
      },
      host_segment: (signature: number, callee: number) => this.segments.cross(signature, callee),
      host_module_normalize: () => 0,
      host_module_load: () => 0,
      host_call: (_name: number, _length: number, _self: number, argc: number, argv: number) => {
        // While rewinding, arguments are stale; the owner knows what it was doing.
        if (this.rewinding) return this.#owner.onHostCall([])
        const view = this.view(argv, argc * 4)
        return this.#owner.onHostCall(Array.from({ length: argc }, (_, i) => view.getUint32(i * 4, true)))
      },
    }
  }

  #wasiImports(): Record<string, WebAssembly.ImportValue> {
    return {
      clock_time_get: (_clock: number, _precision: bigint, result: number) => {
        this.view(result, 8).setBigUint64(0, BigInt(this.#owner.nowMs()) * 1_000_000n, true)
        return 0
      },
      fd_close: () => WASI_BADF,
      fd_fdstat_get: () => WASI_BADF,
      fd_seek: () => WASI_BADF,
      fd_write: () => WASI_BADF,
      random_get: (address: number, length: number) => {
        this.range(address, length).fill(7)
        return 0
      },
    }
  }

  /** A live view of the memory; throws a VmFault where the range is not inside it. */
  range(address: number, length: number): Uint8Array {
    const from = address >>> 0
    const size = length >>> 0
    if (from + size > this.memory.buffer.byteLength) throw new VmFault(`range ${from}+${size} lies outside the memory`)
    return new Uint8Array(this.memory.buffer, from, size)
  }

  /** As `range`, for numbers. */
  view(address: number, length: number): DataView {
    const range = this.range(address, length)
    return new DataView(range.buffer, range.byteOffset, range.byteLength)
  }

  /** An export that may run the program, called where nobody lets it be suspended. */
  #run(call: () => number): number {
    const result = this.segments.enter(call)
    if (result === null) throw new VmFault('the program was suspended where it must not be')
    return result
  }

  // ---- values

  #allocate(bytes: Uint8Array): number {
    const address = this.exports.wasm_malloc(bytes.length + 1)
    if (address === 0) throw new VmFault('memory: out of memory')
    const room = this.range(address, bytes.length + 1)
    room.set(bytes)
    room[bytes.length] = 0
    return address
  }

  string(text: string): number {
    const bytes = encoder.encode(text)
    const address = this.#allocate(bytes)
    const value = this.exports.qjs_new_string(address, bytes.length)
    this.exports.wasm_free(address)
    return value
  }

  number(value: number): number {
    return this.exports.qjs_new_number(value)
  }

  undefined(): number {
    return this.exports.qjs_get_undefined()
  }

  free(...values: readonly number[]): void {
    for (const value of values) this.exports.qjs_free_value(value)
  }

  textOf(value: number): string {
    const lengthAt = this.exports.wasm_malloc(4)
    const address = this.#run(() => this.exports.qjs_get_string_len(value, lengthAt))
    const length = address === 0 ? 0 : this.view(lengthAt, 4).getUint32(0, true)
    const text = address === 0 ? '' : decoder.decode(this.range(address, length))
    if (address !== 0) this.exports.qjs_free_cstring(address)
    this.exports.wasm_free(lengthAt)
    return text
  }

  numberOf(value: number): number {
    return this.exports.qjs_get_float64(value)
  }

  isBigInt(value: number): boolean {
    return this.exports.qjs_is_big_int(value) !== 0
  }

  /** Its lower 64 bits. */
  bigIntOf(value: number): bigint {
    const at = this.#allocate(new Uint8Array(8))
    this.exports.qjs_get_big_int64(value, at, at + 4)
    const bits = this.view(at, 8).getBigInt64(0, true)
    this.exports.wasm_free(at)
    return bits
  }

  bigInt(value: bigint): number {
    return this.exports.qjs_new_big_int64(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)))
  }

  /** The bytes of an array buffer, live; null where it is none. */
  bufferOf(value: number): Uint8Array | null {
    const lengthAt = this.#allocate(new Uint8Array(4))
    const address = this.exports.qjs_get_array_buffer(value, lengthAt)
    const length = this.view(lengthAt, 4).getUint32(0, true)
    this.exports.wasm_free(lengthAt)
    if (address !== 0) return this.range(address, length)
    this.free(this.exports.qjs_get_exception())
    return null
  }

  /** Evaluates a global script; a value handle, or the exception's text. */
  eval(code: string, file: string): { readonly value: number } | { readonly thrown: string } {
    const bytes = encoder.encode(code)
    const source = this.#allocate(bytes)
    const name = this.#allocate(encoder.encode(file))
    const value = this.#run(() => this.exports.qjs_eval(source, bytes.length, name, 0))
    this.exports.wasm_free(source)
    this.exports.wasm_free(name)
    if (this.exports.qjs_is_exception(value) === 0) return { value }
    this.free(value)
    return { thrown: this.takeException() }
  }

  takeException(): string {
    const error = this.exports.qjs_get_exception()
    const text = this.textOf(error)
    this.free(error)
    return text
  }

  /** Frees the arguments and returns the result's handle. */
  call(callee: number, args: readonly number[]): number {
    const argv = this.exports.wasm_malloc(Math.max(4, args.length * 4))
    if (argv === 0) throw new VmFault('memory: out of memory')
    const view = this.view(argv, args.length * 4)
    args.forEach((value, i) => {
      view.setUint32(i * 4, value, true)
    })
    const self = this.undefined()
    const result = this.#run(() => this.exports.qjs_call(callee, self, args.length, argv))
    this.free(self, ...args)
    this.exports.wasm_free(argv)
    return result
  }

  hostFunction(name: string): number {
    const bytes = encoder.encode(name)
    const address = this.#allocate(bytes)
    const value = this.exports.qjs_new_host_function(address, bytes.length, 0)
    this.exports.wasm_free(address)
    return value
  }

  // ---- suspension

  get rewinding(): boolean {
    return this.exports.asyncify_get_state?.() === ASYNCIFY_STATE.rewinding
  }

  /** Zeroes what nobody will read again: the stack below its pointer and the unused part of the arena. */
  normalise(suspended: boolean): void {
    this.range(0, this.exports.__stack_pointer.value as number).fill(0)
    this.segments.normalise(suspended)
  }
}

function mutableGlobals(module: WebAssembly.Module, instance: WebAssembly.Instance): Map<string, WebAssembly.Global> {
  const globals = new Map<string, WebAssembly.Global>()
  for (const { name, kind } of WebAssembly.Module.exports(module)) {
    if (kind !== 'global' || name === '__fuel' || name === '__soft') continue
    const global = instance.exports[name] as WebAssembly.Global
    if (isMutableGlobal(global)) globals.set(name, global)
  }
  return globals
}

/** Reflection does not tell; an immutable one throws a TypeError when it is written. */
export function isMutableGlobal(global: WebAssembly.Global): boolean {
  const now = global.value
  try {
    global.value = now
    return true
  } catch {
    return false
  }
}
