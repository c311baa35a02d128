import { CALLS } from '../permit/calls.ts'
import type { Quota } from '../permit/quota.ts'

/** Numbers of a bundle: what each bounds, its unit, why this value, the attack it stops. Enforced in manifest.ts, car.ts and open.ts. */

/**
 * One block, bytes. A block travels whole in one message of the wire (1 MiB less 64 KiB for what surrounds it); files
 * that are longer are cut. A test holds this against the wire's own number.
 */
export const BLOCK_BYTES_MAX = 960 * 1024

/**
 * All files of a bundle together, bytes. A host keeps bundles of strangers in its store and sends them on; 16 MiB is
 * 0.3 s on a slow link and far above a program with its kernels and tables. Stops endless data (THREATS 33, 41).
 */
export const BUNDLE_BYTES_MAX = 16 * 1024 * 1024

/** The CAR file, bytes: the files, one root, and ~42 bytes a block around them. */
export const CAR_BYTES_MAX = BUNDLE_BYTES_MAX + 2 * BLOCK_BYTES_MAX

/** The program, bytes: compiling more in an interpreter takes longer than an agent should need to start. */
export const CODE_BYTES_MAX = 4 * 1024 * 1024

/** The source map, bytes: with the sources in it, it outgrows the program. Only authors' tools read it. */
export const SOURCE_MAP_BYTES_MAX = 8 * 1024 * 1024

/** One kernel, bytes: an optimising compiler takes of the order of 0.1 s a MiB (compile bombs, THREATS 10). */
export const KERNEL_BYTES_MAX = 4 * 1024 * 1024
export const KERNELS_MAX = 16

/** Assets: entries keep the manifest within one block; bytes are bounded by the bundle. */
export const ASSETS_MAX = 1024
export const ASSET_PATH_CHARS_MAX = 200

/** Texts of the manifest that people read, UTF-16 code units. */
export const NAME_CHARS_MAX = 64
export const VERSION_CHARS_MAX = 64
export const DESCRIPTION_CHARS_MAX = 500

/** The last millisecond of the year 9999: what a date can say. */
export const EXPIRES_MS_MAX = 253_402_300_799_999

/**
 * How long a bundle may begin new agents, where its author says nothing, days. An author who publishes no longer, or is kept
 * from it, is not stood for by an old bundle for ever (THREATS 41, TUF: indefinite freeze).
 */
export const EXPIRES_DAYS = 365

/**
 * Depth, in segments of the engine's native stack (docs/LIMITS.md): what an agent has whose author says nothing, and the
 * most, which is the engine's own (a test holds the two together). Less may not be asked for: every host has the standard.
 */
export const DEPTH_STANDARD = 10
export const DEPTH_MAX = 20

/** Asked for where the author says nothing: a minute or two of work for most agents, hours of it for a busy one. */
export const DEFAULT_QUOTA: Quota = {
  fuel: 1e12, // of the order of 1.5 h of busy JavaScript
  memoryBytes: 64 * 1024 * 1024,
  storageBytes: 64 * 1024 * 1024, // as much as memory: all of it may differ
  lifetimeMs: 24 * 3600_000,
  messages: 100_000,
  sentBytes: 16 * 1024 * 1024,
  messagesPerSecond: 1_000,
  bytesPerSecond: 1024 * 1024,
  hops: 1_000,
  children: 15,
  calls: CALLS,
}

/**
 * No manifest may ask for more, whatever a host would grant: numbers above are mistakes or probes of a host's arithmetic
 * (fuel stays an exact double). A host's own ceiling is lower and is its policy, not part of the format.
 */
export const QUOTA_ASKED_MAX: Quota = {
  fuel: 1e15, // of the order of two months of busy JavaScript
  memoryBytes: 1024 * 1024 * 1024,
  storageBytes: 1024 * 1024 * 1024,
  lifetimeMs: 365 * 24 * 3600_000,
  messages: 1e9,
  sentBytes: 16 * 1024 * 1024 * 1024,
  messagesPerSecond: 1_000_000,
  bytesPerSecond: 1024 * 1024 * 1024,
  hops: 1_000_000,
  children: 10_000,
  calls: CALLS,
}
