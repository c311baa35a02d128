/**
 * Turns at something that few may do at once, by whose it is. Who comes when all are taken waits for one, first come
 * first served; there is no bound here, for whoever waits holds a place that was bounded before.
 */
export class Seats<Owner> {
  readonly #seatsEach: number
  readonly #taken = new Map<Owner, { count: number; readonly waiting: (() => void)[] }>()

  constructor(seatsEach: number) {
    this.#seatsEach = seatsEach
  }

  async sit<T>(owner: Owner, run: () => Promise<T>): Promise<T> {
    const row = this.#taken.get(owner) ?? { count: 0, waiting: [] }
    this.#taken.set(owner, row)
    if (row.count < this.#seatsEach) row.count += 1
    else await new Promise<void>((resolve) => row.waiting.push(resolve))
    try {
      return await run()
    } finally {
      // A seat goes from hand to hand, so that nobody slips in between.
      const next = row.waiting.shift()
      if (next) next()
      else {
        row.count -= 1
        if (row.count === 0) this.#taken.delete(owner)
      }
    }
  }
}
