/**
 * What an agent waits for, on the driver's side: its calls without an answer, answers that wait for the end of a turn, its
 * timers. Plain data with limits; it is part of the image as it stands. Knows no VM.
 */
import type { Delivery, MachineImage, PendingCall } from './image.ts'
import { PENDING_CALLS_MAX, TIMERS_MAX } from './limits.ts'

export type Timer = MachineImage['timers'][number]

export class Agenda {
  nextRequest = 1
  readonly pending = new Map<number, PendingCall>()
  readonly inbox: Delivery[] = []
  readonly #timers = new Map<number, Timer>()
  #untaken: PendingCall[] = []

  static of(image: MachineImage): Agenda {
    const agenda = new Agenda()
    agenda.nextRequest = image.nextRequest
    for (const call of image.pending) agenda.pending.set(call.request, call)
    agenda.inbox.push(...image.inbox)
    for (const timer of image.timers) agenda.#timers.set(timer.id, timer)
    agenda.#untaken = [...image.pending]
    return agenda
  }

  copy(): Agenda {
    const agenda = new Agenda()
    agenda.nextRequest = this.nextRequest
    for (const [request, call] of this.pending) agenda.pending.set(request, call)
    agenda.inbox.push(...this.inbox)
    for (const [id, timer] of this.#timers) agenda.#timers.set(id, timer)
    agenda.#untaken = [...this.#untaken]
    return agenda
  }

  /** The request's number. Over the limit the call is refused by the answer it gets. */
  call(name: string, argsJson: string): number {
    const request = this.nextRequest++
    if (this.pending.size >= PENDING_CALLS_MAX) {
      const reason = `calls without an answer > PENDING_CALLS_MAX ${PENDING_CALLS_MAX}`
      this.inbox.push({ request, outcome: { ok: false, code: 'QUOTA', reason } })
      return request
    }
    const call = { request, name, argsJson }
    this.pending.set(request, call)
    this.#untaken.push(call)
    return request
  }

  /** Calls whose answers the program has not taken, be they there or not: their number is the program's own doing alone. */
  get unsettled(): number {
    return this.pending.size + this.inbox.length
  }

  deliver(delivery: Delivery): void {
    if (this.pending.delete(delivery.request)) this.inbox.push(delivery)
  }

  /** The request of the last call made. */
  get lastRequest(): number {
    return this.nextRequest - 1
  }

  /** Takes the answer to a request off; undefined where it has not come. */
  takeAnswer(request: number): Delivery | undefined {
    const at = this.inbox.findIndex((one) => one.request === request)
    return at < 0 ? undefined : this.inbox.splice(at, 1)[0]
  }

  get hasCalls(): boolean {
    return this.#untaken.length > 0
  }

  takeCalls(): PendingCall[] {
    const calls = this.#untaken
    this.#untaken = []
    return calls.filter((call) => this.pending.has(call.request))
  }

  /** False where there are too many. */
  setTimer(id: number, dueMs: number, everyMs: number | null): boolean {
    if (this.#timers.size >= TIMERS_MAX) return false
    this.#timers.set(id, { id, dueMs, everyMs })
    return true
  }

  clearTimer(id: number): void {
    this.#timers.delete(id)
  }

  /** The timer that is due first; by its id where two are due together. */
  nextTimer(): Timer | null {
    let first: Timer | null = null
    for (const timer of this.#timers.values()) {
      if (first === null || timer.dueMs < first.dueMs || (timer.dueMs === first.dueMs && timer.id < first.id))
        first = timer
    }
    return first
  }

  /** Takes a due timer off, or sets a repeating one for its next time. */
  fired(timer: Timer, nowMs: number): void {
    if (timer.everyMs === null) this.#timers.delete(timer.id)
    else this.#timers.set(timer.id, { ...timer, dueMs: nowMs + timer.everyMs })
  }

  timers(): Timer[] {
    return [...this.#timers.values()].sort((a, b) => a.dueMs - b.dueMs || a.id - b.id)
  }
}
