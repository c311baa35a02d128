/**
 * An agent's kernels: WebAssembly instances beside its VM, called synchronously, charged to the same fuel and depth, and
 * part of its image. What goes wrong inside (a trap, an abort, a missing export) is an error the program can catch, worded
 * here and never by the realm, whose words differ between engines; only fuel that runs out, or a native stack that
 * overflows, ends the agent.
 */
import type { KernelState } from './image.ts'
import { FACTS_SECTION, type KernelFacts } from './instrument/kernel.ts'
import { TYPE } from './instrument/signature.ts'
import { KernelFrames } from './kernel-frames.ts'
import { KernelMeter, KernelTooDeep, type Meter } from './kernel-meter.ts'
import {
  BULK_BYTES_PER_FUEL_LOG2,
  HOST_DEPTH_UNITS,
  IMAGE_PAGE_BYTES,
  KERNEL_START_FUEL,
  WASM_PAGE_BYTES,
} from './limits.ts'
import { differingPages, putPages } from './pages.ts'
import { isMutableGlobal, VmFault } from './vm.ts'

export type KernelOutcome =
  | { readonly kind: 'value'; readonly value: number | bigint | undefined }
  | { readonly kind: 'error'; readonly error: string }
  | { readonly kind: 'suspended' }

/** Carries an AssemblyScript abort out of the kernel. */
class KernelAbort extends Error {
  override readonly name = 'KernelAbort'
}

export type KernelArgument = number | bigint

export interface KernelSettings {
  /** The most its memory may have. */
  readonly pagesMax: number
  readonly seed: number
  /** Whether so many pages more are there to be had by an instance that has `own`. */
  mayGrow?(pages: number, own: number): boolean
}

interface KernelFunction {
  readonly name: string
  readonly run: (...args: (number | bigint | string)[]) => unknown
  readonly params: readonly number[]
  readonly results: readonly number[]
}

const UTF16 = 2
/** What `turn` answers to a function that cannot go on by itself. */
const TURN = { goOn: 0, leave: 1, takeUp: 2 } as const

export class Kernel {
  readonly name: string
  readonly memory: WebAssembly.Memory | null
  #moving: 'not' | 'leaving' | 'taking up' = 'not'
  #fuelAtPoint = 0n
  #suspended: { readonly exportName: string; readonly cell: number } | null = null
  readonly #frames = new KernelFrames()
  /** Null until the start function has run: that has KERNEL_START_FUEL and nothing more. */
  #lent: KernelMeter | null = null
  readonly #functions: KernelFunction[] = []
  readonly #settings: KernelSettings
  readonly #globals = new Map<string, WebAssembly.Global>()
  readonly #fresh: Uint8Array
  /** Fuel the start function took; it ran before the agent's own budget could be lent. */
  readonly startFuel: bigint

