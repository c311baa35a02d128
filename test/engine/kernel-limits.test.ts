import { describe, expect, it, vi } from 'vitest'
import { instrumentKernel, KERNEL_LIMITS } from '../../src/engine/instrument/kernel.ts'
import { Writer } from '../../src/engine/instrument/writer.ts'
import { Kernel } from '../../src/engine/kernels.ts'
import { KERNEL_GLOBALS_MAX } from '../../src/engine/limits.ts'
import { metered } from './kernel-source.ts'

vi.setConfig({ testTimeout: 120_000 })

type Sections = Readonly<Record<number, Writer | readonly number[]>>

/** A module of hand-written sections, in the order of their ids. */
function module(sections: Sections): Uint8Array<ArrayBuffer> {
  const out = new Writer().byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
  for (const [id, content] of Object.entries(sections)) {
    const bytes = content instanceof Writer ? content.bytes() : Uint8Array.from(content)
    out.byte(Number(id)).u32(bytes.length).raw(bytes)
  }
  return out.bytes()
}
const VOID = [0x60, 0, 0]
const writer = (...bytes: number[]): Writer => new Writer().byte(...bytes)
function repeat(count: number, ...bytes: number[]): Writer {
  const all = new Uint8Array(count * bytes.length)
  for (let i = 0; i < all.length; i++) all[i] = bytes[i % bytes.length] ?? 0
  return new Writer().raw(all)
}
/** One function () → () whose code entry is this, without its size. */
function withEntry(entry: Writer): Sections {
  return { 1: [1, ...VOID], 3: [1, 0], 10: writer(1).u32(entry.length).raw(entry.bytes()) }
}
const body = (code: Writer): Sections => withEntry(writer(0).raw(code.bytes()).byte(0x0b))
const reasonOf = (wasm: Uint8Array): string | null => {
  const result = instrumentKernel(wasm)
  return result.ok ? null : result.reason
}

describe('a kernel of the largest size', () => {
  /** A module with so much of it; the reason of one more. */
  const SIZES: [string, number, (amount: number) => Uint8Array<ArrayBuffer>, string][] = [
    [
      'bytes',
      KERNEL_LIMITS.moduleBytes,
      (bytes) => module({ 0: writer(1, 0x78).raw(new Uint8Array(bytes - 8 - 7)) }),
      'module bytes 8388609 > 8388608',
    ],
    [
      'functions',
      KERNEL_LIMITS.functions,
      (count) =>
        module({
          1: [1, ...VOID],
          3: new Writer().u32(count).raw(new Uint8Array(count)),
          10: new Writer().u32(count).raw(repeat(count, 2, 0, 0x0b).bytes()),
        }),
      'functions 10001 > 10000',
    ],
    [
      'body bytes',
      KERNEL_LIMITS.bodyBytes,
      (bytes) => module(body(repeat(bytes - 2, 1))),
      'function body bytes 1048577 > 1048576',
    ],
    [
      'locals',
      KERNEL_LIMITS.locals,
      (count) => module(withEntry(writer(1).u32(count).byte(0x7e, 0x0b))),
      'locals > 4096',
    ],
    [
      'globals',
      KERNEL_LIMITS.globals,
      (count) => module({ 6: new Writer().u32(count).raw(repeat(count, 0x7f, 0, 0x41, 0, 0x0b).bytes()) }),
      'globals 1001 > 1000',
    ],
    [
      'globals that change',
      KERNEL_GLOBALS_MAX,
      (count) => module({ 6: new Writer().u32(count).raw(repeat(count, 0x7f, 1, 0x41, 0, 0x0b).bytes()) }),
      'globals that change 65 > 64',
    ],
    [
      'table entries',
      KERNEL_LIMITS.tableEntries,
      (count) => module({ 4: writer(1, 0x70, 0).u32(count) }),
      'table entries 10001 > 10000',
    ],
    [
      'types',
      10_000,
      (count) => module({ 1: new Writer().u32(count).raw(repeat(count, ...VOID).bytes()) }),
      'types 10001 > 10000',
    ],
    [
      'parameters',
      255,
      (count) => module({ 1: writer(1, 0x60).u32(count).raw(repeat(count, 0x7c).bytes()).byte(0) }),
      'parameters 256 > 255',
    ],
    [
      'loops',
      8_190,
      (count) => module(body(repeat(count, 0x03, 0x40, 0x0b))),
      'function has more than 8192 loops and calls, or nests them too deep',
    ],
    [
      'nested loops',
      723,
      (count) => module(body(repeat(count, 0x03, 0x40).raw(repeat(count, 0x0b).bytes()))),
      'function has more than 8192 loops and calls, or nests them too deep',
    ],
    ['memory pages', 65_536, (count) => module({ 5: writer(1, 0).u32(count) }), 'memory starts larger than 4 GiB'],
  ]
  for (const [name, limit, make, reason] of SIZES)
    it(`${name}: is accepted at the limit and refused above`, () => {
      expect(reasonOf(make(limit))).toBeNull()
      expect(reasonOf(make(limit + 1))).toBe(reason)
    })
})

