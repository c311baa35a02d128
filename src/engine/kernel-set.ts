/** The kernels of one agent: made at first use, sharing the agent's fuel, depth and half of its memory. */
import type { KernelImage } from './image.ts'
import { Kernel, type KernelOutcome } from './kernels.ts'
import { KERNELS_MAX } from './limits.ts'
import { type Vm, VmFault } from './vm.ts'

/** One read or write, in bytes: a text of it crosses the boundary. */
const TRANSFER_BYTES_MAX = 16 * 1_048_576

export class KernelSet {
  /** The soft fuel limit of the slice that runs. */
  soft = 0n
  readonly #modules: ReadonlyMap<string, WebAssembly.Module>
  readonly #pagesEach: number
  readonly #seed: number
  readonly #instances = new Map<string, Kernel>()

  constructor(modules: ReadonlyMap<string, WebAssembly.Module>, pages: number, seed: number) {
    if (modules.size > KERNELS_MAX) throw new VmFault(`kernels ${modules.size} > KERNELS_MAX ${KERNELS_MAX}`)
    this.#modules = modules
    this.#pagesEach = modules.size === 0 ? 0 : Math.floor(pages / modules.size)
    this.#seed = seed
  }

  /** Names of the kernels and of their functions. */
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
    for (const kernel of this.#instances.values()) bytes += kernel.memory?.buffer.byteLength ?? 0
    return bytes
  }

  /** The outcome as JSON; null where the kernel was suspended. */
  call(name: string, exportName: string, argsJson: string, vm: Vm): string | null {
    const kernel = this.#kernel(name, vm)
    if (typeof kernel === 'string') return kernel
    // Numbers travel as text: JSON has no NaN, no infinity and no -0.
    const args = (JSON.parse(argsJson) as unknown[]).map(Number)
    return this.#lend(vm, (meter) => kernel.call(exportName, args, meter))
  }

  /** Goes on with the kernel that stands in the middle of a call. */
  resume(vm: Vm): string | null {
    for (const kernel of this.#instances.values())
      if (kernel.isSuspended) return this.#lend(vm, (meter) => kernel.resume(meter))
    throw new VmFault('no kernel stands in the middle of a call')
  }

  #lend(vm: Vm, run: (meter: { fuelLeft: bigint; soft: bigint; depthLeft: number }) => KernelOutcome): string | null {
    const meter = { fuelLeft: vm.fuelLeft, soft: this.soft, depthLeft: vm.exports.__depth.value as number }
    try {
      const outcome = run(meter)
      if (outcome.kind === 'suspended') return null
      return outcome.kind === 'value'
        ? JSON.stringify({ value: Object.is(outcome.value, -0) ? '-0' : String(outcome.value) })
        : JSON.stringify({ error: outcome.error })
    } finally {
      vm.fuelLeft = meter.fuelLeft
    }
  }

  /** JSON with the bytes in base64, or an error. */
  read(name: string, address: number, length: number, vm: Vm): string {
    const kernel = this.#kernel(name, vm)
    if (typeof kernel === 'string') return kernel
    const range = length > TRANSFER_BYTES_MAX ? null : kernel.range(address, length)
    return range === null ? outside(name) : JSON.stringify({ value: toBase64(range) })
  }

  write(name: string, address: number, base64: string, vm: Vm): string {
    const kernel = this.#kernel(name, vm)
    if (typeof kernel === 'string') return kernel
    const bytes = fromBase64(base64)
    const range = kernel.range(address, bytes.length)
    if (range === null) return outside(name)
    range.set(bytes)
    return '{}'
  }

  /** The instance, or the error as JSON. Its start is charged to the agent. */
  #kernel(name: string, vm: Vm): Kernel | string {
    const known = this.#instances.get(name)
    if (known !== undefined) return known
    const module = this.#modules.get(name)
    if (module === undefined) return JSON.stringify({ error: `there is no kernel ${name}` })
    const kernel = this.#make(name, module)
    vm.fuelLeft -= kernel.startFuel
    return kernel
  }

  #make(name: string, module: WebAssembly.Module): Kernel {
    try {
      const kernel = new Kernel(name, module, this.#pagesEach, this.#seed)
      this.#instances.set(name, kernel)
      return kernel
    } catch (error) {
      if (error instanceof VmFault) throw error
      throw new VmFault(`kernel ${name} does not start`)
    }
  }

  freeze(): KernelImage[] {
    return [...this.#instances.values()].map((kernel) => kernel.freeze()).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** The reason why the images do not fit, or null. What was there before is gone. */
  thaw(images: readonly KernelImage[]): string | null {
    this.#instances.clear()
    for (const image of images) {
      const module = this.#modules.get(image.name)
      if (module === undefined) return `there is no kernel ${image.name}`
      const fault = this.#make(image.name, module).thaw(image)
      if (fault !== null) return `kernel ${image.name}: ${fault}`
    }
    return null
  }
}

const outside = (name: string): string =>
  JSON.stringify({ error: `the range lies outside the memory of kernel ${name}` })

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function toBase64(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(i, i + 3)
    const left = bytes.length - i
    parts.push((ALPHABET[a >> 2] ?? '') + (ALPHABET[((a & 3) << 4) | (b >> 4)] ?? ''))
    parts.push(left > 1 ? (ALPHABET[((b & 15) << 2) | (c >> 6)] ?? '') : '=', left > 2 ? (ALPHABET[c & 63] ?? '') : '=')
  }
  return parts.join('')
}

/** Of text the prelude made; anything else gives other bytes, never an error. */
function fromBase64(text: string): Uint8Array {
  const clean = text.replace(/=+$/, '')
  const bytes = new Uint8Array(Math.floor((clean.length * 3) / 4))
  let bits = 0
  let held = 0
  let at = 0
  for (const digit of clean) {
    held = (held << 6) | Math.max(0, ALPHABET.indexOf(digit))
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (held >> bits) & 0xff
    }
  }
  return bytes
}
