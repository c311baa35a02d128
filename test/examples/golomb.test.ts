import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { lengthOf, shortRuler } from '../../agents/golomb/known.ts'
import { createSearch } from '../../agents/golomb/search.ts'
import { allStubs, type Stub, split } from '../../agents/golomb/stubs.ts'
import { instrumentKernel } from '../../src/engine/instrument/kernel.ts'
import type { Meter } from '../../src/engine/kernel-meter.ts'
import { Kernel } from '../../src/engine/kernels.ts'
import { buildKernel } from '../../src/platform/node/bundle-kernel.ts'

/** Lengths of optimal Golomb rulers with 3 to 11 marks: https://oeis.org/A003022. */
const A003022: Readonly<Record<number, number>> = { 3: 3, 4: 6, 5: 11, 6: 17, 7: 25, 8: 34, 9: 44, 10: 55, 11: 72 }
const orders = Object.entries(A003022).map(([order, length]) => [Number(order), length] as const)

const root = fileURLToPath(new URL('../../agents/golomb', import.meta.url))
const prepared = await buildKernel(root, 'kernels/golomb.ts')
const metered = instrumentKernel(prepared)
if (!metered.ok) throw new Error(metered.reason)
const module = new WebAssembly.Module(metered.value)

/** The kernel as a host runs it, and its functions by name as the agent sees them. */
function newKernel() {
  const kernel = new Kernel('golomb', module, { pagesMax: 256, seed: 1 })
  const meter: Meter = { fuelLeft: 10n ** 15n, soft: -(10n ** 15n), depthLeft: 290_000 }
  const call = (name: string, ...args: number[]): number => {
    const outcome = kernel.call(kernel.numberOf(name), args, meter)
    return outcome.kind === 'value'
      ? Number(outcome.value)
      : expect.fail(outcome.kind === 'error' ? outcome.error : 'suspended')
  }
  return {
    kernel,
    meter,
    begin: (order: number, longest: number) => call('begin', order, longest),
    reset: () => call('reset'),
    fix: (mark: number) => call('fix', mark),
    search: (stepsMax: number) => call('search', stepsMax),
    best: () => call('best'),
    bestMark: (index: number) => call('bestMark', index),
    steps: () => call('steps'),
  }
}
type Golomb = ReturnType<typeof newKernel>

/** As the agent does it: stub by stub, in pieces. */
function searchAll(kernel: Golomb, stubs: readonly Stub[], piece: number): void {
  for (const stub of stubs) {
    kernel.reset()
    if (!stub.every((mark) => kernel.fix(mark) === 1)) continue
    while (kernel.search(piece) !== 0);
  }
}

const marksOf = (kernel: Golomb, order: number): number[] =>
  [...Array(order).keys()].map((index) => kernel.bestMark(index))

function isGolomb(marks: readonly number[]): boolean {
  const distances = marks.flatMap((mark, index) => marks.slice(0, index).map((earlier) => mark - earlier))
  return distances.every((distance) => distance > 0) && new Set(distances).size === distances.length
}

describe('the Golomb kernel', () => {
  it.each(orders)('finds for order %i the length %i, and nothing shorter', (order, length) => {
    const kernel = newKernel()
    kernel.begin(order, Math.min(127, length + 12))
    while (kernel.search(100_000) !== 0);
    expect(kernel.best()).toBe(length)
    expect(isGolomb(marksOf(kernel, order))).toBe(true)
    kernel.begin(order, length - 1)
    while (kernel.search(100_000) !== 0);
    expect(kernel.best()).toBe(0)
  })

  it.each(orders.filter(([order]) => order >= 4))(
    'finds the same when order %i is searched stub by stub',
    (order, length) => {
      for (const depth of [1, 2, 3].filter((marks) => marks <= order - 2)) {
        const kernel = newKernel()
        kernel.begin(order, length)
        searchAll(kernel, allStubs(order, length, depth), 100_000)
        expect(kernel.best()).toBe(length)
      }
    },
  )

  it('does the same work in pieces of any size', () => {
    const work = [1, 7, 1000, 10_000_000].map((piece) => {
      const kernel = newKernel()
      kernel.begin(8, 40)
      while (kernel.search(piece) !== 0);
      return [kernel.steps(), kernel.best(), ...marksOf(kernel, 8)]
    })
    for (const other of work) expect(other).toEqual(work[0])
  })

  it('frozen in the middle of a search and thawed in a fresh instance, ends as if nothing had been', () => {
    const undisturbed = newKernel()
    undisturbed.begin(8, 40)
    while (undisturbed.search(10_000_000) !== 0);
    let golomb = newKernel()
    golomb.begin(8, 40)
    let hops = 0
    for (let outcome = 1; outcome !== 0; ) {
      let went = golomb.kernel.call(golomb.kernel.numberOf('search'), [10_000_000], {
        ...golomb.meter,
        soft: golomb.meter.fuelLeft - 5_000n,
      })
      while (went.kind === 'suspended') {
        hops++
        const image = structuredClone(golomb.kernel.freeze())
        golomb = newKernel()
        expect(golomb.kernel.thaw(image)).toBeNull()
        went = golomb.kernel.resume({ ...golomb.meter, soft: golomb.meter.fuelLeft - 5_000n })
      }
      outcome = went.kind === 'value' ? Number(went.value) : expect.fail(went.error)
    }
    expect(hops).toBeGreaterThan(3)
    expect([golomb.best(), golomb.steps(), ...marksOf(golomb, 8)]).toEqual([
      undisturbed.best(),
      undisturbed.steps(),
      ...marksOf(undisturbed, 8),
    ])
  })

  it('refuses stubs that no ruler has', () => {
    const kernel = newKernel()
    kernel.begin(7, 25)
    expect(kernel.fix(3)).toBe(1)
    for (const mark of [3, 2, 0, -1, 6, 26, 200, 2 ** 31 - 1]) expect(kernel.fix(mark)).toBe(0)
    expect(kernel.fix(4)).toBe(1)
  })

  it('aborts on orders and lengths that it has no room for', () => {
    for (const [order, longest] of [
      [2, 10],
      [25, 100],
      [8, 128],
      [8, 0],
    ] as const) {
      expect(() => newKernel().begin(order, longest)).toThrow(/kernel golomb aborted: (order|length) is not within/)
    }
  })
})

