/**
 * Whose turn it is, among transfers that each have orders waiting: round and round. A transfer that comes with nothing
 * waiting, as a small one does for each of its few orders, goes first, but never twice before one that has waited.
 */
export class Turns<Order> {
  readonly #orders = new Map<number, Order[]>()
  readonly #fresh = new Set<number>()
  #lastWasFresh = false

  get isEmpty(): boolean {
    return this.#orders.size === 0
  }

  add(transfer: number, order: Order): void {
    const orders = this.#orders.get(transfer)
    if (orders) {
      orders.push(order)
      return
    }
    this.#orders.set(transfer, [order])
    this.#fresh.add(transfer)
  }

  take(): Order | null {
    const [fresh] = this.#fresh
    const [waited = fresh] = [...this.#orders.keys()].filter((transfer) => !this.#fresh.has(transfer))
    const transfer = this.#lastWasFresh ? waited : (fresh ?? waited)
    if (transfer === undefined) return null
    this.#lastWasFresh = this.#fresh.delete(transfer)
    const orders = this.#orders.get(transfer) ?? []
    const order = orders.shift() ?? null
    // To the end of the row.
    this.#orders.delete(transfer)
    if (orders.length > 0) this.#orders.set(transfer, orders)
    return order
  }
}
