/** Numbers of the fuzz room. */

/** The longest input that is made, bytes: longer ones take time and find what shorter ones find, beside the frames' own limits. */
export const INPUT_BYTES_MAX = 32 * 1024

/** Inputs that a corpus keeps of one target, and the longest of them, bytes: each is a way to be refused that was new. */
export const CORPUS_MAX = 200
export const CORPUS_INPUT_BYTES_MAX = 4 * 1024

/** One input takes no longer, milliseconds of real time, or it hangs. The slowest, a thaw, takes some 3 on a quiet machine. */
export const HANG_MS = 10_000

/** What a target may hold after a run beside what it held before, bytes of heap and buffers after a collection: caches, code. */
export const GROWTH_BYTES_MAX = 64 * 1024 * 1024