  constructor(name: string, module: WebAssembly.Module, settings: KernelSettings) {
    const { pagesMax, seed } = settings
    this.name = name
    this.#settings = settings
    const facts = factsOf(module)
    const pages = facts.memoryPages ?? 0
    if (pages > pagesMax || settings.mayGrow?.(pages, 0) === false)
      throw new VmFault(`memory: ${pages} pages at the start are more than is left`)
    this.memory =
      facts.memoryPages === null ? null : new WebAssembly.Memory({ initial: facts.memoryPages, maximum: pagesMax })
    const instance = new WebAssembly.Instance(module, {
      env: {
        ...(this.memory === null ? {} : { memory: this.memory }),
        abort: (message: number, file: number, line: number, column: number) => {
          throw new KernelAbort(`${this.#text(message)} (${this.#text(file)}:${line}:${column})`)
        },
        seed: () => seed,
        trace: () => {},
      },
      sojourn: {
        turn: () => this.#turn(),
        overdrawn: () => this.#meter.overdrawn(),
        grow: (pages: number) => this.#grow(pages >>> 0),
        save: (word: number) => this.#frames.push(word),
        restore: () => this.#restore(),
      },
    })
    const budget = instance.exports.__budget as WebAssembly.Global
    this.#lent = new KernelMeter(budget)
    this.startFuel = (BigInt(HOST_DEPTH_UNITS) << 32n) + KERNEL_START_FUEL - (budget.value as bigint)
    for (const { name: exported, kind } of WebAssembly.Module.exports(module)) {
      if (kind === 'function') {
        const [params, results] = facts.functions[this.#functions.length] ?? [[], []]
        const run = instance.exports[exported] as KernelFunction['run']
        this.#functions.push({ name: exported, run, params, results })
      }
      if (kind !== 'global' || exported === '__budget') continue
      const global = instance.exports[exported] as WebAssembly.Global
      if (isMutableGlobal(global)) this.#globals.set(exported, global)
    }
    this.#fresh = this.memory === null ? new Uint8Array(0) : new Uint8Array(this.memory.buffer).slice()
  }

  get #meter(): KernelMeter {
    if (this.#lent === null) throw new VmFault(`kernel ${this.name}: its start takes too much fuel or depth`)
    return this.#lent
  }

  get isSuspended(): boolean {
    return this.#suspended !== null
  }

  get memoryPages(): number {
    return (this.memory?.buffer.byteLength ?? 0) / WASM_PAGE_BYTES
  }

  /** By the function's number among the exported functions; missing arguments are 0. */
  call(index: number, args: readonly KernelArgument[], meter: Meter): KernelOutcome {
    const callee = this.#functions[index]
    if (callee === undefined) return { kind: 'error', error: `kernel ${this.name} has no function ${index}` }
    const given = this.#given(callee, args)
    if (typeof given === 'string') return { kind: 'error', error: given }
    this.#meter.begin(meter, null)
    return this.#run(callee, () => callee.run(...given), meter)
  }

  #given({ name, params }: KernelFunction, args: readonly KernelArgument[]): KernelArgument[] | string {
    const given: KernelArgument[] = []
    for (const [i, type] of params.entries()) {
      const arg = args[i] ?? 0
      if (type !== TYPE.i64) given.push(Number(arg))
      else if (typeof arg === 'bigint') given.push(arg)
      else if (Number.isSafeInteger(arg)) given.push(BigInt(arg))
      else return `kernel ${this.name}.${name} takes a bigint or a whole number as argument ${i + 1}`
    }
    return given
  }

  numberOf(exportName: string): number {
    return this.#functions.findIndex(({ name }) => name === exportName)
  }

  /** Goes on with the call that stands in the middle. */
  resume(meter: Meter): KernelOutcome {
    const standing = this.#suspended
    const callee = standing === null ? undefined : this.#functions[this.numberOf(standing.exportName)]
    if (standing === null || callee === undefined) throw new VmFault('no kernel stands in the middle of a call')
    this.#suspended = null
    this.#meter.begin(meter, standing.cell)
    this.#fuelAtPoint = meter.fuelLeft
    this.#moving = 'taking up'
    this.#meter.stir()
    // The frames hold the arguments; text becomes a number of any type.
    return this.#run(callee, () => callee.run(...callee.params.map(() => '0')), meter)
  }

  #run({ name, results }: KernelFunction, run: () => unknown, meter: Meter): KernelOutcome {
    let value: unknown
    try {
      value = run()
    } catch (error) {
      if (this.#moving !== 'not') throw movingFault(error)
      meter.fuelLeft = this.#meter.fuelLeftInTrap
      return this.#caught(error)
    }
    if (this.#moving === 'taking up') throw new VmFault('a kernel did not come back to where it stood')
    if (this.#moving === 'leaving') {
      this.#moving = 'not'
      this.#meter.goOn(this.#fuelAtPoint)
      this.#suspended = { exportName: name, cell: this.#meter.cellLeft }
      meter.fuelLeft = this.#fuelAtPoint
      return { kind: 'suspended' }
    }
    meter.fuelLeft = this.#meter.fuelLeft
    if (results.length > 1) return { kind: 'error', error: `kernel ${this.name}.${name} returns several values` }
    // One bit pattern: what a NaN looks like is the realm's business.
    const isNumber = typeof value === 'number'
    return {
      kind: 'value',
      value: isNumber && Number.isNaN(value) ? Number.NaN : (value as KernelArgument | undefined),
    }
  }

  #caught(error: unknown): KernelOutcome {
    if (error instanceof KernelAbort) return { kind: 'error', error: `kernel ${this.name} aborted: ${error.message}` }
    if (error instanceof KernelTooDeep) return { kind: 'error', error: `kernel ${this.name} recursed too deep` }
    if (error instanceof WebAssembly.RuntimeError) return { kind: 'error', error: `kernel ${this.name} trapped` }
    throw error
  }

