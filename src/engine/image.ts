/**
 * An agent's whole state at a safepoint, as the engine hands it out and takes it in. Everything the program can ever
 * observe is in here; what is not in here (file handles, sockets, host objects) an agent never holds.
 * An image thaws only on the engine build that froze it (`engineId`).
 */
export interface MachineImage {
  readonly engineId: string
  /** Size of the linear memory in 64 KiB WebAssembly pages. */
  readonly memoryPages: number
  /** The 4 KiB pages that differ from the engine's base image, by page index (ascending). Bytes are owned by the image. */
  readonly pages: ReadonlyMap<number, Uint8Array>
  /** Every mutable global of the instance by export name (i64 as bigint). */
  readonly globals: ReadonlyMap<string, number | bigint>
  /**
   * Where the program stood: between turns, or inside one at an interrupt, inside a kernel, or at a call that it waits for
   * synchronously, which is the last one it made (`nextRequest` - 1).
   */
  readonly standing: 'turn' | 'interrupt' | 'kernel' | 'call'
  readonly asyncifyAddress: number
  readonly fuelUsed: bigint
  /** Virtual time, milliseconds since 1970-01-01 UTC. */
  readonly clockMs: number
  readonly nextRequest: number
  /** System calls issued and not yet answered, oldest first; thaw hands them out again. */
  readonly pending: readonly PendingCall[]
  /** Timers of the program, by due virtual time, then by id. */
  readonly timers: readonly { readonly id: number; readonly dueMs: number; readonly everyMs: number | null }[]
  /** Deliveries that arrived while the program stood in the middle of a turn. */
  readonly inbox: readonly Delivery[]
  readonly kernels: readonly KernelImage[]
}

/**
 * Where a program stands when it is stopped. The fuel is not enough: the last safepoint of a turn and the turn's end may have
 * used the same.
 */
export interface Place {
  readonly fuelUsed: number
  readonly standing: MachineImage['standing']
}

export interface PendingCall {
  /** Unique within the agent's life, ascending from 1. */
  readonly request: number
  readonly name: string
  /** JSON text. */
  readonly argsJson: string
}

export interface Delivery {
  readonly request: number
  readonly outcome:
    | { readonly ok: true; readonly valueJson: string }
    | { readonly ok: false; readonly code: string; readonly reason: string }
}

export interface KernelImage extends KernelState {
  /** The instance's number; ascending in an image. */
  readonly id: number
  /** Tells instances of one kernel apart; '' is the usual one. */
  readonly instance: string
  /** Pages set aside for its memory, or null where it takes what is left as it goes. */
  readonly memoryPagesMax: number | null
}

/** What an instance itself knows. */
export interface KernelState {
  readonly name: string
  readonly memoryPages: number
  /** 4 KiB pages that differ from the kernel's freshly instantiated memory. */
  readonly pages: ReadonlyMap<number, Uint8Array>
  readonly globals: ReadonlyMap<string, number | bigint>
  /** The call that stands in the middle of the kernel, or null. At most one kernel of an agent has one. */
  readonly suspended: {
    readonly exportName: string
    /** Fuel that was left of the cell it was lent in (kernel-meter.ts). */
    readonly cell: number
    /** Points and locals of its functions, in the kernel's own words (kernel-frames.ts). */
    readonly frames: Uint8Array
  } | null
}
