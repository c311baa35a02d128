/** Numbers of the histories of durable agents: what each bounds, its unit, why this value, and the attack it stops. */

/**
 * Pieces of one agent that are kept since its last checkpoint, bytes: with a promise around them they fit a message of a
 * megabyte. Its holder takes a checkpoint at the second, and lets the program stand still at the third until that is safe.
 * Stops: an agent, or a holder that lies for it, that fills the disks of its witnesses.
 */
export const HISTORY_BYTES_MAX = 640 * 1024
export const HISTORY_CHECKPOINT_BYTES = 160 * 1024
export const HISTORY_STAND_BYTES = 320 * 1024

/** The same as a number of them, each a record on a witness's disk: two seconds of a program that emits as fast as it may. */
export const HISTORY_PIECES_MAX = 8_192
export const HISTORY_CHECKPOINT_PIECES = 2_048
export const HISTORY_STAND_PIECES = 4_096

/** One piece, bytes; what has reached a program is cut into so many as are needed. */
export const PIECE_BYTES_MAX = 256 * 1024

/** Pieces in one message, bytes; and in one that brings an effect, whose value and receipt are up to three quarters of it. */
export const STRETCH_BYTES_MAX = PIECE_BYTES_MAX
export const EFFECT_STRETCH_BYTES_MAX = 64 * 1024

/**
 * The answer to one call of a durable agent, bytes, and such answers from one checkpoint to the next: all of them are logged
 * by every witness. What is longer, or too much at once, is refused to the program. Assets of its bundle are not logged, every
 * host has them, and may be as long as they are.
 */
export const DURABLE_ANSWER_BYTES_MAX = 192 * 1024
export const DURABLE_ANSWERS_BYTES_MAX = HISTORY_BYTES_MAX - HISTORY_STAND_BYTES

/** A witness that has promised the next epoch takes no pieces. Whoever holds the agent asks for that epoch itself after so long. */
export const FENCED_MS = 2_000

/** A witness that did not take pieces, or lacks others before them, is asked again after so long. */
export const LOG_AGAIN_MS = 500
