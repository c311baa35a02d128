import type { Description } from '../wire/statements.ts'
import {
  CHECKPOINT_COST_MS_MIN,
  CHECKPOINT_INTERVAL_MS_MIN,
  CHECKPOINT_SHARE_MAX,
  SURVIVAL_MS,
  WAY_SHARE,
} from './limits.ts'

/**
 * How often a running agent is checkpointed. Every checkpoint costs it some time, and a host that dies loses what was done
 * since the last one; the sum of both is least at the square root of 2·C·M, with C the cost of one and M the time a host
 * lives on average (Young, "A first order approximation to the optimum checkpoint interval", 1974; Daly 2006 for C that is
 * not small against M, which it is here). Bounded by what is promised to authors and by what agents can afford.
 */
export interface CheckpointTerms {
  /** What one checkpoint of this agent costs it, milliseconds. */
  readonly costMs: number
  /** How long this host lives on average, milliseconds. */
  readonly survivalMs: number
  /** No longer than this, unless the agent would spend more than CHECKPOINT_SHARE_MAX of its time on checkpoints. */
  readonly mostMs: number
}

export function checkpointIntervalMs({ costMs, survivalMs, mostMs }: CheckpointTerms): number {
  const best = Math.sqrt(2 * Math.max(costMs, CHECKPOINT_COST_MS_MIN) * survivalMs)
  return Math.max(Math.min(best, mostMs), costMs / CHECKPOINT_SHARE_MAX, CHECKPOINT_INTERVAL_MS_MIN)
}

/** The agent stands still for the one, and runs on during the other. */
export const checkpointCostMs = (stoodMs: number, onTheWayMs: number): number => stoodMs + WAY_SHARE * onTheWayMs

/**
 * How long a host lives on average: what is usual for its kind, counted as one life that ended in a death, and its own
 * lives beside it. A life that was ended in order, after its agents had left, adds its time and no death.
 */
export const meanSurvivalMs = (
  kind: Description['kind'],
  lived: { readonly totalMs: number; readonly deaths: number },
): number => (SURVIVAL_MS[kind] + lived.totalMs) / (1 + lived.deaths)
