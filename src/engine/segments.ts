/**
 * The native stack in segments, on the driver's side (instrument/segments.ts has the program's). The movable build puts the
 * frames that wait aside: they are unwound into the arena, one region behind the other, and rewound when the segment above
 * has returned; so every segment begins on an empty native stack. The plain build calls deeper. A program suspended inside
 * a segment leaves its frames in the topmost region; the chain of regions is part of its memory, and is all there is to know.
 */
import { ASYNCIFY_BUFFER_BYTES, SEGMENTS_MAX } from './limits.ts'
import type { Untouched } from './pages.ts'

/** Asyncify's states: https://github.com/WebAssembly/binaryen/blob/main/src/passes/Asyncify.cpp */
export const ASYNCIFY_STATE = { normal: 0, unwinding: 1, rewinding: 2 } as const

const HEADER_BYTES = 8

/** Where the frames of the region at this address end, and where it says its room does. */
export type ReadHeader = (address: number) => { readonly framesEnd: number; readonly end: number } | null

const regionBehind = (framesEnd: number): number => (framesEnd + 7) & ~7

/**
 * Starts of the regions from the arena's first to the top one, which must be one of the chain; null where the headers, which
 * may be a stranger's, do not lead there or name room outside the arena.
 */
export function regionChain(arena: number, top: number, header: ReadHeader): number[] | null {
  const end = arena + ASYNCIFY_BUFFER_BYTES
  const chain: number[] = []
  for (let at = arena; chain.length < SEGMENTS_MAX && at <= top && at + HEADER_BYTES <= end; ) {
    const found = header(at)
    if (found === null || found.end !== end || found.framesEnd < at + HEADER_BYTES || found.framesEnd > end) return null
    chain.push(at)
    if (at === top) return chain
    at = regionBehind(found.framesEnd)
  }
  return null
}

/** What the segments need of the instance they belong to. */
export interface SegmentVm {
  view(address: number, length: number): DataView
  range(address: number, length: number): Uint8Array
  readonly exports: {
    readonly __segments: WebAssembly.Global
    __segment_run(signature: number, callee: number): void
    /** Absent from the plain build, and so are its companions. */
    asyncify_get_state?(): number
    asyncify_start_unwind?(address: number): void
    asyncify_stop_unwind?(): void
    asyncify_start_rewind?(address: number): void
    asyncify_stop_rewind?(): void
  }
}

/** Depth that is not there, or a program that is not where its frames say. */
export class SegmentFault extends Error {
  override readonly name = 'SegmentFault'
}

/** The plain build's native stack is used up; the movable build can run this turn. */
export class NativeStackSpent extends Error {
  override readonly name = 'NativeStackSpent'
}

export class Segments {
  /** Regions of Asyncify's frames, bottom first; the last one is where the program's own frames go when it is suspended. */
  #regions: number[]
  /** How far up the arena has ever been written by this instance. */
  #touched: number
  /** Calls of the driver that run now, one inside the other: an inner one stands on the native stack of its outer one. */
  #entered = 0
  #crossing: { readonly signature: number; readonly callee: number } | null = null
  #native = 0
  readonly #vm: SegmentVm
  readonly #arena: number
  readonly #nativeMax: number

  constructor(vm: SegmentVm, arena: number, nativeMax: number) {
    this.#vm = vm
    this.#arena = arena
    this.#nativeMax = nativeMax
    this.#regions = [arena]
    this.#touched = arena
  }

  /** Where the frames of the suspended program lie. */
  get top(): number {
    return this.#regions.at(-1) ?? this.#arena
  }

