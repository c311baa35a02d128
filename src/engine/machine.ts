/**
 * The mobile machine: one agent's program in one QuickJS instance, run under exact fuel and a virtual clock, frozen at a
 * safepoint and thawed in a fresh instance. Synchronous and the same in every realm: it uses nothing but WebAssembly.
 * It deliberately knows no host, no permit and no network: system calls come out (`takeCalls`), answers go in (`deliver`).
 */
import type { Delivery, MachineImage, PendingCall } from './image.ts'

/** The engine as one realm holds it: the compiled module and the image every machine starts from. */
export interface EngineBuild {
  readonly id: string
  readonly module: WebAssembly.Module
  readonly base: BaseImage
}

/** Memory and globals after the engine's start and the prelude: the same bytes in every realm. */
export interface BaseImage {
  readonly memory: Uint8Array
  readonly globals: ReadonlyMap<string, number | bigint>
  readonly asyncifyAddress: number
  readonly enqueueHandle: number
  readonly randomStateAddress: number
}

export interface MachineOptions {
  /** Seeds Math.random. */
  readonly seed: number
  /** The virtual clock's first reading, milliseconds since 1970-01-01 UTC. */
  readonly startMs: number
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
  | { readonly kind: 'failed'; readonly code: MachineFailure; readonly reason: string }

export type MachineFailure = 'THROWN' | 'QUOTA' | 'TRAP' | 'UNENCODABLE' | 'LOAD'

export interface ConsoleLine {
  readonly level: 'log' | 'info' | 'warn' | 'error' | 'debug'
  readonly text: string
}

/** A received image that does not hold together. `reason` is the violated condition. */
export class ImageError extends Error {
  override readonly name = 'ImageError'
}

/** Makes the base image; once per realm (about 5 ms). */
export declare function prepareEngine(id: string, module: WebAssembly.Module): EngineBuild

export declare class Machine {
  /** Does not run yet. `code` is a script; see prelude.ts for what makes it an agent. */
  static start(build: EngineBuild, code: string, inputJson: string, options: MachineOptions): Machine
  /** Throws an ImageError where a (possibly hostile) image does not hold together. */
  static thaw(build: EngineBuild, image: MachineImage, options: MachineOptions): Machine
  /** Runs until the slice's fuel is gone, nothing is left to do, or the end. After `finished`/`failed` it is an error. */
  run(sliceFuel: bigint): Stop
  /** Queued when the program stands in the middle of a turn. An answer to a call that is not pending is ignored. */
  deliver(delivery: Delivery): void
  /** Moves the virtual clock forward between turns; ignored backwards and while a turn is going on. */
  advanceTo(ms: number): void
  /** System calls issued since the last take; after a thaw, first of all those still pending. */
  takeCalls(): PendingCall[]
  /** Console lines since the last take. They are not part of an image: take them before freezing. */
  takeConsole(): ConsoleLine[]
  /** Allowed after every Stop but finished and failed. Leaves the machine as it was. */
  freeze(): MachineImage
  /** Merkle root over memory and everything else an image holds, as hex; see state-hash.ts. */
  stateHash(): string
  readonly fuelUsed: bigint
  readonly clockMs: number
  readonly memoryBytes: number
  readonly pendingCalls: readonly PendingCall[]
}
