/** One attack on one build of the engine, to its end. Runs in any realm. */
import { SEGMENTS_MAX } from '../engine/limits.ts'
import { type EngineBuild, Machine } from '../engine/machine.ts'
import type { Tier } from '../engine/twin.ts'
import { NESTING } from './nesting.ts'
import { RECURSION } from './recursion.ts'

/** All attacks by name. */
export const ATTACKS: ReadonlyMap<string, string> = new Map(Object.entries({ ...RECURSION, ...NESTING }))

/** What must be equal wherever the attack is made. */
export interface Ending {
  /** The result, or code and reason of the failure. */
  readonly stop: string
  readonly console: readonly string[]
  readonly fuel: string
  readonly clockMs: number
  /** Null after a failure. */
  readonly stateHash: string | null
}

/** An attack that goes on for longer ends by its fuel. */
const FUEL_MAX = 150_000_000n
const OPTIONS = {
  seed: 3,
  startMs: 1_700_000_000_000,
  memoryBytesMax: 128 * 1_048_576,
  depth: SEGMENTS_MAX,
  kernels: new Map<string, WebAssembly.Module>(),
}

export interface TrialOptions {
  /** The build it begins on: `plain` goes over to the movable one where it must. */
  readonly tier?: Tier
  readonly fuelMax?: bigint
  /** Frozen, and thawed in a fresh instance, that often. */
  readonly sliceFuel?: bigint
}

export function tryAttack(
  build: EngineBuild,
  code: string,
  { tier = 'movable', fuelMax = FUEL_MAX, sliceFuel = fuelMax }: TrialOptions = {},
): Ending {
  const options = { ...OPTIONS, fuelMax, tier }
  let machine = Machine.start(build, code, 'null', options)
  const console: string[] = []
  for (;;) {
    const stop = machine.run(sliceFuel)
    console.push(...machine.takeConsole().map((line) => line.text))
    if (stop.kind === 'slice') machine = Machine.thaw(build, machine.freeze(), options)
    else if (stop.kind === 'idle' && stop.wakeMs !== null) machine.advanceTo(stop.wakeMs)
    else {
      const how = stop.kind === 'failed' ? `${stop.code} ${stop.reason}` : stop.kind
      const stateHash = stop.kind === 'failed' ? null : machine.stateHash()
      return { stop: how, console, fuel: String(machine.fuelUsed), clockMs: machine.clockMs, stateHash }
    }
  }
}
