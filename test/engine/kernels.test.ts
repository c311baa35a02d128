import { beforeAll, describe, expect, it } from 'vitest'
import { type EngineBuild, Machine, type MachineOptions } from '../../src/engine/machine.ts'
import { engine, OPTIONS, observed, ride, WHOLE_SLICE } from './drive.ts'
import { compileAssemblyScript, metered } from './kernel-source.ts'

let build: EngineBuild
let options: MachineOptions
let wasm: Uint8Array
beforeAll(async () => {
  build = await engine()
  wasm = await compileAssemblyScript()
  options = { ...OPTIONS, kernels: new Map([['k', metered(wasm)]]) }
}, 60_000)

const CALLS = `const k = (f, ...a) => __sojourn.kernelCall('k', f, ...a)
  const parts = []
  for (let i = 0; i < 3; i++) parts.push([3, 1, 2].sort((a, b) => (k('fib', 12), a - b)).join(''), k('sieve', 20000 + i), k('wave', 9000))
  console.log(parts.join(' '))`

describe('a kernel', () => {
  it('gives the same answer, fuel and state frozen in the middle of its loops', () => {
    const straight = ride(build, CALLS, { options })
    expect(straight.stop.kind).toBe('finished')
    expect(straight.console[0]).toMatch(/^123 226201 /)
    for (const slice of [40_009n, 9_001n]) {
      const hopping = ride(build, CALLS, { options, slice: () => slice })
      expect(hopping.inKernel).toBeGreaterThan(5)
      expect(observed(hopping)).toEqual(observed(straight))
    }
  })

  it('keeps its own state from call to call, over hops', () => {
    const code =
      "console.log(__sojourn.kernelCall('k', 'sieve', 10) % 100); for (let i = 0; i < 5000; i++); console.log(__sojourn.kernelCall('k', 'sieve', 10) % 100)"
    expect(ride(build, code, { options, slice: () => 5_003n }).console).toEqual(['1', '2'])
  })

  it('is stopped by fuel when it never ends', () => {
    const result = ride(build, "__sojourn.kernelCall('k', 'spin')", { options: { ...options, fuelMax: 3_000_000n } })
    expect(result.stop).toEqual({ kind: 'failed', code: 'QUOTA', reason: 'fuel: 3000000 used up' })
  })

  it('fails in ways the program can catch, in words of our own', () => {
    const code = `const tries = [['picky', 9], ['divide', 0], ['deep', 0], ['nope'], ['wide', 1], ['__budget', 0]]
      for (const [f, ...a] of tries) { try { __sojourn.kernelCall('k', f, ...a); console.log('no error') } catch (e) { console.log(e.message) } }
      try { __sojourn.kernelCall('missing', 'f') } catch (e) { console.log(e.message) }
      console.log(__sojourn.kernelCall('k', 'picky', 2))`
    expect(ride(build, code, { options }).console).toEqual([
      expect.stringMatching(/^kernel k aborted: too big \(kernel\.ts:\d+:\d+\)$/),
      'kernel k trapped',
      'kernel k recursed too deep',
      'kernel k has no function nope',
      'kernel k takes numbers only, not 64-bit integers',
      'kernel k has no function __budget',
      'there is no kernel missing',
      '2',
    ])
  })

  it('shows one bit pattern for every NaN', () => {
    expect(
      ride(build, "console.log(__sojourn.kernelCall('k', 'notANumber').toString(16))", { options }).console,
    ).toEqual(['7ff80000'])
  })

  it('shares bytes with the program inside its own memory only', () => {
    const code = `__sojourn.kernelWrite('k', 60000, new Uint8Array([5, 6, 7]))
      console.log([...__sojourn.kernelRead('k', 59999, 4)].slice(1).join())
      for (const address of [-1, 2 ** 31, 1.5, NaN]) try { __sojourn.kernelRead('k', address, 4) } catch (e) { console.log(e.message) }`
    const outside = 'the range lies outside the memory of kernel k'
    expect(ride(build, code, { options }).console).toEqual(['5,6,7', outside, outside, outside, outside])
  })

  it('cannot take more memory than its share', () => {
    const machine = Machine.start(
      build,
      "try { for (;;) __sojourn.kernelCall('k', 'sieve', 1000000) } catch (e) { console.log(e.message) }",
      'null',
      options,
    )
    expect(machine.run(WHOLE_SLICE).kind).toBe('finished')
    expect(machine.memoryBytes).toBeLessThanOrEqual(OPTIONS.memoryBytesMax)
  })
})