  /** A function of the kernel cannot go on by itself. */
  #turn(): number {
    this.#meter.checkDepth()
    if (this.#moving === 'leaving') return TURN.leave
    if (this.#moving === 'taking up') return TURN.takeUp
    if (!this.#meter.ask()) return TURN.goOn
    this.#moving = 'leaving'
    this.#fuelAtPoint = this.#meter.fuelLeft
    this.#frames.clear()
    this.#meter.stir()
    return TURN.leave
  }

  /** memory.grow, for the instance's own maximum and what its agent has left. */
  #grow(pages: number): number {
    const before = this.memoryPages
    if (this.memory === null || before + pages > this.#settings.pagesMax) return -1
    if (this.#settings.mayGrow?.(pages, before) === false) return -1
    this.#lent?.charge(BigInt(pages * WASM_PAGE_BYTES) >> BigInt(BULK_BYTES_PER_FUEL_LOG2))
    try {
      return this.memory.grow(pages)
    } catch {
      // Another host has it: the kernel must not see the difference.
      throw new VmFault(`memory: this host has no ${pages} pages more for a kernel`)
    }
  }

  #restore(): number {
    const word = this.#frames.pop()
    if (this.#frames.isEmpty && this.#moving === 'taking up') {
      this.#moving = 'not'
      this.#meter.goOn(this.#fuelAtPoint)
    }
    return word
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

  freeze(): KernelState {
    const memory = this.memory === null ? new Uint8Array(0) : new Uint8Array(this.memory.buffer)
    return {
      name: this.name,
      memoryPages: this.memoryPages,
      pages: differingPages(memory, this.#fresh),
      globals: new Map([...this.#globals].map(([name, global]) => [name, global.value as number | bigint])),
      suspended: this.#suspended === null ? null : { ...this.#suspended, frames: this.#frames.bytes() },
    }
  }

  /** Stands as the image says. The reason why it cannot, or null. */
  thaw(image: KernelState): string | null {
    const grown = image.memoryPages - this.memoryPages
    if (grown < 0) return 'kernel memory is smaller than it starts'
    if (grown > 0 && this.#grow(grown) < 0) return 'kernel memory exceeds its share of memoryBytesMax'
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
    putPages(memory, image.pages)
    return image.suspended === null ? null : this.#stand(image.suspended)
  }

  #stand({ exportName, cell, frames }: NonNullable<KernelState['suspended']>): string | null {
    if (this.numberOf(exportName) < 0 || frames.length === 0) return 'kernel cannot stand in that call'
    this.#suspended = { exportName, cell }
    return this.#frames.take(frames)
  }
}

/** A fault of ours where frames were on their way, whatever the kernel made of them. */
const movingFault = (error: unknown): unknown =>
  error instanceof VmFault || !(error instanceof WebAssembly.RuntimeError || error instanceof KernelTooDeep)
    ? error
    : new VmFault('a kernel did not come back to where it stood')

/** Written by our own pass: no stranger's section of this name comes through it. */
function factsOf(module: WebAssembly.Module): KernelFacts {
  const [section] = WebAssembly.Module.customSections(module, FACTS_SECTION)
  if (section === undefined) throw new VmFault('a kernel was not instrumented')
  return JSON.parse(String.fromCharCode(...new Uint8Array(section))) as KernelFacts
}
