import { beforeAll, describe, expect, it } from 'vitest'
import { integerBelow, seededRandom } from '../../src/base/random.ts'
import { DEPTH_STANDARD } from '../../src/bundle/limits.ts'
import type { MachineImage } from '../../src/engine/image.ts'
import { IMAGE_PAGE_BYTES, SEGMENT_FUEL, SEGMENTS_MAX } from '../../src/engine/limits.ts'
import { type EngineBuild, ImageError, Machine } from '../../src/engine/machine.ts'
import { engine, OPTIONS, observed, type Ride, ride, WHOLE_SLICE } from './drive.ts'

let build: EngineBuild
beforeAll(async () => {
  build = await engine()
})

const segmentsLeft = (image: MachineImage): number => Number(image.globals.get('__segments'))

describe('a program has room for', () => {
  const DEEP: Record<string, string> = {
    '3,000 JavaScript frames': 'const f = (n) => n === 0 ? 0 : 1 + f(n - 1); console.log(f(3000))',
    '200 nested functions in its source':
      "console.log(typeof (0, eval)('(function(){'.repeat(200) + '})'.repeat(200)))",
    'JSON 5,000 deep, both ways':
      "const t = '['.repeat(5000) + ']'.repeat(5000); console.log(JSON.stringify(JSON.parse(t)) === t)",
    '1,000 async calls, one inside the other':
      'const f = async (n) => n === 0 ? 0 : 1 + await f(n - 1); console.log(await f(1000))',
    'sort callbacks 500 deep': 'const f = (n) => { if (n > 0) [2, 1].sort(() => f(n - 1)) }; f(500); console.log(true)',
    'a regular expression with 2,000 groups, one in the other':
      "console.log(new RegExp('(?:'.repeat(2000) + 'a' + ')'.repeat(2000)).test('a'))",
  }
  for (const [name, code] of Object.entries(DEEP)) {
    it(name, () => {
      const result = ride(build, code)
      expect(result.stop).toEqual({ kind: 'finished', resultJson: 'null' })
      expect(result.console).toHaveLength(1)
    })
  }
})

describe('a program with the standard depth', () => {
  const standard = { ...OPTIONS, depth: DEPTH_STANDARD }
  const deep = 'const f = (n) => n === 0 ? 0 : 1 + f(n - 1); let end; try { end = f(2500) } catch (e) { end = e.name }'

  it('ends 2,500 frames in a RangeError, which one that asked for more does not; on both builds, moved or not', () => {
    for (const [depth, end] of [[DEPTH_STANDARD, 'RangeError'] as const, [SEGMENTS_MAX, '2500'] as const]) {
      const options = { ...OPTIONS, depth }
      const straight = ride(build, `${deep}; console.log(end)`, { options })
      expect(straight.console).toEqual([end])
      const ways: Ride[] = [
        { options, slice: () => 100_003n },
        { options: { ...options, tier: 'plain' } },
        { options: { ...options, tier: 'auto' } },
      ]
      for (const way of ways)
        expect(observed(ride(build, `${deep}; console.log(end)`, way))).toEqual(observed(straight))
    }
  })

  it('has room for 500 frames, 100 functions in a source, and JSON 1,000 deep', () => {
    const code = `const f = (n) => n === 0 ? 0 : 1 + f(n - 1)
      const t = '['.repeat(1000) + ']'.repeat(1000)
      console.log(f(500), typeof (0, eval)('(function(){'.repeat(100) + '})'.repeat(100)), JSON.stringify(JSON.parse(t)) === t)`
    expect(ride(build, code, { options: standard }).console).toEqual(['500 function true'])
  })
})

describe('a program in the depth of many segments', () => {
  const code = `let calls = 0
    const f = (n) => { calls++; if (n === 0) { let s = 0; for (let i = 0; i < 3000; i++) s += i; return s }
      return n % 7 === 0 ? [n].map(() => f(n - 1))[0] : n % 11 === 0 ? Number(String({ toString: () => f(n - 1) })) : f(n - 1) }
    for (let i = 0; i < 3; i++) console.log(f(1200), calls)
    const g = async (n) => n === 0 ? f(300) : await g(n - 1)
    console.log(await g(400), JSON.stringify(JSON.parse('['.repeat(900) + ']'.repeat(900), (k, v) => v)).length)`

  it('is frozen and thawed there, again and again, and nothing is different', () => {
    const straight = ride(build, code)
    expect(straight.stop.kind).toBe('finished')
    let deepest = SEGMENTS_MAX
    const hopping = ride(build, code, {
      slice: () => 30_011n,
      onHop: (image) => {
        deepest = Math.min(deepest, segmentsLeft(image))
      },
    })
    expect(SEGMENTS_MAX - deepest).toBeGreaterThan(4)
    expect(hopping.hops).toBeGreaterThan(50)
    expect(observed(hopping)).toEqual(observed(straight))
    expect(observed(ride(build, code, { slice: () => 30_011n, stay: true }))).toEqual(observed(straight))
  })

  it('goes on from random points (seed 5)', () => {
    const random = seededRandom(5)
    const straight = ride(build, code)
    for (let i = 0; i < 12; i++) {
      const at = BigInt(1 + integerBelow(random, Number(straight.fuel)))
      expect(observed(ride(build, code, { slice: (n) => (n === 0 ? at : WHOLE_SLICE) })), `frozen after ${at}`).toEqual(
        observed(straight),
      )
    }
  })

  it('pays for each crossing, so a loop at the end of a segment is no bargain', () => {
    const at = (depth: number): bigint => {
      const loop = `const g = () => 0, f = (n) => { if (n > 0) return f(n - 1); for (let i = 0; i < 100; i++) g() }; f(${depth})`
      return ride(build, loop).fuel
    }
    const fuels = Array.from({ length: 300 }, (_, depth) => at(depth))
    expect(fuels.some((fuel) => fuel > 100n * BigInt(SEGMENT_FUEL))).toBe(true)
    expect(fuels[0]).toBeLessThan(BigInt(SEGMENT_FUEL))
  })

  it('catches what it throws in the deepest segment where it stands in the first', () => {
    const thrower =
      "const f = (n) => { if (n === 0) throw new TypeError('deep'); return f(n - 1) }; try { f(3000) } catch (e) { console.log(e.message, e instanceof TypeError) }"
    expect(ride(build, thrower).console).toEqual(['deep true'])
  })
})

