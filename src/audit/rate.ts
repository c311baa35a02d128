import type { Random } from '../base/random.ts'
import { integerBelow } from '../base/random.ts'
import { GOOD_BEFORE_LOT, LOT_MAX } from './limits.ts'

/**
 * How often a host's segments are run again: every one until it has been right often enough in a row, then one in n by lot.
 * Only a segment that was run again and held counts as good. The rule is BOINC's adaptive replication (D. P. Anderson, "BOINC: a
 * platform for volunteer computing", 2019, section 3.2), with a floor.
 */
export interface HostRate {
  /** Run again and right, ever, and in a row since the last time that it was not, or could not be. */
  readonly good: number
  readonly streak: number
  readonly audited: number
  /** Passed over by lot. */
  readonly unaudited: number
  /** Could not be run again. */
  readonly lapsed: number
  /** Proven lies. */
  readonly strikes: number
}

export const UNKNOWN_HOST: HostRate = { good: 0, streak: 0, audited: 0, unaudited: 0, lapsed: 0, strikes: 0 }

/** One in so many of its segments is run again. A host that was caught is watched for good. */
export function lotOf({ streak, strikes }: HostRate): number {
  if (strikes > 0 || streak < GOOD_BEFORE_LOT) return 1
  return Math.min(LOT_MAX, streak)
}

export const isDrawn = (rate: HostRate, random: Random): boolean => {
  const lot = lotOf(rate)
  return lot === 1 || integerBelow(random, lot) === 0
}

export type Finding =
  | 'good'
  | 'fraud'
  /** By lot nobody looks. */
  | 'unaudited'
  /** Nobody can look, and that may be the maker's doing: it is not counted as good, and what was earned is lost. */
  | 'lapsed'

export function afterFinding(rate: HostRate, finding: Finding): HostRate {
  switch (finding) {
    case 'good':
      return { ...rate, audited: rate.audited + 1, good: rate.good + 1, streak: rate.streak + 1 }
    case 'fraud':
      return { ...rate, audited: rate.audited + 1, streak: 0, strikes: rate.strikes + 1 }
    case 'unaudited':
      return { ...rate, unaudited: rate.unaudited + 1 }
    case 'lapsed':
      return { ...rate, lapsed: rate.lapsed + 1, streak: 0 }
  }
}

/** The chance that at least one of so many false segments is run again, where one in `lot` is. */
export const chanceFound = (lies: number, lot: number): number => 1 - (1 - 1 / lot) ** lies
