/** Numbers of the host's blocks and of their transfers: what each bounds, why this value, and the attack or accident it stops. */

/** Blocks of a checkpoint are at most its memory quota and tables; a transfer beyond is cut off (THREATS 33). */
export const TABLE_SHARE = 1.05

/**
 * Blocks that only agents which have left would need again, bytes as stored, unless the platform or owner says otherwise.
 * Some two thousand small agents, or a few large ones; least recently used checkpoints go first.
 */
export const CACHE_BYTES_DEFAULT = 256 * 1024 * 1024

/**
 * Blocks written lately that are in memory too, in bytes: some thirty small agents that come and go. Without it strangers
 * would fill the memory of a host with what they send; oldest go first.
 */
export const RECENT_BYTES_MAX = 16 * 1024 * 1024

/** More bytes than this in one commit are read from the disk again: one large agent would push all small ones out. */
export const RECENT_KEPT_BYTES_MAX = 2 * 1024 * 1024

/**
 * Checkpoints of one agent in the cache: with these it hopped, so other hosts may have them too, and differences to them
 * are told and understood; and the last ones besides.
 */
export const CACHED_HOPS_MAX = 3
export const CACHED_OTHERS_MAX = 2

/**
 * Agents whose blocks are told apart from all others in memory, while somebody fetches them: half a megabyte for one of
 * 50 MB. For one more the longest unused is made anew when it is asked for again, a millisecond.
 */
export const OWN_BLOCKS_MAX = 16

/** Blocks asked for by one request: 128 pages are half a megabyte, a few milliseconds of packing and of a good line. */
export const FETCH_NAMES = 128

/**
 * Requests of one transfer under way at once. Times FETCH_NAMES pages this is what is unanswered at most, 4 MiB before
 * compression: more than a good line holds in a round trip, and little for others to wait behind.
 */
export const FETCH_LANES = 8

/**
 * A transfer whose connection breaks waits so long for it to come back before it gives up, and tries this often. The agent
 * stands still meanwhile; a lease ends after 5 s of silence, so longer would be taken for a death at home.
 */
export const RESUME_MS_MAX = 5_000
export const RESUME_AGAIN_MS = 200

/**
 * The least pace of a transfer, bytes as they travel, once the grace is over, and how often that is looked at. 8 KiB/s is
 * the worst of mobile lines; the grace lets the first pack of a slow line arrive. Stops senders of a byte a second
 * (THREATS 32).
 */
export const PACE_BYTES_PER_SECOND = 8 * 1024
export const PACE_GRACE_MS = 10_000
export const PACE_LOOK_MS = 1_000

/** A transfer takes no longer, so that its end and the reason reach the sender before it gives up on SEND by itself. */
export const TRANSFER_MS_MAX = 50_000

/** Transfers of one neighbour that need more than one request of blocks, at once; others wait, small ones do not (THREATS 32). */
export const TRANSFERS_PER_NEIGHBOUR_MAX = 2

/** What came of a transfer is made durable in parcels of so many bytes: one commit each, and what a crash here costs. */
export const PARCEL_BYTES = 4 * 1024 * 1024

/**
 * So long what came of a transfer that broke off lies ready for its next attempt. Whoever sends, or fetches, tries again
 * within seconds, and waits longer only for a host that is gone; then the agent mostly ends up elsewhere.
 */
export const PART_KEPT_MS = 60_000

/**
 * Blocks sent along with a message, before they are asked for: bytes before compression, so that the message has room for
 * an input beside them, and their count, a megabyte of pages whose differences are small.
 */
export const PUSHED_BYTES_MAX = 400 * 1024
export const PUSHED_BLOCKS_MAX = 2_048

/**
 * A pack of at least so many bytes that keeps more than this share of them when it is compressed stands for its like: so
 * many packs, some 8 MB of pages, go uncompressed before the next trial. Memory of programs is one or the other for long.
 */
export const TRIAL_BYTES_MIN = 64 * 1024
export const WORTH_DEFLATING = 0.9
export const PACKS_UNCOMPRESSED = 16
