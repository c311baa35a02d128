/** Kernels as an author sees them: functions of WebAssembly instances beside the program, and their memory. */

export type KernelFunction = (...args: (number | bigint | ArrayBufferView)[]) => number

export interface KernelOptions {
  /** Tells instances of one kernel apart. */
  readonly instance?: string
  /**
   * What its memory may grow to, set aside for it from the kernels' half of the agent's memory. Without it an instance
   * grows as long as something is left.
   */
  readonly memoryBytesMax?: number
}

/** A kernel's linear memory. Copies go in and out: a view into it could not travel. */
export interface KernelMemory {
  readonly byteLength: number
  read(address: number, length: number): Uint8Array
  /** Fills a typed array of any kind with what lies at the address, and answers it. */
  read<View extends ArrayBufferView>(address: number, into: View): View
  write(address: number, from: ArrayBufferView): void
  /** Gives the memory back, and with it the whole instance: its functions are gone. */
  release(): void
}

/** What the engine's prelude leaves on the global object for this. */
export interface KernelEngine {
  kernels(): Readonly<Record<string, readonly string[]>>
  kernelOpen(name: string, instance: string, memoryBytesMax: number): number
  kernelCall(kernel: number, index: number, ...args: (number | bigint)[]): number
  kernelRead(kernel: number, address: number, into: ArrayBufferView): void
  kernelWrite(kernel: number, address: number, from: ArrayBufferView): void
  kernelBytes(kernel: number): number
  kernelRelease(kernel: number): void
}

/** Throws what the engine refuses with, an error with a code. */
export function openKernel(
  inner: KernelEngine,
  name: string,
  { instance = '', memoryBytesMax = 0 }: KernelOptions,
): object {
  let id = inner.kernelOpen(name, instance, memoryBytesMax)
  const names = inner.kernels()[name] ?? []
  const functions: Record<string, unknown> = {}
  names.forEach((one, index) => {
    functions[one] = (...args: (number | bigint | ArrayBufferView)[]): number => {
      for (const arg of args) if (typeof arg === 'object') return callWithViews(inner, id, names, index, args)
      return inner.kernelCall(id, index, ...(args as number[]))
    }
  })
  functions.memory = {
    get byteLength() {
      return inner.kernelBytes(id)
    },
    read<View extends ArrayBufferView>(address: number, into: number | View): Uint8Array | View {
      const view = typeof into === 'number' ? new Uint8Array(into) : into
      inner.kernelRead(id, address, view)
      return view
    },
    write: (address: number, from: ArrayBufferView) => inner.kernelWrite(id, address, from),
    release() {
      inner.kernelRelease(id)
      id = -1
    },
  }
  return functions
}

/** Typed arrays lie in the kernel's memory while the call lasts, and come back as it left them. */
function callWithViews(
  inner: KernelEngine,
  id: number,
  names: readonly string[],
  index: number,
  args: readonly (number | bigint | ArrayBufferView)[],
): number {
  const alloc = names.findIndex((one) => one === 'alloc' || one === 'malloc')
  if (alloc < 0) throw new TypeError('a kernel without alloc or malloc takes no arrays')
  const placed: { readonly view: ArrayBufferView; readonly address: number }[] = []
  const numbers = args.map((arg) => {
    if (!ArrayBuffer.isView(arg)) return arg
    const address = inner.kernelCall(id, alloc, arg.byteLength) >>> 0
    inner.kernelWrite(id, address, arg)
    placed.push({ view: arg, address })
    return address
  })
  const result = inner.kernelCall(id, index, ...numbers)
  for (const { view, address } of placed) inner.kernelRead(id, address, view)
  const free = names.indexOf('free')
  if (free >= 0) for (const { address } of placed.reverse()) inner.kernelCall(id, free, address)
  return result
}
