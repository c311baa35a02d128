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

/** Inputs as they are noted, a few thousand a second: in the form in which they cross, and nothing for each of them. */
export class InputNotes {
  #numbers = new Float64Array(64 * NUMBERS)
  #used = 0

  get count(): number {
    return this.#used / NUMBERS
  }

  note(place: Place, kind: Act['kind'], value: number): void {
    if (this.#used === this.#numbers.length) {
      const grown = new Float64Array(2 * this.#used)
      grown.set(this.#numbers)
      this.#numbers = grown
    }
    this.#put(this.#used, place, kind, value)
    this.#used += NUMBERS
  }

  #put(at: number, { fuelUsed, standing }: Place, kind: Act['kind'], value: number): void {
    this.#numbers[at] = fuelUsed
    this.#numbers[at + 1] = STANDINGS.indexOf(standing)
    this.#numbers[at + 2] = KINDS.indexOf(kind)
    this.#numbers[at + 3] = value
  }

  /** Puts one before what came after the first `count`. */
  insert(count: number, place: Place, kind: Act['kind']): void {
    this.note(place, kind, 0)
    this.#numbers.copyWithin((count + 1) * NUMBERS, count * NUMBERS, this.#used - NUMBERS)
    this.#put(count * NUMBERS, place, kind, 0)
  }

  /** The value of the last one, which was of this kind and at this place, is this instead; false where it was another. */
  replaceLast({ fuelUsed, standing }: Place, kind: Act['kind'], value: number): boolean {
    const at = this.#used - NUMBERS
    const isIt =
      at >= 0 &&
      this.#numbers[at] === fuelUsed &&
      this.#numbers[at + 1] === STANDINGS.indexOf(standing) &&
      this.#numbers[at + 2] === KINDS.indexOf(kind)
    if (isIt) this.#numbers[at + 3] = value
    return isIt
  }

  take(): Float64Array<ArrayBuffer> {
    const taken = this.#numbers.slice(0, this.#used)
    this.#used = 0
    return taken
  }
}

/** Throws a Misshape (base/shape.ts). */
export function readReported(packed: unknown): ReportedInput[] {
  if (!(packed instanceof Float64Array) || !(packed.buffer instanceof ArrayBuffer))
    return misshapen('inputs are not own 64-bit numbers')
  if (packed.length > INPUTS_MAX * NUMBERS)
    return misshapen(`inputs length ${packed.length} > ${NUMBERS} × INPUTS_MAX ${INPUTS_MAX}`)
  if (packed.length % NUMBERS !== 0) return misshapen(`inputs length ${packed.length} is not a multiple of ${NUMBERS}`)
  const inputs: ReportedInput[] = []
  let last = 0
  for (let at = 0; at < packed.length; at += NUMBERS) {
    const [fuelUsed, value] = [packed[at] ?? -1, packed[at + 3] ?? -1]
    const standing = STANDINGS[packed[at + 1] ?? -1]
    const kind = KINDS[packed[at + 2] ?? -1]
    // There are thousands, and nearly always nothing is wrong with them: what is gets its words below.
    const isGood = Number.isSafeInteger(fuelUsed) && fuelUsed >= last && Number.isSafeInteger(value) && value >= 0
    if (!isGood || value > CLOCK_MS_MAX || standing === undefined || kind === undefined)
      return misread(`inputs[${at / NUMBERS}]`, packed.subarray(at, at + NUMBERS), last)
    last = fuelUsed
    inputs.push({ fuelUsed, standing, kind, value })
  }
  return inputs
}

export const readPlace = (fuelUsed: unknown, standing: unknown): Place => ({
  fuelUsed: whole(fuelUsed, 'fuelUsed', 0, Number.MAX_SAFE_INTEGER),
  standing: oneOf(standing, 'standing', STANDINGS),
})

function misread(what: string, [fuelUsed, standing = -1, kind = -1, value]: Float64Array, last: number): never {
  whole(fuelUsed, `${what} fuelUsed`, last, Number.MAX_SAFE_INTEGER)
  oneOf(STANDINGS[standing], `${what} standing`, STANDINGS)
  oneOf(KINDS[kind], `${what} kind`, KINDS)
  whole(value, `${what} value`, 0, CLOCK_MS_MAX)
  return misshapen(`${what} is none`)
}
