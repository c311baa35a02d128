import type { Delivery, Place } from '../../engine/image.ts'
import type { Machine } from '../../engine/machine.ts'
import { INPUTS_MAX, INPUTS_ROOM } from '../../sandbox/limits.ts'
import type { StartOrder } from '../../sandbox/protocol.ts'
import { InputNotes, type ReportedInput } from '../../sandbox/reported-inputs.ts'

/**
 * The one way by which anything reaches a program, so that all of it can be told afterwards: what, and where the program
 * stood, which neither an answer nor the clock changes. Only what had an effect is noted; what a program cannot have noticed
 * nobody needs to repeat.
 */
export class Intake {
  readonly #machine: Machine
  readonly #records: boolean
  readonly #tells: boolean
  /** Of this trace, what has been told ahead of its end. */
  #told = 0
  readonly #notes = new InputNotes()
  /** Calls that the guest itself has refused and whose refusals have not reached the program. */
  readonly #refused = new Set<number>()
  /** How many inputs there were when the program's words were last taken. */
  #drainedAt = 0
  /** Where the machine stands, once somebody has asked since it ran. */
  #place: Place | null = null

  constructor(machine: Machine, { record, durable }: Pick<StartOrder, 'record' | 'durable'>) {
    this.#machine = machine
    this.#tells = durable === true
    this.#records = record === true || this.#tells
  }

  /** False, as below, where it had no effect. */
  deliver(delivery: Delivery): boolean {
    const { request } = delivery
    if (!this.#machine.deliver(delivery)) return false
    if (this.#records) this.#note(this.#refused.delete(request) ? 'refuse' : 'deliver', request)
    return true
  }

  /** The next answer to this call is the guest's own. */
  refuses(request: number): void {
    this.#refused.add(request)
  }

  advanceTo(ms: number): boolean {
    if (!this.#machine.advanceTo(ms)) return false
    // Of a clock that goes on while nothing else happens, only where it arrives can be noticed.
    if (this.#records && !this.#notes.replaceLast(this.#where(), 'clock', ms)) this.#note('clock', ms)
    return true
  }

  limit(fuelMax: number): void {
    this.#machine.limit(BigInt(fuelMax))
    if (this.#records) this.#note('limit')
  }

  /** After a slice: what the machine did to itself. */
  ran(): void {
    this.#place = null
    for (const place of this.#machine.takeRests()) if (this.#records) this.#notes.note(place, 'rest', 0)
  }

  /** The program's words have been taken, and all of them could be said. */
  drained(): void {
    this.#drainedAt = this.#notes.count
  }

  /** They could not: who repeats this takes them where they were taken before this slice, and here. */
  overdrawn(): void {
    if (!this.#records) return
    this.#notes.insert(this.#drainedAt, this.#machine.ranFrom, 'drain')
    this.#note('drain')
  }

  #where(): Place {
    this.#place ??= this.#machine.place
    return this.#place
  }

  #note(kind: ReportedInput['kind'], value = 0): void {
    this.#notes.note(this.#where(), kind, value)
  }

  get isLong(): boolean {
    return this.#told + this.#notes.count > INPUTS_MAX / 2
  }

  /** Nothing more may happen to the program before the next trace has begun. */
  get isFull(): boolean {
    return this.#told + this.#notes.count > INPUTS_MAX - INPUTS_ROOM
  }

  /** Null where nothing is recorded. The next trace begins. */
  take(): Float64Array<ArrayBuffer> | null {
    if (!this.#records) return null
    this.ran()
    this.#drainedAt = 0
    this.#told = 0
    return this.#notes.take()
  }

  /** What has come since the last take or tell, and up to where; null where it is not to be told ahead of a trace's end. */
  tell(): (Place & { readonly packed: Float64Array<ArrayBuffer> }) | null {
    if (!this.#tells) return null
    const { fuelUsed, standing } = this.#where()
    this.#drainedAt = 0
    this.#told += this.#notes.count
    return { packed: this.#notes.take(), fuelUsed, standing }
  }
}
