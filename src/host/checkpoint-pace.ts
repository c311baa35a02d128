import { checkpointCostMs, checkpointIntervalMs } from '../allocator/checkpoint-interval.ts'
import { CHECKPOINT_WAY_MS, COST_SMOOTHING, TICK_MS, WORK_LOST_MS_MAX } from './limits.ts'
import { survivalMs } from './lives.ts'
import type { Resident } from './state.ts'
import type { Turn } from './turn.ts'

/** When the next checkpoint of a running agent is due, from what the last ones took. */
export interface CheckpointPace {
  /** When it was told to stand still for the checkpoint under way; null when none is. */
  askedMs: number | null
  /** When the newest checkpoint was there, and how long the agent had stood still for it. */
  takenMs: number | null
  stoodMs: number
  /** What one costs, smoothed; null before the first has reached home. */
  costMs: number | null
}

export const newCheckpointPace = (): CheckpointPace => ({ askedMs: null, takenMs: null, stoodMs: 0, costMs: null })

export const noteFreezing = ({ nowMs }: Turn, { checkpointPace }: Resident): void => {
  checkpointPace.askedMs = nowMs
}

/** It stands: now, or in a moment, it runs on. */
export function noteTaken({ nowMs }: Turn, { checkpointPace }: Resident): void {
  const { askedMs } = checkpointPace
  checkpointPace.stoodMs = askedMs === null ? 0 : nowMs - askedMs
  checkpointPace.askedMs = null
  checkpointPace.takenMs = nowMs
}

/** The newest checkpoint is at home, or did not get there. */
export function noteArrived({ nowMs }: Turn, { checkpointPace }: Resident): void {
  const { takenMs, stoodMs, costMs } = checkpointPace
  if (takenMs === null) return
  const newest = checkpointCostMs(stoodMs, nowMs - takenMs)
  checkpointPace.costMs = costMs === null ? newest : costMs + COST_SMOOTHING * (newest - costMs)
}

/** Counted from when the newest checkpoint was taken: what was done since then is what a death of this host would cost. */
export function checkpointDueMs(turn: Turn, { checkpointPace }: Resident): number {
  const { takenMs, costMs } = checkpointPace
  const mostMs = WORK_LOST_MS_MAX[turn.state.kind] - TICK_MS - CHECKPOINT_WAY_MS
  const intervalMs = checkpointIntervalMs({ costMs: costMs ?? 0, survivalMs: survivalMs(turn), mostMs })
  return (takenMs ?? turn.nowMs) + intervalMs
}
