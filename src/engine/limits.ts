/**
 * The engine's numbers. All of them are part of an agent's observable world (the same on every host), so changing one
 * makes a new engine: `engineId` hashes them through the instrumented bytes, and the prelude's text.
 */

/** WebAssembly's page; memory grows by it. https://webassembly.github.io/spec/core/exec/runtime.html#page-size */
export const WASM_PAGE_BYTES = 65_536

/** The unit in which an image's memory is compared, hashed and sent. Small, so that a small change is a small delta. */
export const IMAGE_PAGE_BYTES = 4_096

/**
 * Fuel that one virtual millisecond takes. Measured: 0.9 to 13 ns a unit, mostly 2 to 5, so a busy agent's virtual clock
 * runs within a small factor of the real one. A power of two is not needed; a round number is easier to reason about.
 */
export const FUEL_PER_MS = 250_000n

/** What `__fuel` counts down from at most: far beyond any quota, far from overflow of i64. */
export const FUEL_MAX = 1n << 60n

/** A soft limit that no fuel falls below: the program is not interrupted. */
export const NEVER = -FUEL_MAX

/**
 * Depth units in one segment of the native stack (see instrument/depth.ts and segments.ts). Measured with `npm run depth --
 * --headroom`: the weakest host (movable build, optimised, Chromium web worker) overflows its own stack at 330,640 units.
 * Stops: an agent that recurses until its host's native stack overflows.
 */
export const SEGMENT_UNITS = 240_000

/** The most segments that an agent's depth can be, the last one for native functions only. As many as STACK_BYTES feed. */
export const SEGMENTS_MAX = 20

/** Fuel of starting a segment and coming back: unwinding and rewinding what waits. Stops: loops across a boundary. */
export const SEGMENT_FUEL = 50_000

/** With less depth left a JavaScript call starts a segment, or throws a RangeError where it is the last. */
export const DEPTH_GUARD_UNITS = 34_000

/** In the last segment a native function that JavaScript calls throws a RangeError where less is left. */
export const NATIVE_GUARD_UNITS = 14_000

/** What calls the host starts a segment where less is left: for kernels and for what the host calls back. */
export const HOST_DEPTH_UNITS = 120_000

/** The program's stack in memory is full where less is left of it: JavaScript calls throw, native functions may go on. */
export const STACK_RESERVE_BYTES = 65_536

/** Longest path of uncounted frames between two counted functions, in units. Measured best of 0, 512 and 1,024. */
export const DEPTH_GAP_UNITS = 512

/** Bytes of bulk memory work (copy, fill) per unit of fuel, as a power of two. */
export const BULK_BYTES_PER_FUEL_LOG2 = 6

/**
 * Where Asyncify keeps the frames of a suspended program and of the segments that wait below it. Measured: at most 74,104
 * bytes a segment. What is not used stays zero, which costs an image nothing and a machine no memory.
 */
export const ASYNCIFY_BUFFER_BYTES = SEGMENTS_MAX * 98_304

/** QuickJS's own limit lies this much below the memory's maximum, so that an out-of-memory Error finds room for itself. */
export const MEMORY_RESERVE_BYTES = 1_048_576

/** The least memory an agent can be given: the base image is about 3.6 MB, 2 MiB of it for frames, plus the reserve, plus something to use. */
export const MEMORY_BYTES_MIN = 6 * 1_048_576

/** The most: the wasm32 address space less a page; a quota may not promise what the format cannot hold. */
export const MEMORY_BYTES_MAX = 4_294_901_760

/** The declared maximum of the imported memory, in WebAssembly pages; the agent's own memory has a lower one. */
export const MEMORY_PAGES_DECLARED = 65_536

/** Text of one console line, in UTF-16 units; the rest is cut. Stops: an agent that floods its host through the console. */
export const CONSOLE_TEXT_MAX = 8_192

/** Console lines kept between two `takeConsole`; older ones are dropped and counted. */
export const CONSOLE_LINES_MAX = 10_000

/** Calls of one agent without an answer. Stops: a table of promises that grows for ever on the host's side. */
export const PENDING_CALLS_MAX = 1_024

