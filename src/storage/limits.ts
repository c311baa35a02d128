/** What bounds the store's names and waits. Sizes of values are bounded where they are made (checkpoint, bundle, wire). */

/** Longest key, in characters: the longest we write is `story/<agent id>/<number>`, about 100. */
export const KEY_CHARS_MAX = 256

/** How long a page waits for the store of the page before it, in milliseconds: a reload releases it within a few. */
export const STORE_LOCK_WAIT_MS = 1_000
