/**
 * The long claim: a freeze at any point of a long program never changes what becomes of it. The program computes for some
 * twenty seconds; at random points of its fuel it is frozen, sealed, thawed at the next place and run on from there.
 */
import { integerBelow, seededRandom } from '../base/random.ts'
import { endDifference } from './difference.ts'
import type { Packed, Place } from './place.ts'
import { type ConformanceProgram, programOf } from './programs.ts'
import type { Leg } from './protocol.ts'

export interface LongRun {
  readonly seed: number
  readonly fuel: bigint
  readonly freezes: number
  readonly midTurn: number
  readonly seconds: number
  readonly difference: string | null
}

/** What an agent does at length, in turn: numbers, strings, objects, callbacks, generators, promises, errors. */
const PROGRAM = `
const rounds = ROUNDS
let total = 0
function* walk(n) { try { for (let i = 0; i < n; i++) yield i * i % 7 } finally { total += 1 } }
class Cell { #n; constructor(n) { this.#n = n } get next() { return this.#n < 3 ? null : new Cell(this.#n % 2 ? this.#n * 3 + 1 : this.#n / 2) } get n() { return this.#n } }
const map = new Map()
for (let round = 0; round < rounds; round++) {
  const rows = Array.from({ length: 60 }, (_, id) => ({ id, key: 'k' + (id * 7919 + round) % 101, tags: [id, String(round)] }))
  rows.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.id - b.id))
  for (const row of rows) map.set(row.key, (map.get(row.key) ?? 0) + row.id)
  total = (total * 31 + JSON.stringify(JSON.parse(JSON.stringify(rows.slice(0, 12)))).length) | 0
  total = (total + 'the year 1998 and 2024'.replace(/\\\\d+/g, (year) => Number(year) + round).length) | 0
  for (const step of walk(40)) total = (total * 33 + step) | 0
  for (let cell = new Cell(round % 60 + 7); cell; cell = cell.next) total = (total + cell.n) | 0
  const deep = (n) => { try { return n === 0 ? [1, 2, 3].map((x) => x * round)[2] : deep(n - 1) + 1 } catch (e) { throw e } finally { total ^= n } }
  total = (total + deep(40)) | 0
  const bytes = new Uint8Array(3000)
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * round + total) >> 3
  total = (total + bytes.reduce((a, b) => (a * 5 + b) | 0, 1)) | 0
  try { if (round % 3 === 0) throw new RangeError('round ' + round) } catch (error) { total = (total + error.message.length) | 0 }
  if (round % 20 === 0) { await new Promise((resolve) => setTimeout(resolve, 5)); await null; console.log(round, total, map.size, Math.random()) }
}
console.log([...map].sort().slice(0, 5), total)
`

export const longProgram = (rounds: number): ConformanceProgram =>
  programOf(`long-${rounds}`, PROGRAM.replace('ROUNDS', String(rounds)))

/**
 * One hop at each of so many random points, between them the program runs on at the place it has come to. `say` hears how
 * far it is.
 */
export async function runLong(
  program: ConformanceProgram,
  places: readonly Place[],
  freezes: number,
  seed: number,
  say: (done: number) => void,
): Promise<LongRun> {
  const [home] = places
  if (home === undefined) throw new Error('a program needs a place')
  await Promise.all(places.map((place) => place.load(program)))
  const started = performance.now()
  const { leg: straight } = await home.leg(program, null, null, 'movable')
  const seconds = (performance.now() - started) / 1_000
  const fuel = BigInt(straight.fuel)
  const points = randomPoints(fuel, freezes, seed)
  const { chain } = await home.chain(program, { fuel: points.map(String) })
  let [from, at, midTurn, hops]: [Packed | null, bigint, number, number] = [null, 0n, 0, 0]
  const lines: string[] = []
  const result = (difference: string | null): LongRun => ({ seed, fuel, freezes: hops, midTurn, seconds, difference })
  for (;;) {
    const place = places[hops % places.length] ?? home
    // Points that lie closer together than two safepoints are one freeze.
    const point = points.find((one) => one > at)
    const slice = point === undefined ? null : { until: String(point) }
    const { leg, packed }: { leg: Leg; packed: Packed | null } = await place.leg(program, from, slice, 'movable')
    lines.push(...leg.console)
    if (from !== null && leg.arrivedAs !== from.head.root)
      return result(`freeze ${hops}: thawed in ${place.name} it seals to another checkpoint`)
    if (packed === null) {
      await Promise.all(places.map((one) => one.drop(program)))
      return result(endDifference(straight, { ...leg, console: lines }))
    }
    if (packed.head.root !== chain.roots[hops])
      return result(
        `freeze ${hops + 1} in ${place.name}: its checkpoint is not the one of a machine frozen there in place`,
      )
    at = BigInt(leg.fuel)
    hops++
    if (leg.standing !== 'turn') midTurn++
    from = packed
    if (hops % 50 === 0) say(hops)
  }
}

function randomPoints(fuel: bigint, count: number, seed: number): bigint[] {
  const random = seededRandom(seed)
  const points = Array.from({ length: count }, () => BigInt(1 + integerBelow(random, Number(fuel) - 1)))
  return points.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}
