import type { Delivery, MachineImage, Place } from '../engine/image.ts'
import { INPUT_TEXT_MAX } from './limits.ts'
import type { GuestLimit, GuestOrder } from './port.ts'
import type { ReportedInput } from './reported-inputs.ts'
import { digestEffect, type Effect, type Input, NO_EFFECTS, type Piece, type Trace, type TraceStart } from './trace.ts'

/**
 * The warden's half of a trace: what was sent to the guest, and what came out. The guest only says where each thing reached
 * its program; an answer that it invents, leaves out, brings twice or in another order than they were sent shows here. An
 * answer to a call that nobody has made is not sent at all.
 */
type Sent = { readonly kind: 'deliver'; readonly delivery: Delivery } | ({ readonly kind: 'limit' } & GuestLimit)

export class SentInputs {
  /** Answers come into a guest in virtual time in the order of its calls, not in that of their coming. */
  readonly #inOrder: boolean
  readonly #open = new Set<number>()
  /** The first of them that count have reached the program already. */
  #sent: Sent[] = []
  #past = 0
  #sentCount = 0
  #takenCount = 0
  #textLength = 0
  #waiting: Delivery[] = []
  #from: TraceStart
  #effects: TraceStart['effects']
  /** What holds in the guest once it has been brought what the traces until now say. */
  #limit: GuestLimit
  /** Whether pieces are told. */
  readonly #tells: boolean
  /** Of the trace that is being recorded, what has been told ahead of its end, and its text. */
  #told: Input[] = []
  #toldLength = 0
  /** What the next piece begins with and where, and what holds there. */
  #untold: Input[] = []
  #toldUntil = 0
  #pieceFrom: Piece['from']

  constructor({ fuelMax, sentBytesMax, image, pace, replay, durable }: GuestOrder) {
    this.#tells = durable === true
    this.#inOrder = pace === 'real'
    this.#limit = { fuelMax, sentBytesMax }
    this.#effects = replay?.from.effects ?? NO_EFFECTS
    this.#pieceFrom = { fuelMax, sentBytesMax, sentBytes: replay?.from.sentBytes ?? 0 }
    this.#from = { ...this.#pieceFrom, effects: this.#effects }
    this.#opened(image)
  }

