/**
 * The kernels of one agent: instances made when they are asked for, sharing the agent's fuel, depth and the part of its
 * memory that is not the VM's. An instance that asked for a maximum has it set aside; all others share what is left, page
 * by page, so that all together never have more than their part.
 */
import type { KernelImage } from './image.ts'
import type { Meter } from './kernel-meter.ts'
import { Kernel, type KernelArgument, type KernelOutcome } from './kernels.ts'
import {
  BULK_BYTES_PER_FUEL_LOG2,
  KERNEL_BYTES_PER_FUEL_LOG2,
  KERNEL_INSTANCE_FUEL,
  KERNEL_NAME_LENGTH_MAX,
  KERNEL_START_FUEL,
  KERNELS_MAX,
  WASM_PAGE_BYTES,
} from './limits.ts'
import { type Vm, VmFault } from './vm.ts'

/** Why an instance is not made; the codes are the author's door's. */
export interface KernelRefusal {
  readonly code: 'NOT_FOUND' | 'QUOTA' | 'INVALID'
  readonly reason: string
}

interface Held {
  readonly id: number
  readonly name: string
  /** Tells instances of one kernel apart. */
  readonly instance: string
  /** Pages set aside for it, or null where it takes them as it goes. */
  readonly pagesMax: number | null
  readonly kernel: Kernel
}

export class KernelSet {
  /** The soft fuel limit of the slice that runs. */
  soft = 0n
  readonly #modules: ReadonlyMap<string, WebAssembly.Module>
  readonly #pages: number
  readonly #seed: number
  /** By the instance's number, which is the lowest that was free. */
  readonly #held = new Map<number, Held>()

  /** `pages`: all that the instances may have together. */
  constructor(modules: ReadonlyMap<string, WebAssembly.Module>, pages: number, seed: number) {
    if (modules.size > KERNELS_MAX) throw new VmFault(`kernels ${modules.size} > KERNELS_MAX ${KERNELS_MAX}`)
    this.#modules = modules
    this.#pages = pages
    this.#seed = seed
  }

  /** Names of the kernels and of their functions, in the order of their numbers. */
  get names(): Record<string, string[]> {
    const names: Record<string, string[]> = {}
    for (const [name, module] of this.#modules) {
      const functions = WebAssembly.Module.exports(module).filter((one) => one.kind === 'function')
      names[name] = functions.map((one) => one.name)
    }
    return names
  }

