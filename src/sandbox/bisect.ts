import { assert } from '../base/assert.ts'
import type { Cid } from '../base/digest.ts'
import { BISECT_FAN, SLICE_FUEL } from './limits.ts'
import type { Sandbox } from './port.ts'
import { replaySegment, type Segment, type Sight } from './replay.ts'

/**
 * Where somebody's run of a segment begins to differ from what the segment comes to. Its beginning is agreed on and its end
 * is not, so there are two marks beside each other of which the claimant has the state right at the first and wrong at the
 * second: who looks at that one pair sees the lie. Every replay begins at the segment's own beginning, since a run that were
 * frozen on the way would be another run.
 */
export interface Divergence {
  /** The last state that both come to, or null where it is the beginning. */
  readonly agreed: Sight | null
  /** Fuel: the first mark at which they do not; null where it is only the segment's end. */
  readonly mark: number | null
  /** What this host comes to there; null where the run has ended or gone astray before, or at the end. */
  readonly found: Sight | null
  /** What was claimed there. */
  readonly claimed: Cid | null
  /** How often the claimant was asked. */
  readonly asked: number
}

/** The claimant's state at the first safepoint with more fuel than the mark; null where it does not say. */
export type ClaimAt = (mark: number) => Promise<Cid | null>

/**
 * `grainFuel`: how far apart the marks are in the end. A slice is as finely as a guest is ever stopped by itself, some
 * milliseconds of work: with less the two states would only lie closer together.
 */
export async function bisect(
  sandbox: Sandbox,
  segment: Segment,
  claimAt: ClaimAt,
  grainFuel = Number(SLICE_FUEL),
): Promise<Divergence> {
  assert(Number.isSafeInteger(grainFuel) && grainFuel > 0, 'grainFuel is not a whole number above 0')
  const from = Number(segment.image?.fuelUsed ?? 0n)
  const markOf = (step: number): number => from + step * grainFuel
  // Steps that are agreed on and not; the first is the beginning, the last the end.
  let agreedStep = 0
  let otherStep = Math.max(1, Math.ceil((segment.trace.until.fuelUsed - from) / grainFuel))
  let [asked, agreed]: [number, Sight | null] = [0, null]
  let other: Pick<Divergence, 'mark' | 'found' | 'claimed'> = { mark: null, found: null, claimed: null }
  while (otherStep - agreedStep > 1) {
    const steps = between(agreedStep, otherStep)
    const sights = await sightsAt(sandbox, segment, steps.map(markOf))
    for (let [low, high] = [0, steps.length]; low < high; ) {
      const middle = (low + high) >> 1
      const step = steps[middle] ?? otherStep
      const mark = markOf(step)
      const found = sights.get(mark) ?? null
      const claimed = await claimAt(mark)
      asked++
      if (found !== null && found.root === claimed) {
        ;[low, agreedStep, agreed] = [middle + 1, step, found]
      } else {
        ;[high, otherStep, other] = [middle, step, { mark, found, claimed }]
      }
    }
  }
  return { agreed, ...other, asked }
}

/** Steps to look at in one replay, ascending. */
function between(low: number, high: number): number[] {
  const count = Math.min(BISECT_FAN, high - low - 1)
  return Array.from({ length: count }, (_, i) => low + Math.floor(((i + 1) * (high - low)) / (count + 1)))
}

/** As many as the run comes to, by their marks; it is not followed further than to the last. */
export function sightsAt(
  sandbox: Sandbox,
  segment: Segment,
  marks: readonly number[],
): Promise<ReadonlyMap<number, Sight>> {
  const sights = new Map<number, Sight>()
  return new Promise((resolve) => {
    let terminate = (): void => undefined
    const onSight = (sight: Sight): void => {
      sights.set(sight.mark, sight)
      if (sights.size < marks.length) return
      terminate()
      resolve(sights)
    }
    const onStart = (stop: () => void): void => {
      terminate = stop
    }
    void replaySegment(sandbox, segment, { marks, onSight, onStart }).then(() => resolve(sights))
  })
}
