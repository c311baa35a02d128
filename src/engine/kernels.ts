/**
 * An agent's kernels: WebAssembly instances beside its VM, called synchronously, charged to the same fuel and depth, and
 * part of its image. An instance is made at its first call. What goes wrong inside (a trap, an abort, a missing export) is
 * an error the program can catch, worded here and never by the realm, whose words differ between engines; only fuel that
 * runs out, or a native stack that overflows, ends the agent.
 */
import type { KernelImage } from './image.ts'
import { FUEL_MAX, IMAGE_PAGE_BYTES, KERNEL_REWIND_FUEL, KERNEL_START_FUEL, WASM_PAGE_BYTES } from './limits.ts'
import { differingPages, putPages } from './pages.ts'
import { isMutableGlobal, VmFault } from './vm.ts'

/** The agent's counters, lent to a kernel while it runs. */
export interface Meter {
  fuelLeft: bigint
  readonly soft: bigint
  readonly depthLeft: number
}

export type KernelOutcome =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'error'; readonly error: string }
  | { readonly kind: 'suspended' }

interface KernelExports {
  readonly memory?: WebAssembly.Memory
  readonly __fuel: WebAssembly.Global
  readonly __soft?: WebAssembly.Global
  readonly __depth: WebAssembly.Global
  readonly __safepoint_address?: WebAssembly.Global
  readonly __safepoint_bytes?: WebAssembly.Global
  asyncify_start_unwind?(address: number): void
  asyncify_stop_unwind?(): void
  asyncify_start_rewind?(address: number): void
  asyncify_stop_rewind?(): void
  asyncify_get_state?(): number
}

/** Carries an AssemblyScript abort out of the kernel. */
class KernelAbort extends Error {
  override readonly name = 'KernelAbort'
}

const DRIVER_GLOBALS: ReadonlySet<string> = new Set(['__fuel', '__soft', '__depth'])
const UTF16 = 2
/** Asyncify's state while frames are being unwound. */
const UNWINDING = 1

export class Kernel {
  readonly name: string
  readonly memory: WebAssembly.Memory | null
  /** Fuel as it was where the kernel stands or stood: rewinding passes entries and loop headers again, for nothing. */
  #fuelAtYield: bigint | null = null
  #rewinding = false
  suspended: { readonly exportName: string; readonly args: readonly number[] } | null = null
  readonly #exports: KernelExports
  readonly #functions: ReadonlyMap<string, (...args: number[]) => unknown>
  readonly #globals = new Map<string, WebAssembly.Global>()
  readonly #fresh: Uint8Array

