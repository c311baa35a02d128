/** Numbers of the permit room. */

/**
 * Agents that one `fork` makes of one, itself among them. A fork is one message, one commit of home and one placement for
 * each: 64 are more than a cluster of today has hosts. More are made by forking again. Stops a fork that stalls its home.
 */
export const FORK_MAX = 64

/**
 * One delegation, bytes. A chain travels with every launch and every hop: a usual delegation has 400 to 900. Nothing above
 * is decoded or hashed (THREATS 31, 35).
 */
export const PERMIT_BYTES_MAX = 8 * 1024

/**
 * Delegations in a chain: grid root, administrator, operator, author, launcher are four, and as many again. Each is one
 * signature to check, some 0.1 ms with WebCrypto and 1 ms without.
 */
export const CHAIN_LENGTH_MAX = 8

/** Statements in one policy, those inside of others counted: each is looked at for every argument (THREATS 31). */
export const POLICY_STATEMENTS_MAX = 256

/** Selectors and patterns, UTF-16 code units, and how many steps a selector goes down. */
export const SELECTOR_CHARS_MAX = 128
export const SELECTOR_STEPS_MAX = 16
export const PATTERN_CHARS_MAX = 512

/** A command, UTF-16 code units; the longest of ours has 14. */
export const COMMAND_CHARS_MAX = 128

/** Bytes of a nonce. UCAN recommends 12 of chance; with fewer two permits could be one. */
export const NONCE_BYTES_MIN = 12
export const NONCE_BYTES_MAX = 64
export const NONCE_BYTES = 16

/** The last second of the year 9999: dates above are mistakes, and would not be exact as milliseconds. */
export const SECONDS_MAX = 253_402_300_799
