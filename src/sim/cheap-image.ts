import type { Timer } from '../base/timers.ts'
import type { MachineImage } from '../engine/image.ts'

/** Steps under way: begun, and done when the timer fires or somebody has it stand still. */
export interface Stretch {
  /** Since when it has slept before. */
  readonly beganMs: number
  readonly fromMs: number
  readonly steps: number
  readonly timer: Timer
}

/** The state of a cheap program as a machine's image: a few numbers, and a page that is never the same. */
export const stepOn = (hash: number, i: number): number => (Math.imul(hash, 31) + i + 1) >>> 0

/** What stands still, but for its calls. */
export const cheapImage = (
  engineId: string,
  state: { readonly [name: string]: number; readonly done: number; readonly hash: number },
  isLarge: boolean,
): Omit<MachineImage, 'nextRequest' | 'pending'> => ({
  engineId,
  memoryPages: 1 + BALLAST_PAGES / 16,
  pages: new Map([[0, pageOf(state.done, state.hash)], ...(isLarge ? BALLAST : [])]),
  globals: new Map(Object.entries(state)),
  standing: 'turn',
  asyncifyAddress: 0,
  fuelUsed: BigInt(state.done),
  clockMs: 0,
  timers: [],
  inbox: [],
  kernels: [],
})

/** Pages of zeros: in the table and in every count, but without a block of their own. */
const BALLAST_PAGES = 1_200
const ZEROS = new Uint8Array(4096)
const BALLAST = Array.from({ length: BALLAST_PAGES }, (_, i) => [1 + i, ZEROS] as const)

/** A page that is different after every step, as a busy program's is. */
function pageOf(done: number, hash: number): Uint8Array {
  const page = new Uint8Array(4096)
  const view = new DataView(page.buffer)
  view.setUint32(0, done)
  view.setUint32(4, hash)
  return page
}
