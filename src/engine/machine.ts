/**
 * The mobile machine: one agent's program in one QuickJS instance, run under exact fuel and a virtual clock, frozen at a
 * safepoint and thawed in a fresh instance. Synchronous and the same in every realm: it uses nothing but WebAssembly.
 * It deliberately knows no host, no permit and no network: system calls come out (`takeCalls`), answers go in (`deliver`).
 */
import { assert } from '../base/assert.ts'
import { compileEngine, type EngineBuild, type EngineCode, type EngineModules, prepareEngine } from './base-image.ts'
import type { ConsoleLine } from './console-log.ts'
import { freezeProgram, ImageError, patchProgram, peekProgram, restProgram, thawProgram } from './freeze.ts'
import type { Delivery, MachineImage, PendingCall, Place } from './image.ts'
import { differingPages, type TakePages } from './pages.ts'
import { type MachineOptions, Program, type Stop } from './program.ts'
import { hashImage } from './state-hash.ts'
import type { TierChoice } from './tiering.ts'
import { advance } from './turns.ts'
import type { Tier } from './twin.ts'

export {
  type ConsoleLine,
  compileEngine,
  type EngineBuild,
  type EngineCode,
  type EngineModules,
  ImageError,
  type MachineOptions,
  prepareEngine,
  type Stop,
  type TierChoice,
}

export class Machine {
  readonly #program: Program
  #ranFrom: { readonly fuelLeft: bigint; readonly standing: Place['standing'] }

  private constructor(program: Program) {
    this.#program = program
    this.#ranFrom = { fuelLeft: program.vm.fuelLeft, standing: program.standing }
  }

  /** Does not run yet. `code` is a script; prelude.ts says what makes it an agent. */
  static start(build: EngineBuild, code: string, inputJson: string, options: MachineOptions): Machine {
    const program = new Program(build, options, 0, 'plain')
    program.begin(code, inputJson)
    return new Machine(program)
  }

  /** Throws an ImageError where a (possibly hostile) image does not hold together. */
  static thaw(build: EngineBuild, image: MachineImage, options: MachineOptions): Machine {
    return new Machine(thawProgram(build, image, options))
  }

  /** Runs until the slice's fuel is gone, nothing is left to do, or the end. After `finished` or `failed` it is an error. */
  run(sliceFuel: bigint): Stop {
    assert(sliceFuel > 0n, 'sliceFuel <= 0')
    return this.#runTo(this.#program.vm.fuelLeft - sliceFuel, sliceFuel)
  }

  /**
   * As `run`, up to the first place where so much fuel has been used, or, where that is used by now, to the next place at
   * all. A kernel stops before a turn of a loop that would use more: `exactly` lets it go on to where no more is used.
   */
  runTo(fuelUsed: bigint, exactly = false): Stop {
    const { options, vm } = this.#program
    const soft = options.fuelMax - fuelUsed + (exactly ? 0n : 1n)
    return this.#runTo(soft, vm.fuelLeft - soft)
  }

