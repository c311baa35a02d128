/** The bare engine, stock or ours, without the machine around it: what the builds are compared on. */

interface RawEngine {
  readonly memory: WebAssembly.Memory
  _initialize(): void
  qjs_init(): number
  qjs_eval(code: number, length: number, file: number, flags: number): number
  qjs_is_exception(value: number): number
  qjs_free_value(value: number): void
  wasm_malloc(bytes: number): number
  wasm_free(address: number): void
}

/** Evaluates in any of the three builds, without a driver that would cost one of them more than another. */
export function rawEval(module: WebAssembly.Module): (code: string) => void {
  const own = WebAssembly.Module.imports(module).some((one) => one.kind === 'memory')
  let memory = new WebAssembly.Memory({ initial: 20, maximum: 4_096 })
  const view = (): DataView => new DataView(memory.buffer)
  const zero = (): number => 0
  const env = {
    host_get_timezone_offset: zero,
    host_interrupt: zero,
    host_promise_rejection: () => {},
    host_module_normalize: zero,
    host_module_load: zero,
    host_call: zero,
    // The programs stay in one segment.
    host_segment: () => {
      throw new Error('a program of the benchmark is too deep')
    },
  }
  const wasi = {
    clock_time_get: (_id: number, _precision: bigint, at: number) => {
      view().setBigUint64(at, 1n, true)
      return 0
    },
    fd_close: zero,
    fd_fdstat_get: zero,
    fd_seek: zero,
    fd_write: zero,
    random_get: zero,
  }
  const instance = new WebAssembly.Instance(module, {
    env: own ? { memory, ...env } : env,
    wasi_snapshot_preview1: wasi,
  })
  const raw = instance.exports as unknown as RawEngine
  memory = raw.memory
  raw._initialize()
  raw.qjs_init()
  return (code) => {
    const bytes = new TextEncoder().encode(`${code}\0`)
    const at = raw.wasm_malloc(bytes.length)
    new Uint8Array(memory.buffer).set(bytes, at)
    const value = raw.qjs_eval(at, bytes.length - 1, at + bytes.length - 1, 0)
    if (raw.qjs_is_exception(value) !== 0) throw new Error(`program failed: ${code.slice(0, 40)}`)
    raw.qjs_free_value(value)
    raw.wasm_free(at)
  }
}
