import { describe, expect, it, vi } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/digest.ts'
import { integerBelow, type Random, seededRandom } from '../../src/base/random.ts'
import { Kernel } from '../../src/engine/kernels.ts'
import { VmFault } from '../../src/engine/vm.ts'
import { metered } from './kernel-source.ts'
import { randomKernel } from './random-kernel.ts'

vi.setConfig({ testTimeout: 120_000 })

const FUEL = 400_000n

/** Runs `run(2, 5n)`; with a slice, thaws a fresh instance after each. */
function ride(module: WebAssembly.Module, slice: bigint | null) {
  let kernel = new Kernel('k', module, { pagesMax: 1, seed: 1 })
  const meter = { fuelLeft: FUEL, soft: slice === null ? -FUEL : FUEL - slice, depthLeft: 100_000 }
  let hops = 0
  let result: unknown
  try {
    let outcome = kernel.call(0, [2, 5n], meter)
    while (outcome.kind === 'suspended') {
      hops++
      const image = kernel.freeze()
      kernel = new Kernel('k', module, { pagesMax: 1, seed: 1 })
      expect(kernel.thaw(image)).toBeNull()
      meter.soft = meter.fuelLeft - (slice ?? 0n)
      outcome = kernel.resume(meter)
    }
    result = outcome
  } catch (error) {
    result = String(error)
  }
  const { pages, globals } = kernel.freeze()
  const memory = [...pages].map(([page, bytes]) => [page, toHex(sha256(bytes))])
  return { hops, observed: { result, fuelLeft: meter.fuelLeft, memory, globals } }
}

/** As WebAssembly has it, without any pass. */
function bare(wasm: Uint8Array<ArrayBuffer>): string {
  try {
    const { run } = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports
    return String((run as (a: number, b: bigint) => number)(2, 5n))
  } catch {
    return 'trapped'
  }
}

describe('a kernel of any shape', () => {
  it('does what it does without the pass, and the same however often it is frozen inside (seed 11, 150 modules)', () => {
    const random = seededRandom(11)
    let [hops, ended] = [0, 0]
    for (let i = 0; i < 150; i++) {
      const wasm = randomKernel(random)
      expect(WebAssembly.validate(wasm), `module ${i}`).toBe(true)
      const module = metered(wasm)
      const straight = ride(module, null)
      for (const slice of [1n, 7n, 61n]) {
        const hopping = ride(module, slice)
        hops += hopping.hops
        expect(hopping.observed, `module ${i}, slices of ${slice}`).toEqual(straight.observed)
        if (hopping.hops > 3000) break
      }
      const { result } = straight.observed
      if (typeof result !== 'object' || result === null || !('value' in result)) continue
      ended++
      expect(String(result.value), `module ${i}`).toBe(bare(wasm))
    }
    expect(hops).toBeGreaterThan(5_000)
    expect(ended).toBeGreaterThan(40)
  })

  it('with frames that a stranger made up harms its own instance alone (seed 17)', () => {
    const random = seededRandom(17)
    const ends = new Map<string, number>()
    for (let i = 0; i < 40; i++) {
      const module = metered(randomKernel(random))
      const first = new Kernel('k', module, { pagesMax: 1, seed: 1 })
      const soft = FUEL - BigInt(5 + integerBelow(random, 200))
      if (first.call(0, [2, 5n], { fuelLeft: FUEL, soft, depthLeft: 100_000 }).kind !== 'suspended') continue
      const image = first.freeze()
      for (let k = 0; k < 30; k++) {
        const kernel = new Kernel('k', module, { pagesMax: 1, seed: 1 })
        expect(kernel.thaw({ ...image, suspended: bend(image.suspended, random) })).toBeNull()
        const meter = { fuelLeft: FUEL, soft: 0n, depthLeft: 100_000 }
        let end: string
        try {
          end = kernel.resume(meter).kind
        } catch (error) {
          end = error instanceof VmFault ? 'fault' : String(error)
        }
        expect(meter.fuelLeft).toBeLessThanOrEqual(FUEL)
        ends.set(end, (ends.get(end) ?? 0) + 1)
      }
    }
    expect([...ends.keys()].sort()).toEqual(['error', 'fault', 'value'])
  })
})

type Suspended = ReturnType<Kernel['freeze']>['suspended']

/** Words changed, dropped or added. */
function bend(suspended: Suspended, random: Random): Suspended {
  if (suspended === null) return null
  const words = [...new Int32Array(suspended.frames.slice().buffer)]
  const at = integerBelow(random, words.length)
  const word = [0, 1, 2, -1, 2 ** 31 - 1, integerBelow(random, 40)][integerBelow(random, 6)] ?? 0
  words.splice(at, integerBelow(random, 3), ...Array.from({ length: integerBelow(random, 3) }, () => word))
  if (words.length === 0) words.push(word)
  return { ...suspended, frames: new Uint8Array(Int32Array.from(words).buffer) }
}
