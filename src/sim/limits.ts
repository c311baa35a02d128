/** Numbers of the simulator: what each bounds and why this value. */

/** A commit of a simulated host is durable so many milliseconds after it was called: between a fast disk and a slow one. */
export const SYNC_MS = 2

/** One way between two simulated hosts, milliseconds: whole ones, so that what falls due together runs in one turn. */
export const LATENCY_MS = { min: 1, max: 30 } as const

/** What the rendezvous tells a host of those on line, when there are more: traffic of a host must not grow with their number. */
export const MEMBERS_TOLD_MAX = 12

/** A partition that lasts longer than this ends the channels that it cuts, as WebRTC's consent check does (RFC 7675: 30 s). */
export const CHANNEL_PATIENCE_MS = 30_000

/** A host that stopped by itself, because its disk took no more, is started again after so long: by its owner or its supervisor. */
export const RESTART_MS = 3_000

/** How long the world has, all faults off and all hosts back, until every agent has its end, virtual milliseconds. */
export const HEALING_MS_MAX = 300_000

/** After the last end: what is left over has to go within this. */
export const CLEARING_MS = 75_000

/** An owner has his processor back within this, virtual milliseconds (DESIGN 5). */
export const STOPPED_MS = 100

/**
 * In whole surroundings with room the state of his guests is elsewhere after this: the second that it may take, and two for hosts that
 * refuse, since loads are known a second late.
 */
export const EVICTED_MS = 3_000
