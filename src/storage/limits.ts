/** What bounds the store's names. Sizes of values are bounded where they are made (checkpoint, bundle, wire). */

/** Longest key, in characters: the longest we write is `story/<agent id>/<number>`, about 100. */
export const KEY_CHARS_MAX = 256
