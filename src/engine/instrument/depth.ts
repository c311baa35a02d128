/**
 * Which functions count depth, and how much each weighs. No function may recurse without passing a counted one, and no
 * path of uncounted frames between two counted ones may be long: then the counter bounds the host's native stack.
 * Every call cycle passes a feedback vertex set of the call graph (greedy, 84 functions of QuickJS's 1,698); after that,
 * paths heavier than the gap are cut by counting their largest function too (422 functions at 512).
 * A frame's weight is an estimate from parameters and locals of the binary as it came, so the plain and the movable build
 * of one engine count alike. Meant for our own engine; for kernels of strangers every function counts (kernel.ts).
 */
import { OP, type Step, step } from './instruction.ts'
import type { Body, ModuleShape } from './module.ts'
import { Reader } from './reader.ts'

/** Estimated native frame of a function, in depth units (about bytes). */
export const frameWeight = (body: Body): number => (64 + 8 * (body.type.params.length + body.localCount) + 15) & ~15

export interface DepthPlan {
  /** Weight by function index, for the functions that count. */
  readonly weights: ReadonlyMap<number, number>
}

/** `also` names functions that count in any case. */
export function planDepth(shape: ModuleShape, gapUnits: number, also: readonly number[] = []): DepthPlan {
  const calls = callGraph(shape)
  const bodyOf = (index: number): Body => {
    const body = shape.bodies[index - shape.importedFunctions]
    if (body === undefined) throw new RangeError(`function ${index} has no body`)
    return body
  }
  const counted = feedbackVertexSet(cyclicFunctions(calls), calls, (index) => bodyOf(index).to - bodyOf(index).from)
  for (const index of also) counted.add(index)
  let heavy = pathWeights(calls, counted, bodyOf)
  for (;;) {
    let worst = -1
    for (const index of counted) if (worst < 0 || heavy.of(index) > heavy.of(worst)) worst = index
    if (worst < 0 || heavy.of(worst) <= gapUnits) break
    const path = heavy.path(worst)
    let pick = path[0]
    for (const index of path) if (pick === undefined || size(bodyOf(index)) > size(bodyOf(pick))) pick = index
    if (pick === undefined) break
    counted.add(pick)
    heavy = pathWeights(calls, counted, bodyOf)
  }
  const weights = new Map<number, number>()
  for (const index of counted) weights.set(index, frameWeight(bodyOf(index)) + Math.max(0, heavy.of(index)))
  return { weights }
}

const size = (body: Body): number => body.to - body.from

export type CallGraph = ReadonlyMap<number, ReadonlySet<number>>

/** Calls between functions with bodies; an indirect call may reach every element function of its type. */
export function callGraph(shape: ModuleShape): CallGraph {
  const byType = new Map<string, number[]>()
  for (const index of shape.elementFunctions) {
    if (index < shape.importedFunctions) continue
    const key = shape.types[shape.functionTypes[index] ?? 0]?.key ?? ''
    const same = byType.get(key)
    if (same === undefined) byType.set(key, [index])
    else same.push(index)
  }
  const graph = new Map<number, Set<number>>()
  const now: Step = { opcode: 0, index: -1 }
  for (const body of shape.bodies) {
    const callees = new Set<number>()
    const reader = new Reader(shape.bytes, body.from, body.to)
    while (!reader.done) {
      step(reader, now)
      if (now.opcode === OP.call && now.index >= shape.importedFunctions) callees.add(now.index)
      if (now.opcode === OP.callIndirect)
        for (const index of byType.get(shape.types[now.index]?.key ?? '') ?? []) callees.add(index)
    }
    graph.set(body.index, callees)
  }
  return graph
}

