/** Names what ended an instance, in words that are the same in every realm as far as the cause is. */
import { SEGMENT_UNITS, STACK_BYTES } from './limits.ts'
import { SegmentFault } from './segments.ts'
import { VmFault } from './vm.ts'

export type MachineFailure =
  /** The program threw and did not catch. */
  | 'THROWN'
  /** Fuel, memory or depth ran out; the reason begins with which. */
  | 'QUOTA'
  /** The instance trapped. */
  | 'TRAP'
  /** The result has no JSON form. */
  | 'UNENCODABLE'
  /** The program does not parse. */
  | 'LOAD'

export type Failed = { readonly kind: 'failed'; readonly code: MachineFailure; readonly reason: string }

const failed = (code: MachineFailure, reason: string): Failed => ({ kind: 'failed', code, reason })

/** What the instance's counters say after it failed. */
export interface Counters {
  readonly fuelLeft: bigint
  readonly depthLeft: number
  readonly stackPointer: number
}

/** The instance is poisoned now: nobody runs or freezes it again. Counters below zero are the cause where they are. */
export function nameFault(
  error: unknown,
  { fuelLeft, depthLeft, stackPointer }: Counters,
  { fuelMax, depth }: { readonly fuelMax: bigint; readonly depth: number },
): Failed {
  if (fuelLeft < 0n) return failed('QUOTA', `fuel: ${fuelMax} used up`)
  if (depthLeft < 0) return failed('QUOTA', `depth: recursion or nesting deeper than ${depth * SEGMENT_UNITS} units`)
  if (stackPointer < 0) return failed('QUOTA', `depth: the stack of ${STACK_BYTES} bytes is full`)
  if (error instanceof SegmentFault) return failed(error.message.startsWith('depth:') ? 'QUOTA' : 'TRAP', error.message)
  if (error instanceof VmFault) return failed(error.message.startsWith('memory:') ? 'QUOTA' : 'TRAP', error.message)
  if (error instanceof WebAssembly.RuntimeError)
    return failed('TRAP', `the engine trapped: ${trapWords(error.message)}`)
  if (isHostStackSpent(error)) return failed('TRAP', "depth: the host's own native stack overflowed")
  throw error
}

/** The host's own native stack is smaller than any that was measured. Firefox's error is one that other realms do not know. */
export const isHostStackSpent = (error: unknown): boolean =>
  error instanceof RangeError || (error instanceof Error && error.name === 'InternalError')

/** Engines word a trap differently; which it was must read the same everywhere. */
function trapWords(message: string): string {
  if (/unreachable/i.test(message)) return 'unreachable'
  if (/out of bounds/i.test(message)) return 'an access out of bounds'
  if (/signature|null function|indirect call/i.test(message)) return 'an indirect call of something else'
  return /divi|remainder|overflow|trunc|convert|unrepresentable/i.test(message) ? 'arithmetic' : 'trap'
}
