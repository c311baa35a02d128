import type { Place } from '../../engine/image.ts'
import type { Machine, Stop } from '../../engine/machine.ts'
import { SLICE_FUEL } from '../../sandbox/limits.ts'
import type { Replay } from '../../sandbox/port.ts'
import type { Act, Until } from '../../sandbox/trace.ts'
import type { Intake } from './intake.ts'
import { refusalOf } from './outbox.ts'
import type { Moment, Pace } from './pace.ts'

/**
 * The pace of a trace: everything reaches the program where it stood when it reached it the first time, and nothing else
 * does. There is no time and nobody to ask. A trace that this program cannot have had is found out where it first does not
 * fit: the program is past the place, waits before it, or cannot be given what the trace gives it.
 */
export class RepeatPace implements Pace {
  readonly #machine: Machine
  readonly #intake: Intake
  readonly #replay: Replay
  readonly #limitWords: (sentBytesMax: number) => void
  readonly #sliceFuel: number
  /** How many inputs have been brought, and how many images shown. */
  #brought = 0
  #shown = 0
  /** What it was last run towards, and how it stopped; null once anything has been done to it since. */
  #aim: { readonly at: Until | 'mark'; readonly from: Place; readonly exactly: boolean } | null = null
  #stop: Stop | null = null
  isSilent = false

  constructor(
    machine: Machine,
    intake: Intake,
    replay: Replay,
    limitWords: (sentBytesMax: number) => void,
    sliceFuel = SLICE_FUEL,
  ) {
    this.#machine = machine
    this.#intake = intake
    this.#replay = replay
    this.#limitWords = limitWords
    this.#sliceFuel = Number(sliceFuel)
  }

  deliver(): void {}

  rest(): void {}

  goOn(): void {}

  /** The trace says when. */
  refuse(): void {}

  stopped(stop: Stop): void {
    this.#stop = stop
  }

  begin(): Moment {
    const { inputs, until, marks } = this.#replay
    for (;;) {
      const { place } = this.#machine
      const mark = marks[this.#shown]
      if (mark !== undefined && (place.fuelUsed > mark || (this.#aim?.at === 'mark' && this.#stop?.kind === 'slice'))) {
        this.#shown++
        this.#aim = null
        return { kind: 'show' }
      }
      const next = inputs[this.#brought]
      const target = next ?? until
      if (!isSame(target, place)) return this.#towards(target, mark, place)
      if (next === undefined) return { kind: 'arrived' }
      const fault = this.#bring(next.act)
      if (fault !== null) return this.#astray(fault)
      this.#brought++
      this.#aim = null
      this.#stop = null
      if (next.act.kind === 'drain' && !this.isSilent) return { kind: 'drain' }
    }
  }

  #towards(target: Until, mark: number | undefined, place: Place): Moment {
    const { fuelUsed, standing } = target
    if (place.fuelUsed > fuelUsed) return this.#astray(`the program is at fuel ${place.fuelUsed} already`)
    if (this.#stop?.kind === 'idle') {
      const forEver = this.#stop.wakeMs === null && this.#machine.pendingCalls.length === 0
      if (standing === 'end' && forEver) return { kind: 'wait', forMs: null }
      return this.#astray(`the program waits at fuel ${place.fuelUsed}`)
    }
    const isMark = mark !== undefined && mark < fuelUsed
    const left = (isMark ? mark : fuelUsed) - place.fuelUsed
    // Stopped on the way only to hear its host.
    if (left > 2 * this.#sliceFuel) return this.#run(null, place, place.fuelUsed + this.#sliceFuel, true)
    if (isMark) return this.#run('mark', place, mark, true)
    if (standing === 'end') return this.#run(target, place, fuelUsed, true)
    const again = this.#aim?.at === target ? this.#aim : null
    if (again?.exactly && isSame(again.from, place)) return this.#astray('the program does not stop there')
    return this.#run(target, place, fuelUsed, again !== null)
  }

  #run(at: Until | 'mark' | null, from: Place, fuelUsed: number, exactly: boolean): Moment {
    this.#aim = at === null ? null : { at, from, exactly }
    return { kind: 'run', to: { fuelUsed: BigInt(fuelUsed), exactly } }
  }

  #astray(what: string): Moment {
    const input = this.#replay.inputs[this.#brought]
    const { fuelUsed, standing } = input ?? this.#replay.until
    const where = input ? `input ${this.#brought} (${input.act.kind})` : 'the end'
    return { kind: 'astray', reason: `${where} at fuel ${fuelUsed} (${standing}): ${what}` }
  }

  /** Why it cannot be brought here, or null where it has been. */
  #bring(act: Act): string | null {
    switch (act.kind) {
      case 'deliver':
        return this.#intake.deliver(act.delivery) ? null : `call ${act.delivery.request} has no answer to come`
      case 'clock':
        return this.#intake.advanceTo(act.ms) ? null : `the clock does not go on to ${act.ms}`
      case 'limit':
        this.#intake.limit(act.fuelMax)
        this.#limitWords(act.sentBytesMax)
        return null
      case 'rest':
        this.#machine.rest()
        return null
      case 'refuse': {
        const call = this.#machine.pendingCalls.find(({ request }) => request === act.request)
        const refusal = call ? refusalOf(call) : null
        return refusal && this.#intake.deliver(refusal) ? null : `call ${act.request} is not one that is refused`
      }
      case 'drain':
        this.isSilent = !this.isSilent
        return null
    }
  }

  faultOfEnd(): string | null {
    const { inputs, until } = this.#replay
    if (this.#brought < inputs.length) return `the program ends before input ${this.#brought} of ${inputs.length}`
    return until.standing === 'end' ? null : `the program ends before fuel ${until.fuelUsed}`
  }
}

const isSame = (target: Until, place: Place): boolean =>
  target.fuelUsed === place.fuelUsed && target.standing === place.standing
