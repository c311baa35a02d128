/**
 * Which build a program's next turn runs on, and the way from the plain one to the movable one in the middle of a turn: the
 * instance is left, the program goes back to a restart point, and the turns since are run again on the movable build. What
 * the outside did since (deliveries, the clock, what it took) is done again between the same turns. None of this can be
 * observed: both builds come to the same memory, fuel and words, and when it happens is this machine's own affair.
 */
import { isHostStackSpent } from './fault.ts'
import type { Place } from './image.ts'
import {
  NEVER,
  OUTSIDE_ACTS_MAX,
  OUTSIDE_LENGTH_MAX,
  PLAIN_HOLD_DOUBLINGS_MAX,
  PLAIN_LIVE_BYTES_MAX,
  PLAIN_PAYS_FACTOR,
  RESTART_FUEL,
  RESTART_FUEL_ALWAYS_PLAIN,
  RESTART_LIVE_BYTES,
} from './limits.ts'
import { type Restartable, RestartPoint } from './restart-point.ts'
import { NativeStackSpent } from './segments.ts'

/** `auto`: short turns on the plain build, long ones on the movable. */
export type TierChoice = 'auto' | 'plain' | 'movable'

/** Leaves the plain build: this turn needs what only the movable one has. */
export class Promotion extends Error {
  override readonly name = 'Promotion'
}

export class Tiering {
  /** How often a turn was run again. */
  promotions = 0
  readonly #program: Restartable
  readonly #choice: TierChoice
  readonly #turnFuel: bigint
  readonly #point = new RestartPoint()
  /** What the outside did since the point, each after so many turns. */
  #outside: { readonly turns: number; readonly act: () => unknown }[] = []
  #outsideLength = 0
  #again: readonly { readonly turns: number; readonly act: () => unknown }[] = []
  /** While more fuel than this is left, turns begin on the movable build. */
  #movableAbove: bigint | null = null
  #doublings = 0
  /** Turns after which the dead stack is brought to what it is after a thaw; null where it need not be. */
  #restAfter: number | null = null
  #rests: Place[] = []
  /** Fuel that plain turns used, and that was not used again, since the last promotion. */
  #plainFuel = 0n

  constructor(program: Restartable, choice: TierChoice, turnFuel: bigint) {
    this.#program = program
    this.#choice = choice
    this.#turnFuel = turnFuel
  }

  /** Before anything happens to a program that stands between turns. */
  choose(): void {
    const { twin } = this.#program
    if (this.#choice === 'movable') return
    if (this.#restAfter !== null && this.#program.turns >= this.#restAfter) this.#rest()
    const { fuelLeft } = twin.vm
    const { liveBytes } = twin
    if (this.#again.length > 0 || !this.#isPlainNext(fuelLeft, liveBytes)) {
      this.forget()
      return twin.goOver('movable')
    }
    const since = this.#point.fuelLeft === null ? null : this.#point.fuelLeft - fuelLeft
    if (since === null || since >= this.#pointFuel(liveBytes)) {
      this.#plainFuel += since ?? 0n
      this.forget()
      this.#point.take(this.#program)
    }
    twin.goOver('plain')
  }

  #isPlainNext(fuelLeft: bigint, liveBytes: number): boolean {
    if (this.#movableAbove !== null && fuelLeft > this.#movableAbove) return false
    return this.#choice === 'plain' || liveBytes <= PLAIN_LIVE_BYTES_MAX
  }

  /** Copying a large memory is worth it after more work only. */
  #pointFuel(liveBytes: number): bigint {
    if (this.#choice === 'plain') return RESTART_FUEL_ALWAYS_PLAIN
    return RESTART_FUEL * BigInt(Math.max(1, Math.ceil(liveBytes / RESTART_LIVE_BYTES)))
  }

  /** The soft limit of a turn that begins now: a plain one is cheaper to end than to run again, if it ends soon. */
  softFor(soft: bigint): bigint {
    const { twin } = this.#program
    if (twin.tier === 'movable') return soft
    if (this.#choice === 'plain') return NEVER
    const atLeast = twin.vm.fuelLeft - this.#turnFuel
    return atLeast < soft ? atLeast : soft
  }

  /** Whether an error says something about the plain build alone. */
  canPromote(error: unknown): boolean {
    if (this.#program.twin.tier === 'movable') return false
    return error instanceof Promotion || error instanceof NativeStackSpent || isHostStackSpent(error)
  }

  /** Goes back and has the turns since run on the movable build, where an error asks for that; false where it does not. */
  promote(error: unknown, turnsAtStop: number): boolean {
    const { twin } = this.#program
    if (!this.canPromote(error)) return false
    const fuelLeft = twin.vm.fuelLeft
    const wasted = (this.#point.fuelLeft ?? fuelLeft) - fuelLeft
    if (!this.#point.goBack(this.#program)) return false
    this.promotions++
    this.#restAfter = turnsAtStop
    this.#again = this.#outside
    this.#outside = []
    if (this.#plainFuel >= wasted * PLAIN_PAYS_FACTOR || this.#choice === 'plain') this.#doublings = 0
    else this.#doublings = Math.min(this.#doublings + 1, PLAIN_HOLD_DOUBLINGS_MAX)
    this.#movableAbove = this.#doublings === 0 ? fuelLeft : fuelLeft - (wasted << BigInt(this.#doublings))
    this.#plainFuel = 0n
    return true
  }

  /** Something the outside does, between turns or while the program is suspended. `length`: of the text that is kept for it. */
  outside<T>(act: () => T, length = 0): T {
    if (this.#point.fuelLeft !== null) {
      this.#outsideLength += length
      if (this.#outside.length >= OUTSIDE_ACTS_MAX || this.#outsideLength > OUTSIDE_LENGTH_MAX) this.forget()
      else this.#outside.push({ turns: this.#program.turns, act })
    }
    return act()
  }

  /** Does again what the outside did after as many turns as have been run by now. */
  actAgain(): void {
    for (let next = this.#again[0]; next?.turns === this.#program.turns; next = this.#again[0]) {
      this.#again = this.#again.slice(1)
      next.act()
    }
  }

  /**
   * What was run for nothing has left its frames in the dead stack, and a restart point does not keep what was there before.
   * The turns that are run again from before the last stop end without one, so the first that can be stopped in its middle
   * begins with a stack that can be told: an empty one.
   */
  #rest(): void {
    const { twin } = this.#program
    this.#restAfter = null
    twin.normalise(false)
    const { fuelLeft } = twin.vm
    this.#rests.push({ fuelUsed: Number(this.#program.options.fuelMax - fuelLeft), standing: 'turn' })
  }

  takeRests(): Place[] {
    const rests = this.#rests
    if (rests.length > 0) this.#rests = []
    return rests
  }

  /** Nothing is run again from before now. Between turns, or while the program is suspended. */
  forget(): void {
    this.#point.forget()
    this.#outside = []
    this.#outsideLength = 0
  }
}
