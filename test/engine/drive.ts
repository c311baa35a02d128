/** Runs a machine to its end, on request in a fresh instance after every slice. For tests only. */
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import type { MachineImage } from '../../src/engine/image.ts'
import { SEGMENTS_MAX } from '../../src/engine/limits.ts'
import { type EngineBuild, Machine, type MachineOptions, type Stop } from '../../src/engine/machine.ts'
import { loadEngine } from '../../src/platform/node/engine-files.ts'

// A machine busy with something else must not look like a program that hangs: fuel bounds these tests, not time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let loading: Promise<EngineBuild> | null = null
export const engine = (): Promise<EngineBuild> => {
  loading ??= loadEngine(fileURLToPath(new URL('../../dist/engine', import.meta.url)))
  return loading
}

/** On the movable build, which can be frozen wherever a slice ends; tiers.test.ts compares it with the others. */
export const OPTIONS: MachineOptions = {
  tier: 'movable',
  seed: 7,
  startMs: 1_700_000_000_000,
  memoryBytesMax: 64 * 1024 * 1024,
  depth: SEGMENTS_MAX,
  fuelMax: 10n ** 10n,
  kernels: new Map(),
}

export const WHOLE_SLICE = 10n ** 12n

export interface Outcome {
  readonly stop: Stop
  readonly console: string[]
  readonly fuel: bigint
  readonly clockMs: number
  readonly stateHash: string | null
  readonly hops: number
  readonly inKernel: number
}

export interface Ride {
  readonly input?: string
  readonly options?: MachineOptions
  /** Fuel of the n-th slice; a fresh instance after each. Without it the program runs in one piece. */
  readonly slice?: (n: number) => bigint
  /** Sees every image on its way. */
  readonly onHop?: (image: MachineImage) => void
  /** Freeze, but go on in the same instance. */
  readonly stay?: boolean
}

export function ride(
  build: EngineBuild,
  code: string,
  { input = 'null', options = OPTIONS, slice, onHop, stay = false }: Ride = {},
): Outcome {
  let machine = Machine.start(build, code, input, options)
  const lines: string[] = []
  let [hops, inKernel] = [0, 0]
  for (;;) {
    const stop = machine.run(slice?.(hops) ?? WHOLE_SLICE)
    lines.push(...machine.takeConsole().map((line) => line.text))
    if (stop.kind === 'slice') {
      const image = machine.freeze()
      onHop?.(image)
      hops++
      if (image.standing === 'kernel') inKernel++
      if (!stay) machine = Machine.thaw(build, image, options)
      continue
    }
    if (stop.kind === 'idle' && stop.wakeMs !== null) {
      machine.advanceTo(stop.wakeMs)
      continue
    }
    const stateHash = stop.kind === 'failed' ? null : machine.stateHash()
    return { stop, console: lines, fuel: machine.fuelUsed, clockMs: machine.clockMs, stateHash, hops, inKernel }
  }
}

/** What must not depend on where a program was frozen. */
export const observed = ({ stop, console, fuel, clockMs, stateHash }: Outcome) => ({
  stop,
  console,
  fuel,
  clockMs,
  stateHash,
})

/** A script that makes an agent of a function's text. */
export const agentOf = (body: string): string => `globalThis.__agent = ${body}`
