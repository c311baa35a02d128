import { beforeAll, describe, expect, it } from 'vitest'
import type { MachineImage } from '../../src/engine/image.ts'
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

/** For scripts without the author's door: functions of an instance by name. */
const DOOR = `const open = (name, instance = '', max = 0) => {
    const id = __sojourn.kernelOpen(name, instance, max)
    const names = __sojourn.kernels()[name]
    return Object.assign((f, ...a) => __sojourn.kernelCall(id, names.indexOf(f), ...a), { id })
  }
`
const CALLS = `${DOOR} const k = open('k')
  const parts = []
  for (let i = 0; i < 3; i++) parts.push([3, 1, 2].sort((a, b) => (k('fib', 12), a - b)).join(''), k('sieve', 20000 + i), k('wave', 9000))
  console.log(parts.join(' '))`

describe('a kernel', () => {
  it('called from the depth of many segments gives the same frozen in the middle of its loops', () => {
    const code = `${DOOR} const k = open('k'); const f = (n) => n ? f(n - 1) + 1 : k('sieve', 30000); console.log(f(2000), f(1900) - f(1800))`
    const straight = ride(build, code, { options })
    expect(straight.stop.kind).toBe('finished')
    const hopping = ride(build, code, { options, slice: () => 50_021n })
    expect(hopping.inKernel).toBeGreaterThan(3)
    expect(observed(hopping)).toEqual(observed(straight))
  })

  it('finds room to recurse wherever in the program it is called', () => {
    const code = `${DOOR} const k = open('k'); const seen = new Set()
      const f = (n) => { seen.add(k('fib', 20)); if (n) f(n - 1) }
      f(700); console.log([...seen].join())`
    expect(ride(build, code, { options }).console).toEqual(['6765'])
  })

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
    const code = `${DOOR} const k = open('k'); console.log(k('sieve', 10) % 100); for (let i = 0; i < 5000; i++); console.log(k('sieve', 10) % 100)`
    expect(ride(build, code, { options, slice: () => 5_003n }).console).toEqual(['1', '2'])
  })

  it('is stopped by fuel when it never ends', () => {
    const result = ride(build, `${DOOR} open('k')('spin')`, { options: { ...options, fuelMax: 3_000_000n } })
    expect(result.stop).toEqual({ kind: 'failed', code: 'QUOTA', reason: 'fuel: 3000000 used up' })
  })

  it('fails in ways the program can catch, in words of our own', () => {
    const code = `${DOOR} const k = open('k')
      for (const [f, ...a] of [['picky', 9], ['divide', 0], ['deep', 0], ['nope'], ['wide', 1.5], ['__budget', 0]]) { try { k(f, ...a); console.log('no error') } catch (e) { console.log(e.message) } }
      try { open('missing') } catch (e) { console.log(e.code, e.message) }
      console.log(k('picky', 2))`
    expect(ride(build, code, { options }).console).toEqual([
      expect.stringMatching(/^kernel k aborted: too big \(kernel\.ts:\d+:\d+\)$/),
      'kernel k trapped',
      'kernel k recursed too deep',
      'kernel k has no function -1',
      'kernel k.wide takes a bigint or a whole number as argument 1',
      'kernel k has no function -1',
      'NOT_FOUND the bundle has no kernel "missing"',
      '2',
    ])
  })

  it('takes and gives numbers of every type, to the last bit', () => {
    const code = `${DOOR} const k = open('k')
      console.log(k('wide', 5), k('wide', -(2n ** 63n)), k('wide', 2n ** 64n + 7n), k('narrow', 2 ** 32 + 3), k('half', 0.1), k('same', -0), k('same', NaN), k('same'), k('wide'))`
    expect(ride(build, code, { options }).console).toEqual([
      '5n -9223372036854775808n 7n 3 0.10000000149011612 -0 NaN 0 0n',
    ])
  })

  it('shows one bit pattern for every NaN', () => {
    expect(ride(build, `${DOOR} console.log(open('k')('notANumber').toString(16))`, { options }).console).toEqual([
      '7ff80000',
    ])
  })

  it('shares bytes with the program inside its own memory only', () => {
    const code = `${DOOR} const { id } = open('k')
      __sojourn.kernelWrite(id, 60000, new Float64Array([1.5, -2]).subarray(1))
      const doubles = new Float64Array(3)
      __sojourn.kernelRead(id, 59992, doubles.subarray(1))
      console.log(doubles.join(), __sojourn.kernelBytes(id))
      for (const address of [-1, 2 ** 31, 1.5, NaN, 65533]) try { __sojourn.kernelRead(id, address, new Uint8Array(4)) } catch (e) { console.log(e.message) }
      for (const fake of [{ buffer: {}, byteOffset: 0, byteLength: 4 }, { buffer: new ArrayBuffer(2), byteOffset: 0, byteLength: 4 }, { buffer: new ArrayBuffer(8), byteOffset: -4, byteLength: 4 }])
        try { __sojourn.kernelWrite(id, 0, fake) } catch (e) { console.log(e.message) }`
    const outside = 'the range lies outside the memory of the kernel'
    expect(ride(build, code, { options }).console).toEqual(['0,0,-2 65536', ...Array(8).fill(outside)])
  })

  it('pays for bytes that are copied', () => {
    const code = (times: number): string =>
      `${DOOR} const { id } = open('k'); const view = new Uint8Array(65536); for (let i = 0; i < ${times}; i++) __sojourn.kernelRead(id, 0, view)`
    const fuel = [10, 1_010].map((times) => ride(build, code(times), { options }).fuel)
    expect((fuel[1] ?? 0n) - (fuel[0] ?? 0n)).toBeGreaterThan(1_000n * 1_024n)
  })
})

