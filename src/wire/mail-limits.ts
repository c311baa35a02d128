/** Numbers of mail and names on the wire, as limits.ts has them for the rest: what each bounds, and what it stops (THREATS 14, 15). */

/**
 * Letters of one agent that travel with it: those that its program has not had and, until the next checkpoint, those it has
 * had since the last. Bytes are counted besides (host/mailbox.ts).
 */
export const LETTERS_MAX = 1_024

/** Senders of whom an agent's mailbox knows how far they have come, a hundred to two hundred bytes each, with every hop. */
export const MARKS_MAX = 512

/** Of each, digests of the last so many letters: who says another thing under an old number is found out that far back. */
export const MARK_LETTERS_MAX = 4

/** Hexadecimal digits of a letter's digest, 64 bits: its only use is to show a sender its own contradiction. */
export const LETTER_HASH_CHARS = 16

/** Characters of a name, in the alphabet of host names. */
export const REGISTERED_NAME_CHARS_MAX = 64

/** Names in one message: two signatures each, so that a message costs as much as one of notices. */
export const NAMES_PER_MESSAGE_MAX = 16

/** What two hosts compare before they tell each other names: groups of them, bytes of a mark of each. */
export const NAME_GROUPS = 64
export const NAME_MARK_BYTES = 16
export const NAME_MARKS_BYTES = NAME_GROUPS * NAME_MARK_BYTES