describe('a host refuses', () => {
  const functions = { 1: [1, ...VOID], 3: [1, 0] }
  const code = [1, 2, 0, 0x0b]
  const name = (word: string): number[] => [word.length, ...[...word].map((c) => c.charCodeAt(0))]
  const CASES: [string, Uint8Array, string | RegExp][] = [
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((form): [string, Uint8Array, string] => [
      `an element segment of form ${form}`,
      module({ ...functions, 4: [1, 0x70, 0, 1], 9: [1, form, 0, 0, 0, 0, 0], 10: code }),
      `element segment form ${form} is not allowed`,
    ]),
    [
      'a data segment of another memory',
      module({ 5: [1, 0, 1], 11: [1, 2, 1, 0x41, 0, 0x0b, 0] }),
      'module does not validate',
    ],
    [
      'two exports of one name',
      module({ 5: [1, 0, 1], 7: [2, ...name('m'), 2, 0, ...name('m'), 2, 0] }),
      'module does not validate',
    ],
    ['an export of what is not there', module({ 7: [1, ...name('f'), 0, 3] }), 'module does not validate'],
    [
      'a start function with parameters',
      module({ 1: [1, 0x60, 1, 0x7f, 0], 3: [1, 0], 8: [0], 10: code }),
      'module does not validate',
    ],
    ['a start function that is not there', module({ 8: [0] }), 'start function out of range'],
    ['a tag', module({ 7: [1, ...name('t'), 4, 0] }), 'export kind 4 is not allowed'],
    [
      'an imported table',
      module({ 2: [1, ...name('env'), ...name('table'), 1, 0x70, 0, 1] }),
      'import env.table is not allowed',
    ],
    [
      'an imported tag',
      module({ 1: [1, ...VOID], 2: [1, ...name('env'), ...name('t'), 4, 0, 0] }),
      'import kind 4 is not allowed',
    ],
    [
      'what the driver gives to itself',
      module({ 1: [1, 0x60, 0, 1, 0x7f], 2: [1, ...name('sojourn'), ...name('turn'), 0, 0] }),
      'import sojourn.turn is not allowed',
    ],
    [
      'a name of the state',
      module({ 5: [1, 0, 1], 7: [1, ...name('__state_7'), 2, 0] }),
      'export __state_7 is reserved',
    ],
    ['a recursive type group', module({ 1: [1, 0x4e, 1, ...VOID] }), 'only function types are allowed'],
    ['a struct type', module({ 1: [1, 0x5f, 0] }), 'only function types are allowed'],
    ['a vector as a value', module({ 1: [1, 0x60, 1, 0x7b, 0] }), 'value type 0x7b is not allowed'],
    [
      'a reference as a value',
      module({ 1: [1, 0x60, 1, 0x6f, 0] }),
      'a reference is not allowed as a value: a checkpoint holds none',
    ],
    [
      'a global that holds a reference',
      module({ 6: [1, 0x70, 1, 0xd0, 0x70, 0x0b] }),
      'a reference is not allowed as a value: a checkpoint holds none',
    ],
    ['a typed reference', module({ 1: [1, 0x60, 1, 0x64, 0] }), 'value type 0x64 is not allowed'],
    ['a 64-bit table', module({ 4: [1, 0x70, 4, 1] }), 'shared or 64-bit memory or table is not allowed'],
    [
      'a table with an initialiser',
      module({ 4: [1, 0x40, 0, 0x70, 0, 1, 0xd0, 0x70, 0x0b] }),
      /not allowed|does not validate/,
    ],
    [
      'a block with parameters',
      module({ 1: [2, ...VOID, 0x60, 1, 0x7f, 0], 3: [1, 0], 10: [1, 8, 0, 0x41, 0, 0x02, 1, 0x1a, 0x0b, 0x0b] }),
      'a block with parameters is not allowed',
    ],
    [
      'references on the stack',
      module(body(writer(0xd0, 0x70, 0x1a))),
      'instruction 0xd0 is not allowed: a checkpoint holds no references',
    ],
    [
      'another memory in an access',
      module({ ...body(writer(0x41, 0, 0x28, 0x42, 1, 0, 0x1a)), 5: [1, 0, 1] }),
      'memory access names another memory',
    ],
    [
      'a number written too long',
      module({ ...functions, 5: [1, 0, 0x81, 0x80, 0x80, 0x80, 0x80, 0], 10: code }),
      'number is longer than 5 bytes',
    ],
    [
      'a number beyond 32 bits',
      module({ ...functions, 5: [1, 0, 0xff, 0xff, 0xff, 0xff, 0x7f], 10: code }),
      'number exceeds 32 bits',
    ],
    [
      'a section twice',
      new Writer()
        .raw(module({ 1: [0] }))
        .byte(1, 1, 0)
        .bytes(),
      'section 1 is out of order or doubled',
    ],
    [
      'a section longer than the module',
      module({}).length === 8 ? Uint8Array.of(...module({}), 1, 9, 0) : module({}),
      'module is truncated',
    ],
    ['a section with something left over', module({ 1: [1, ...VOID, 0] }), 'module does not validate'],
    [
      'legacy exceptions',
      module(body(writer(0x06, 0x40, 0x07, 0, 0x0b))),
      'instruction 0x6 is not allowed: exception handling',
    ],
    ['exceptions', module(body(writer(0x1f, 0x40, 0, 0x0b))), 'instruction 0x1f is not allowed: exception handling'],
    ['garbage collection', module(body(writer(0xfb, 0, 0))), 'instruction 0xfb is not allowed: garbage collection'],
    ['an indirect tail call', module(body(writer(0x13, 0, 0))), 'instruction 0x13 is not allowed: tail call'],
    ['fixed SIMD', module(body(writer(0xfd, 0x0c, ...Array(16).fill(0), 0x1a))), /SIMD/],
    ['an atomic fence', module(body(writer(0xfe, 0x03, 0))), 'instruction 0xfe is not allowed: threads'],
    ['wide arithmetic', module(body(writer(0xfc, 0x13))), /0xfc 19 is not allowed/],
    ['table.grow', module(body(writer(0xfc, 15, 0))), /0xfc 15 is not allowed/],
  ]
  for (const [what, wasm, reason] of CASES)
    it(what, () => {
      if (typeof reason === 'string') expect(reasonOf(wasm)).toBe(reason)
      else expect(reasonOf(wasm)).toMatch(reason)
    })

  it('to start what traps while it starts, and goes on', () => {
    const outside = module({ 5: [1, 0, 1], 11: [1, 0, 0x41, 0xff, 0xff, 3, 0x0b, 2, 1, 2] })
    const trapping = module({ ...functions, 8: [0], 10: [1, 3, 0, 0, 0x0b] })
    const empty = module({ ...functions, 4: [1, 0x70, 0, 1], 9: [1, 0, 0x41, 1, 0x0b, 1, 0], 10: code })
    for (const wasm of [outside, trapping, empty])
      expect(() => new Kernel('k', metered(wasm), { pagesMax: 4, seed: 1 })).toThrow(WebAssembly.RuntimeError)
  })
})
