/**
 * One program while it lives: its instance, its kernels, what it waits for, its clock and how it ended. Turns, requests,
 * freezing and the outside each have a file of their own that works on this one; nothing here decides what happens next.
 */
import { assert } from '../base/assert.ts'
import { Agenda } from './agenda.ts'
import type { EngineBuild, InstanceLimits } from './base-image.ts'
import { RANDOM_STATE_BYTES, randomState } from './chance.ts'
import { ConsoleLog } from './console-log.ts'
import { type Failed, type MachineFailure, nameFault } from './fault.ts'
import type { Delivery, MachineImage } from './image.ts'
import { KernelSet } from './kernel-set.ts'
import {
  FUEL_MAX,
  FUEL_PER_MS,
  MEMORY_BYTES_MAX,
  MEMORY_BYTES_MIN,
  MEMORY_RESERVE_BYTES,
  NEVER,
  PLAIN_TURN_FUEL,
  SEGMENTS_MAX,
  WASM_PAGE_BYTES,
} from './limits.ts'
import { BRING } from './prelude.ts'
import { answerRequest } from './requests.ts'
import { Promotion, type TierChoice, Tiering } from './tiering.ts'
import { type Tier, Twin } from './twin.ts'
import { type Vm, VmFault } from './vm.ts'

export interface MachineOptions {
  /** Seeds Math.random. */
  readonly seed: number
  /** The virtual clock's first reading, milliseconds since 1970-01-01 UTC. */
  readonly startMs: number
  /** VM and kernels together: with kernels, the VM has one half and they share the other. */
  readonly memoryBytesMax: number
  /** All the fuel the agent may use in its life. */
  readonly fuelMax: bigint
  /** How deep it may go, in segments of the native stack (segments.ts): 2 to SEGMENTS_MAX. */
  readonly depth: number
  /** Kernels by name, compiled from what `instrumentKernel` returned. */
  readonly kernels: ReadonlyMap<string, WebAssembly.Module>
  /** Which build runs it; `auto` where nothing is said. Without the plain build there is only `movable`. */
  readonly tier?: TierChoice
  /** Fuel of a turn after which it is run again on the movable build; for tests, which have no long turns. */
  readonly plainTurnFuel?: bigint
}

export type Stop =
  /** The slice's fuel is used up, what was used for nothing before a promotion included; `run` goes on, be it in mid-turn. */
  | { readonly kind: 'slice' }
  /** Nothing to do until a delivery or the next timer (virtual time); null when no timer is set. */
  | { readonly kind: 'idle'; readonly wakeMs: number | null }
  | { readonly kind: 'finished'; readonly resultJson: string }
  | Failed

/** What the options give to the VM; the other pages are for kernels. */
export const limitsOf = ({ memoryBytesMax, kernels, depth }: MachineOptions): InstanceLimits => ({
  pagesMax: Math.floor(memoryBytesMax / WASM_PAGE_BYTES) >> (kernels.size === 0 ? 0 : 1),
  depth,
})

export class Program {
  readonly build: EngineBuild
  options: MachineOptions
  readonly twin: Twin
  readonly tiering: Tiering
  readonly kernels: KernelSet
  agenda = new Agenda()
  console = new ConsoleLog()
  standing: MachineImage['standing'] = 'turn'
  /** Virtual time that did not come from fuel. */
  clockBaseMs: number
  end: Stop | null = null
  /** The answer that a program which stands at a call goes on with. */
  #answer: Delivery | null = null
  #suspending: MachineImage['standing'] = 'interrupt'

  /** Turns, and what was brought between them, since this machine began. */
  turns = 0
  /** Whether the program has been told that nothing is left to happen. */
  isQuiet = false

  /** Stands where the base image stands, in a memory of at least `pages`. */
  constructor(build: EngineBuild, options: MachineOptions, pages: number, tier: Tier) {
    assert(
      options.memoryBytesMax >= MEMORY_BYTES_MIN && options.memoryBytesMax <= MEMORY_BYTES_MAX,
      'memoryBytesMax is out of range',
    )
    assert(Number.isSafeInteger(options.startMs), 'startMs is not whole milliseconds')
    assert(options.depth >= 2 && options.depth <= SEGMENTS_MAX, 'depth is out of range')
    assert(options.fuelMax > 0n && options.fuelMax <= FUEL_MAX, 'fuelMax is out of range')
    const limits = limitsOf(options)
    this.build = build
    this.options = options
    const choice = build.modules.plain === null ? 'movable' : (options.tier ?? 'auto')
    this.tiering = new Tiering(this, choice, options.plainTurnFuel ?? PLAIN_TURN_FUEL)
    this.twin = new Twin(build, choice === 'movable' ? 'movable' : tier, pages, limits, {
      nowMs: () => this.clockMs,
      onInterrupt: () => this.#interrupt(),
      onRejection: (promise, reason, handled) => this.#rejection(promise, reason, handled),
      onHostCall: (args) => this.#hostCall(args),
    })
    const pagesAll = Math.floor(options.memoryBytesMax / WASM_PAGE_BYTES)
    this.kernels = new KernelSet(options.kernels, pagesAll - limits.pagesMax, options.seed)
    this.clockBaseMs = options.startMs
  }

  /** The instance that runs. */
  get vm(): Vm {
    return this.twin.vm
  }

