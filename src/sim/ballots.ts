import type { AgentId } from '../directory/agent-id.ts'
import type { Ballot, Holding } from '../wire/statements.ts'

/** Arithmetic of decisions for who judges them: of its own, so that it does not share the mistakes of what it judges. */

export function isAbove(a: Ballot, b: Ballot): boolean {
  if (a.round !== b.round) return a.round > b.round
  return a.host === b.host ? a.age > b.age : a.host > b.host
}

export const highest = (a: Ballot | null, b: Ballot | null): Ballot | null => (a && (!b || isAbove(a, b)) ? a : b)

export const majorityOf = (count: number): number => (count >> 1) + 1

export const ballotText = ({ round, host, age }: Ballot): string => `${round} of ${host} ${age}`

export const valueText = ({ holder, checkpoint, witnesses, history }: Holding): string =>
  `${holder} ${checkpoint} ${witnesses.join()} ${history?.length} ${history?.head}`

/** Something for each decision about each agent. What newer ones have long followed is forgotten, and judged no more. */
export class Book<T> {
  readonly #make: () => T
  readonly #byAgent = new Map<AgentId, Map<number, T>>()

  constructor(make: () => T) {
    this.#make = make
  }

  /** Begins it where it is new; null where it is long over. */
  of(agent: AgentId, epoch: number): T | null {
    const byEpoch = this.#byAgent.get(agent) ?? new Map<number, T>()
    this.#byAgent.set(agent, byEpoch)
    const known = byEpoch.get(epoch)
    if (known) return known
    for (const other of byEpoch.keys()) {
      if (other >= epoch + EPOCHS_KEPT) return null
      if (other <= epoch - EPOCHS_KEPT) byEpoch.delete(other)
    }
    const made = this.#make()
    byEpoch.set(epoch, made)
    return made
  }

  /** Those that are known of decisions after this one. */
  after(agent: AgentId, epoch: number): readonly T[] {
    return [...(this.#byAgent.get(agent) ?? [])].flatMap(([other, entry]) => (other > epoch ? [entry] : []))
  }
}

const EPOCHS_KEPT = 6
