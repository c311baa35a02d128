import { describe, expect, it, vi } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/digest.ts'
import { seededRandom } from '../../src/base/random.ts'
import { Kernel } from '../../src/engine/kernels.ts'
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
})
