import { agent } from 'sojourn/agent'
import { createSearch, type Search } from './search.ts'
import { type Assignment, allStubs, type Stub } from './stubs.ts'

/** Searches its share of the stubs for rulers that are no longer than the best known one. */
export interface Ruler {
  readonly order: number
  readonly length: number
  readonly marks: readonly number[]
}

export interface Output {
  readonly order: number
  /** Null where no stub of the assignment begins a ruler that short. */
  readonly length: number | null
  readonly marks: readonly number[] | null
  readonly stubs: number
  readonly steps: number
}

/** Steps between two looks around: about 20 ms in the kernel, 20 ms in JavaScript. */
const PIECE = { kernel: 2_000_000, script: 5_000 } as const

export default agent(async (self, input: Assignment): Promise<Output> => {
  const { order, best, by = 'kernel' } = input
  const search = by === 'kernel' ? await self.kernel<Search>('golomb') : createSearch()
  const stubs: readonly Stub[] =
    'from' in input.stubs
      ? allStubs(order, best, input.stubs.depth).slice(input.stubs.from, input.stubs.to)
      : input.stubs
  let found: Ruler | null = null
  search.begin(order, best)
  for (const [index, stub] of stubs.entries()) {
    search.reset()
    for (let outcome = place(search, stub); outcome !== 0; ) {
      outcome = search.search(PIECE[by])
      if (outcome === 2) {
        found = {
          order,
          length: search.best(),
          marks: Array.from({ length: order }, (_, mark) => search.bestMark(mark)),
        }
        await self.emit(found)
      }
      self.progress(
        index / stubs.length,
        `stub ${index + 1} of ${stubs.length}, ${Math.round(search.steps() / 1e4) / 100} million steps`,
      )
    }
  }
  self.progress(1)
  return {
    order,
    length: found?.length ?? null,
    marks: found?.marks ?? null,
    stubs: stubs.length,
    steps: search.steps(),
  }
})

/** 1: there is something to search; 0: no ruler begins like this. */
const place = (search: Search, stub: Stub): number => (stub.every((mark) => search.fix(mark) === 1) ? 1 : 0)