  /** Stands where an image says, whose chain has been checked; null between turns. */
  stand(top: number | null): void {
    if (top === null) {
      this.#regions = [this.#arena]
      this.#touched = this.#arena
      return
    }
    const chain = regionChain(this.#arena, top, (at) => this.#header(at))
    if (chain === null) throw new SegmentFault('the frames lie outside their buffer')
    this.#regions = chain
    this.#touched = this.#framesEnd(top)
  }

  /**
   * Runs an export that may run the program, or goes on with it where it was suspended; null where it was suspended (again).
   * From inside an import it runs on what is left of the segment there.
   */
  enter(call: () => number, resume = false): number | null {
    const { exports } = this.#vm
    if (this.#entered > 0) return this.#enterInside(call)
    this.#entered++
    try {
      let rewind = resume
      for (;;) {
        if (rewind) exports.asyncify_start_rewind?.(this.top)
        const waiting = this.#regions.length - 1
        const result = waiting === 0 ? call() : this.#run(this.#takeCrossing())
        const state = exports.asyncify_get_state?.() ?? ASYNCIFY_STATE.normal
        if (state === ASYNCIFY_STATE.rewinding) throw new SegmentFault('the program is not where its frames say')
        if (state === ASYNCIFY_STATE.unwinding) {
          exports.asyncify_stop_unwind?.()
          this.#touched = Math.max(this.#touched, this.#framesEnd(this.top))
          if (this.#crossing === null) return null
          this.#push()
          rewind = false
        } else if (waiting === 0) return result
        else {
          this.#regions.pop()
          rewind = true
        }
      }
    } finally {
      this.#entered--
    }
  }

  #enterInside(call: () => number): number {
    const left = this.#vm.exports.__segments
    const before = left.value as number
    left.value = 0
    const result = call()
    left.value = before
    return result
  }

  /** While frames are rewound it does not matter what is called. */
  #takeCrossing(): { readonly signature: number; readonly callee: number } {
    const crossing = this.#crossing ?? { signature: 0, callee: 0 }
    this.#crossing = null
    return crossing
  }

  #run({ signature, callee }: { readonly signature: number; readonly callee: number }): number {
    this.#vm.exports.__segment_run(signature, callee)
    return 0
  }

  /** Opens a region behind the frames that wait; the bytes between are as in a fresh arena. */
  #push(): void {
    if (this.#regions.length >= SEGMENTS_MAX) throw new SegmentFault('depth: more segments than there are')
    const from = this.#framesEnd(this.top)
    const next = regionBehind(from)
    this.#vm.range(from, next - from).fill(0)
    this.#regions.push(next)
  }

  /** The import env.host_segment. */
  cross(signature: number, callee: number): void {
    const { exports } = this.#vm
    if (exports.asyncify_get_state === undefined) return this.#callDeeper(signature, callee)
    if (exports.asyncify_get_state() === ASYNCIFY_STATE.rewinding) return exports.asyncify_stop_rewind?.()
    if (this.#entered !== 1) throw new SegmentFault('depth: no segment is opened here')
    this.#crossing = { signature, callee }
    this.startUnwind()
  }

  #callDeeper(signature: number, callee: number): void {
    if (this.#native >= this.#nativeMax) throw new NativeStackSpent()
    this.#native++
    try {
      this.#run({ signature, callee })
    } finally {
      this.#native--
    }
  }

  startUnwind(): void {
    const header = this.#vm.view(this.top, HEADER_BYTES)
    header.setUint32(0, this.top + HEADER_BYTES, true)
    header.setUint32(4, this.#arena + ASYNCIFY_BUFFER_BYTES, true)
    this.#vm.exports.asyncify_start_unwind?.(this.top)
  }

  #header(address: number): { framesEnd: number; end: number } {
    const view = this.#vm.view(address, HEADER_BYTES)
    return { framesEnd: view.getUint32(0, true), end: view.getUint32(4, true) }
  }

  #framesEnd(region: number): number {
    const { framesEnd } = this.#header(region)
    if (framesEnd < region || framesEnd > this.#arena + ASYNCIFY_BUFFER_BYTES)
      throw new SegmentFault('the frames lie outside their buffer')
    return framesEnd
  }

  /** Zeroes what nobody will read again. */
  normalise(suspended: boolean): void {
    const from = suspended ? this.#framesEnd(this.top) : this.#arena
    if (this.#touched > from) this.#vm.range(from, this.#touched - from).fill(0)
    this.#touched = from
  }

  /** The part of the arena that is zero, as in the base image. */
  get untouched(): Untouched {
    return { from: this.#touched, to: this.#arena + ASYNCIFY_BUFFER_BYTES }
  }
}
