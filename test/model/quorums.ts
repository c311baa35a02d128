import type { Model } from './model.ts'
import type { History, State } from './vocabulary.ts'

/** What f + 1 witnesses have said, counted among those who decide. */
export const quorumOf = (deciders: string): number => Math.floor(deciders.length / 2) + 1

/** The witnesses that decide an epoch: named by the value of the epoch before it. */
export function decidersOf(model: Model, state: State, epoch: number): string {
  const value = model.worlds.of(state.world).decided[epoch - 1] ?? -1
  return value < 0 ? '' : model.values.of(value).next
}

export const isAmong = (model: Model, deciders: string, at: number): boolean =>
  model.isSymmetric || deciders.includes(String(at))

/** Is this history at f + 1 of the witnesses that decide what comes after its epoch? */
export function isLogged(model: Model, state: State, e: number, x: History): boolean {
  const deciders = decidersOf(model, state, e + 1)
  const logged = state.witnesses.filter(
    (id, at) =>
      isAmong(model, deciders, at) &&
      model.witnesses.of(id).said.some((one) => {
        const message = model.messages.of(one)
        return message.kind === 'logged' && message.e === e && message.x.startsWith(x)
      }),
  )
  return deciders.length > 0 && logged.length >= quorumOf(deciders)
}

export function hasVotes(model: Model, state: State, e: number, b: number, v: number): boolean {
  const vote = model.messages.id({ kind: 'vote', e, b, v })
  const deciders = model.rules.decidedBy === 'new' ? model.values.of(v).next : decidersOf(model, state, e)
  const votes = state.witnesses.filter(
    (id, at) => isAmong(model, deciders, at) && model.witnesses.of(id).said.includes(vote),
  )
  return deciders.length > 0 && votes.length >= quorumOf(deciders)
}
