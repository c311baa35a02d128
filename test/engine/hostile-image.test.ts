import { beforeAll, describe, expect, it } from 'vitest'
import { integerBelow, seededRandom } from '../../src/base/random.ts'
import type { MachineImage } from '../../src/engine/image.ts'
import { type EngineBuild, ImageError, Machine } from '../../src/engine/machine.ts'
import { engine, OPTIONS } from './drive.ts'

let build: EngineBuild
let image: MachineImage
beforeAll(async () => {
  build = await engine()
  const code =
    "__sojourn.call('x', 1); setTimeout(() => {}, 1000); const f = (n) => n ? f(n - 1) + 1 : (() => { for (;;); })(); f(20)"
  const machine = Machine.start(build, code, 'null', OPTIONS)
  machine.run(500_000n)
  image = machine.freeze()
  expect(image.standing).toBe('interrupt')
})

const thaw = (change: Partial<MachineImage>) => Machine.thaw(build, { ...image, ...change }, OPTIONS)
const globals = (name: string, value: number | bigint) => ({ globals: new Map([...image.globals, [name, value]]) })
const call = { request: 1, name: 'x', argsJson: '1' }
const kernel = {
  id: 0,
  name: 'k',
  instance: '',
  memoryPagesMax: null,
  memoryPages: 1,
  pages: new Map(),
  globals: new Map(),
  suspended: null,
}

/** The page that holds the header of Asyncify's buffer, with the frames' end moved. */
function framesEnd(end: number): Partial<MachineImage> {
  const index = Math.floor(image.asyncifyAddress / 4096)
  const page = Uint8Array.from(image.pages.get(index) ?? [])
  new DataView(page.buffer).setUint32(image.asyncifyAddress % 4096, end, true)
  return { pages: new Map([...image.pages, [index, page]]) }
}

describe('a received image is refused', () => {
  const cases: [string, () => Partial<MachineImage>, string][] = [
    ['of another engine', () => ({ engineId: 'other' }), 'engineId other !='],
    ['larger than the agent may be', () => ({ memoryPages: 1025 }), 'memoryPages 1025 is not in'],
    ['smaller than the engine', () => ({ memoryPages: 1 }), 'memoryPages 1 is not in'],
    ['of no whole size', () => ({ memoryPages: 30.5 }), 'memoryPages 30.5 is not in'],
    [
      'with a page outside its memory',
      () => ({ pages: new Map([[1 << 20, new Uint8Array(4096)]]) }),
      'page 1048576 lies outside',
    ],
    ['with a negative page', () => ({ pages: new Map([[-1, new Uint8Array(4096)]]) }), 'page -1 lies outside'],
    ['with a page of another size', () => ({ pages: new Map([[300, new Uint8Array(5)]]) }), 'page 300 has 5 bytes'],
    ['with a global too many', () => globals('more', 1), 'globals are not those of the engine'],
    ['with a global of another type', () => globals('__depth', 1n), 'global __depth is missing or of another type'],
    ['that gives itself more depth', () => globals('__depth', 2 ** 31 - 1), 'global __depth is out of range'],
    ['with its stack elsewhere', () => globals('__stack_pointer', -4), 'global __stack_pointer is out of range'],
    ['that stands nowhere', () => ({ standing: 'flying' as 'turn' }), 'standing is none of'],
    ['with its frames elsewhere', () => ({ asyncifyAddress: 8 }), 'frames lie outside'],
    ['whose frames end outside their buffer', () => framesEnd(0xffff_fff0), 'frames lie outside their buffer'],
    ['that never paid', () => ({ fuelUsed: -5n }), 'fuelUsed < 0'],
    ['of no time', () => ({ clockMs: Number.NaN }), 'clockMs is not a time'],
    ['with a request twice', () => ({ pending: [call, call], nextRequest: 3 }), 'pending requests are not ascending'],
    ['with a request to come', () => ({ pending: [{ ...call, request: 9 }] }), 'pending requests are not ascending'],
    ['with calls without number', () => ({ pending: new Array(2_000).fill(call) }), 'pending 2000 > PENDING_CALLS_MAX'],
    [
      'with a timer twice',
      () => ({ timers: [0, 0].map(() => ({ id: 1, dueMs: 1, everyMs: null })) }),
      'a timer has no number',
    ],
    [
      'with a timer that repeats at once',
      () => ({ timers: [{ id: 1, dueMs: 1, everyMs: 0 }] }),
      'a timer repeats at no interval',
    ],
    [
      'with an answer to nothing',
      () => ({ inbox: [{ request: 7, outcome: { ok: true, valueJson: '1' } }] }),
      'a delivery is not an answer',
    ],
    ['with a kernel of its own', () => ({ kernels: [kernel] }), 'there is no kernel k'],
    [
      'in the middle of a kernel that is not there',
      () => ({ standing: 'kernel' }),
      'standing is kernel, but 0 kernels',
    ],
  ]
  for (const [name, change, reason] of cases) {
    it(name, () => {
      expect(() => thaw(change())).toThrow(ImageError)
      expect(() => thaw(change())).toThrow(reason)
    })
  }
})

describe('an image made to do harm', () => {
  it('harms its own instance alone, whatever its bytes are (seed 9)', { timeout: 20_000 }, () => {
    const random = seededRandom(9)
    const bystander = Machine.start(
      build,
      'let n = 0; for (let i = 0; i < 100000; i++) n += i; console.log(n)',
      'null',
      OPTIONS,
    )
    bystander.run(200_000n)
    const kinds = new Set<string>()
    for (let i = 0; i < 30; i++) {
      const pages = new Map([...image.pages].map(([index, bytes]) => [index, Uint8Array.from(bytes)]))
      const indices = [...pages.keys()]
      for (let k = 0; k < 2_000; k++) {
        const page = pages.get(indices[integerBelow(random, indices.length)] ?? 0)
        if (page !== undefined) page[integerBelow(random, 4096)] = integerBelow(random, 256)
      }
      try {
        kinds.add(Machine.thaw(build, { ...image, pages }, { ...OPTIONS, fuelMax: 3_000_000n }).run(2_000_000n).kind)
      } catch (error) {
        expect(error).toBeInstanceOf(ImageError)
        kinds.add('refused')
      }
    }
    expect(kinds).toContain('failed')
    expect(bystander.run(10n ** 9n).kind).toBe('finished')
    expect(bystander.takeConsole()[0]?.text).toBe('4999950000')
  })
})
