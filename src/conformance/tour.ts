/**
 * The claim of the suite: wherever and however often a program is frozen, sealed, carried on and thawed, its result,
 * console, fuel and final state are those of a straight run, on each tier of the engine. At every freeze the checkpoint must be, name for name, the
 * one that a machine which is frozen there in place comes to; so a difference is found where it begins.
 */
import type { TierChoice } from '../engine/machine.ts'
import { checkpointDifference, endDifference } from './difference.ts'
import type { Packed, Place } from './place.ts'
import type { ConformanceProgram } from './programs.ts'
import type { Leg } from './protocol.ts'

export interface Tour {
  /** Fuel between two freezes. */
  readonly sliceFuel: bigint
  readonly freezes: number
  readonly tier: TierChoice
  /** Of these: in the middle of a turn, inside a kernel. */
  readonly midTurn: number
  readonly inKernel: number
}

export interface Verdict {
  readonly program: string
  readonly fuel: bigint
  readonly ended: string
  readonly stateHash: string | null
  /** What the straight run printed. */
  readonly console: readonly string[]
  readonly tours: readonly Tour[]
  /** The first thing that was not as in the straight run at the first place, or null. */
  readonly difference: string | null
}

class Difference extends Error {}

/** About how often a program is frozen that runs as the machine chooses. */
const FREEZES_ON_BOTH_TIERS = 9

/** Straight at every place; then, for every number of freezes asked for, hopping from place to place. */
export async function conform(
  program: ConformanceProgram,
  places: readonly Place[],
  freezes: readonly number[],
): Promise<Verdict> {
  const [home] = places
  if (home === undefined) throw new Error('a program needs a place')
  await Promise.all(places.map((place) => place.load(program)))
  const { leg: straight } = await home.leg(program, null, null, 'movable')
  const verdict = {
    program: program.name,
    fuel: BigInt(straight.fuel),
    ended: straight.stop.kind === 'failed' ? `failed: ${straight.stop.code}` : straight.stop.kind,
    stateHash: straight.stateHash,
    console: straight.console,
  }
  const tours: Tour[] = []
  try {
    await Promise.all(places.map((place) => runStraight(program, place, place === home, straight)))
    for (const [i, count] of freezes.entries()) {
      const route = places.map((_, leg) => places[(leg + i) % places.length] ?? home)
      tours.push(await goRound(program, home, route, sliceFor(verdict.fuel, count), 'movable', straight))
    }
    const slice = sliceFor(verdict.fuel, FREEZES_ON_BOTH_TIERS)
    tours.push(await goRound(program, home, places, slice, 'auto', straight))
    return { ...verdict, tours, difference: null }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { ...verdict, tours, difference: error.message }
  } finally {
    await Promise.all(places.map((place) => place.drop(program)))
  }
}

/** One tour runs as the machine chooses between the two, so a straight run does so at one place only. */
async function runStraight(program: ConformanceProgram, place: Place, isHome: boolean, straight: Leg): Promise<void> {
  for (const tier of ['plain', isHome ? 'auto' : 'movable'] as const) {
    const found = endDifference(straight, (await place.leg(program, null, null, tier)).leg)
    if (found !== null) throw new Difference(`straight in ${place.name}, ${tier} tier: ${found}`)
  }
}

async function goRound(
  program: ConformanceProgram,
  home: Place,
  route: readonly Place[],
  sliceFuel: bigint,
  tier: TierChoice,
  straight: Leg,
): Promise<Tour> {
  const slice = { for: String(sliceFuel) }
  const at = { every: String(sliceFuel) }
  // A machine that chooses freezes short turns at their ends, so its freezes are others than those of the movable tier.
  const chain = tier === 'movable' ? (await home.chain(program, at)).chain : null
  const inPlace = chain && endDifference(straight, chain.end)
  if (inPlace) throw new Difference(`frozen every ${sliceFuel} in place: ${inPlace}`)
  const lines: string[] = []
  let [freezes, midTurn, inKernel] = [0, 0, 0]
  let from: Packed | null = null
  for (;;) {
    const place = route[freezes % route.length] ?? home
    const { leg, packed }: { leg: Leg; packed: Packed | null } = await place.leg(program, from, slice, tier)
    const where = `${tier} tier, every ${sliceFuel} fuel, freeze ${freezes + 1}, in ${place.name}`
    if (from !== null && leg.arrivedAs !== from.head.root)
      throw new Difference(`${where}: thawed it seals to ${leg.arrivedAs}, not to ${from.head.root}`)
    lines.push(...leg.console)
    if (packed === null) {
      const found = endDifference(straight, { ...leg, console: lines })
      if (found !== null)
        throw new Difference(`${tier} tier, every ${sliceFuel} fuel, after ${freezes} freezes: ${found}`)
      return { sliceFuel, tier, freezes, midTurn, inKernel }
    }
    if (chain && packed.head.root !== chain.roots[freezes]) {
      const expected = await home.chain(program, at, freezes + 1)
      throw new Difference(`${where}: ${await checkpointDifference(expected.packed, packed)}`)
    }
    freezes++
    if (leg.standing !== 'turn') midTurn++
    if (leg.standing === 'kernel') inKernel++
    from = packed
  }
}

/** A prime, so that freezes fall everywhere; about so many of them fit into the program. */
export function sliceFor(fuel: bigint, freezes: number): bigint {
  const about = fuel / BigInt(freezes + 1)
  for (let candidate = about + 1n; ; candidate++) if (isPrime(candidate)) return candidate
}

function isPrime(number: bigint): boolean {
  if (number < 2n) return false
  for (let factor = 2n; factor * factor <= number; factor++) if (number % factor === 0n) return false
  return true
}