  #opened(image: MachineImage | null): void {
    this.#open.clear()
    for (const { request } of image?.pending ?? []) this.#open.add(request)
    // Whoever comes from a place before the image has to take one there, too.
    this.#untold = image && this.#tells ? [restAt(Number(image.fuelUsed), image.standing)] : []
    this.#toldUntil = Number(image?.fuelUsed ?? 0n)
  }

  /** The guest is made to stand at another image: what it was sent before is gone with the program that it was for. */
  restart(image: MachineImage, sentBytes: number): void {
    for (const sent of this.#sent.slice(this.#past)) if (sent.kind === 'limit') this.#limit = limitOf(sent)
    this.#takenCount += this.#sent.length - this.#past
    this.#sent = []
    this.#past = 0
    this.#waiting = []
    this.#textLength = 0
    this.#told = []
    this.#toldLength = 0
    this.#opened(image)
    this.#begin(sentBytes)
    this.#pieceFrom = { ...this.#limit, sentBytes }
  }

  #begin(sentBytes: number): void {
    this.#from = { ...this.#limit, sentBytes, effects: this.#effects }
  }

  /** The effect came out; one that is said again is none. */
  effect(effect: Effect): void {
    if (effect.kind === 'call') this.#open.add(effect.call.request)
    if (effect.kind !== 'call' || !effect.again) this.#effects = digestEffect(this.#effects, effect)
  }

  /** Whether to send it now. */
  deliver(delivery: Delivery): boolean {
    if (!this.#open.delete(delivery.request)) return false
    if (this.#waiting.length > 0 || !this.#hasRoom(delivery)) {
      this.#waiting.push(delivery)
      return false
    }
    this.#noteDelivery(delivery)
    return true
  }

  /** A single answer has room in any case. */
  #hasRoom(delivery: Delivery): boolean {
    const length = this.#textLength + this.#toldLength
    return length === 0 || length + lengthOf(delivery) <= INPUT_TEXT_MAX
  }

  #noteDelivery(delivery: Delivery): void {
    this.#textLength += lengthOf(delivery)
    this.#note({ kind: 'deliver', delivery })
  }

  limit(limit: GuestLimit): void {
    this.#note({ kind: 'limit', ...limit })
  }

  #note(sent: Sent): void {
    this.#sent.push(sent)
    this.#sentCount += 1
  }

  /** Whether it is time to begin another trace. */
  get isLong(): boolean {
    return this.#waiting.length > 0 || this.#textLength + this.#toldLength > INPUT_TEXT_MAX / 2
  }

  /** How much has been sent by now: what is asked for after it comes after it. */
  get count(): number {
    return this.#sentCount
  }

  /** What waited for the next trace, to be sent now. */
  takeWaiting(): Delivery[] {
    const sent: Delivery[] = []
    for (let next = this.#waiting[0]; next !== undefined && this.#hasRoom(next); next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#noteDelivery(next)
      sent.push(next)
    }
    return sent
  }

  /** A piece ahead of the trace's end. Or what is wrong with what the guest says. */
  tell(reported: readonly ReportedInput[], until: Piece['until'], sentBytes: number): Piece | string {
    const before = this.#textLength
    const inputs = this.#read(reported, until)
    if (typeof inputs === 'string') return inputs
    for (const input of inputs) this.#told.push(input)
    this.#toldLength += before - this.#textLength
    return this.#piece(inputs, until, sentBytes)
  }

  /**
   * The trace up to here, and the next one begins; with the last piece of it, null where nothing is to be said. `atLeast`: so
   * much of what was sent must have reached the program. Or what is wrong with what the guest says.
   */
  take(
    reported: readonly ReportedInput[],
    until: Trace['until'],
    atLeast: number,
    sentBytes: number,
  ): { readonly trace: Trace; readonly piece: Piece | null } | string {
    const inputs = this.#read(reported, until)
    if (typeof inputs === 'string') return inputs
    if (this.#inOrder && this.#takenCount < atLeast)
      return `${atLeast - this.#takenCount} inputs that were sent are left out`
    const trace: Trace = {
      from: this.#from,
      inputs: this.#tells ? [...this.#told, ...inputs] : inputs,
      until,
      effects: this.#effects,
    }
    this.#told = []
    this.#toldLength = 0
    this.#begin(sentBytes)
    if (!this.#tells) return { trace, piece: null }
    const { fuelUsed, standing } = until
    const piece = inputs.length > 0 || standing === 'end' ? this.#piece(inputs, until, sentBytes) : null
    if (standing !== 'end') this.#untold.push(restAt(fuelUsed, standing))
    // Somebody may go on from the image.
    this.#pieceFrom = { ...this.#limit, sentBytes }
    return { trace, piece }
  }

  #piece(inputs: readonly Input[], until: Piece['until'], sentBytes: number): Piece {
    const piece: Piece = { from: this.#pieceFrom, inputs: [...this.#untold, ...inputs], until }
    this.#untold = []
    this.#pieceFrom = { ...this.#limit, sentBytes }
    this.#toldUntil = until.fuelUsed
    return piece
  }

  #read(reported: readonly ReportedInput[], until: Trace['until']): Input[] | string {
    const inputs: Input[] = []
    for (const { fuelUsed, standing, kind, value } of reported) {
      if (fuelUsed > until.fuelUsed) return `input at fuel ${fuelUsed} > ${until.fuelUsed}`
      if (fuelUsed < this.#toldUntil) return `input at fuel ${fuelUsed} < ${this.#toldUntil}, which is told`
      const act = this.#actOf(kind, value)
      if (typeof act === 'string') return act
      inputs.push({ fuelUsed, standing, act })
    }
    this.#sent = this.#sent.slice(this.#past)
    this.#past = 0
    return inputs
  }

  #actOf(kind: ReportedInput['kind'], value: number): Input['act'] | string {
    switch (kind) {
      case 'deliver': {
        const sent = this.#take((one) => one.kind === 'deliver' && one.delivery.request === value)
        if (sent?.kind !== 'deliver') return `answer ${value} was not sent, or not as the next`
        this.#textLength -= lengthOf(sent.delivery)
        return { kind, delivery: sent.delivery }
      }
      case 'limit': {
        const sent = this.#take((one) => one.kind === 'limit')
        if (sent?.kind !== 'limit') return 'a limit was not sent, or not as the next'
        this.#limit = limitOf(sent)
        return { kind, ...this.#limit }
      }
      case 'clock':
        return { kind, ms: value }
      case 'refuse':
        return value > 0 ? { kind, request: value } : 'request 0'
      case 'rest':
      case 'drain':
        return { kind }
    }
  }

  #take(isIt: (sent: Sent) => boolean): Sent | null {
    const at = this.#inOrder ? this.#past : this.#sent.findIndex(isIt)
    const sent = this.#sent[at]
    if (sent === undefined || !isIt(sent)) return null
    if (this.#inOrder) this.#past += 1
    else this.#sent.splice(at, 1)
    this.#takenCount += 1
    return sent
  }
}

const restAt = (fuelUsed: number, standing: Place['standing']): Input => ({ fuelUsed, standing, act: { kind: 'rest' } })

const limitOf = ({ fuelMax, sentBytesMax }: GuestLimit): GuestLimit => ({ fuelMax, sentBytesMax })

const lengthOf = ({ outcome }: Delivery): number => (outcome.ok ? outcome.valueJson.length : outcome.reason.length)
