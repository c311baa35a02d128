/**
 * Lends the agent's fuel and depth to one kernel while it runs, by way of its one counter `__budget`: depth left in the
 * upper half, fuel of what was lent in the lower one. Fuel is lent up to the slice's soft limit or the end of a cell,
 * whichever is nearer. Cells are counted from where the call began, not from where it was frozen: what a kernel that traps
 * loses of its cell is then the same wherever and however often it was moved.
 *
 * Where the lower half of the budget is negative, a function has paid for its entry and may go on from there; where it is
 * not, a loop's turn was too dear for what was lent, has not been paid, and will be asked for again.
 */
import { KERNEL_CELL_FUEL } from './limits.ts'
import { VmFault } from './vm.ts'

/** The agent's counters. */
export interface Meter {
  fuelLeft: bigint
  readonly soft: bigint
  readonly depthLeft: number
}

/** Carries the end of the depth out of the kernel. */
export class KernelTooDeep extends Error {
  override readonly name = 'KernelTooDeep'
}

/** So far below zero that no function mistakes it for fuel. */
const MOVING = -(2 ** 30)

export class KernelMeter {
  readonly #budget: WebAssembly.Global
  #soft = 0n
  /** Fuel left where the cell ends. */
  #cellEnd = 0n
  /** Fuel that the kernel does not see. */
  #reserve = 0n
  #lentToSoft = false
  /** Fuel left where the call last went on from a freeze: a turn that costs more than a slice is let through. */
  #resumedAt = -1n

  constructor(budget: WebAssembly.Global) {
    this.#budget = budget
  }

  /** `cell`: how much of the cell was left where the call was frozen, or null where it begins. */
  begin(meter: Meter, cell: number | null): void {
    this.#soft = meter.soft
    this.#resumedAt = cell === null ? -1n : meter.fuelLeft
    this.#cellEnd = cell === null ? below(meter.fuelLeft) : most(0n, meter.fuelLeft - BigInt(cell))
    this.#depth(meter.depthLeft)
    this.#lend(meter.fuelLeft)
  }

  /** While frames are left or taken up: no function goes on by itself. */
  stir(): void {
    this.#write(this.#read().depth, MOVING)
  }

  /** Frames are where they were: the kernel goes on. */
  goOn(fuelLeft: bigint): void {
    this.#lend(fuelLeft)
  }

  get fuelLeft(): bigint {
    return this.#reserve + BigInt(this.#read().fuel)
  }

  /** What a trap leaves: a loop may have used any part of the cell. */
  get fuelLeftInTrap(): bigint {
    return least(this.fuelLeft, this.#cellEnd)
  }

  get cellLeft(): number {
    return Number(this.fuelLeft - this.#cellEnd)
  }

  checkDepth(): void {
    if (this.#read().depth < 0) throw new KernelTooDeep()
  }

  /** The kernel cannot pay. Whether it is time to freeze it; if not, it has been lent more. */
  ask(): boolean {
    const { fuel } = this.#read()
    const left = this.fuelLeft
    const unpaid = fuel >= 0
    if (left < 0n || (unpaid && !this.#lentToSoft && this.#cellEnd === 0n)) this.#usedUp()
    if (left < this.#cellEnd || (unpaid && !this.#lentToSoft)) this.#cellEnd = below(left)
    const due = unpaid && this.#lentToSoft ? true : left < this.#soft
    if (due && left !== this.#resumedAt) return true
    this.#lend(left, due)
    return false
  }

  /** Bulk work has been paid for, in the middle of which nothing can be frozen. */
  overdrawn(): void {
    const left = this.fuelLeft
    if (left < 0n) this.#usedUp()
    if (left < this.#cellEnd) this.#cellEnd = below(left)
    this.#lend(left)
  }

  /**
   * Takes fuel for something done outside of what was lent, and lends again: were the rest left to the kernel, how far it
   * goes beyond its soft limit would depend on where that limit is, and nobody else could stop it at the same place. The
   * cell moves along, so that where it ends does not depend on when the kernel last told what it had used.
   */
  charge(fuel: bigint): void {
    this.#reserve -= fuel
    this.#cellEnd = most(0n, this.#cellEnd - fuel)
    this.#lend(this.fuelLeft)
  }

  #usedUp(): never {
    this.#reserve = -1n
    this.#write(this.#read().depth, 0)
    throw new VmFault('fuel: used up in a kernel')
  }

  #lend(left: bigint, beyondSoft = false): void {
    const toCell = left - this.#cellEnd
    const toSoft = most(0n, left - this.#soft)
    this.#lentToSoft = !beyondSoft && toSoft < toCell
    const lent = this.#lentToSoft ? toSoft : toCell
    this.#reserve = left - lent
    this.#write(this.#read().depth, Number(lent))
  }

  #depth(units: number): void {
    this.#write(units, 0)
  }

  #read(): { readonly depth: number; readonly fuel: number } {
    const budget = this.#budget.value as bigint
    const fuel = BigInt.asIntN(32, budget)
    return { depth: Number((budget - fuel) >> 32n), fuel: Number(fuel) }
  }

  #write(depth: number, fuel: number): void {
    this.#budget.value = (BigInt(depth) << 32n) + BigInt(fuel)
  }
}

const most = (a: bigint, b: bigint): bigint => (a > b ? a : b)
const least = (a: bigint, b: bigint): bigint => (b > a ? a : b)
const below = (fuelLeft: bigint): bigint => most(0n, fuelLeft - BigInt(KERNEL_CELL_FUEL))
