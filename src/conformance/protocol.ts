/** What the suite asks of a realm and what the realm answers. Bigints travel as text, bytes beside the head (frame.ts). */
import type { Stop, TierChoice } from '../engine/machine.ts'

/** Everything a machine is started or thawed with, but its kernels' bytes. */
export interface ProgramSettings {
  readonly code: string
  readonly inputJson: string
  readonly seed: number
  readonly startMs: number
  readonly memoryBytesMax: number
  readonly fuelMax: string
  /** Names of the kernels whose bytes come beside this. */
  readonly kernels: readonly string[]
}

/** A sealed checkpoint: its root and the names of the blocks that come beside it. */
export interface CheckpointHead {
  readonly root: string
  readonly cids: readonly string[]
}

export type Ask =
  /** Beside it: the bytes of the engine's movable and of its plain build. Answers the hash of the base image, which must be one everywhere. */
  | { readonly kind: 'prepare'; readonly engineId: string }
  /** Beside it: the kernels, as a bundle carries them. */
  | { readonly kind: 'load'; readonly id: string; readonly settings: ProgramSettings }
  | { readonly kind: 'drop'; readonly id: string }
  /** Starts, or thaws what comes beside it, and runs to the end or for so much fuel; then freezes and seals. */
  | {
      readonly kind: 'leg'
      readonly id: string
      readonly from: CheckpointHead | null
      readonly slice: Slice
      readonly tier: TierChoice
    }
  /** On the movable build, freezes at these points and goes on in place; with `until`, ends with that freeze's checkpoint. */
  | { readonly kind: 'chain'; readonly id: string; readonly at: Points; readonly until: number | null }

/** For so much fuel, until the program has used so much, or to its end; fuel as text. */
export type Slice = { readonly for: string } | { readonly until: string } | null

/** After every so much fuel, or at points of the program's fuel, ascending; both as text. */
export type Points = { readonly every: string } | { readonly fuel: readonly string[] }

export interface Leg {
  readonly stop: Stop
  readonly console: readonly string[]
  readonly fuel: string
  readonly clockMs: number
  /** Of a program that has ended without failing. */
  readonly stateHash: string | null
  /** Of a program that stands in the middle. */
  readonly checkpoint: CheckpointHead | null
  /** Where it stands: between turns, in the middle of one, inside a kernel. */
  readonly standing: string | null
  /** What the thawed machine seals to before it runs: the checkpoint that it came from. */
  readonly arrivedAs: string | null
}

export interface Chain {
  readonly roots: readonly string[]
  readonly end: Leg
}
