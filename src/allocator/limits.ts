import type { Description } from '../wire/statements.ts'

/** Numbers of the allocator: what each bounds, unit, why this value. */

/**
 * How long a host of a kind lives until it goes without a word, where nothing is known of this one: a tab is closed some time
 * in the hour, a machine that was set up for agents is switched off now and then.
 */
export const SURVIVAL_MS: Readonly<Record<Description['kind'], number>> = {
  edge: 8 * 3_600_000,
  launcher: 8 * 3_600_000,
  tab: 30 * 60_000,
}

/** A checkpoint costs at least so much, whatever a clock of whole milliseconds says of it. */
export const CHECKPOINT_COST_MS_MIN = 1

/** Of an agent's time, what its checkpoints may take: rather is more lost with a host that dies. */
export const CHECKPOINT_SHARE_MAX = 0.05

/** Between two checkpoints at least: two looks of the host, so that a host that dies all the time still gets on. */
export const CHECKPOINT_INTERVAL_MS_MIN = 500

/** While a checkpoint is on its way its agent runs on: of that time so much counts as cost, for processor and line. */
export const WAY_SHARE = 0.1
