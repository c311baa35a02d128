import type { Cid } from '../base/digest.ts'
import type { Delivery, MachineImage, PendingCall } from '../engine/image.ts'
import type { TierChoice } from '../engine/machine.ts'
import type { Input, Piece, Trace, TraceStart, Until } from './trace.ts'

/**
 * Where an agent runs: one guest, one web worker (browser) or worker thread (Node). The guest is a hostile peer: the
 * adapter parses every message it sends with sandbox/protocol.ts and turns a malformed one into `failed` BREACH.
 * Both adapters pass test/contract/sandbox.ts.
 *
 * Contract of a Guest:
 * - It starts stopped; `run` lets it go on; `freeze` stops it at the next safepoint and yields `frozen`; after that it
 *   stands still, and `run` continues it in place. `freeze` on a guest that stands still yields `frozen` again.
 * - `limit` holds from then on; what has been used counts. A program that is beyond it already ends with QUOTA.
 * - `finished` and `failed` are final: exactly one of them, once; then the worker is gone. After `terminate` no event.
 * - A guest that does not answer `freeze` or a heartbeat within WATCHDOG_MS is terminated: `failed` UNRESPONSIVE.
 * - `patch` makes a guest that was spawned with an image and has not run yet stand where a later image of the same agent
 *   stands, at the cost of what differs; pages that are the same object in both are taken to be the same. It is answered
 *   by another `ready`, or by `failed`.
 * - A guest that is told to `record` brings its trace since the image before with every `frozen` and with its end, as far as
 *   that is its own: after UNRESPONSIVE, BREACH or a dead worker there is none. `full` says, once for each trace, that it has
 *   become long: have the guest frozen, which begins another. One that is not frozen stands still before it grows further.
 * - One that is to be `durable` hands out, before whatever it says, a piece of what reached its program up to where it says it:
 *   from an image, with all pieces up to any place, another guest stands at that place, and has said the same on the way.
 *   With an image comes one, too, where something reached the program since the piece before, and so does its own end. They
 *   cost the program no stop; the trace goes on over them.
 * - Calls are delivered in order; a thawed guest reports its pending calls again as `call` events with `again: true`.
 */
export interface Sandbox {
  spawn(order: GuestOrder, onEvent: (event: GuestEvent) => void): Guest
}

export interface Guest {
  run(): void
  freeze(): void
  deliver(delivery: Delivery): void
  limit(limit: GuestLimit): void
  patch(image: MachineImage): void
  terminate(): void
}

/** Of the order, what becomes less when the agent is forked. The guest that is told it stands still. */
export type GuestLimit = Pick<GuestOrder, 'fuelMax' | 'sentBytesMax'>

export interface GuestOrder {
  /** Label for logs and the watchdog's messages; the guest never sees it. */
  readonly label: string
  readonly engineId: string
  /** JavaScript of the agent: one ES module whose default export is the agent, or a plain script. */
  readonly code: string
  readonly kernels: ReadonlyMap<string, { readonly cid: Cid; readonly wasm: Uint8Array }>
  readonly inputJson: string
  /** Seeds Math.random and the virtual clock: with code and input it fixes the whole run. */
  readonly seed: number
  readonly startMs: number
  readonly fuelMax: number
  readonly memoryBytesMax: number
  /** How deep it may go, in segments: part of what fixes the run. */
  readonly depth: number
  readonly sentBytesMax: number
  /** Where to go on; null starts the program from the top. */
  readonly image: MachineImage | null
  /** Stop at the first safepoint at or after so much fuel and yield `frozen`, as if `freeze` had been called; the proof tool's hops. */
  readonly freezeAtFuel?: number
  /** Hash the state at the end. Only a proof needs it, and it costs tens of milliseconds; without, `stateHash` is ''. */
  readonly hashAtEnd?: boolean
  /** Which build of the engine runs it (engine/tiering.ts); `auto` where nothing is said. Nobody can tell from what it does. */
  readonly tier?: TierChoice
  /** Keep a trace of everything that reaches the program and comes out of it (sandbox/trace.ts). */
  readonly record?: true
  /** As `record`, and a piece of it is told before whatever the program says. */
  readonly durable?: true
  /**
   * Do once more what a trace says, instead of living: the inputs come from here, no answer is taken and no time waited for.
   * `run` starts it. Yields `frozen` at every mark and where the trace ends, or the end; nobody freezes it otherwise. The
   * limits of the order are those that held at the trace's beginning.
   */
  readonly replay?: Replay
  /** Whether sleeping in virtual time also waits in real time (a host) or not (`sojourn run`). */
  readonly pace: 'real' | 'virtual'
}

export interface Replay {
  readonly from: Pick<TraceStart, 'sentBytes' | 'effects'>
  readonly inputs: readonly Input[]
  readonly until: Until
  /**
   * Fuel, ascending: at the first safepoint with more than so much, before what the inputs bring there, an image is to be
   * shown. The program goes on as if nobody had looked.
   */
  readonly marks: readonly number[]
}

export type GuestEvent =
  | { readonly kind: 'ready' }
  | { readonly kind: 'call'; readonly call: PendingCall; readonly again: boolean }
  | { readonly kind: 'console'; readonly level: 'log' | 'info' | 'warn' | 'error' | 'debug'; readonly text: string }
  | { readonly kind: 'pulse'; readonly fuelUsed: number; readonly sentBytes: number }
  | { readonly kind: 'full' }
  | { readonly kind: 'told'; readonly piece: Piece }
  | { readonly kind: 'frozen'; readonly image: MachineImage; readonly trace?: Trace }
  | {
      readonly kind: 'finished'
      readonly resultJson: string
      readonly fuelUsed: number
      readonly stateHash: string
      readonly trace?: Trace
    }
  | {
      readonly kind: 'failed'
      readonly code: GuestFailure
      readonly reason: string
      readonly fuelUsed: number
      readonly trace?: Trace
    }

export type GuestFailure =
  /** The program threw and did not catch; the reason has its stack. */
  | 'THROWN'
  /** Fuel, memory, depth or sent bytes ran out; the reason names which. */
  | 'QUOTA'
  /** The engine trapped; the instance is thrown away and never checkpointed. */
  | 'TRAP'
  /** The result has no JSON form. */
  | 'UNENCODABLE'
  /** The program waits for something that can never come. */
  | 'DEADLOCK'
  /** The guest did not answer in time and was terminated. */
  | 'UNRESPONSIVE'
  /** The guest sent something that is not in its protocol. */
  | 'BREACH'
  /** The bundle's code or a kernel does not load. */
  | 'LOAD'
  /** What it shall repeat cannot have been: an input where the program never stands, one too few or too many. */
  | 'ASTRAY'
