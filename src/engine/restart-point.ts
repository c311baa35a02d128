/**
 * A program between two turns, kept so that the turns since can be run once more: the plain build cannot be suspended in the
 * middle of one, but the same turns on the movable build come to the very same place, fuel by fuel, and can.
 * Kernels are not in here: they only run on the movable build.
 */
import type { Agenda } from './agenda.ts'
import type { ConsoleLog } from './console-log.ts'
import { WASM_PAGE_BYTES } from './limits.ts'
import type { Twin } from './twin.ts'

/** What turns change of a program, besides its kernels. Between turns it has not ended. */
export interface Restartable {
  readonly twin: Twin
  readonly options: { readonly fuelMax: bigint }
  agenda: Agenda
  console: ConsoleLog
  clockBaseMs: number
  isQuiet: boolean
  turns: number
}

type Kept = Omit<Restartable, 'twin' | 'options'> & {
  readonly fuelLeft: bigint
  readonly memoryBytes: number
  readonly ranges: ReturnType<Twin['live']>
  readonly globals: readonly (readonly [name: string, value: number | bigint])[]
}

export class RestartPoint {
  #kept: Kept | null = null
  /** The bytes of `ranges`, one behind the other; used again for every point, or they would be most of what is allocated. */
  #bytes = new Uint8Array(0)

  /** What was left at the point; null where there is none. */
  get fuelLeft(): bigint | null {
    return this.#kept?.fuelLeft ?? null
  }

  forget(): void {
    this.#kept = null
  }

  take(program: Restartable): void {
    const { twin, clockBaseMs, isQuiet, turns } = program
    const { vm } = twin
    const ranges = twin.live()
    const length = ranges.reduce((sum, range) => sum + range.length, 0)
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length)
    let at = 0
    for (const { address, length: size } of ranges) {
      this.#bytes.set(vm.range(address, size), at)
      at += size
    }
    this.#kept = {
      fuelLeft: vm.fuelLeft,
      memoryBytes: vm.memory.buffer.byteLength,
      ranges,
      globals: [...vm.stateGlobals].map(([name, global]) => [name, global.value as number | bigint]),
      agenda: program.agenda.copy(),
      console: program.console.copy(),
      clockBaseMs,
      isQuiet,
      turns,
    }
  }

  /** Once: the program stands there again, on the movable build; false where there is no point. */
  goBack(program: Restartable): boolean {
    const kept = this.#kept
    if (kept === null) return false
    this.#kept = null
    const { twin } = program
    if (twin.vm.memory.buffer.byteLength === kept.memoryBytes) twin.enter('movable')
    else twin.renew('movable', kept.memoryBytes / WASM_PAGE_BYTES)
    const { vm } = twin
    let at = 0
    for (const { address, length } of kept.ranges) {
      vm.range(address, length).set(this.#bytes.subarray(at, at + length))
      at += length
    }
    for (const [name, value] of kept.globals) {
      const global = vm.stateGlobals.get(name)
      if (global !== undefined) global.value = value
    }
    vm.fuelLeft = kept.fuelLeft
    const { agenda, console, clockBaseMs, isQuiet, turns } = kept
    Object.assign(program, { agenda, console, clockBaseMs, isQuiet, turns })
    return true
  }
}
