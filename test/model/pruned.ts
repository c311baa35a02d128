import type { Model } from './model.ts'
import type { Numbers } from './vocabulary.ts'

/**
 * A party without what it said that nobody can use any more: hand-overs of an epoch that all hosts have left, and whatever
 * concerns a decision that all witnesses know. It takes nothing away from what can happen, and makes many states one.
 */
export function pruned<T extends { readonly said: readonly number[] }>(
  model: Model,
  memo: Map<number, number>,
  parties: Numbers<T>,
  id: number,
  k: number,
  epoch: number,
): number {
  const key = (id * 128 + k) * 128 + epoch
  const known = memo.get(key)
  if (known !== undefined) return known
  const party = parties.of(id)
  const said = party.said.filter((one) => {
    const message = model.messages.of(one)
    switch (message.kind) {
      case 'offer':
      case 'place':
      case 'send':
      case 'ready':
        return message.e >= epoch
      case 'accept':
        return message.e >= k || (!model.rules.runNeedsCertificate && message.e > epoch)
      case 'prepare':
      case 'promise':
      case 'vote':
        return message.e >= k
      default:
        return message.e >= k - 1
    }
  })
  const pruned = said.length === party.said.length ? id : parties.id({ ...party, said })
  memo.set(key, pruned)
  return pruned
}
