/** Numbers of the audit room: what each bounds, why this value, and the attack it stops. */

/**
 * Hops of an agent whose evidence its home keeps, some 2 KB each; the first of more go. A list without the first hops is
 * believed only when it has so many: a shorter one has been cut.
 */
export const ITINERARY_MAX = 1_000

/** A saved itinerary, bytes: twice the longest that homes keep. More is not decoded (THREATS 35). */
export const ITINERARY_BYTES_MAX = 4 * 1024 * 1024

/** Good segments in a row until a host is audited by lot (BOINC's rule for a host whose results have held ten times). */
export const GOOD_BEFORE_LOT = 10

/**
 * A proven host has one in n of its segments run again, n its good ones in a row, and at least one in so many. Running again
 * costs up to 1.5 times the run, so this is some 6 % of the work, and recording has the rest of a tenth. A lie in one segment of
 * twenty is found within 100 segments with 19 % there, and in half of all cases within 330; a host that waits until it is
 * trusted and then lies all the time is found within 24 segments on average (THREATS 18).
 */
export const LOT_MAX = 24

/**
 * Segments of one agent that home keeps the evidence of, and bytes of it: logs, and the checkpoints they begin at, whole,
 * although neighbours share most of their blocks. Older ones that nobody ran again are let go and counted (THREATS 8).
 */
export const SEGMENTS_KEPT_MAX = 32
export const EVIDENCE_BYTES_MAX = 512 * 1024 * 1024

/** Logs of all agents together, bytes, in memory as on disk: what a thousand agents leave in a minute, or strangers with long ones. */
export const LOGS_BYTES_MAX = 128 * 1024 * 1024

/** The same with the checkpoints that segments begin at, whole, on disk; neighbours share most of their blocks. */
export const EVIDENCE_BYTES_ALL_MAX = 2 * 1024 * 1024 * 1024

/** False segments whose evidence is kept for good; of more the fact alone. One is enough to keep a host out. */
export const FRAUDS_KEPT_MAX = 64

/** Segments that home has evidence of or remembers the end of, of all agents together; the oldest go first. */
export const SEGMENTS_KNOWN_MAX = 10_000

/** Segments that are being run again for us at once: one is some seconds of another host's processor. */
export const AUDITS_OUT_MAX = 8

/** Segments of others that a host runs again at once: beside its slots, and only while one of them is free. */
export const AUDITS_SERVED_MAX = 1

/**
 * Running one segment again takes no longer, or nobody waits for the answer any more. Stops: a receipt of a made-up key for a run
 * without end, by which a stranger would have a place here, and every later audit none (THREATS 31).
 */
export const RERUN_MS_MAX = 50_000

/** Attempts to have one segment run again before it counts as lapsed, and the time between two. */
export const AUDIT_ATTEMPTS_MAX = 20
export const AUDIT_AGAIN_MS = 1_000

/** Hosts whose record home keeps; the least of note go first: those without a strike that were audited longest ago. */
export const RATES_MAX = 4_096

/** Rounds of asking a maker where it stood: each narrows the place to a seventeenth, three to a five-thousandth of the segment. */
export const BISECT_ROUNDS_MAX = 3

/** Segments of its own that a host can still answer for, in memory: an audit comes within seconds of the receipt. */
export const MADE_KEPT_MAX = 16

/** A fraud proof as a file, bytes: the largest bundle, and a checkpoint of the most memory that a host allows by default. */
export const PROOF_BYTES_MAX = 320 * 1024 * 1024
