import { type Evidence, evidenceIn } from './evidence.ts'
import { Healer } from './healing.ts'
import { Model } from './model.ts'
import { DECIDED, type Rules } from './rules.ts'

export interface Search {
  readonly states: number
  readonly edges: number
  readonly depth: number
  readonly complete: boolean
  /** Each way in which an invariant was broken, with its shortest trace. */
  readonly violations: ReadonlyMap<string, readonly string[]>
  readonly healed: number
  /** Where one lies: whether its own statements convict it by the time an invariant is broken. */
  readonly evidence: ReadonlyMap<string, Evidence>
}

export interface SearchOptions {
  readonly statesMax?: number
  /** Ends at the first violation. */
  readonly first?: boolean
}

/** Breadth first, so that the first trace to anything is a shortest one. */
export function search(changed: Partial<Rules>, { statesMax = 4_000_000, first = false }: SearchOptions = {}): Search {
  const rules: Rules = { ...DECIDED, ...changed }
  const model = new Model(rules)
  const healer = new Healer(model)
  const start = model.start()
  const keys = [model.keyOf(start)]
  const parents = [-1]
  const seen = new Set(keys)
  const found = new Map<string, string[]>()
  const evidence = new Map<string, Evidence>()
  let edges = 0
  let depth = 0
  let complete = true

  const stuck = (at: number) => {
    if (!rules.live) return
    const state = model.stateOf(keys[at] as string)
    for (const hosts of rules.deadHosts)
      for (const witnesses of rules.deadWitnesses) {
        const name = `STUCK (dead: ${[...hosts].map((i) => 'SDRT'[Number(i)]).join('') || 'no host'}, ${witnesses === '' ? 'no witness' : `W${witnesses}`})`
        if (found.has(name)) continue
        const heals = healer.heals(state, { hosts, witnesses })
        if (heals === null) complete = false
        if (heals === false) found.set(name, traceTo(model, keys, parents, at))
      }
  }
  stuck(0)

  let from = 0
  while (from < keys.length && complete) {
    const to = keys.length
    for (let at = from; at < to && complete; at++) {
      const state = model.stateOf(keys[at] as string)
      model.successors(state, null, (label, next, violated) => {
        edges += 1
        if (violated) {
          if (found.has(violated)) return
          found.set(violated, [...traceTo(model, keys, parents, at), label()])
          if (rules.liar) evidence.set(violated, evidenceIn(model, next))
          return
        }
        const key = model.keyOf(next)
        if (seen.has(key)) return
        seen.add(key)
        keys.push(key)
        parents.push(at)
        stuck(keys.length - 1)
      })
      if (keys.length > statesMax || (first && found.size > 0)) complete = false
    }
    from = to
    if (keys.length > to) depth += 1
  }
  return { states: keys.length, edges, depth, complete, violations: found, healed: healer.starts, evidence }
}

function traceTo(model: Model, keys: readonly string[], parents: readonly number[], end: number): string[] {
  const path: number[] = []
  for (let at = end; at >= 0; at = parents[at] as number) path.unshift(at)
  const trace: string[] = []
  for (let step = 1; step < path.length; step++) {
    const wanted = keys[path[step] as number]
    let name: string | null = null
    model.successors(model.stateOf(keys[path[step - 1] as number] as string), null, (label, next) => {
      if (name === null && model.keyOf(next) === wanted) name = label()
    })
    trace.push(name ?? '?')
  }
  return trace
}
