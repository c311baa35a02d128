/**
 * The mobile machine: one agent's program in one QuickJS instance, run under exact fuel and a virtual clock, frozen at a
 * safepoint and thawed in a fresh instance. Synchronous and the same in every realm: it uses nothing but WebAssembly.
 * It deliberately knows no host, no permit and no network: system calls come out (`takeCalls`), answers go in (`deliver`).
 */
import { assert } from '../base/assert.ts'
import { type EngineBuild, type EngineModules, prepareEngine } from './base-image.ts'
import type { ConsoleLine } from './console-log.ts'
import { freezeProgram, ImageError, patchProgram, thawProgram } from './freeze.ts'
import type { Delivery, MachineImage, PendingCall } from './image.ts'
import { differingPages, type TakePages } from './pages.ts'
import { type MachineOptions, Program, type Stop } from './program.ts'
import { hashImage } from './state-hash.ts'
import type { TierChoice } from './tiering.ts'
import { advance } from './turns.ts'
import type { Tier } from './twin.ts'

export {
  type ConsoleLine,
  type EngineBuild,
  type EngineModules,
  ImageError,
  type MachineOptions,
  prepareEngine,
  type Stop,
  type TierChoice,
}

export class Machine {
  readonly #program: Program

  private constructor(program: Program) {
    this.#program = program
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
    const program = this.#program
    assert(sliceFuel > 0n, 'sliceFuel <= 0')
    assert(program.end === null || program.end.kind === 'failed', 'the machine has ended')
    const fuelLeft = program.vm.fuelLeft
    let soft = fuelLeft - sliceFuel
    for (;;) {
      try {
        return program.end ?? advance(program, soft)
      } catch (error) {
        const wasted = fuelLeft - program.vm.fuelLeft
        if (program.promote(error)) soft += wasted < sliceFuel ? wasted : sliceFuel - 1n
        else program.end = program.fault(error)
      }
    }
  }

  /** Takes effect between turns. An answer to a call that is not pending is ignored. */
  deliver(delivery: Delivery): void {
    const { tiering } = this.#program
    const { outcome } = delivery
    const length = outcome.ok ? outcome.valueJson.length : outcome.reason.length
    tiering.outside(() => this.#program.agenda.deliver(delivery), length)
  }

  /** Moves the virtual clock forward; ignored backwards, and while a turn is going on (its clock is its fuel). */
  advanceTo(ms: number): void {
    const program = this.#program
    assert(Number.isSafeInteger(ms), 'the virtual clock counts whole milliseconds')
    if (program.end !== null || !program.waits) return
    if (ms <= program.clockMs) return
    program.tiering.outside(() => {
      program.clockBaseMs += ms - program.clockMs
    })
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
    return program.console.isEmpty ? [] : program.tiering.outside(() => program.console.take())
  }

  /** Allowed after every Stop but finished and failed. Leaves the machine as it was. `take` may leave known pages out. */
  freeze(take: TakePages = differingPages): MachineImage {
    assert(this.#program.end === null, 'a machine that has ended is not frozen')
    return freezeProgram(this.#program, take)
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
