/** Numbers of mail and names in the host machine, as limits.ts has them for the rest. */

/**
 * What all letters that an agent has not had come to, bytes of JSON with LETTER_BYTES_BESIDE for what is around each: they
 * travel with every hop and every checkpoint, beside an input and a push of pages. One fuller than that makes its senders
 * wait (THREATS 15).
 */
export const MAILBOX_BYTES_MAX = 128 * 1024
export const LETTER_BYTES_BESIDE = 48

/** A mark in a message, bytes: an id, an epoch, and four numbers with their digests. With MARKS_MAX of them and a full mailbox a push is half as long. */
export const MARK_BYTES = 256

/** One letter, bytes of JSON: a quarter of a mailbox. Longer things are taken along, or emitted. */
export const LETTER_BYTES_MAX = 32 * 1024

/** Letters of one agent that are not acknowledged; one more is refused with QUOTA. */
export const LETTERS_WAITING_MAX = 64

/** A letter that found nobody, or a full mailbox, is tried again after so long, twice as long each time, and at the most. */
export const LETTER_AGAIN_MS = 250
export const LETTER_AGAIN_MS_MAX = 5_000

/** How often in a row one letter is sent on before its sender's host waits: a chain of hops, or hosts that lie in circles. */
export const REDIRECTS_MAX = 8

/** Hosts that are asked where an agent is when its home does not answer. */
export const SEEKERS_MAX = 4

/** Agents whose holder a host remembers for its senders; the longest unused goes first. */
export const HOLDERS_MAX = 4_096

/** Agents of other hosts that have shown here who speaks for them; the longest unused has to show it again. */
export const PROVEN_MAX = 4_096

/** A name that is not known is waited for so long: it may be on its way. */
export const LOOKUP_MS = 2_000

/** A name is its agent's for so long after its keeper's last word, and said again after a third of that. */
export const NAME_LEASE_MS = 5 * 60_000
export const NAME_AGAIN_MS = NAME_LEASE_MS / 3

/** Between a keeper's word for a name and its answer: by then every host near has said whether it knows an older one. */
export const NAME_SETTLE_MS = 1_000

/** Names of one agent. */
export const NAMES_BY_AGENT_MAX = 16

/**
 * Names known here, a kilobyte and a half each: 6 MB. For one more the one goes whose lease ends first, of owners of whom
 * nothing runs here before others: keys that cost nothing name what they like, and crowd out each other.
 */
export const NAMES_MAX = 4_096
export const NAMES_BY_OWNER_MAX = 1_024

/** Names are compared with one neighbour by lot this often, beside when two hosts meet. */
export const NAMES_AGAIN_MS = 30_000

/** A keeper looks at its leases this often. */
export const NAMES_LOOK_MS = 1_000

/** How deep the JSON of a letter may nest: a stranger's must not use up the stack of who reads it (THREATS 15). */
export const LETTER_DEPTH_MAX = 64

/** A mailbox with MARKS_MAX senders looks so often whether so many of them have ended. */
export const MARKS_SWEEP_MS = 1_000
export const MARKS_SWEPT = 16