  #runTo(softAtFirst: bigint, sliceFuel: bigint): Stop {
    const program = this.#program
    assert(program.end === null || program.end.kind === 'failed', 'the machine has ended')
    const { turns, vm } = program
    const { fuelLeft } = vm
    this.#ranFrom = { fuelLeft, standing: program.standing }
    let soft = softAtFirst
    for (;;) {
      try {
        return program.end ?? advance(program, soft)
      } catch (error) {
        const wasted = fuelLeft - program.vm.fuelLeft
        if (program.promote(error, turns)) soft += wasted < sliceFuel ? wasted : sliceFuel - 1n
        else program.end = program.fault(error)
      }
    }
  }

  /** Takes effect between turns. An answer to a call that is not pending is ignored; false says so. */
  deliver(delivery: Delivery): boolean {
    const { agenda, tiering } = this.#program
    if (!agenda.pending.has(delivery.request)) return false
    const { outcome } = delivery
    const length = outcome.ok ? outcome.valueJson.length : outcome.reason.length
    tiering.outside(() => this.#program.agenda.deliver(delivery), length)
    return true
  }

  /** Moves the virtual clock forward; ignored (false) backwards, and while a turn is going on (its clock is its fuel). */
  advanceTo(ms: number): boolean {
    const program = this.#program
    assert(Number.isSafeInteger(ms), 'the virtual clock counts whole milliseconds')
    if (program.end !== null || !program.waits) return false
    if (ms <= program.clockMs) return false
    program.tiering.outside(() => {
      program.clockBaseMs += ms - program.clockMs
    })
    return true
  }

  /** From now on, of all the fuel the agent may use. What it has used counts: beyond it, it ends with QUOTA at once. */
  limit(fuelMax: bigint): void {
    const program = this.#program
    program.tiering.forget()
    program.vm.fuelLeft += fuelMax - program.options.fuelMax
    program.options = { ...program.options, fuelMax }
  }

  /** System calls issued since the last take; after a thaw, first of all those still pending. */
  takeCalls(): PendingCall[] {
    const program = this.#program
    return program.agenda.hasCalls ? program.tiering.outside(() => program.agenda.takeCalls()) : []
  }

  /** Console lines since the last take. They are not part of an image: take them before freezing. */
  takeConsole(): ConsoleLine[] {
    const program = this.#program
    return program.console.isEmpty
      ? []
      : program.tiering.outside(() => program.console.take(program.agenda.nextRequest))
  }

  /** Both in the order in which the program said them, which no slice and no freeze changes. */
  takeWords(): (ConsoleLine | PendingCall)[] {
    const lines = this.takeConsole()
    const calls = this.takeCalls()
    if (lines.length === 0 || calls.length === 0) return [...lines, ...calls]
    const words: (ConsoleLine | PendingCall)[] = []
    let at = 0
    for (const call of calls) {
      for (let line = lines[at]; line && line.beforeRequest <= call.request; line = lines[++at]) words.push(line)
      words.push(call)
    }
    return [...words, ...lines.slice(at)]
  }

  /**
   * Allowed after every Stop but finished and failed. `take` may leave known pages out. The machine stands afterwards where
   * one that is thawed from the image does: what the image does not have, such as the dead stack, is gone from it too.
   */
  freeze(take: TakePages = differingPages): MachineImage {
    assert(this.#program.end === null, 'a machine that has ended is not frozen')
    return freezeProgram(this.#program, take)
  }

  /** As `freeze`, but nothing at all is gone afterwards: goes on as if nobody had looked. */
  peek(take: TakePages = differingPages): MachineImage {
    assert(this.#program.end === null, 'a machine that has ended is not frozen')
    return peekProgram(this.#program, take)
  }

  /** Does to the machine what a freeze does, without an image. */
  rest(): void {
    assert(this.#program.end === null, 'a machine that has ended does not rest')
    restProgram(this.#program)
  }

  /** Where it stands. Together with what was brought to it there, this tells every place of a run from every other. */
  get place(): Place {
    const { fuelUsed, standing } = this.#program
    return { fuelUsed: Number(fuelUsed), standing }
  }

  /** Where it stood before it ran last. */
  get ranFrom(): Place {
    const { fuelLeft, standing } = this.#ranFrom
    return { fuelUsed: Number(this.#program.options.fuelMax - fuelLeft), standing }
  }

  /** Where it has done by itself, since the last take, what `rest` does: whoever repeats its run must do so there too. */
  takeRests(): Place[] {
    return this.#program.tiering.takeRests()
  }

  /**
   * Only after a thaw and before the first run: stands where another image of the agent stands, of whose pages only those
   * that differ need be there. Throws like a thaw, and the machine is then of no use any more.
   */
  patch(image: MachineImage, gone: readonly number[]): void {
    patchProgram(this.#program, image, gone)
  }

  /** Merkle root over the state, as hex (state-hash.ts). Also of a machine that has finished. */
  stateHash(): string {
    return hashImage(freezeProgram(this.#program, differingPages))
  }

  /** How often a turn was run again on the movable build. For whoever measures; it says nothing about the program. */
  get promotions(): number {
    return this.#program.tiering.promotions
  }

  get tier(): Tier {
    return this.#program.twin.tier
  }

  get fuelUsed(): bigint {
    return this.#program.fuelUsed
  }

  get clockMs(): number {
    return this.#program.clockMs
  }

  get memoryBytes(): number {
    return this.#program.vm.memory.buffer.byteLength + this.#program.kernels.memoryBytes
  }

  /** The pending call that the program waits for wherever it stands; while there is one, nothing else is brought to it. */
  get awaitedRequest(): number | null {
    return this.#program.awaitedRequest
  }

  get pendingCalls(): readonly PendingCall[] {
    return [...this.#program.agenda.pending.values()]
  }
}
