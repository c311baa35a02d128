/**
 * The mobile machine: one agent's program in one QuickJS instance, run under exact fuel and a virtual clock, frozen at a
 * safepoint and thawed in a fresh instance. Synchronous and the same in every realm: it uses nothing but WebAssembly.
 * It deliberately knows no host, no permit and no network: system calls come out (`takeCalls`), answers go in (`deliver`).
 *
 * The program's own code runs in one place only, the VM's pending jobs (`#runJob`), so there is only one export that can
 * stand suspended. Everything that happens to a program (its start, a timer, an answer) is one more job, queued when no
 * job is left: that order depends on fuel and deliveries alone, so slices and freezes cannot be observed from inside.
 */
import { assert } from '../base/assert.ts'
import { Agenda } from './agenda.ts'
import { type EngineBuild, instantiateBase, prepareEngine } from './base-image.ts'
import { RANDOM_STATE_BYTES, randomState } from './chance.ts'
import { type ConsoleLine, ConsoleLog } from './console-log.ts'
import { type Failed, type MachineFailure, nameFault } from './fault.ts'
import type { Delivery, MachineImage, PendingCall } from './image.ts'
import { imageFault } from './image-check.ts'
import { KernelSet } from './kernel-set.ts'
import {
  FUEL_MAX,
  FUEL_PER_MS,
  JSON_BYTES_MAX,
  MEMORY_BYTES_MAX,
  MEMORY_BYTES_MIN,
  MEMORY_RESERVE_BYTES,
  TIMERS_MAX,
  WASM_PAGE_BYTES,
} from './limits.ts'
import { differingPages, putPages } from './pages.ts'
import { ASK, BRING } from './prelude.ts'
import { hashImage } from './state-hash.ts'
import { type Vm, VmFault } from './vm.ts'

export { type ConsoleLine, type EngineBuild, type MachineFailure, prepareEngine }

export interface MachineOptions {
  /** Seeds Math.random. */
  readonly seed: number
  /** The virtual clock's first reading, milliseconds since 1970-01-01 UTC. */
  readonly startMs: number
  /** VM and kernels together: with kernels, the VM has one half and they share the other. */
  readonly memoryBytesMax: number
  /** All the fuel the agent may use in its life. */
  readonly fuelMax: bigint
  /** Kernels by name, compiled from what `instrumentKernel` returned. */
  readonly kernels: ReadonlyMap<string, WebAssembly.Module>
}

export type Stop =
  /** The slice's fuel is used up; `run` goes on, be it in the middle of a turn. */
  | { readonly kind: 'slice' }
  /** Nothing to do until a delivery or the next timer (virtual time); null when no timer is set. */
  | { readonly kind: 'idle'; readonly wakeMs: number | null }
  | { readonly kind: 'finished'; readonly resultJson: string }
  | Failed

/** A received image that does not hold together; the message is the violated condition. */
export class ImageError extends Error {
  override readonly name = 'ImageError'
}

/** A soft limit that no fuel falls below: the VM cannot be suspended. */
const NEVER = -FUEL_MAX

export class Machine {
  readonly #build: EngineBuild
  readonly #options: MachineOptions
  readonly #vm: Vm
  readonly #kernels: KernelSet
  readonly #agenda: Agenda
  #standing: MachineImage['standing'] = 'turn'
  #suspending: MachineImage['standing'] = 'interrupt'
  /** Virtual time that did not come from fuel. */
  #clockBaseMs: number
  #end: Stop | null = null
  readonly #console = new ConsoleLog()