/** Timers of one agent. */
export const TIMERS_MAX = 10_000

/** What a timer may be set ahead, in milliseconds, as in web browsers. Stops: a time at which no host's clock arrives. */
export const TIMER_DELAY_MS_MAX = 2 ** 31 - 1

/** Deliveries that wait for the end of a turn, with the calls that may yet be answered: no image holds more of them. */
export const INBOX_MAX = 4_096

/** JSON text of one call's arguments, one result, one delivery, in UTF-8 bytes. */
export const JSON_BYTES_MAX = 64 * 1_048_576

/** Pages the engine's memory starts with; its own data and stack need 18. */
export const ENGINE_PAGES_INITIAL = 20

/** Size of the program's C stack, from address 0 up: where `__stack_pointer` starts. */
export const STACK_BYTES = 1_048_576

/**
 * Segments that the plain build starts on top of the first, without taking frames away: the weakest host for it (Chromium
 * web worker, before it has optimised) overflows at 641,824 units. A program that needs more is promoted.
 */
export const PLAIN_NATIVE_SEGMENTS = 1

/**
 * Fuel that a turn may use on the plain build beyond its slice, before it is run again on the movable one: one to two
 * milliseconds. A shorter turn is cheaper to wait for than to run again. Bounds how long a freeze waits for nothing.
 */
export const PLAIN_TURN_FUEL = 500_000n

/**
 * Fuel of plain turns after which a new restart point is taken, at the end of a turn; for each RESTART_LIVE_BYTES of live memory, begun
 * ones counted. Measured: copying that much takes less than a tenth of the time. Bounds what a promotion runs again.
 */
export const RESTART_FUEL = 200_000n
export const RESTART_LIVE_BYTES = 1_048_576

/** The same where the plain build was asked for, and nobody waits for a freeze. */
export const RESTART_FUEL_ALWAYS_PLAIN = 50_000_000n

/** An agent with more live memory than this always runs on the movable build: restart points would cost what plain gains. */
export const PLAIN_LIVE_BYTES_MAX = 3 * 1_048_576

/** Plain turns have paid for a promotion when they used this many times the fuel that it runs again. */
export const PLAIN_PAYS_FACTOR = 4n

/** Where they have not, the fuel that goes by before the next plain turn doubles, so many times at most. */
export const PLAIN_HOLD_DOUBLINGS_MAX = 10

/** What the outside did since a restart point, in acts and in the length of their texts: over it the point is given up. */
export const OUTSIDE_ACTS_MAX = 64
export const OUTSIDE_LENGTH_MAX = 1_048_576

/**
 * Fuel of making an instance, beside its start and its memory: about what a host takes to instantiate and to reserve the
 * address space. Stops: an agent that makes and releases instances until its host's address space is full.
 */
export const KERNEL_INSTANCE_FUEL = 500_000n

/**
 * Bytes of a new instance's memory per unit of that fuel, as a power of two: every page of it is faulted in twice and
 * copied, to compare images with. Measured on a busy virtual machine: 8 ns a byte. Stops: large memories, made and released in a loop.
 */
export const KERNEL_BYTES_PER_FUEL_LOG2 = 3n

/** Fuel a kernel's start function may use (its instance is made before the agent's own budget can be handed to it). */
export const KERNEL_START_FUEL = 10_000_000n

/** Kernels of one agent. Stops: a bundle that makes its host hold memories without number. */
export const KERNELS_MAX = 16

/** Globals of a kernel that can change, and length of a name it exports or the program gives an instance. Stops: what no checkpoint holds. */
export const KERNEL_GLOBALS_MAX = 64
export const KERNEL_NAME_LENGTH_MAX = 128

/**
 * Fuel is lent to a kernel in cells of this size, in units; one that traps loses what is left of its cell, since loops keep
 * their count in a register. Larger than what one stretch of code can cost, small against a slice. Stops: a kernel that
 * traps before it is charged, again and again.
 */
export const KERNEL_CELL_FUEL = 131_072

/** Frames of a suspended kernel, in 32-bit words. The deepest stack takes less: a word costs at least 4 units of depth. */
export const KERNEL_FRAME_WORDS_MAX = 131_072
