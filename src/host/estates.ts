import type { Estate } from '../wire/decisions.ts'
import type { HomeRow } from './state.ts'

/**
 * What a witness can see of a row that it is told without having kept it: that it goes on from what it has. Who keeps the row
 * it knows by certificates, before it looks at this. What the keeper has written down it cannot check: a lie within these
 * bounds is a line that its successor believes (docs/HANDOVER.md, what a liar can do).
 */
export function estateFault(row: HomeRow, estate: Estate, epoch: number): string | null {
  const { tenure, since, from, next, lines, itinerary } = estate
  if (tenure > epoch) return `kept since epoch ${tenure}, and ${epoch} is decided`
  // A part of a long story may end before the lines of this keeper begin.
  if (from > next || (estate.isWhole && since > next)) return `lines from ${from} and since ${since} beyond ${next}`
  let before = from - 1
  for (const { number } of lines) {
    if (number <= before || number >= next) return `line ${number} after ${before}, before ${next}`
    before = number
  }
  for (const { certificate } of itinerary)
    if (certificate.agent !== row.agent || certificate.epoch > epoch) return 'hops of another agent, or not yet decided'
  return tenure === row.tenure && estate.isWhole && next >= row.storyNext ? backwardsFault(row, estate) : null
}

/** Of the same keeper: what only grows. */
function backwardsFault(row: HomeRow, { seen, forks, hops }: Estate): string | null {
  for (const kind of ['emit', 'console', 'result', 'failure'] as const)
    if (seen[kind] < row.seen[kind]) return `${kind} ${seen[kind]} < ${row.seen[kind]}`
  if (forks.length < row.forks.length) return `forks ${forks.length} < ${row.forks.length}`
  return hops < row.hops ? `hops ${hops} < ${row.hops}` : null
}
