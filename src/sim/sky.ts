import { integerBelow, type Random, uniform } from '../base/random.ts'
import type { Timers } from '../base/timers.ts'
import type { Fate, Sky } from './line.ts'

/** What the network does to messages just now, by address; nothing, until somebody says so. */
export type Nuisance = 'drop' | 'duplicate' | 'reorder' | 'delay'

interface Rough {
  readonly nuisance: Nuisance
  /** Of its messages, how many. */
  readonly share: number
}

const OVERTAKEN_MS = 300
const DELAYED_MS = 3_000

export class SimSky implements Sky {
  readonly #random: Random
  readonly #timers: Timers
  readonly #rough = new Map<string, Set<Rough>>()
  readonly #blocked = new Map<string, number>()
  readonly #waiting = new Map<string, (() => void)[]>()
  #rendezvousDown = 0

  constructor(random: Random, timers: Timers) {
    this.#random = random
    this.#timers = timers
  }

  fate(from: string): Fate {
    const rough = this.#rough.get(from)
    if (rough) for (const { nuisance, share } of rough) if (uniform(this.#random) < share) return this.#fateOf(nuisance)
    return ARRIVES
  }

  #fateOf(nuisance: Nuisance): Fate {
    switch (nuisance) {
      case 'drop':
        return { kind: 'lost' }
      case 'duplicate':
        return { kind: 'doubled' }
      case 'reorder':
        return { kind: 'overtaken', ms: 1 + integerBelow(this.#random, OVERTAKEN_MS) }
      case 'delay':
        return { kind: 'delayed', ms: 1 + integerBelow(this.#random, DELAYED_MS) }
    }
  }

  isBlocked = (from: string, to: string): boolean => this.#blocked.size > 0 && this.#blocked.has(wayOf(from, to))

  whenFree(from: string, to: string, run: () => void): void {
    const way = wayOf(from, to)
    this.#waiting.set(way, [...(this.#waiting.get(way) ?? []), run])
  }

  isRendezvousUp = (): boolean => this.#rendezvousDown === 0

  after(ms: number, run: () => void): void {
    this.#timers.after(ms, run)
  }

  /** Returns what ends it. */
  roughen(from: string, nuisance: Nuisance, share: number): () => void {
    const rough: Rough = { nuisance, share }
    const set = this.#rough.get(from) ?? new Set()
    this.#rough.set(from, set)
    set.add(rough)
    return () => {
      set.delete(rough)
      if (set.size === 0) this.#rough.delete(from)
    }
  }

  block(from: string, to: string): () => void {
    const way = wayOf(from, to)
    this.#blocked.set(way, (this.#blocked.get(way) ?? 0) + 1)
    return () => {
      const left = (this.#blocked.get(way) ?? 1) - 1
      if (left > 0) return void this.#blocked.set(way, left)
      this.#blocked.delete(way)
      const waiting = this.#waiting.get(way) ?? []
      this.#waiting.delete(way)
      for (const run of waiting) run()
    }
  }

  stopRendezvous(): () => void {
    this.#rendezvousDown += 1
    return () => {
      this.#rendezvousDown -= 1
    }
  }
}

const wayOf = (from: string, to: string): string => `${from} ${to}`
const ARRIVES: Fate = { kind: 'arrives' }
