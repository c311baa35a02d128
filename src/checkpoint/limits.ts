/** Every number of the checkpoint room: what it bounds, its unit, why this value, and the attack it stops (THREATS 5, 33). */

/** Grain of change tracking, bytes: small agents dirty ~20 of these, at 64 KiB they would dirty four times the bytes. */
export const PAGE_BYTES = 4096

/** A WebAssembly page, bytes (WebAssembly core specification, "page size"). */
export const WASM_PAGE_BYTES = 65_536

export const PAGES_PER_WASM_PAGE = WASM_PAGE_BYTES / PAGE_BYTES

/** Linear memory of engine and kernels together, in WebAssembly pages: 1 GiB, the most a bundle may ask for. Bounds every loop over page indexes. */
export const MEMORY_PAGES_MAX = 16_384

/**
 * Entries of one page table, and the pages one leaf table spans. 256 pages are 1 MiB of memory: a leaf is ≤ 9 KiB, and
 * a program that touches one page changes one leaf and the root.
 */
export const TABLE_ENTRIES_MAX = 256

/** The root block, bytes. 1,024 leaf digests, 16 kernels and the queue's chunk names fit with room to spare. */
export const ROOT_BYTES_MAX = 262_144

/** Queues (pending calls, timers, inbox) up to this stand in the root itself, bytes; longer ones in chunks. */
export const QUEUES_INLINE_BYTES_MAX = 2048

/** One chunk of the queues, bytes: a block that fits one 64 KiB frame of a data channel. */
export const QUEUE_CHUNK_BYTES = 32_768

/** All queues of an agent, bytes. A file read that waits in the inbox is the largest honest content. */
export const QUEUES_BYTES_MAX = 33_554_432

/** Pending calls, timers and inbox entries, each. Stops a root that makes the receiver build endless lists. */
export const QUEUE_ENTRIES_MAX = 65_536

/** Kernel instances of one agent. A bundle with more hot loops than this can put several in one module. */
export const KERNELS_MAX = 16

/** Mutable globals of one instance: the engine has about 6, an AssemblyScript kernel about 10. */
export const GLOBALS_MAX = 64

/** Names of globals, kernels and exports, in characters. */
export const NAME_LENGTH_MAX = 128

/** Frames of the suspended kernel call, bytes: four for each word that the engine allows. */
export const KERNEL_FRAME_BYTES_MAX = 524_288

/** Fuel of a cell in which it is lent to a kernel: the engine's number. */
export const KERNEL_CELL_FUEL = 131_072

/** Latest instant that ECMAScript's Date can tell, milliseconds (ECMA-262 21.4.1.1). */
export const CLOCK_MS_MAX = 8.64e15

/**
 * Leaf tables whose places are remembered, so that the next checkpoint of an agent costs what it changed: some 80 KB each
 * where all their pages have a block, less what two have in common, and no more than four agents of 64 MB. The oldest go.
 */
export const TABLES_KNOWN_MAX = 256
