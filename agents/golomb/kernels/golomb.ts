/**
 * AssemblyScript. Exhaustive search for short Golomb rulers by depth-first "shift" search (W. T. Rankin, "Optimal Golomb
 * Rulers: An Exhaustive Parallel Search Implementation", Duke University 1993). All state is in memory between calls, so
 * the agent may be frozen between any two, and inside one.
 *
 * Sets of distances are 128 bits, two words, the highest bit of the first being distance 1:
 *   list  distances from the present place back to the marks placed
 *   used  distances that the ruler has already
 *   bars  distances ahead at which no mark may stand
 * Moving on by s shifts `list` right and `bars` left by s; a mark at a free place adds `list` to `used` and `used` to `bars`.
 */

/** Longest ruler that the sets can hold. */
const LENGTH_MAX: i32 = 127
const ORDER_MAX: i32 = 24

/**
 * Length of the shortest ruler with so many marks: marks still to come need at least this room (OEIS A003022, each
 * proved by a search like this one). Beyond 14 the distances 1 + 2 + ... count.
 */
const SHORTEST = memory.data<i32>([0, 0, 1, 3, 6, 11, 17, 25, 34, 44, 55, 72, 85, 106, 127])
const SHORTEST_KNOWN: i32 = 14

/** One level of the search: list, bars, two words each, and the place. */
const LEVEL_BYTES: i32 = 40
const LEVELS = memory.data(24 * 40, 8)
/** Rightmost place of each mark. */
const LIMITS = memory.data(24 * 4, 4)
const BEST = memory.data(24 * 4, 4)

let order: i32 = 0
let lengthMax: i32 = 0
let bestLength: i32 = 0
let stepCount: u64 = 0

/** Marks of the stub: the search never takes one of them back. */
let fixed: i32 = 0
/** The mark that is being placed, and whether the one before it was placed in this very step. */
let level: i32 = 0
let fresh: u64 = 0
let place: i32 = 0
let listHigh: u64 = 0
let listLow: u64 = 0
let barsHigh: u64 = 0
let barsLow: u64 = 0
let usedHigh: u64 = 0
let usedLow: u64 = 0

/** Begins a search for rulers of `marks` marks no longer than `longest`. Forgets everything but the count of steps. */
export function begin(marks: i32, longest: i32): void {
  assert(marks >= 3 && marks <= ORDER_MAX, 'order is not within 3..24')
  assert(longest > 0 && longest <= LENGTH_MAX, 'length is not within 1..127')
  order = marks
  lengthMax = longest
  bestLength = 0
  setLimits()
  reset()
}

/** Goes back to the empty ruler (one mark at 0) for the next stub; the best length so far stays. */
export function reset(): void {
  fixed = 1
  level = 1
  fresh = 1
  place = 0
  listHigh = listLow = barsHigh = barsLow = usedHigh = usedLow = 0
}

/** Places the next mark of the stub. False (0) where it cannot stand there: then no ruler has this stub. */
export function fix(mark: i32): i32 {
  let step = mark - place
  if (step <= 0 || level >= order - 1 || mark > load<i32>(LIMITS + (level << 2)) || barred(step)) return 0
  while (step > 63) {
    shiftWord()
    step -= 64
  }
  if (step > 0) shift(step)
  place = mark
  store<i32>(LEVELS + level * LEVEL_BYTES, mark, 32)
  usedHigh |= listHigh
  usedLow |= listLow
  barsHigh |= usedHigh
  barsLow |= usedLow
  fresh = 1
  level += 1
  fixed = level
  return 1
}

