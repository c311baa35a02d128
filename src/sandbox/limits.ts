import { CONSOLE_TEXT_MAX, PENDING_CALLS_MAX } from '../engine/limits.ts'

/** Every number of the sandbox room: what it bounds, its unit, why this value, and the attack it stops (THREATS 1–7). */

/**
 * Fuel between two looks at the mailbox: 2 to 4 ms of busy JavaScript on the movable engine (7 to 15 ns a unit), so that a
 * freeze is answered within the 5 ms of the budget. Measured: a slice costs under 1 % at this length. Slices never change
 * what a program computes.
 */
export const SLICE_FUEL = 250_000n

/** A running guest reports its fuel this often, milliseconds of real time: what people watch, and the heartbeat. */
export const PULSE_MS = 250

/** The warden looks whether the guest has said anything this often, and asks where it has not. */
export const BEAT_MS = 200

/**
 * A guest that has said nothing for so long although it was asked is terminated, milliseconds: a runaway is gone within a
 * second of its last word. A live one looks at its mail every few milliseconds. Counted in beats that the warden itself could
 * run, and run in time: a laptop's sleep or a busy host is not held against the guest. Stops: an agent that has found its way
 * into uninterruptible native code (THREATS 2).
 */
export const WATCHDOG_MS = 600

/** A beat that comes so much too late says that the machine is too busy to judge by it, milliseconds. */
export const BEAT_LATE_MS = 100

/** A guest that is asked for an image is silent while it copies its memory and hands it over: so many bytes a millisecond, at worst. */
export const IMAGE_BYTES_PER_MS = 200_000

/** Hashing all of a memory at the end, where the order asks for that proof, takes longer than the watchdog waits. */
export const HASH_MS_MAX = 10_000

/** From the order to `ready`: a cold start compiles kernels. Stops a compile bomb (THREATS 10). */
export const START_MS_MAX = 15_000

/** Messages of one guest: so many at once, then so many a second. The guest waits; one that does not is a breach. */
export const MESSAGES_BURST = 10_000
export const MESSAGES_PER_SECOND = 5_000

/** The same for the UTF-8 bytes of console lines, calls and results. Images are bounded by memory instead. */
export const TEXT_BYTES_BURST = 16 * 1_048_576
export const TEXT_BYTES_PER_SECOND = 4 * 1_048_576

/**
 * How far a guest may run ahead of the two rates before it counts as a breach: clocks and batches differ, and what it said
 * while its host was busy for so many milliseconds arrives all at once.
 */
export const RATE_SLACK = 2
export const RATE_BACKLOG_MS = 10_000

/** One console line, UTF-16 units: what the engine lets a line be, and its note of what it cut. */
export const CONSOLE_LENGTH_MAX = CONSOLE_TEXT_MAX + 64

/** A call's name, UTF-16 units. */
export const CALL_NAME_LENGTH_MAX = 64

/**
 * JSON of one call's arguments and of the result, UTF-16 units. Half a wire message, since both travel home as one.
 * A larger call is refused to the program; a larger result fails it.
 */
export const CALL_ARGS_LENGTH_MAX = 512 * 1024
export const RESULT_LENGTH_MAX = 512 * 1024

/** The reason of a failure, UTF-16 units: a message and its stack. The guest cuts what is longer. */
export const REASON_LENGTH_MAX = 8_192

/** A state hash as the engine writes it: hex of 32 bytes, with room for a prefix. */
export const STATE_HASH_LENGTH_MAX = 128

/** JSON of one answer to the program, UTF-16 units: a file of 8 MiB in base64. */
export const ANSWER_LENGTH_MAX = 12 * 1_048_576

/** Notes beside progress, paths, names of assets and kernels, UTF-16 units. */
export const NOTE_LENGTH_MAX = 256
export const PATH_LENGTH_MAX = 256

/** Native stack of a worker thread, MiB: the asyncified interpreter has large frames on Node's V8. */
export const STACK_MB = 16

/** Heap of a worker thread's own JavaScript, MiB; the program's memory is WebAssembly memory and not in it. */
export const HEAP_MB = 256

/** Of it, for what is young, MiB. The guest's own code makes little; V8's default let each of many guests keep 3 MB more. */
export const YOUNG_HEAP_MB = 2

/** The longest wait given to a realm's timer in one piece, milliseconds: setTimeout wraps at 2^31. */
export const TIMER_MS_MAX = 1_000_000_000

/**
 * An image of at least so many bytes makes the guest keep a copy of its memory, so that its next image carries only what
 * has changed; a smaller one is sent whole in a fraction of a millisecond. Above the second the memory is not kept twice:
 * so much is what a large agent costs a host beside its own memory, once in the guest and once as the last image.
 */
export const REFERENCE_BYTES_MIN = 1_048_576
export const REFERENCE_BYTES_MAX = 128 * 1_048_576

/**
 * Workers that a host holds ready for agents that come: every arrival uses one up, and the next takes some 50 ms of a
 * processor to make. So many fit between two of them on one machine where an agent only travels; some 9 MB each in Node.
 */
export const SPARES_MAX = 3

/** A used spare is replaced so much later, milliseconds: the hop that used it has its last 10 ms to go. */
export const SPARE_DELAY_MS = 40

/**
 * Inputs of one trace. A timer that fires a thousand times a second, the most that a clock of milliseconds allows, is a minute
 * of them; their places are some 30 bytes each. A guest that has so many stands still until it is frozen, and says so at half.
 * Stops: an agent that makes its host keep a log without end.
 */
export const INPUTS_MAX = 65_536

/** Of them kept free for what still comes to one that stands still: an answer to every call, and the clock before each. */
export const INPUTS_ROOM = 4 * PENDING_CALLS_MAX

/**
 * Text of the answers in one trace, UTF-16 units, unless it is a single one: its host is told to freeze at half, and what
 * would exceed it waits until then.
 */
export const INPUT_TEXT_MAX = 16 * 1_048_576

/** A trace's inputs encoded, bytes: three for a unit of the text at worst, and for each entry its place and its numbers. */
export const INPUTS_BYTES_MAX = 3 * INPUT_TEXT_MAX + 64 * INPUTS_MAX
