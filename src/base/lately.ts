/** The last so many things that were used, by name; for one more the one not used longest goes. A bound, not a cache policy. */
export class Lately<Name, Value> {
  readonly #countMax: number
  /** Least lately used first. */
  readonly #values = new Map<Name, Value>()

  constructor(countMax: number) {
    this.#countMax = countMax
  }

  get size(): number {
    return this.#values.size
  }

  get(name: Name): Value | undefined {
    const value = this.#values.get(name)
    if (value === undefined) return undefined
    this.#values.delete(name)
    this.#values.set(name, value)
    return value
  }

  /** The value of the name, made where there is none. */
  ensure(name: Name, make: () => Value): Value {
    const known = this.get(name)
    if (known !== undefined) return known
    const made = make()
    this.set(name, made)
    return made
  }

  set(name: Name, value: Value): void {
    this.#values.delete(name)
    this.#values.set(name, value)
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#countMax) return
      this.#values.delete(oldest)
    }
  }

  delete(name: Name): void {
    this.#values.delete(name)
  }
}