  get memoryBytes(): number {
    let bytes = 0
    for (const { kernel } of this.#held.values()) bytes += kernel.memory?.buffer.byteLength ?? 0
    return bytes
  }

  /** The number of the instance of that name, made if it is not there. `memoryBytesMax` 0: as much as is left. */
  open(name: string, instance: string, memoryBytesMax: number, vm: Vm): number | KernelRefusal {
    const pagesMax = memoryBytesMax === 0 ? null : Math.floor(memoryBytesMax / WASM_PAGE_BYTES)
    for (const held of this.#held.values()) {
      if (held.name !== name || held.instance !== instance) continue
      if (pagesMax === null || pagesMax === held.pagesMax) return held.id
      return { code: 'INVALID', reason: `kernel ${name} "${instance}" is there with another memoryBytesMax` }
    }
    if (instance.length > KERNEL_NAME_LENGTH_MAX)
      return { code: 'INVALID', reason: `kernel instance length ${instance.length} > ${KERNEL_NAME_LENGTH_MAX}` }
    const module = this.#modules.get(name)
    if (module === undefined) return { code: 'NOT_FOUND', reason: `the bundle has no kernel "${name}"` }
    const made = this.#make(this.#free(), name, module, instance, pagesMax)
    vm.fuelLeft -= KERNEL_INSTANCE_FUEL
    if (!('id' in made)) {
      // What its start did before it failed is not known, and is not for nothing.
      if (made.code === 'INVALID') vm.fuelLeft -= KERNEL_START_FUEL
      return made
    }
    const { startFuel, memory } = made.kernel
    vm.fuelLeft -= startFuel + (BigInt(memory?.buffer.byteLength ?? 0) >> KERNEL_BYTES_PER_FUEL_LOG2)
    return made.id
  }

  #free(): number {
    for (let id = 0; ; id++) if (!this.#held.has(id)) return id
  }

  /** Pages that no instance has and none was promised. */
  #unclaimed(): number {
    let claimed = 0
    for (const { pagesMax, kernel } of this.#held.values()) claimed += pagesMax ?? kernel.memoryPages
    return this.#pages - claimed
  }

  #make(
    id: number,
    name: string,
    module: WebAssembly.Module,
    instance: string,
    pagesMax: number | null,
  ): Held | KernelRefusal {
    if (this.#held.size >= KERNELS_MAX)
      return { code: 'QUOTA', reason: `kernel instances > KERNELS_MAX ${KERNELS_MAX}` }
    const left = this.#unclaimed()
    if (pagesMax !== null && !(pagesMax >= 0 && pagesMax <= left))
      return {
        code: 'QUOTA',
        reason: `kernel ${name}: memory ${pagesMax} pages of ${WASM_PAGE_BYTES} bytes > ${left} left`,
      }
    const room = pagesMax ?? this.#pages
    const mayGrow = (pages: number, own: number): boolean =>
      pagesMax !== null || pages + (this.#held.has(id) ? 0 : own) <= this.#unclaimed()
    try {
      const kernel = new Kernel(name, module, { pagesMax: room, seed: this.#seed + id, mayGrow })
      const held = { id, name, instance, pagesMax, kernel }
      this.#held.set(id, held)
      return held
    } catch (error) {
      if (error instanceof VmFault && error.message.startsWith('memory:'))
        return { code: 'QUOTA', reason: `kernel ${name}: ${error.message}` }
      // Another host has the memory: the program must not see the difference.
      if (error instanceof RangeError) throw new VmFault('memory: this host has none for a kernel')
      return { code: 'INVALID', reason: `kernel ${name} does not start` }
    }
  }

  /** Gives an instance and its memory back. */
  release(id: number): void {
    this.#held.delete(id)
  }

  #kernel(id: number): Kernel | null {
    return this.#held.get(id)?.kernel ?? null
  }

  /** Calls the function of that number. */
  call(id: number, index: number, args: readonly KernelArgument[], vm: Vm): KernelOutcome {
    const kernel = this.#kernel(id)
    if (kernel === null) return GONE
    return this.#lend(vm, (meter) => kernel.call(index, args, meter))
  }

  /** Goes on with the kernel that stands in the middle of a call. */
  resume(vm: Vm): KernelOutcome {
    for (const { kernel } of this.#held.values())
      if (kernel.isSuspended) return this.#lend(vm, (meter) => kernel.resume(meter))
    throw new VmFault('no kernel stands in the middle of a call')
  }

  #lend(vm: Vm, run: (meter: Meter) => KernelOutcome): KernelOutcome {
    const meter = { fuelLeft: vm.fuelLeft, soft: this.soft, depthLeft: vm.exports.__depth.value as number }
    try {
      return run(meter)
    } finally {
      vm.fuelLeft = meter.fuelLeft
    }
  }

  /** The instance's memory, live; null where the instance or the range is not there. The copy is paid by whoever asks. */
  range(id: number, address: number, length: number, vm: Vm): Uint8Array | null {
    const range = this.#kernel(id)?.range(address, length) ?? null
    if (range !== null) vm.fuelLeft -= bulkFuel(length)
    return range
  }

  byteLength(id: number): number {
    return this.#kernel(id)?.memory?.buffer.byteLength ?? 0
  }

  freeze(): KernelImage[] {
    return [...this.#held.values()]
      .sort((a, b) => a.id - b.id)
      .map(({ id, instance, pagesMax, kernel }) => ({ id, instance, memoryPagesMax: pagesMax, ...kernel.freeze() }))
  }

  /** The reason why the images do not fit, or null. What was there before is gone. */
  thaw(images: readonly KernelImage[]): string | null {
    this.#held.clear()
    for (const image of images) {
      const module = this.#modules.get(image.name)
      if (module === undefined) return `there is no kernel ${image.name}`
      const made = this.#make(image.id, image.name, module, image.instance, image.memoryPagesMax)
      const fault = 'id' in made ? made.kernel.thaw(image) : made.reason
      if (fault !== null) return `kernel ${image.name}: ${fault}`
    }
    return null
  }
}

/** Not with a number's own shift, for which 2 GiB are less than nothing. */
const bulkFuel = (bytes: number): bigint => BigInt(bytes) >> BigInt(BULK_BYTES_PER_FUEL_LOG2)

const GONE: KernelOutcome = { kind: 'error', error: 'the kernel has been released' }
