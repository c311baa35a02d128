/** Numbers of the soak: unit, and why this value. Times are milliseconds. */

/** Processes and tabs beside the rendezvous: what two cores carry, and enough that there is room when some are away. */
export const SIZE: Size = { homes: 3, edges: 4, tabs: 2 }
export interface Size {
  readonly homes: number
  readonly edges: number
  readonly tabs: number
}

/** Places of an edge worker, and of a tab: a tab's agents cost ten times as much to start. */
export const EDGE_SLOTS = 10
export const TAB_SLOTS = 1

/** A home runs agents too, where it has to lend a place: one. */
export const HOME_SLOTS = 1

/** Agents under way at once: with a third of the hosts away there is still a place for each. */
export const UNDER_WAY_MAX = 26

/** Launches are spread over this share of the time, so that there are agents to be hit until its end. */
export const LAUNCHING_SHARE = 0.92

/** An agent that no home takes is tried at one after the other; with some of them away that is over soon. */
export const LAUNCH_TRIES_MAX = 60

/** Between two faults. */
export const FAULT_GAP_MS = { from: 3_000, to: 9_000 }

/**
 * How long each fault lasts; what is stopped or frozen stays so past its lease (5 s, a tab 8 s), and a home that is gone long
 * enough for a witness to take its place.
 */
export const FAULT_MS = {
  'edge-kill': { from: 500, to: 12_000 },
  'edge-stop': { from: 6_500, to: 15_000 },
  'disk-full': { from: 3_000, to: 8_000 },
  'home-kill': { from: 500, to: 8_000 },
  'home-gone': { from: 25_000, to: 45_000 },
  'rendezvous-kill': { from: 1_000, to: 8_000 },
  'tab-freeze': { from: 9_500, to: 20_000 },
  'tab-crash': { from: 1_000, to: 8_000 },
  'tab-close': { from: 1_000, to: 8_000 },
} as const

/** Workers that are disturbed at once at most: some have to be left to go on with the work. */
export const DISTURBED_WORKERS_MAX = 3

/** How often homes are asked how agents stand, and how many are asked about at once. */
export const POLL_MS = 1_000
export const POLLED_AT_ONCE = 8

/** An agent of which its keeper tells nothing new for so long may have another one by now. */
export const UNHEARD_MS = 6_000

/** After the last fault everything is healed; what has not ended by then counts as lost. */
export const HEALED_MS_MAX = 120_000

/** A process says that it is on line by then, on a machine that is busy with others. */
export const START_MS_MAX = 60_000

/** Of the disk that is filled: enough for the records of a full edge worker, little enough to fill at once. */
export const SMALL_DISK_BYTES = 96 * 1024 * 1024

/** Ends that are not told so long after all agents have ended are lost. */
export const READ_MS_MAX = 120_000