describe('the search in JavaScript', () => {
  it.each(orders)('finds for order %i the same ruler as the kernel, whatever stub it starts from', (order, length) => {
    const [golomb, search] = [newKernel(), createSearch()]
    const depth = Math.min(2, order - 2)
    for (const stub of allStubs(order, length + 2, depth).filter((_, index) => order < 10 || index % 9 === 0)) {
      for (const one of [golomb, search]) {
        one.begin(order, length + 2)
        if (stub.every((mark) => one.fix(mark) === 1)) while (one.search(1_000_000) !== 0);
      }
      expect(search.best()).toBe(golomb.best())
      if (search.best() > 0)
        expect([...Array(order).keys()].map((index) => search.bestMark(index))).toEqual(marksOf(golomb, order))
    }
  })

  it('does the same work in pieces of any size', () => {
    const work = [1, 7, 10_000_000].map((piece) => {
      const search = createSearch()
      search.begin(8, 40)
      while (search.search(piece) !== 0);
      return [search.steps(), search.best(), search.bestMark(1)]
    })
    for (const other of work) expect(other).toEqual(work[0])
  })
})

describe('the assignments', () => {
  it.each([1, 2, 3, 8, 50])('for %i agents find the optimum together, and each stub is searched once', (parts) => {
    const assignments = split(9, parts, 44)
    expect(assignments.length).toBe(parts)
    const stubs = assignments.flatMap((assignment) => (Array.isArray(assignment.stubs) ? assignment.stubs : []))
    expect(new Set(stubs.map(String)).size).toBe(stubs.length)
    const found = assignments.map(({ order, best, stubs }) => {
      const kernel = newKernel()
      kernel.begin(order, best)
      if (Array.isArray(stubs)) searchAll(kernel, stubs, 1_000_000)
      return kernel.best()
    })
    expect(Math.min(...found.filter((length) => length > 0))).toBe(44)
  })

  it('prove optimality: below the optimum, no stub has a ruler', () => {
    for (const { order, best, stubs } of split(10, 6, 54)) {
      const kernel = newKernel()
      kernel.begin(order, best)
      if (Array.isArray(stubs)) searchAll(kernel, stubs, 1_000_000)
      expect(kernel.best()).toBe(0)
    }
  })

  it('are about equally long', () => {
    const steps = split(10, 4, 55).map(({ order, best, stubs }) => {
      const kernel = newKernel()
      kernel.begin(order, best)
      if (Array.isArray(stubs)) searchAll(kernel, stubs, 1_000_000)
      return kernel.steps()
    })
    expect(Math.max(...steps) / Math.min(...steps)).toBeLessThan(1.5)
  })
})

describe('rulers from difference sets', () => {
  it.each([...Array(12).keys()].map((index) => index + 3))(
    'are Golomb rulers of order %i, not much longer than the best',
    (order) => {
      const ruler = shortRuler(order)
      expect(ruler.length).toBe(order)
      expect(isGolomb(ruler)).toBe(true)
      expect(lengthOf(ruler)).toBeLessThan(order * order)
      const optimum = A003022[order]
      if (optimum !== undefined) expect(lengthOf(ruler)).toBeGreaterThanOrEqual(optimum)
    },
  )
})
