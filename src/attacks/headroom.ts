/**
 * How deep a realm's own native stack is, in the engine's units of depth: an attack with no depth limit, until the realm
 * throws. SEGMENT_UNITS must stay below the least of these with a margin.
 */
import { type EngineBuild, instantiateBase } from '../engine/base-image.ts'
import { FUEL_MAX, SEGMENTS_MAX } from '../engine/limits.ts'
import type { Tier } from '../engine/twin.ts'

const UNITS = 2 ** 30
const LIMITS = { pagesMax: 2_048, depth: SEGMENTS_MAX }
const FUEL = 150_000_000n

/** Null where the attack ends otherwise. */
export function overflowUnits(build: EngineBuild, tier: Tier, code: string): number | null {
  const vm = instantiateBase(build, tier, 0, LIMITS, {
    nowMs: () => 0,
    onInterrupt: () => {},
    onRejection: (promise, reason) => vm.free(promise, reason),
    onHostCall: () => vm.undefined(),
  })
  vm.exports.__soft.value = -FUEL_MAX
  vm.exports.__depth.value = UNITS
  vm.fuelLeft = FUEL
  try {
    vm.eval(`(async function () {${code}\n})()`, 'agent.js')
    return null
  } catch (error) {
    return error instanceof WebAssembly.RuntimeError ? null : UNITS - (vm.exports.__depth.value as number)
  }
}
