/**
 * Cuts the search for a ruler into stubs: the first marks, in every way they can be. Each ruler (of a ruler and its
 * mirror image, the one the kernel looks for) begins with exactly one stub, so agents that search disjoint stubs search
 * everything once. Plain arithmetic, used by whoever launches and by the agent itself.
 */

/** The marks after the one at 0. */
export type Stub = readonly number[]

/** What one agent searches: stubs given one by one, or those from `from` to before `to` in the list of `allStubs`. */
export interface Assignment {
  readonly order: number
  /** No ruler longer than this is looked for. */
  readonly best: number
  readonly stubs: readonly Stub[] | { readonly depth: number; readonly from: number; readonly to: number }
  /** The kernel, or the same search in JavaScript (search.ts). The kernel where nothing is said. */
  readonly by?: 'kernel' | 'script'
}

/** Every stub of `depth` marks that a ruler of this order, no longer than `longest`, can begin with. */
export function allStubs(order: number, longest: number, depth: number): Stub[] {
  const found: Stub[] = []
  extend([0], [], found, order, longest, depth)
  return found
}

function extend(
  marks: readonly number[],
  distances: readonly number[],
  found: Stub[],
  order: number,
  longest: number,
  depth: number,
): void {
  if (marks.length === depth + 1) {
    found.push(marks.slice(1))
    return
  }
  for (let mark = (marks.at(-1) ?? 0) + 1; mark <= rightmost(marks.length, order, longest); mark++) {
    const added = marks.map((earlier) => mark - earlier)
    if (added.some((distance) => distances.includes(distance))) continue
    extend([...marks, mark], [...distances, ...added], found, order, longest, depth)
  }
}

/** Marks to come are at least 1, 2, 3, ... apart; and the middle mark of the ruler looked for is in its left half. */
function rightmost(index: number, order: number, longest: number): number {
  const room = (marks: number): number => (marks * (marks - 1)) / 2
  const middle = Math.floor((order - 1) / 2)
  const byMiddle = index <= middle ? Math.floor((longest - 1) / 2) - room(middle - index + 1) : longest
  return Math.min(longest - room(order - index), byMiddle)
}

/** So many stubs a part that the parts take about as long as each other, though single stubs do not. */
const STUBS_PER_PART = 24

/** Assignments for `parts` agents that together search everything. Stubs are dealt like cards: near ones are alike. */
export function split(order: number, parts: number, best: number): Assignment[] {
  const hands = deal(stubsFor(order, best, parts), parts)
  return hands.map((stubs) => ({ order, best, stubs }))
}

function stubsFor(order: number, best: number, parts: number): Stub[] {
  const deepest = Math.max(1, order - 3)
  for (let depth = 1; ; depth++) {
    const stubs = allStubs(order, best, depth)
    if (stubs.length >= parts * STUBS_PER_PART || depth === deepest) return stubs
  }
}

function deal(stubs: readonly Stub[], parts: number): Stub[][] {
  const hands: Stub[][] = Array.from({ length: Math.min(parts, stubs.length) }, () => [])
  stubs.forEach((stub, index) => {
    hands[index % hands.length]?.push(stub)
  })
  return hands
}