/** Goes on for at most `stepsMax` steps. 0: the stub is searched; 1: there is more; 2: a shorter ruler, and there may be more. */
export function search(stepsMax: i32): i32 {
  let at = level
  let mark = place
  let added = fresh
  let lh = listHigh
  let ll = listLow
  let bh = barsHigh
  let bl = barsLow
  let uh = usedHigh
  let ul = usedLow
  let left = stepsMax
  let outcome = 1
  const last = order - 1
  while (left > 0) {
    left -= 1
    if (bh === u64.MAX_VALUE) {
      mark += 64
      if (mark <= load<i32>(LIMITS + (at << 2))) {
        bh = bl
        bl = 0
        ll = lh
        lh = added
        added = 0
        continue
      }
    } else {
      const step = clz(~bh) + 1
      mark += <i32>step
      if (mark <= load<i32>(LIMITS + (at << 2))) {
        if (at === last) {
          lengthMax = mark - 1
          bestLength = mark
          keepBest(mark)
          setLimits()
          outcome = 2
        } else {
          if (step < 64) {
            bh = (bh << step) | (bl >> (64 - step))
            bl <<= step
            ll = (ll >> step) | (lh << (64 - step))
            lh = (lh >> step) | (added << (64 - step))
          } else {
            bh = bl
            bl = 0
            ll = lh
            lh = added
          }
          const slot = LEVELS + at * LEVEL_BYTES
          store<u64>(slot, lh)
          store<u64>(slot, ll, 8)
          store<u64>(slot, bh, 16)
          store<u64>(slot, bl, 24)
          store<i32>(slot, mark, 32)
          uh |= lh
          ul |= ll
          bh |= uh
          bl |= ul
          added = 1
          at += 1
          continue
        }
      }
    }
    // Back to the mark before: from where it stands, on.
    at -= 1
    if (at < fixed) {
      at = fixed
      outcome = outcome === 2 ? 2 : 0
      bh = bl = u64.MAX_VALUE
      mark = LENGTH_MAX
      break
    }
    const slot = LEVELS + at * LEVEL_BYTES
    lh = load<u64>(slot)
    ll = load<u64>(slot, 8)
    bh = load<u64>(slot, 16)
    bl = load<u64>(slot, 24)
    mark = load<i32>(slot, 32)
    uh ^= lh
    ul ^= ll
    added = 0
    if (outcome === 2) break
  }
  stepCount += stepsMax - left
  level = at
  place = mark
  fresh = added
  listHigh = lh
  listLow = ll
  barsHigh = bh
  barsLow = bl
  usedHigh = uh
  usedLow = ul
  return outcome
}

/** The shortest ruler found since `begin`, 0 for none; its marks are `bestMark(0)` to `bestMark(order - 1)`. */
export function best(): i32 {
  return bestLength
}

export function bestMark(index: i32): i32 {
  return index >= 0 && index < order ? load<i32>(BEST + (index << 2)) : -1
}

/** Places looked at since the kernel was made: the work done. */
export function steps(): f64 {
  return <f64>stepCount
}

function keepBest(length: i32): void {
  store<i32>(BEST, 0)
  for (let index = 1; index < order - 1; index++)
    store<i32>(BEST + (index << 2), load<i32>(LEVELS + index * LEVEL_BYTES, 32))
  store<i32>(BEST + ((order - 1) << 2), length)
}

/**
 * How far right each mark may stand. The marks after it need room; and of a ruler and its mirror image only the one whose
 * middle mark (for an even order: the left of the two) lies in the left half is looked for.
 */
function setLimits(): void {
  for (let index = 0; index < order; index++) store<i32>(LIMITS + (index << 2), lengthMax - shortest(order - index))
  const middle = (order - 1) >> 1
  const half = (lengthMax - 1) >> 1
  for (let index = 1; index <= middle; index++) {
    const limit = half - shortest(middle - index + 1)
    if (limit < load<i32>(LIMITS + (index << 2))) store<i32>(LIMITS + (index << 2), limit)
  }
}

function shortest(marks: i32): i32 {
  return marks <= SHORTEST_KNOWN ? load<i32>(SHORTEST + (marks << 2)) : (marks * (marks - 1)) >> 1
}

function barred(step: i32): bool {
  if (step > 127) return true
  const word = step <= 64 ? barsHigh >> (64 - step) : barsLow >> (128 - step)
  return (word & 1) !== 0
}

function shift(step: u64): void {
  barsHigh = (barsHigh << step) | (barsLow >> (64 - step))
  barsLow <<= step
  listLow = (listLow >> step) | (listHigh << (64 - step))
  listHigh = (listHigh >> step) | (fresh << (64 - step))
  fresh = 0
}

function shiftWord(): void {
  barsHigh = barsLow
  barsLow = 0
  listLow = listHigh
  listHigh = fresh
  fresh = 0
}
