import fc from 'fast-check'
import { PAGE_BYTES, PAGES_PER_WASM_PAGE } from '../../src/checkpoint/limits.ts'
import type { KernelImage, MachineImage } from '../../src/engine/image.ts'

/** Images for the checkpoint tests: one small and plain, and an arbitrary for every image an engine could hand out. */
export const page = (fill: number): Uint8Array => new Uint8Array(PAGE_BYTES).fill(fill)

export const smallImage = (changes: Partial<MachineImage> = {}): MachineImage => ({
  engineId: 'engine-1',
  memoryPages: 20,
  pages: new Map([
    [3, page(1)],
    [4, page(0)],
    [319, page(2)],
  ]),
  globals: new Map<string, number | bigint>([
    ['__depth', 290_000],
    ['__fuel', 2n ** 60n],
    ['__stack_pointer', 65_536],
  ]),
  standing: 'interrupt',
  asyncifyAddress: 4096,
  fuelUsed: 12_345n,
  clockMs: 1_700_000_000_000.25,
  nextRequest: 4,
  pending: [{ request: 3, name: 'move', argsJson: '{"where":"anywhere"}' }],
  timers: [{ id: 1, dueMs: 1_700_000_000_500, everyMs: null }],
  inbox: [{ request: 2, outcome: { ok: false, code: 'DENIED', reason: 'no' } }],
  kernels: [],
  ...changes,
})

/** `count` pages from index 0 on, each with its own content. */
export const manyPages = (count: number): ReadonlyMap<number, Uint8Array> =>
  new Map(
    Array.from({ length: count }, (_, index) => {
      const bytes = page(7)
      new DataView(bytes.buffer).setUint32(0, index)
      return [index, bytes]
    }),
  )

const plain = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true })
const anyName = fc.string({ minLength: 1, maxLength: 12 })
const anyPages = (memoryPages: number): fc.Arbitrary<ReadonlyMap<number, Uint8Array>> =>
  fc
    .uniqueArray(fc.nat(Math.max(0, memoryPages * PAGES_PER_WASM_PAGE - 1)), {
      maxLength: memoryPages === 0 ? 0 : 300,
      size: 'max',
    })
    .chain((indexes) =>
      fc.array(fc.nat(255), { minLength: indexes.length, maxLength: indexes.length }).map((fills) => {
        const pairs = indexes.map((index, i) => [index, page(fills[i] ?? 0)] as const)
        return new Map(pairs.sort(([a], [b]) => a - b))
      }),
    )
const anyGlobals = fc
  .dictionary(anyName, fc.oneof(fc.double(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), { maxKeys: 8 })
  .map((entries) => new Map(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1))))
const anyTime = fc.double({ min: 0, max: 8.64e15, noNaN: true }).map((time) => (time === 0 ? 0 : time))
const anyText = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('x'.repeat(40_000)))
const anyMemory = fc
  .nat(64)
  .chain((memoryPages) => plain({ memoryPages: fc.constant(memoryPages), pages: anyPages(memoryPages) }))

const anyKernel: fc.Arbitrary<KernelImage> = fc
  .record({
    name: anyName,
    instance: anyName,
    memoryPagesMax: fc.option(fc.nat(64)),
    memory: anyMemory,
    globals: anyGlobals,
    suspended: fc.option(
      plain({ exportName: anyName, cell: fc.nat(131_072), frames: fc.uint8Array({ maxLength: 64 }) }),
    ),
  })
  .map(({ memory, ...kernel }) => ({ id: 0, ...kernel, ...memory }))

export const anyImage: fc.Arbitrary<MachineImage> = fc
  .record({
    engineId: anyName,
    memory: anyMemory,
    globals: anyGlobals,
    standing: fc.constantFrom('turn', 'interrupt', 'kernel', 'call'),
    fuelUsed: fc.bigInt({ min: 0n, max: 2n ** 60n }),
    clockMs: anyTime,
    nextRequest: fc.integer({ min: 1, max: 2 ** 40 }),
    pending: fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { maxLength: 5 }).chain((requests) =>
      fc
        .array(plain({ name: anyName, argsJson: anyText }), {
          minLength: requests.length,
          maxLength: requests.length,
        })
        .map((calls) => {
          const ascending = requests.sort((a, b) => a - b)
          return calls.map((call, i) => ({ request: ascending[i] ?? 1, ...call }))
        }),
    ),
    timers: fc.array(plain({ id: fc.nat(), dueMs: anyTime, everyMs: fc.option(anyTime) }), { maxLength: 5 }),
    inbox: fc.array(
      plain({
        request: fc.integer({ min: 1, max: 1000 }),
        outcome: fc.oneof(
          plain({ ok: fc.constant(true as const), valueJson: anyText }),
          plain({ ok: fc.constant(false as const), code: anyName, reason: anyText }),
        ),
      }),
      { maxLength: 5 },
    ),
    // At most one of them stands in a call.
    kernels: fc
      .uniqueArray(anyKernel, { maxLength: 2, selector: ({ name }) => name })
      .map((kernels) =>
        kernels.map((kernel, i) => ({ ...kernel, id: 3 * i, suspended: i === 0 ? kernel.suspended : null })),
      ),
  })
  .map(({ memory, ...state }) => ({ ...state, ...memory, asyncifyAddress: memory.memoryPages * 65_536 }))
