import { faultsOf } from './faults.ts'
import type { SimOptions } from './options.ts'
import type { Report, Violation } from './report.ts'

/** Looks for the smallest run that still violates the same invariant: fewer faults, agents, seconds and hosts. */
export interface Shrunk {
  readonly options: SimOptions
  readonly violation: Violation
}

/** Runs tried at the most. */
const TRIES_MAX = 60

export async function shrink(
  failed: SimOptions,
  { invariant }: Violation,
  run: (options: SimOptions) => Promise<Report>,
): Promise<Shrunk | null> {
  let best: Shrunk | null = null
  let tries = 0
  const fails = async (options: SimOptions): Promise<boolean> => {
    if (tries++ >= TRIES_MAX) return false
    const violation = (await run(options)).violations.find((one) => one.invariant === invariant)
    if (violation) best = { options, violation }
    return violation !== undefined
  }
  let options: SimOptions = { ...failed, faults: faultsOf(failed) }
  if (!(await fails(options))) return null
  for (let isSmaller = true; isSmaller && tries < TRIES_MAX; ) {
    isSmaller = false
    for (const smaller of smallerThan(options))
      if (await fails(smaller)) {
        options = smaller
        isSmaller = true
        break
      }
  }
  return best
}

/** What to try next, the largest step first. */
function* smallerThan(options: SimOptions): Generator<SimOptions> {
  const { faults, agents, seconds, hosts, homes } = options
  for (const fewer of [Math.floor(agents / 2), agents - 1])
    if (fewer >= 1 && fewer < agents) yield { ...options, agents: fewer }
  if (faults !== 'any') for (const left of faults) yield { ...options, faults: faults.filter((name) => name !== left) }
  if (hosts - 1 >= homes + 2) yield { ...options, hosts: hosts - 1 }
  const shorter = Math.floor(seconds / 2)
  if (shorter >= 10) yield { ...options, seconds: shorter }
}
