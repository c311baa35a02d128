/** The locals of one function that is being rewritten: its own, and those that are added when first asked for. */
import type { Body } from './module.ts'
import type { Writer } from './writer.ts'

export class Locals {
  readonly types: number[]
  readonly #body: Body
  readonly #own: number
  readonly #added = new Map<string, number>()
  readonly #scratch = new Set<number>()

  constructor(body: Body) {
    this.#body = body
    this.types = [...body.type.params]
    for (const [count, type] of body.localGroups) for (let i = 0; i < count; i++) this.types.push(type)
    this.#own = this.types.length
  }

  #of(name: string, type: number): number {
    const known = this.#added.get(name)
    if (known !== undefined) return known
    const index = this.types.push(type) - 1
    this.#added.set(name, index)
    return index
  }

  /** Part of the frame: kept and brought back with it. */
  kept(name: string, type: number): number {
    return this.#of(name, type)
  }

  /** Holds something for a few instructions only. */
  scratch(name: string, type: number): number {
    const index = this.#of(name, type)
    this.#scratch.add(index)
    return index
  }

  /** Everything that makes up the frame, in order. */
  get frame(): { readonly index: number; readonly type: number }[] {
    return this.types.map((type, index) => ({ type, index })).filter(({ index }) => !this.#scratch.has(index))
  }

  /** The declarations, as a code entry begins. */
  write(out: Writer): void {
    const added = this.types.slice(this.#own)
    out.u32(this.#body.localGroups.length + added.length)
    for (const [count, type] of this.#body.localGroups) out.u32(count).byte(type)
    for (const type of added) out.u32(1).byte(type)
  }
}
