import { encode } from '../base/codec.ts'

/** What a guest says that its program was told between two images, and what came out of it. */
export interface Trace {
  readonly from: {
    readonly fuelMax: number
    readonly sentBytesMax: number
    readonly sentBytes: number
    readonly effects: string
  }
  readonly inputs: readonly unknown[]
  readonly until: { readonly fuelUsed: number; readonly standing: 'turn' | 'interrupt' | 'kernel' | 'call' } | 'end'
  readonly effects: string
}

/** Pieces of one run as one trace; null where one of them was not recorded. */
export function joinedTrace(traces: readonly (Trace | null)[]): Trace | null {
  let joined: Trace | null = null
  for (const trace of traces) {
    if (!trace) return null
    joined = joined ? { ...trace, from: joined.from, inputs: [...joined.inputs, ...trace.inputs] } : trace
  }
  return joined
}

export const encodeInputs = (inputs: readonly unknown[]): Uint8Array => encode(inputs)

export const traceOf = (event: object): Trace | null => ('trace' in event ? (event.trace as Trace | null) : null)
