import { Model } from './model.ts'
import type { Rules } from './rules.ts'
import type { State } from './vocabulary.ts'

export interface Trace {
  readonly name: string
  readonly trace: readonly string[]
}

/** Where something happens that a walk by chance seldom comes to. */
const PLACES: readonly (readonly [string, (model: Model, state: State) => boolean])[] = [
  ['a hand-over is decided', (model, state) => decided(model, state, 2)?.holder === 1],
  ['a recovery is decided', (model, state) => decided(model, state, 2)?.holder === 2],
  [
    'a hand-over is decided by another host than the source',
    (model, state) => votes(model, state).some(([b, holder]) => b > 0 && holder === 1),
  ],
  [
    'a recovery wins against a RELEASE',
    (model, state) => decided(model, state, 2)?.holder === 2 && model.hosts.of(state.hosts[0] as number).release >= 0,
  ],
  ['votes are split', (model, state) => new Set(votes(model, state).map(([, holder]) => holder)).size === 2],
  ['a recovered agent runs', (model, state) => model.hosts.of(state.hosts[2] as number).run !== null],
  ['a handed-over agent runs', (model, state) => model.hosts.of(state.hosts[1] as number).run !== null],
  ['it is decided after a second hand-over was begun', (model, state) => decided(model, state, 3) !== null],
]

const decided = (model: Model, state: State, epoch: number) => {
  const value = model.worlds.of(state.world).decided[epoch] ?? -1
  return value < 0 ? null : model.values.of(value)
}

const votes = (model: Model, state: State): [number, number][] =>
  state.witnesses
    .map((id) => model.witnesses.of(id))
    .filter(({ votedAt }) => votedAt >= 0)
    .map(({ votedAt, votedFor }) => [votedAt, model.values.of(votedFor).holder])

/** Breadth first: a shortest way to each of the places, with no crash on it. */
export function tracesTo(changed: Rules): readonly Trace[] {
  const model = new Model({ ...changed, crashes: 0, ballots: 1 })
  const start = model.start()
  const keys = [model.keyOf(start)]
  const came: [number, string][] = [[-1, '']]
  const seen = new Set(keys)
  const found = new Map<string, readonly string[]>()
  const back = (end: number): string[] => {
    const labels: string[] = []
    for (let at = end; at > 0; at = (came[at] as [number, string])[0]) labels.unshift((came[at] as [number, string])[1])
    return labels
  }
  for (let at = 0; at < keys.length && found.size < PLACES.length; at++) {
    const state = model.stateOf(keys[at] as string)
    for (const [name, isThere] of PLACES) if (!found.has(name) && isThere(model, state)) found.set(name, back(at))
    model.successors(state, null, (label, next, violated) => {
      const key = model.keyOf(next)
      if (violated || seen.has(key)) return
      seen.add(key)
      keys.push(key)
      came.push([at, label()])
    })
  }
  return PLACES.map(([name]) => ({ name, trace: found.get(name) ?? [] }))
}
