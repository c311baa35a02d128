import { CHANNEL_PATIENCE_MS } from '../../sim/limits.ts'
import type { SimHost } from '../../sim/sim-host.ts'
import type { World } from '../../sim/world.ts'

/**
 * Who reaches whom, as a person wants it: links cut one by one, hosts cut off from all, the cluster parted into groups.
 * A host whose disk was lost is another one at another address; it stands behind the same cuts.
 */
export class Cuts {
  readonly #world: World
  readonly #links = new Map<string, readonly [number, number]>()
  readonly #lonely = new Set<number>()
  #groupOf: ReadonlyMap<number, number> = new Map()
  /** What is cut now, by the pair of numbers, with what mends it. */
  readonly #cut = new Map<string, { readonly addresses: string; readonly mend: () => void }>()
  #renewed = 0

  constructor(world: World) {
    this.#world = world
  }

  get links(): readonly (readonly [number, number])[] {
    return [...this.#links.values()]
  }

  isLonely = (host: number): boolean => this.#lonely.has(host)

  setLink(a: number, b: number, whole: boolean): void {
    if (a === b) return
    if (whole) this.#links.delete(pairOf(a, b))
    else this.#links.set(pairOf(a, b), [a, b])
    this.#apply()
  }

  setLonely(host: number, lonely: boolean): void {
    if (lonely) this.#lonely.add(host)
    else this.#lonely.delete(host)
    this.#apply()
  }

  part(groups: readonly (readonly number[])[]): void {
    this.#groupOf = new Map(groups.flatMap((group, at) => group.map((host) => [host, at] as const)))
    this.#apply()
  }

  healAll(): void {
    this.#links.clear()
    this.#lonely.clear()
    this.#groupOf = new Map()
    this.#apply()
  }

  /** To be called now and then: hosts may have become others meanwhile. */
  keep(): void {
    const renewed = this.#world.hosts.reduce((sum, host) => sum + host.renewed, 0)
    if (renewed === this.#renewed) return
    this.#renewed = renewed
    this.#apply()
  }

  #apply(): void {
    const { hosts } = this.#world
    for (const [a, one] of hosts.entries())
      for (const [b, other] of hosts.entries()) if (a < b) this.#applyTo(a, b, one, other)
  }

  #applyTo(a: number, b: number, one: SimHost, other: SimHost): void {
    const pair = pairOf(a, b)
    const before = this.#cut.get(pair)
    const wanted = this.#isCut(a, b, pair)
    const addresses = `${one.identity.address} ${other.identity.address}`
    if (before && (!wanted || before.addresses !== addresses)) {
      before.mend()
      this.#cut.delete(pair)
    }
    if (wanted && !this.#cut.has(pair)) this.#cut.set(pair, { addresses, mend: this.#sever(one, other) })
  }

  #isCut(a: number, b: number, pair: string): boolean {
    const parted = (this.#groupOf.get(a) ?? 0) !== (this.#groupOf.get(b) ?? 0)
    return parted || this.#lonely.has(a) || this.#lonely.has(b) || this.#links.has(pair)
  }

  /** Nothing passes either way; what stays cut for long also loses its channels, as in a browser. */
  #sever(one: SimHost, other: SimHost): () => void {
    const { sky, network, time } = this.#world
    const [here, there] = [one.identity.address, other.identity.address]
    const ends = [sky.block(here, there), sky.block(there, here)]
    network.cut(here, there)
    let isMended = false
    time.after(CHANNEL_PATIENCE_MS, () => {
      if (!isMended) network.sever(here, there)
    })
    return () => {
      isMended = true
      for (const end of ends) end()
      network.heal(here, there)
    }
  }
}

const pairOf = (a: number, b: number): string => (a < b ? `${a} ${b}` : `${b} ${a}`)
