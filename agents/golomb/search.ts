/**
 * The kernel's search once more, in JavaScript: for hosts to freeze in the middle of a plain loop, and to hold the kernel
 * against. The same steps and the same sets of bits (kernels/golomb.ts explains them), four words of 32 bits instead of
 * two of 64. In the agents' engine a few hundred times slower than the kernel.
 */
export interface Search {
  /** Begins a search for rulers of `order` marks no longer than `longest`. */
  begin(order: number, longest: number): unknown
  /** Back to the empty ruler, for the next stub. */
  reset(): unknown
  /** Places the next mark of the stub; 0 where it cannot stand there. */
  fix(mark: number): number
  /** Goes on for at most so many steps. 0: the stub is searched; 1: there is more; 2: a shorter ruler, and maybe more. */
  search(stepsMax: number): number
  best(): number
  bestMark(index: number): number
  steps(): number
}

const LENGTH_MAX = 127
const ORDER_MAX = 24
/** OEIS A003022, by number of marks. */
const SHORTEST = [0, 0, 1, 3, 6, 11, 17, 25, 34, 44, 55, 72, 85, 106, 127]
const shortest = (marks: number): number => SHORTEST[marks] ?? (marks * (marks - 1)) / 2

/** One level: list and bars, four words each, and the place. */
const LEVEL_WORDS = 9
const PLACE = 8

export function createSearch(): Search {
  const levels = new Int32Array(ORDER_MAX * LEVEL_WORDS)
  const limits = new Int32Array(ORDER_MAX)
  /** list, bars, used: where the search stands between two calls. */
  const now = new Int32Array(12)
  let [order, lengthMax, steps, fixed, level, added, place] = [0, 0, 0, 1, 1, 1, 0]
  let best: readonly number[] = []

  const setLimits = (): void => {
    const middle = (order - 1) >> 1
    const half = (lengthMax - 1) >> 1
    for (let index = 0; index < order; index++) {
      const room = lengthMax - shortest(order - index)
      limits[index] = index >= 1 && index <= middle ? Math.min(room, half - shortest(middle - index + 1)) : room
    }
  }
  const word = (index: number): number => now[index] ?? 0

  return {
    begin(marks, longest) {
      if (!(marks >= 3 && marks <= ORDER_MAX)) throw new RangeError(`order ${marks} is not within 3..${ORDER_MAX}`)
      if (!(longest > 0 && longest <= LENGTH_MAX))
        throw new RangeError(`length ${longest} is not within 1..${LENGTH_MAX}`)
      order = marks
      lengthMax = longest
      best = []
      setLimits()
      this.reset()
    },

    reset() {
      ;[fixed, level, added, place] = [1, 1, 1, 0]
      now.fill(0)
    },

    fix(mark) {
      const step = mark - place
      if (!(step > 0) || level >= order - 1 || mark > (limits[level] ?? 0)) return 0
      if (((word(4 + ((step - 1) >> 5)) >>> (31 - ((step - 1) & 31))) & 1) !== 0) return 0
      for (let moved = 0; moved < step; moved++) {
        for (let i = 0; i < 3; i++) now[4 + i] = (word(4 + i) << 1) | (word(5 + i) >>> 31)
        now[7] = word(7) << 1
        for (let i = 3; i > 0; i--) now[i] = (word(i) >>> 1) | (word(i - 1) << 31)
        now[0] = (word(0) >>> 1) | (added << 31)
        added = 0
      }
      place = mark
      levels[level * LEVEL_WORDS + PLACE] = mark
      for (let i = 0; i < 4; i++) {
        now[8 + i] = word(8 + i) | word(i)
        now[4 + i] = word(4 + i) | word(8 + i)
      }
      added = 1
      level += 1
      fixed = level
      return 1
    },

    search(stepsMax) {
      let [l0 = 0, l1 = 0, l2 = 0, l3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0, u0 = 0, u1 = 0, u2 = 0, u3 = 0] = now
      let [at, mark, fresh, left, outcome] = [level, place, added, stepsMax, 1]
      const last = order - 1
      while (left > 0) {
        left -= 1
        const allBarred = b0 === -1
        const step = allBarred ? 32 : Math.clz32(~b0) + 1
        mark += step
        if (mark <= (limits[at] ?? 0)) {
          if (at === last && !allBarred) {
            lengthMax = mark - 1
            best = [
              0,
              ...Array.from({ length: last - 1 }, (_, index) => levels[(index + 1) * LEVEL_WORDS + PLACE] ?? 0),
              mark,
            ]
            setLimits()
            outcome = 2
          } else {
            if (step < 32) {
              const rest = 32 - step
              b0 = (b0 << step) | (b1 >>> rest)
              b1 = (b1 << step) | (b2 >>> rest)
              b2 = (b2 << step) | (b3 >>> rest)
              b3 <<= step
              l3 = (l3 >>> step) | (l2 << rest)
              l2 = (l2 >>> step) | (l1 << rest)
              l1 = (l1 >>> step) | (l0 << rest)
              l0 = (l0 >>> step) | (fresh << rest)
            } else {
              ;[b0, b1, b2, b3] = [b1, b2, b3, 0]
              ;[l0, l1, l2, l3] = [fresh, l0, l1, l2]
            }
            fresh = 0
            if (allBarred) continue
            const slot = at * LEVEL_WORDS
            levels[slot] = l0
            levels[slot + 1] = l1
            levels[slot + 2] = l2
            levels[slot + 3] = l3
            levels[slot + 4] = b0
            levels[slot + 5] = b1
            levels[slot + 6] = b2
            levels[slot + 7] = b3
            levels[slot + PLACE] = mark
            u0 |= l0
            u1 |= l1
            u2 |= l2
            u3 |= l3
            b0 |= u0
            b1 |= u1
            b2 |= u2
            b3 |= u3
            fresh = 1
            at += 1
            continue
          }
        }
        // Back to the mark before: from where it stands, on.
        at -= 1
        if (at < fixed) {
          at = fixed
          if (outcome !== 2) outcome = 0
          ;[b0, b1, b2, b3, mark] = [-1, -1, -1, -1, LENGTH_MAX]
          break
        }
        const slot = at * LEVEL_WORDS
        l0 = levels[slot] ?? 0
        l1 = levels[slot + 1] ?? 0
        l2 = levels[slot + 2] ?? 0
        l3 = levels[slot + 3] ?? 0
        b0 = levels[slot + 4] ?? 0
        b1 = levels[slot + 5] ?? 0
        b2 = levels[slot + 6] ?? 0
        b3 = levels[slot + 7] ?? 0
        mark = levels[slot + PLACE] ?? 0
        u0 ^= l0
        u1 ^= l1
        u2 ^= l2
        u3 ^= l3
        fresh = 0
        if (outcome === 2) break
      }
      steps += stepsMax - left
      ;[level, place, added] = [at, mark, fresh]
      now.set([l0, l1, l2, l3, b0, b1, b2, b3, u0, u1, u2, u3])
      return outcome
    },

    best: () => best.at(-1) ?? 0,
    bestMark: (index) => best[index] ?? -1,
    steps: () => steps,
  }
}