describe('instances of one kernel', () => {
  it('have memories and variables of their own, and stand in the middle of calls apart', () => {
    const code = `${DOOR} const [a, b, c] = ['a', 'b', 'c'].map((name) => open('k', name))
      const seen = []
      for (let i = 0; i < 4; i++) seen.push(a('sieve', 9000), b('sieve', 5000 + i), [2, 1].sort((x, y) => (c('fib', 16), x - y)).join(''), open('k', 'a')('sieve', 100))
      console.log(seen.join(' '), a.id, b.id, c.id)`
    const straight = ride(build, code, { options })
    expect(straight.console[0]).toMatch(/^111701 66901 12 2502 111703 /)
    const instances = new Set<string>()
    const onHop = ({ kernels }: MachineImage): void => {
      for (const { instance, suspended } of kernels) if (suspended !== null) instances.add(instance)
    }
    for (const slice of [9_001n, 3_001n])
      expect(observed(ride(build, code, { options, slice: () => slice, onHop }))).toEqual(observed(straight))
    expect(instances).toEqual(new Set(['a', 'b', 'c']))
  })

  it('never have more memory together than is theirs, however they ask for it', () => {
    const code = `${DOOR} const open2 = (...a) => { try { return open(...a) } catch (e) { console.log(e.code, e.message); return null } }
      const taken = open2('k', 'big', 20 * 2 ** 20)
      open2('k', 'more', 20 * 2 ** 20)
      open2('k', 'big', 2 ** 20)
      const greedy = open2('k', 'greedy')
      let n = 0
      try { for (;; n++) greedy('take', 16) } catch (e) { console.log(n, e.message) }
      const before = n
      try { for (;; n++) taken('take', 16) } catch (e) { console.log(n - before, e.message) }
      __sojourn.kernelRelease(taken.id)
      try { taken('take', 1) } catch (e) { console.log(e.message) }
      try { for (;; n++) greedy('take', 16) } catch (e) { console.log(n > before + 19) }`
    const result = ride(build, code, { options })
    expect(result.console).toEqual([
      'QUOTA kernel k: memory 320 pages of 65536 bytes > 192 left',
      'INVALID kernel k "big" is there with another memoryBytesMax',
      '11 kernel k aborted: no memory (kernel.ts:29:70)',
      '19 kernel k aborted: no memory (kernel.ts:29:70)',
      'the kernel has been released',
      'true',
    ])
    expect(observed(ride(build, code, { options, slice: () => 30_011n }))).toEqual(observed(result))
    const machine = Machine.start(build, code, 'null', options)
    expect(machine.run(WHOLE_SLICE).kind).toBe('finished')
    expect(machine.memoryBytes).toBeLessThanOrEqual(OPTIONS.memoryBytesMax)
  })

  it('that fail while they start are refused, and have cost what a start may cost', () => {
    const start = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 8, 1, 0]
    const endless = metered(Uint8Array.from([...start, 10, 9, 1, 7, 0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b]))
    const traps = metered(Uint8Array.from([...start, 10, 5, 1, 3, 0, 0, 0x0b]))
    const kernels = new Map([...options.kernels, ['endless', endless], ['traps', traps]])
    const code = (...names: string[]): string =>
      `${DOOR} for (const name of ${JSON.stringify(names)}) try { open(name) } catch (e) { console.log(e.code, e.message) }`
    const [one, two] = [['traps'], ['traps', 'endless']].map((names) =>
      ride(build, code(...names), { options: { ...options, kernels } }),
    )
    expect(two?.console).toEqual(['INVALID kernel traps does not start', 'INVALID kernel endless does not start'])
    expect((two?.fuel ?? 0n) - (one?.fuel ?? 0n)).toBeGreaterThan(10_000_000n)
  })

  it('pay for every byte that they begin with', () => {
    const large = metered(Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 4, 1, 0, 0x80, 0x01]))
    const kernels = new Map([...options.kernels, ['large', large]])
    const [one, two] = [1, 2].map((times) => {
      const code = `for (let i = 0; i < ${times}; i++) __sojourn.kernelRelease(__sojourn.kernelOpen('large', '', 0))`
      return ride(build, code, { options: { ...options, kernels } }).fuel
    })
    expect((two ?? 0n) - (one ?? 0n)).toBeGreaterThan(500_000n + (128n * 65_536n) / 8n)
  })

  it('are at most as many as the limit says', () => {
    const code = `${DOOR} for (let i = 0; i < 17; i++) try { open('k', String(i)) } catch (e) { console.log(i, e.code, e.message) }`
    expect(ride(build, code, { options }).console).toEqual(['16 QUOTA kernel instances > KERNELS_MAX 16'])
  })
})
