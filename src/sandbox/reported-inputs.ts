import { misshapen, oneOf, whole } from '../base/shape.ts'
import { CLOCK_MS_MAX } from '../checkpoint/limits.ts'
import type { Place } from '../engine/image.ts'
import { INPUTS_MAX } from './limits.ts'
import type { Act } from './trace.ts'

/**
 * What a guest says of the inputs of its program: where each of them came in, and which it was. Not what was in it: its host
 * knows what it has sent. Four numbers an input, so that thousands of them cross in one buffer.
 */
export interface ReportedInput extends Place {
  readonly kind: Act['kind']
  /** The request, or the clock's milliseconds; 0 where there is nothing more to say. */
  readonly value: number
}

const NUMBERS = 4
const STANDINGS = ['turn', 'interrupt', 'kernel', 'call'] as const satisfies readonly Place['standing'][]
const KINDS = ['deliver', 'clock', 'limit', 'rest', 'refuse', 'drain'] as const satisfies readonly Act['kind'][]

export function packReported(inputs: readonly ReportedInput[]): Float64Array<ArrayBuffer> {
  const packed = new Float64Array(inputs.length * NUMBERS)
  let at = 0
  for (const { fuelUsed, standing, kind, value } of inputs) {
    packed.set([fuelUsed, STANDINGS.indexOf(standing), KINDS.indexOf(kind), value], at)
    at += NUMBERS
  }
  return packed
}

/** Throws a Misshape (base/shape.ts). */
export function readReported(packed: unknown): ReportedInput[] {
  if (!(packed instanceof Float64Array) || !(packed.buffer instanceof ArrayBuffer))
    return misshapen('inputs are not own 64-bit numbers')
  if (packed.length > INPUTS_MAX * NUMBERS)
    return misshapen(`inputs length ${packed.length} > ${NUMBERS} × INPUTS_MAX ${INPUTS_MAX}`)
  if (packed.length % NUMBERS !== 0) return misshapen(`inputs length ${packed.length} is not a multiple of ${NUMBERS}`)
  const inputs: ReportedInput[] = []
  let fuelUsed = 0
  for (let at = 0; at < packed.length; at += NUMBERS) {
    const what = `inputs[${at / NUMBERS}]`
    const [fuel, standing = -1, kind = -1, value] = packed.subarray(at, at + NUMBERS)
    fuelUsed = whole(fuel, `${what} fuelUsed`, fuelUsed, Number.MAX_SAFE_INTEGER)
    inputs.push({
      fuelUsed,
      standing: oneOf(STANDINGS[standing], `${what} standing`, STANDINGS),
      kind: oneOf(KINDS[kind], `${what} kind`, KINDS),
      value: whole(value, `${what} value`, 0, CLOCK_MS_MAX),
    })
  }
  return inputs
}
