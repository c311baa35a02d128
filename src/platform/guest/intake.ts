import type { Delivery, Place } from '../../engine/image.ts'
import type { Machine } from '../../engine/machine.ts'
import { INPUTS_MAX, INPUTS_ROOM } from '../../sandbox/limits.ts'
import { packReported, type ReportedInput } from '../../sandbox/reported-inputs.ts'

/**
 * The one way by which anything reaches a program, so that all of it can be told afterwards: what, and where the program
 * stood. Only what had an effect is noted; what a program cannot have noticed nobody needs to repeat.
 */
export class Intake {
  readonly #machine: Machine
  readonly #records: boolean
  #inputs: ReportedInput[] = []
  /** Calls that the guest itself has refused and whose refusals have not reached the program. */
  readonly #refused = new Set<number>()
  /** Where the program's words were last taken, and how many inputs there were by then. */
  #drained: { readonly place: Place; readonly inputs: number }

  constructor(machine: Machine, records: boolean) {
    this.#machine = machine
    this.#records = records
    this.#drained = { place: machine.place, inputs: 0 }
  }

  /** False, as below, where it had none. */
  deliver(delivery: Delivery): boolean {
    const { place } = this.#machine
    const { request } = delivery
    if (!this.#machine.deliver(delivery)) return false
    this.#note(place, this.#refused.delete(request) ? 'refuse' : 'deliver', request)
    return true
  }

  /** The next answer to this call is the guest's own. */
  refuses(request: number): void {
    this.#refused.add(request)
  }

  advanceTo(ms: number): boolean {
    const { place } = this.#machine
    if (!this.#machine.advanceTo(ms)) return false
    const last = this.#inputs.at(-1)
    // Of a clock that goes on while nothing else happens, only where it arrives can be noticed.
    if (last?.kind === 'clock' && last.fuelUsed === place.fuelUsed && last.standing === place.standing)
      this.#inputs.pop()
    this.#note(place, 'clock', ms)
    return true
  }

  limit(fuelMax: number): void {
    const { place } = this.#machine
    this.#machine.limit(BigInt(fuelMax))
    this.#note(place, 'limit')
  }

  /** After a slice: what the machine did to itself. */
  ran(): void {
    for (const place of this.#machine.takeRests()) this.#note(place, 'rest')
  }

  /** The program's words have been taken, and all of them could be said. */
  drained(): void {
    if (this.#records) this.#drained = { place: this.#machine.place, inputs: this.#inputs.length }
  }

  /** They could not. */
  overdrawn(): void {
    const { place, inputs } = this.#drained
    if (this.#records) this.#inputs.splice(inputs, 0, { ...place, kind: 'drain', value: 0 })
    this.#note(this.#machine.place, 'drain')
  }

  #note(place: Place, kind: ReportedInput['kind'], value = 0): void {
    if (this.#records) this.#inputs.push({ ...place, kind, value })
  }

  get isLong(): boolean {
    return this.#inputs.length > INPUTS_MAX / 2
  }

  /** Nothing more may happen to the program before the next trace has begun. */
  get isFull(): boolean {
    return this.#inputs.length > INPUTS_MAX - INPUTS_ROOM
  }

  /** Null where nothing is recorded. The next trace begins. */
  take(): Float64Array<ArrayBuffer> | null {
    if (!this.#records) return null
    this.ran()
    const packed = packReported(this.#inputs)
    this.#inputs = []
    this.#drained = { place: this.#machine.place, inputs: 0 }
    return packed
  }
}