/** The functions that lie on a call cycle: Tarjan's strongly connected components, without recursion. */
export function cyclicFunctions(calls: CallGraph): number[] {
  const order = new Map<number, number>()
  const low = new Map<number, number>()
  const open = new Set<number>()
  const stack: number[] = []
  const cyclic: number[] = []
  const lowOf = (v: number): number => low.get(v) ?? 0
  for (const root of calls.keys()) {
    if (order.has(root)) continue
    const work: { at: number; rest: Iterator<number> }[] = []
    const enter = (v: number): void => {
      low.set(v, order.size)
      order.set(v, order.size)
      stack.push(v)
      open.add(v)
      work.push({ at: v, rest: (calls.get(v) ?? new Set<number>()).values() })
    }
    enter(root)
    for (let frame = work.at(-1); frame !== undefined; frame = work.at(-1)) {
      const next = frame.rest.next()
      if (!next.done) {
        if (!order.has(next.value)) enter(next.value)
        else if (open.has(next.value)) low.set(frame.at, Math.min(lowOf(frame.at), order.get(next.value) ?? 0))
        continue
      }
      work.pop()
      const caller = work.at(-1)
      if (caller !== undefined) low.set(caller.at, Math.min(lowOf(caller.at), lowOf(frame.at)))
      if (lowOf(frame.at) !== order.get(frame.at)) continue
      const component = stack.splice(stack.lastIndexOf(frame.at))
      for (const v of component) open.delete(v)
      if (component.length > 1 || calls.get(frame.at)?.has(frame.at)) cyclic.push(...component)
    }
  }
  return cyclic.sort((a, b) => a - b)
}

/** Greedy: take what has most callers times callees, weighed by size (a large function pays least for a counter). */
function feedbackVertexSet(
  cyclic: readonly number[],
  calls: CallGraph,
  bytesOf: (index: number) => number,
): Set<number> {
  const out = new Map<number, Set<number>>(cyclic.map((v) => [v, new Set()]))
  const into = new Map<number, Set<number>>(cyclic.map((v) => [v, new Set()]))
  for (const v of cyclic) {
    for (const callee of calls.get(v) ?? []) {
      if (!out.has(callee)) continue
      out.get(v)?.add(callee)
      into.get(callee)?.add(v)
    }
  }
  const remove = (first: number): void => {
    const queue = [first]
    for (let v = queue.pop(); v !== undefined; v = queue.pop()) {
      const callees = out.get(v) ?? new Set<number>()
      const callers = into.get(v) ?? new Set<number>()
      for (const callee of callees) into.get(callee)?.delete(v)
      for (const caller of callers) out.get(caller)?.delete(v)
      out.delete(v)
      into.delete(v)
      for (const near of [...callees, ...callers])
        if (out.get(near)?.size === 0 || into.get(near)?.size === 0) queue.push(near)
    }
  }
  const chosen = new Set<number>()
  const choose = (v: number): void => {
    chosen.add(v)
    remove(v)
  }
  for (const v of cyclic) if (out.get(v)?.has(v)) choose(v)
  while (out.size > 0) {
    let best = -1
    let bestScore = -1
    for (const [v, callees] of out) {
      const score = callees.size * (into.get(v)?.size ?? 0) * Math.sqrt(bytesOf(v))
      if (score > bestScore) {
        best = v
        bestScore = score
      }
    }
    choose(best)
  }
  return chosen
}

interface PathWeights {
  /** Heaviest path of uncounted frames from this function to the next counted one; -1 where none is reached. */
  of(index: number): number
  /** The uncounted functions of that path. */
  path(index: number): number[]
}

function pathWeights(calls: CallGraph, counted: ReadonlySet<number>, bodyOf: (index: number) => Body): PathWeights {
  const reach = new Map<number, number>()
  const next = new Map<number, number>()
  const visit = (v: number): void => {
    if (reach.has(v)) return
    reach.set(v, -1)
    let heaviest = -1
    for (const callee of calls.get(v) ?? []) {
      if (counted.has(callee)) {
        heaviest = Math.max(heaviest, 0)
        continue
      }
      visit(callee)
      const weight = reach.get(callee) ?? -1
      if (weight > heaviest) {
        heaviest = weight
        next.set(v, callee)
      }
    }
    reach.set(v, heaviest < 0 || counted.has(v) ? heaviest : heaviest + frameWeight(bodyOf(v)))
  }
  for (const v of calls.keys()) if (!counted.has(v)) visit(v)
  for (const v of counted) visit(v)
  return {
    of: (index) => reach.get(index) ?? -1,
    path: (index) => {
      const path: number[] = []
      for (let v = next.get(index); v !== undefined; v = next.get(v)) path.push(v)
      return path
    },
  }
}