  constructor(name: string, module: WebAssembly.Module, pagesMax: number, seed: number) {
    this.name = name
    const needsMemory = WebAssembly.Module.imports(module).some((one) => one.kind === 'memory')
    this.memory = needsMemory ? kernelMemory(module, pagesMax) : null
    const instance = new WebAssembly.Instance(module, {
      env: {
        ...(this.memory === null ? {} : { memory: this.memory }),
        abort: (message: number, file: number, line: number, column: number) => {
          throw new KernelAbort(`${this.#text(message)} (${this.#text(file)}:${line}:${column})`)
        },
        seed: () => seed,
        trace: () => {},
      },
      sojourn: { yield: () => this.#yield() },
    })
    this.#exports = instance.exports as unknown as KernelExports
    const functions = new Map<string, (...args: number[]) => unknown>()
    for (const { name: exported, kind } of WebAssembly.Module.exports(module)) {
      if (kind === 'function' && !exported.startsWith('asyncify_'))
        functions.set(exported, instance.exports[exported] as () => unknown)
      if (kind !== 'global' || DRIVER_GLOBALS.has(exported)) continue
      const global = instance.exports[exported] as WebAssembly.Global
      if (isMutableGlobal(global)) this.#globals.set(exported, global)
    }
    this.#functions = functions
    this.#fresh = this.memory === null ? new Uint8Array(0) : new Uint8Array(this.memory.buffer).slice()
  }

  /** Fuel the start function took; it ran before the agent's own budget could be lent. */
  get startFuel(): bigint {
    return KERNEL_START_FUEL - (this.#exports.__fuel.value as bigint)
  }

  call(exportName: string, args: readonly number[], meter: Meter): KernelOutcome {
    const callee = this.#functions.get(exportName)
    if (callee === undefined) return { kind: 'error', error: `kernel ${this.name} has no function ${exportName}` }
    return this.#enter(exportName, args, () => callee(...args), meter)
  }

  /** Goes on with the call that stands in the middle. */
  resume(meter: Meter): KernelOutcome {
    const standing = this.suspended
    const callee = standing === null ? undefined : this.#functions.get(standing.exportName)
    if (standing === null || callee === undefined) throw new VmFault('no kernel stands in the middle of a call')
    this.suspended = null
    return this.#enter(
      standing.exportName,
      standing.args,
      () => {
        this.#rewinding = true
        this.#fuelAtYield = meter.fuelLeft
        this.#exports.__fuel.value = KERNEL_REWIND_FUEL
        this.#exports.asyncify_start_rewind?.(this.asyncifyAddress)
        return callee(...standing.args)
      },
      meter,
    )
  }

  #enter(exportName: string, args: readonly number[], run: () => unknown, meter: Meter): KernelOutcome {
    this.#exports.__fuel.value = meter.fuelLeft
    this.#exports.__depth.value = meter.depthLeft
    this.#fuelAtYield = null
    if (this.#exports.__soft !== undefined)
      this.#exports.__soft.value = this.asyncifyAddress === 0 ? -FUEL_MAX : meter.soft
    let value: unknown
    try {
      value = run()
    } catch (error) {
      if (this.#rewinding) throw new VmFault('a kernel did not come back to where it stood')
      meter.fuelLeft = this.#exports.__fuel.value as bigint
      return this.#caught(error, meter)
    }
    if (this.#rewinding) throw new VmFault('a kernel did not come back to where it stood')
    if (this.#fuelAtYield !== null && this.#exports.asyncify_get_state?.() === UNWINDING) {
      const spent = this.#fuelAtYield - (this.#exports.__fuel.value as bigint)
      if (spent > KERNEL_REWIND_FUEL) throw new VmFault('a kernel works while it pretends to unwind')
      meter.fuelLeft = this.#fuelAtYield
      this.#exports.asyncify_stop_unwind?.()
      this.suspended = { exportName, args }
      return { kind: 'suspended' }
    }
    meter.fuelLeft = this.#exports.__fuel.value as bigint
    if (typeof value === 'bigint')
      return { kind: 'error', error: `kernel ${this.name}.${exportName} returns a 64-bit integer` }
    return { kind: 'value', value: typeof value === 'number' ? value : 0 }
  }

  #caught(error: unknown, meter: Meter): KernelOutcome {
    if (meter.fuelLeft < 0n) throw new VmFault('fuel: used up in a kernel')
    if (error instanceof KernelAbort) return { kind: 'error', error: `kernel ${this.name} aborted: ${error.message}` }
    if (error instanceof TypeError)
      return { kind: 'error', error: `kernel ${this.name} takes numbers only, not 64-bit integers` }
    if ((this.#exports.__depth.value as number) < 0)
      return { kind: 'error', error: `kernel ${this.name} recursed too deep` }
    if (error instanceof WebAssembly.RuntimeError) return { kind: 'error', error: `kernel ${this.name} trapped` }
    throw error
  }

  #yield(): void {
    const { asyncify_stop_rewind, asyncify_start_unwind, __fuel } = this.#exports
    if (this.#rewinding) {
      this.#rewinding = false
      asyncify_stop_rewind?.()
      __fuel.value = this.#fuelAtYield
      this.#fuelAtYield = null
      return
    }
    const header = this.#view(this.asyncifyAddress, 8)
    if (header === null || asyncify_start_unwind === undefined || this.asyncifyAddress === 0) return
    header.setUint32(0, this.asyncifyAddress + 8, true)
    header.setUint32(4, this.asyncifyAddress + this.#bufferBytes, true)
    this.#fuelAtYield = __fuel.value as bigint
    asyncify_start_unwind(this.asyncifyAddress)
  }

  /** Where the kernel lets its frames be kept; 0 where it cannot be suspended. */
  get asyncifyAddress(): number {
    const address = this.#exports.__safepoint_address?.value as unknown
    return typeof address === 'number' && this.#exports.asyncify_get_state !== undefined ? address : 0
  }

  get #bufferBytes(): number {
    const bytes = this.#exports.__safepoint_bytes?.value as unknown
    return typeof bytes === 'number' ? bytes : 0
  }

  /** Bytes of the kernel's memory, live; null where the range is not inside it. */
  range(address: number, length: number): Uint8Array | null {
    if (this.memory === null || !Number.isInteger(address) || !Number.isInteger(length) || address < 0 || length < 0)
      return null
    if (address + length > this.memory.buffer.byteLength) return null
    return new Uint8Array(this.memory.buffer, address, length)
  }

  #view(address: number, length: number): DataView | null {
    const range = this.range(address, length)
    return range === null ? null : new DataView(range.buffer, range.byteOffset, range.byteLength)
  }

  /** An AssemblyScript string: UTF-16, its length in bytes in the four bytes before it. */
  #text(address: number): string {
    const length = this.#view(address - 4, 4)?.getUint32(0, true) ?? 0
    const view = this.#view(address, Math.min(length, 1_024))
    if (view === null) return '?'
    let text = ''
    for (let at = 0; at + UTF16 <= view.byteLength; at += UTF16) text += String.fromCharCode(view.getUint16(at, true))
    return text
  }

  freeze(): KernelImage {
    const memory = this.memory === null ? new Uint8Array(0) : new Uint8Array(this.memory.buffer)
    this.#normalise()
    return {
      name: this.name,
      memoryPages: memory.length / WASM_PAGE_BYTES,
      pages: differingPages(memory, this.#fresh),
      globals: new Map([...this.#globals].map(([name, global]) => [name, global.value as number | bigint])),
      suspended: this.suspended,
      asyncifyAddress: this.asyncifyAddress,
    }
  }

  /** Zeroes the part of the frame buffer that nobody will read again. */
  #normalise(): void {
    const address = this.asyncifyAddress
    if (address === 0) return
    const used = this.suspended === null ? 0 : (this.#view(address, 4)?.getUint32(0, true) ?? 0) - address
    if (used < 0 || used > this.#bufferBytes) throw new VmFault('the frames of a kernel lie outside their buffer')
    this.range(address + used, this.#bufferBytes - used)?.fill(0)
  }

  /** Stands as the image says. The reason why it cannot, or null. */
  thaw(image: KernelImage): string | null {
    const pagesNow = (this.memory?.buffer.byteLength ?? 0) / WASM_PAGE_BYTES
    if (image.memoryPages < pagesNow) return 'kernel memory is smaller than it starts'
    if (image.memoryPages > pagesNow) {
      try {
        this.memory?.grow(image.memoryPages - pagesNow)
      } catch {
        return 'kernel memory exceeds its share of memoryBytesMax'
      }
    }
    const memory = this.memory === null ? new Uint8Array(0) : new Uint8Array(this.memory.buffer)
    for (const page of image.pages.keys())
      if ((page + 1) * IMAGE_PAGE_BYTES > memory.length) return 'kernel page lies outside its memory'
    if (image.globals.size !== this.#globals.size) return 'kernel globals are not those of the kernel'
    for (const [name, value] of image.globals) {
      const global = this.#globals.get(name)
      if (global === undefined || typeof global.value !== typeof value)
        return `kernel global ${name} is not of the kernel`
      global.value = value
    }
    if (image.asyncifyAddress !== this.asyncifyAddress) return 'kernel frame buffer is not where the kernel has it'
    if (image.suspended !== null && (this.asyncifyAddress === 0 || !this.#functions.has(image.suspended.exportName)))
      return 'kernel cannot stand in that call'
    putPages(memory, image.pages)
    this.suspended = image.suspended
    return null
  }
}

/** Its initial size is in the name of an export the pass adds: reflection does not tell it. */
function kernelMemory(module: WebAssembly.Module, pagesMax: number): WebAssembly.Memory {
  const told = WebAssembly.Module.exports(module).find((one) => one.name.startsWith('__memory_pages_'))
  const initial = told === undefined ? 1 : Number(told.name.slice('__memory_pages_'.length))
  if (initial > pagesMax) throw new VmFault(`memory: a kernel starts with ${initial} pages > ${pagesMax}`)
  return new WebAssembly.Memory({ initial, maximum: pagesMax })
}
