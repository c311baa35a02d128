import type { Model } from './model.ts'
import type { Message, State } from './vocabulary.ts'

/**
 * What convicts a lying witness: two statements of its own that no honest one makes together. `votes`: two votes for
 * different values at one ballot, which is what src/audit/equivocation.ts convicts among several witnesses. `promises`: a
 * vote, or a LOGGED, that a promise of its own denies: that would need signed promises, which src/wire has not.
 */
export interface Evidence {
  readonly votes: boolean
  readonly promises: boolean
}

export function evidenceIn(model: Model, state: State): Evidence {
  const said = state.witnesses
    .map((id) => model.witnesses.of(id))
    .filter(({ liar }) => liar)
    .flatMap((liar) => liar.said.map((id) => model.messages.of(id)))
  return {
    votes: some(
      said,
      (one, other) =>
        one.kind === 'vote' && other.kind === 'vote' && one.e === other.e && one.b === other.b && one.v !== other.v,
    ),
    promises: some(said, (one, other) => {
      if (one.kind !== 'promise') return false
      if (other.kind === 'vote') return other.e === one.e && one.vb < other.b && other.b < one.b
      return other.kind === 'logged' && other.e === one.e - 1 && !one.x.startsWith(other.x)
    }),
  }
}

const some = (said: readonly Message[], wanted: (one: Message, other: Message) => boolean): boolean =>
  said.some((one) => said.some((other) => wanted(one, other)))