  private constructor(build: EngineBuild, options: MachineOptions, image: MachineImage | null) {
    assert(
      options.memoryBytesMax >= MEMORY_BYTES_MIN && options.memoryBytesMax <= MEMORY_BYTES_MAX,
      'memoryBytesMax is out of range',
    )
    assert(Number.isSafeInteger(options.startMs), 'startMs is not whole milliseconds')
    assert(options.fuelMax > 0n && options.fuelMax <= FUEL_MAX, 'fuelMax is out of range')
    const pagesAll = Math.floor(options.memoryBytesMax / WASM_PAGE_BYTES)
    const pagesMax = options.kernels.size === 0 ? pagesAll : pagesAll >> 1
    if (image !== null) {
      const fault = imageFault(image, build.id, build.base, pagesMax)
      if (fault !== null) throw new ImageError(fault)
    }
    this.#build = build
    this.#options = options
    this.#agenda = image === null ? new Agenda() : Agenda.of(image)
    this.#vm = instantiateBase(build, image?.memoryPages ?? 0, pagesMax, {
      nowMs: () => this.clockMs,
      onInterrupt: () => this.#interrupt(),
      onRejection: (promise, reason, handled) => this.#rejection(promise, reason, handled),
      onHostCall: (args) => this.#hostCall(args),
    })
    this.#kernels = new KernelSet(options.kernels, pagesAll - pagesMax, options.seed)
    this.#vm.exports.__soft.value = NEVER
    this.#clockBaseMs = options.startMs
    if (image === null) {
      this.#vm.fuelLeft = options.fuelMax
      this.#vm.range(build.base.randomStateAddress, RANDOM_STATE_BYTES).set(randomState(options.seed))
      this.#vm.exports.qjs_set_memory_limit(pagesMax * WASM_PAGE_BYTES - MEMORY_RESERVE_BYTES)
    } else this.#stand(image)
  }

  /** Does not run yet. `code` is a script; prelude.ts says what makes it an agent. */
  static start(build: EngineBuild, code: string, inputJson: string, options: MachineOptions): Machine {
    const machine = new Machine(build, options, null)
    machine.#load(code, inputJson)
    return machine
  }

  /** Throws an ImageError where a (possibly hostile) image does not hold together. */
  static thaw(build: EngineBuild, image: MachineImage, options: MachineOptions): Machine {
    return new Machine(build, options, image)
  }

  #load(code: string, inputJson: string): void {
    try {
      const main = this.#vm.eval(`(async function () {${code}\n})`, 'agent.js')
      if ('thrown' in main) this.#end = { kind: 'failed', code: 'LOAD', reason: main.thrown }
      else this.#bring(BRING.start, main.value, inputJson)
    } catch (error) {
      const fault = this.#fault(error)
      this.#end = fault.code === 'TRAP' ? { ...fault, code: 'LOAD' } : fault
    }
  }

  #stand(image: MachineImage): void {
    putPages(this.#vm.bytes, image.pages)
    for (const [name, value] of image.globals) {
      const global = this.#vm.stateGlobals.get(name)
      if (global !== undefined) global.value = value
    }
    this.#standing = image.standing
    this.#vm.fuelLeft = this.#options.fuelMax - image.fuelUsed
    this.#clockBaseMs = image.clockMs - this.#fuelMs
    const fault = this.#kernels.thaw(image.kernels)
    if (fault !== null) throw new ImageError(fault)
  }

  // ---- running

  /** Runs until the slice's fuel is gone, nothing is left to do, or the end. After `finished` or `failed` it is an error. */
  run(sliceFuel: bigint): Stop {
    assert(sliceFuel > 0n, 'sliceFuel <= 0')
    assert(this.#end === null || this.#end.kind === 'failed', 'the machine has ended')
    try {
      return this.#end ?? this.#advance(this.#vm.fuelLeft - sliceFuel)
    } catch (error) {
      const end = this.#fault(error)
      this.#end = end
      return end
    }
  }

  #advance(soft: bigint): Stop {
    let askedQuiet = false
    for (;;) {
      const midTurn = this.#standing !== 'turn'
      if (!midTurn && this.#vm.fuelLeft < soft) return { kind: 'slice' }
      if (midTurn || this.#jobPending) {
        if (!this.#runJob(soft)) return { kind: 'slice' }
        const end = this.#endNow
        if (end !== null) return end
        continue
      }
      const delivery = this.#agenda.inbox.shift()
      if (delivery !== undefined) {
        this.#bringDelivery(delivery)
        continue
      }
      const timer = this.#agenda.nextTimer()
      if (timer !== null && timer.dueMs <= this.clockMs) {
        this.#agenda.fired(timer, this.clockMs)
        this.#bring(BRING.timer, this.#vm.number(timer.id), '')
        continue
      }
      if (timer !== null || this.#agenda.pending.size > 0 || askedQuiet)
        return { kind: 'idle', wakeMs: timer?.dueMs ?? null }
      askedQuiet = true
      this.#bring(BRING.quiet, this.#vm.undefined(), '')
    }
  }

  /** Read through a getter, because jobs set it behind the compiler's back. */
  get #endNow(): Stop | null {
    return this.#end
  }

  get #jobPending(): boolean {
    return this.#vm.exports.qjs_is_job_pending() !== 0
  }

  /** One job of the program, from its start or from where it stands; false where it was suspended. */
  #runJob(soft: bigint): boolean {
    const { exports } = this.#vm
    exports.__soft.value = soft
    this.#kernels.soft = soft
    if (this.#standing !== 'turn') exports.asyncify_start_rewind(this.#vm.asyncifyAddress)
    const outcome = exports.qjs_execute_pending_job()
    exports.__soft.value = NEVER
    if (this.#vm.endUnwind()) {
      this.#standing = this.#suspending
      return false
    }
    this.#standing = 'turn'
    if (outcome < 0 && this.#end === null) this.#fail('THROWN', this.#vm.takeException())
    return true
  }

  #bring(what: number, item: number, text: string): void {
    const { bringHandle } = this.#build.base
    const result = this.#vm.call(bringHandle, [this.#vm.number(what), item, this.#vm.string(text)])
    const thrown = this.#vm.exports.qjs_is_exception(result) !== 0
    this.#vm.free(result)
    if (thrown) this.#fail('THROWN', this.#vm.takeException())
  }

  #bringDelivery({ request, outcome }: Delivery): void {
    const item = this.#vm.number(request)
    if (outcome.ok) this.#bring(BRING.answer, item, outcome.valueJson)
    else this.#bring(BRING.refusal, item, JSON.stringify({ code: outcome.code, reason: outcome.reason }))
  }

  #interrupt(): void {
    if (this.#vm.rewinding) this.#vm.exports.asyncify_stop_rewind()
    else if (this.#end === null) this.#suspend('interrupt')
  }

  /** Told to the prelude at once, in the middle of the program's job, where nothing may be suspended. */
  #rejection(promise: number, reason: number, handled: number): void {
    const { exports } = this.#vm
    const soft = exports.__soft.value as bigint
    exports.__soft.value = NEVER
    const { bringHandle } = this.#build.base
    const what = this.#vm.number(BRING.rejection)
    const told = this.#vm.call(bringHandle, [what, promise, reason, this.#vm.number(handled)])
    if (exports.qjs_is_exception(told) !== 0) this.#vm.takeException()
    this.#vm.free(told)
    exports.__soft.value = soft
  }

  #suspend(standing: MachineImage['standing']): void {
    this.#suspending = standing
    this.#vm.startUnwind()
  }

  // ---- what the program asks

  #hostCall(args: readonly number[]): number {
    if (this.#vm.rewinding) {
      this.#vm.exports.asyncify_stop_rewind()
      return this.#kernelAnswer(() => this.#kernels.resume(this.#vm))
    }
    const [what = 0, a = 0, b = 0, c = 0] = args
    const text = (value: number): string => this.#vm.textOf(value)
    const number = (value: number): number => this.#vm.numberOf(value)
    switch (number(what)) {
      case ASK.call:
        return this.#vm.number(this.#agenda.call(text(a), this.#bounded(text(b))))
      case ASK.setTimer:
        this.#setTimer(number(a), number(b), number(c) !== 0)
        break
      case ASK.clearTimer:
        this.#agenda.clearTimer(number(a))
        break
      case ASK.print:
        this.#console.print(text(a), text(b))
        break
      case ASK.finish:
        this.#end ??= { kind: 'finished', resultJson: this.#bounded(text(a)) }
        break
      case ASK.fail:
        this.#fail(text(a) as MachineFailure, text(b))
        break
      case ASK.kernelCall: {
        const [kernel, name, json] = [text(a), text(b), text(c)]
        return this.#kernelAnswer(() => this.#kernels.call(kernel, name, json, this.#vm))
      }
      case ASK.kernelRead:
        return this.#vm.string(this.#kernels.read(text(a), number(b), number(c), this.#vm))
      case ASK.kernelWrite:
        return this.#vm.string(this.#kernels.write(text(a), number(b), text(c), this.#vm))
      case ASK.kernelNames:
        return this.#vm.string(JSON.stringify(this.#kernels.names))
      default:
        throw new VmFault('the program asks for what is not there')
    }
    return this.#vm.undefined()
  }

  /** A kernel that was suspended suspends the VM around it; the value of that call is never looked at. */
  #kernelAnswer(run: () => string | null): number {
    const json = run()
    if (json !== null) return this.#vm.string(json)
    this.#suspend('kernel')
    return 0
  }

  #bounded(json: string): string {
    if (json.length > JSON_BYTES_MAX) throw new VmFault(`memory: JSON of ${json.length} characters > JSON_BYTES_MAX`)
    return json
  }

  #setTimer(id: number, delayMs: number, repeats: boolean): void {
    if (!this.#agenda.setTimer(id, this.clockMs + delayMs, repeats ? delayMs : null))
      this.#fail('QUOTA', `timers > TIMERS_MAX ${TIMERS_MAX}`)
  }

  #fail(code: MachineFailure, reason: string): void {
    this.#end ??= { kind: 'failed', code, reason }
  }

  #fault(error: unknown): Failed {
    return nameFault(error, this.#vm.fuelLeft, this.#vm.exports.__depth.value as number, this.#options.fuelMax)
  }

  // ---- the outside

  /** Takes effect between turns. An answer to a call that is not pending is ignored. */
  deliver(delivery: Delivery): void {
    this.#agenda.deliver(delivery)
  }

  /** Moves the virtual clock forward; ignored backwards, and while a turn is going on (its clock is its fuel). */
  advanceTo(ms: number): void {
    assert(Number.isSafeInteger(ms), 'the virtual clock counts whole milliseconds')
    if (this.#standing !== 'turn' || this.#end !== null || this.#jobPending) return
    this.#clockBaseMs += Math.max(0, ms - this.clockMs)
  }

  /** System calls issued since the last take; after a thaw, first of all those still pending. */
  takeCalls(): PendingCall[] {
    return this.#agenda.takeCalls()
  }

  /** Console lines since the last take. They are not part of an image: take them before freezing. */
  takeConsole(): ConsoleLine[] {
    return this.#console.take()
  }

  /** Allowed after every Stop but finished and failed. Leaves the machine as it was. */
  freeze(): MachineImage {
    assert(this.#end === null, 'a machine that has ended is not frozen')
    return this.#image()
  }

  #image(): MachineImage {
    this.#vm.normalise(this.#standing !== 'turn')
    return {
      engineId: this.#build.id,
      memoryPages: this.#vm.memory.buffer.byteLength / WASM_PAGE_BYTES,
      pages: differingPages(this.#vm.bytes, this.#build.base.memory),
      globals: new Map([...this.#vm.stateGlobals].map(([name, global]) => [name, global.value as number | bigint])),
      standing: this.#standing,
      asyncifyAddress: this.#vm.asyncifyAddress,
      fuelUsed: this.fuelUsed,
      clockMs: this.clockMs,
      nextRequest: this.#agenda.nextRequest,
      pending: this.pendingCalls,
      timers: this.#agenda.timers(),
      inbox: [...this.#agenda.inbox],
      kernels: this.#kernels.freeze(),
    }
  }

  /** Merkle root over the state, as hex (state-hash.ts). Also of a machine that has finished. */
  stateHash(): string {
    assert(this.#end?.kind !== 'failed', 'a machine that failed has no state')
    return hashImage(this.#image())
  }

  get fuelUsed(): bigint {
    const left = this.#vm.fuelLeft
    return this.#options.fuelMax - (left < 0n ? 0n : left)
  }

  get #fuelMs(): number {
    return Number(this.fuelUsed / FUEL_PER_MS)
  }

  get clockMs(): number {
    return this.#clockBaseMs + this.#fuelMs
  }

  get memoryBytes(): number {
    return this.#vm.memory.buffer.byteLength + this.#kernels.memoryBytes
  }

  get pendingCalls(): readonly PendingCall[] {
    return [...this.#agenda.pending.values()]
  }
}
