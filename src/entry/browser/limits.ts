/** Numbers of the volunteer page: what each bounds, and why this value. */

/** The rendezvous is asked again this often, so that a new author or a new name shows within a minute. */
export const CLUSTER_POLL_MS = 60_000

/** After a question without an answer. Short enough to watch, long enough not to press a server that comes back. */
export const CLUSTER_RETRY_MS = 5_000

/** A rendezvous that accepts a connection and then says nothing counts as away after this long. */
export const CLUSTER_TIMEOUT_MS = 8_000

/** Bytes of its answer that are read at most: names and keys of the authors, nothing more. */
export const CLUSTER_BYTES_MAX = 64 * 1024

/** Bytes of this browser's storage for agents that have left, should they come back: a volunteer's disk is lent sparingly. */
export const CACHE_BYTES = 64 * 1024 * 1024

/** The page is drawn again at most this often, however fast snapshots change: five times a second reads as live. */
export const DRAW_MS = 200

/** Times in words ("8 s ago") move on at this pace. */
export const CLOCK_MS = 1_000

/** Handing over may take this long; what is still here then is parked, and home recovers it from its checkpoint. */
export const DRAIN_MS_MAX = 20_000

/** Agents at a time on offer at most, even on a large machine: one web worker and up to its memory limit each. */
export const PAGE_SLOTS_MAX = 16

export const HOST_NAME_LENGTH_MAX = 32

/** Agreements remembered; older ones go first. Bounds what a careless rendezvous can make this browser keep. */
export const AGREEMENTS_MAX = 64

/** A new version is looked for this often while the page stays open. */
export const UPDATE_POLL_MS = 60 * 60_000

/** The simulator works this long at a time before it listens to its page again: a press of a button is heard at once. */
export const SIM_TURN_MS = 30

/** Virtual time advances by so much at a time: a third of what a host waits between two looks at its leases. */
export const SIM_STEP_MS = 80

/** The page of the simulator gets a picture at most this often; it moves what is on it by itself in between. */
export const SIM_FRAME_MS = 50

/** Its speed is measured over so long. */
export const SIM_RATE_MS = 1_000

/** Events of a simulated cluster that the page remembers. */
export const SIM_NEWS_MAX = 200

/** A new cluster gets acquainted for so long, virtual milliseconds, before its time begins. */
export const SIM_WARM_MS = 3_000

/** Between two launches, virtual milliseconds: agents come one after the other, not as a crowd. */
export const SIM_LAUNCH_MS = 200