  /** What an agent's own life begins with, on top of the base image. */
  begin(code: string, inputJson: string): void {
    this.vm.fuelLeft = this.options.fuelMax
    this.seedRandom(this.options.seed)
    this.vm.exports.qjs_set_memory_limit(limitsOf(this.options).pagesMax * WASM_PAGE_BYTES - MEMORY_RESERVE_BYTES)
    try {
      const main = this.vm.eval(`(async function () {${code}\n})`, 'agent.js')
      if ('thrown' in main) this.end = { kind: 'failed', code: 'LOAD', reason: main.thrown }
      else this.bring(BRING.start, main.value, inputJson)
    } catch (error) {
      if (this.tiering.canPromote(error)) {
        this.twin.renew('movable', 0)
        // A text that ends its function early has run as a script already.
        this.agenda = new Agenda()
        this.console = new ConsoleLog()
        this.end = null
        return this.begin(code, inputJson)
      }
      const fault = this.fault(error)
      this.end = fault.code === 'TRAP' ? { ...fault, code: 'LOAD' } : fault
    }
  }

  /** Where Math.random goes on. */
  seedRandom(seed: number): void {
    this.vm.range(this.build.base.randomStateAddress, RANDOM_STATE_BYTES).set(randomState(seed))
  }

  /** Queues one job: the program is told what happened. */
  bring(what: number, item: number, text: string): void {
    const result = this.vm.call(this.build.base.bringHandle, [this.vm.number(what), item, this.vm.string(text)])
    const thrown = this.vm.exports.qjs_is_exception(result) !== 0
    this.vm.free(result)
    if (thrown) this.fail('THROWN', this.vm.takeException())
  }

  /** Goes on with one job, from its start or from where it stands; false where it was suspended. */
  runJob(sliceSoft: bigint, answer: Delivery | null = null): boolean {
    const { exports } = this.vm
    const soft = this.tiering.softFor(sliceSoft)
    exports.__soft.value = soft > NEVER ? soft : NEVER + 1n
    this.#answer = answer
    const outcome = this.vm.segments.enter(() => exports.qjs_execute_pending_job(), this.standing !== 'turn')
    exports.__soft.value = NEVER
    if (outcome === null) {
      this.standing = this.#suspending
      return false
    }
    this.standing = 'turn'
    if (outcome < 0 && this.end === null) this.fail('THROWN', this.vm.takeException())
    return true
  }

  get jobPending(): boolean {
    return this.vm.exports.qjs_is_job_pending() !== 0
  }

  /** Whether nothing can go on without the outside or the clock. */
  get waits(): boolean {
    const { awaitedRequest } = this
    if (awaitedRequest !== null) return this.agenda.pending.has(awaitedRequest)
    return this.standing === 'turn' && !this.jobPending
  }

  #interrupt(): void {
    if (this.vm.rewinding) this.vm.exports.asyncify_stop_rewind?.()
    else if (this.end === null) this.suspend('interrupt')
  }

  /** A value's own `toString` may run the program's code inside a request, and there nothing may be suspended. */
  #hostCall(args: readonly number[]): number {
    const { exports } = this.vm
    const soft = exports.__soft.value as bigint
    exports.__soft.value = NEVER
    const suspendable = soft > NEVER && this.end === null
    this.kernels.soft = suspendable ? soft : NEVER
    const value = answerRequest(this, args, suspendable)
    exports.__soft.value = soft
    return value
  }

  /** Told to the prelude at once, in the middle of the program's job, where nothing may be suspended. */
  #rejection(promise: number, reason: number, handled: number): void {
    const { exports } = this.vm
    const soft = exports.__soft.value as bigint
    exports.__soft.value = NEVER
    const what = this.vm.number(BRING.rejection)
    const told = this.vm.call(this.build.base.bringHandle, [what, promise, reason, this.vm.number(handled)])
    if (exports.qjs_is_exception(told) !== 0) this.vm.takeException()
    this.vm.free(told)
    exports.__soft.value = soft
  }

  /** The job that runs unwinds its frames when the import that is now called returns. */
  suspend(standing: MachineImage['standing']): void {
    if (this.twin.tier === 'plain') throw new Promotion()
    this.#suspending = standing
    this.vm.segments.startUnwind()
  }

  /** Once: what the call that the program stands at was answered with. */
  takeAnswer(): Delivery {
    const answer = this.#answer
    if (answer === null) throw new VmFault('no answer to go on with')
    this.#answer = null
    return answer
  }

  /** The request whose answer the program waits for, wherever in its calls it stands; null where it does not. */
  get awaitedRequest(): number | null {
    return this.standing === 'call' ? this.agenda.lastRequest : null
  }

  /**
   * After an error on the plain build that the movable one does not have: the turns since a restart point run again there.
   * `turnsAtStop`: how many it had run when the outside last saw it.
   */
  promote(error: unknown, turnsAtStop: number): boolean {
    if (!this.tiering.promote(error, turnsAtStop)) return false
    this.end = null
    return true
  }

  fail(code: MachineFailure, reason: string): void {
    this.end ??= { kind: 'failed', code, reason }
  }

  fault(error: unknown): Failed {
    const { __depth, __stack_pointer } = this.vm.exports
    const counters = { fuelLeft: this.vm.fuelLeft, depthLeft: __depth.value, stackPointer: __stack_pointer.value }
    return nameFault(error, counters, this.options)
  }

  get fuelUsed(): bigint {
    const left = this.vm.fuelLeft
    return this.options.fuelMax - (left < 0n ? 0n : left)
  }

  get fuelMs(): number {
    return Number(this.fuelUsed / FUEL_PER_MS)
  }

  get clockMs(): number {
    return this.clockBaseMs + this.fuelMs
  }
}