describe('an image from the depth of segments is refused', () => {
  let image: MachineImage
  beforeAll(() => {
    const deep = 'const f = (n) => n ? f(n - 1) + 1 : (() => { for (;;); })(); f(1000)'
    const machine = Machine.start(build, deep, 'null', OPTIONS)
    machine.run(3_000_000n)
    image = machine.freeze()
    expect(SEGMENTS_MAX - segmentsLeft(image)).toBeGreaterThan(3)
  })
  const thaw = (change: Partial<MachineImage>) => Machine.thaw(build, { ...image, ...change }, OPTIONS)
  const globals = (name: string, value: number) => ({ globals: new Map([...image.globals, [name, value]]) })

  /** The image with a number of a region's header changed. */
  function header(region: number, offset: number, value: number): Partial<MachineImage> {
    const at = region + offset
    const index = Math.floor(at / IMAGE_PAGE_BYTES)
    const page = Uint8Array.from(image.pages.get(index) ?? new Uint8Array(IMAGE_PAGE_BYTES))
    new DataView(page.buffer).setUint32(at % IMAGE_PAGE_BYTES, value, true)
    return { pages: new Map([...image.pages, [index, page]]) }
  }

  const cases: [string, () => Partial<MachineImage>, string][] = [
    ['with more segments than wait', () => globals('__segments', SEGMENTS_MAX - 1), 'segments are not those that wait'],
    ['with segments without end', () => globals('__segments', 2 ** 31 - 1), 'segments are not those that wait'],
    ['with its frames in no region', () => ({ asyncifyAddress: image.asyncifyAddress + 8 }), 'frames lie outside'],
    ['with its frames in the program', () => ({ asyncifyAddress: 1_048_576 }), 'frames lie outside'],
    ['with its frames in a lower segment', () => ({ asyncifyAddress: build.base.asyncifyAddress }), 'segments are not'],
    ['with a region that leads back', () => header(build.base.asyncifyAddress, 0, 8), 'frames lie outside'],
    [
      'with a region that leads to itself',
      () => header(build.base.asyncifyAddress, 0, build.base.asyncifyAddress),
      'frames',
    ],
    ['with a region that leads away', () => header(build.base.asyncifyAddress, 0, 2 ** 32 - 8), 'frames lie outside'],
    ['with a region of another end', () => header(build.base.asyncifyAddress, 4, 2 ** 32 - 1), 'frames lie outside'],
    ['between turns, its segments open', () => ({ standing: 'turn' }), 'asyncifyAddress is not'],
    [
      'between turns, with fewer segments',
      () => ({ standing: 'turn', asyncifyAddress: build.base.asyncifyAddress }),
      'segments are open between turns',
    ],
  ]
  for (const [name, change, reason] of cases) {
    it(name, () => {
      expect(() => thaw(change())).toThrow(ImageError)
      expect(() => thaw(change())).toThrow(reason)
    })
  }

  it('with more segments than the agent may have', () => {
    const chain = SEGMENTS_MAX - segmentsLeft(image)
    const thawWith = (depth: number, left: number) =>
      Machine.thaw(build, { ...image, ...globals('__segments', left) }, { ...OPTIONS, depth })
    expect(() => thawWith(chain - 1, -1)).toThrow(`segments ${chain} > depth ${chain - 1}`)
    expect(() => thawWith(chain, 1)).toThrow('segments are not those that wait')
    expect(thawWith(chain, 0).run(1_000_000n)).toEqual({ kind: 'slice' })
  })

  it('or harms itself alone, whatever its frames are (seed 3)', () => {
    const random = seededRandom(3)
    const kinds = new Set<string>()
    for (let i = 0; i < 60; i++) {
      const pages = new Map([...image.pages].map(([index, bytes]) => [index, Uint8Array.from(bytes)]))
      const arena = [...pages.keys()].filter(
        (index) => Math.abs(index * IMAGE_PAGE_BYTES - image.asyncifyAddress) < 16 * IMAGE_PAGE_BYTES,
      )
      for (let k = 0; k < 40; k++) {
        const page = pages.get(arena[integerBelow(random, arena.length)] ?? 0)
        if (page !== undefined) page[integerBelow(random, page.length)] = integerBelow(random, 256)
      }
      try {
        const machine = Machine.thaw(build, { ...image, pages }, { ...OPTIONS, fuelMax: image.fuelUsed + 5_000_000n })
        kinds.add(machine.run(WHOLE_SLICE).kind)
      } catch (error) {
        expect(error).toBeInstanceOf(ImageError)
        kinds.add('refused')
      }
    }
    expect([...kinds].every((kind) => ['slice', 'idle', 'finished', 'failed', 'refused'].includes(kind))).toBe(true)
    expect(kinds.has('failed')).toBe(true)
  })
})
