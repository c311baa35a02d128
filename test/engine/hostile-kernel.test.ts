import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { integerBelow, seededRandom } from '../../src/base/random.ts'
import { instrumentKernel } from '../../src/engine/instrument/kernel.ts'
import { Writer } from '../../src/engine/instrument/writer.ts'
import { Kernel } from '../../src/engine/kernels.ts'
import { compileAssemblyScript, metered } from './kernel-source.ts'
import { randomKernel } from './random-kernel.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const HEAD = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
const VOID = [0x60, 0, 0]
type Sections = Readonly<Record<number, readonly number[]>>

/** A module of hand-written sections, in the order of their ids. */
function module(sections: Sections): Uint8Array {
  const out = new Writer().byte(...HEAD)
  for (const [id, content] of Object.entries(sections))
    out
      .byte(Number(id))
      .u32(content.length)
      .byte(...content)
  return out.bytes()
}
/** One function () → () with this body and no locals. */
const withBody = (...body: number[]): Sections => ({
  1: [1, ...VOID],
  3: [1, 0],
  10: [1, body.length + 2, 0, ...body, 0x0b],
})
const text = (word: string): number[] => [word.length, ...[...word].map((c) => c.charCodeAt(0))]
const reasonOf = (wasm: Uint8Array): string | null => {
  const result = instrumentKernel(wasm)
  return result.ok ? null : result.reason
}

describe('a host refuses a kernel', () => {
  const CASES: [string, Uint8Array, string][] = [
    ['that is not WebAssembly', Uint8Array.of(1, 2, 3), 'not a WebAssembly 1 module'],
    ['of another version', Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0), 'not a WebAssembly 1 module'],
    [
      'that imports what no host gives',
      module({ 1: [1, ...VOID], 2: [1, ...text('env'), ...text('fetch'), 0, 0] }),
      'import env.fetch is not allowed',
    ],
    [
      'that imports the right name with the wrong type',
      module({ 1: [1, ...VOID], 2: [1, ...text('env'), ...text('abort'), 0, 0] }),
      'import env.abort is not allowed',
    ],
    [
      'that imports a global',
      module({ 2: [1, ...text('env'), ...text('g'), 3, 0x7f, 0] }),
      'import env.g is not allowed',
    ],
    ['with shared memory', module({ 5: [1, 3, 1, 1] }), 'shared or 64-bit memory or table is not allowed'],
    ['with 64-bit memory', module({ 5: [1, 4, 1] }), 'shared or 64-bit memory or table is not allowed'],
    ['with two memories', module({ 5: [2, 0, 1, 0, 1] }), 'memories 2 > 1'],
    ['with a tag section', module({ 13: [0] }), 'section 13 is not allowed'],
    [
      'with sections out of order',
      new Writer()
        .raw(module({ 3: [0] }))
        .raw(module({ 1: [0] }).subarray(8))
        .bytes(),
      'section 1 is out of order or doubled',
    ],
    ['with threads', module(withBody(0xfe, 0x03, 0)), 'instruction 0xfe is not allowed: threads'],
    [
      'with relaxed SIMD',
      module(withBody(0xfd, 0x80, 0x02)),
      'instruction 0xfd is not allowed: SIMD (its NaN bits differ between machines)',
    ],
    ['with tail calls', module(withBody(0x12, 0)), 'instruction 0x12 is not allowed: tail call'],
    ['with exceptions', module(withBody(0x06, 0x40, 0x0b)), 'instruction 0x6 is not allowed: exception handling'],
    [
      'that changes a table',
      module(withBody(0x26, 0)),
      'instruction 0x26 is not allowed: table.set (a checkpoint holds no tables)',
    ],
    [
      'that drops a segment',
      module(withBody(0xfc, 9, 0)),
      'instruction 0xfc 9 is not allowed: it changes a table or drops a segment',
    ],
    [
      'with more locals than a frame should have',
      module({ 1: [1, ...VOID], 3: [1, 0], 10: [1, 7, 1, 0x81, 0x80, 0x40, 0x7f, 0x0b, 0x0b] }),
      'locals > 4096',
    ],
    ['with functions and no code', module({ 1: [1, ...VOID], 3: [1, 0] }), 'function and code sections disagree'],
    ['that lies about a count', module({ 1: [0xff, 0xff, 0x03] }), 'types 65535 > 10000'],
    [
      'whose number never ends',
      module({ 1: [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01] }),
      'number is longer than 5 bytes',
    ],
    ['that does not validate', module(withBody(0x6a)), 'module does not validate'],
    ['with code behind its end', module(withBody(0x0b, 0x01)), 'code behind the end of a function'],
    [
      'that claims a name of ours',
      module({ ...withBody(), 6: [1, 0x7f, 1, 0x41, 0, 0x0b], 7: [1, ...text('__budget'), 3, 0] }),
      'export __budget is reserved',
    ],
    [
      'with a name that no checkpoint holds',
      module({ ...withBody(), 7: [1, 129, 1, ...text('n'.repeat(129)).slice(1), 0, 0] }),
      'export name length 129 > 128',
    ],
  ]
  for (const [name, wasm, reason] of CASES) it(name, () => expect(reasonOf(wasm)).toBe(reason))
})

describe('a small kernel does not become a large one', () => {
  const [I32_CONST, DROP, CALL, END] = [0x41, 0x1a, 0x10, 0x0b]
  /** So many functions () → (), each with these locals and this body. */
  function functions(count: number, body: Writer): Uint8Array {
    const out = new Writer().byte(...HEAD)
    const put = (id: number, content: Writer): void => void out.byte(id).u32(content.length).raw(content.bytes())
    put(1, new Writer().byte(1, ...VOID))
    const [types, code] = [new Writer().u32(count), new Writer().u32(count)]
    for (let i = 0; i < count; i++) {
      types.byte(0)
      code.u32(body.length).raw(body.bytes())
    }
    put(3, types)
    put(10, code)
    return out.bytes()
  }

  it('by calls over many operands, which are all put aside at each', () => {
    const body = new Writer().byte(0)
    for (let i = 0; i < 4_000; i++) body.byte(I32_CONST, 0)
    for (let i = 0; i < 2_000; i++) body.byte(CALL, 0)
    for (let i = 0; i < 4_000; i++) body.byte(DROP)
    expect(reasonOf(functions(1, body.byte(END)))).toBe('function body bytes once instrumented > 7654321')
  })

  it('by functions with thousands of locals, which are all part of a frame', () => {
    const body = new Writer().byte(1).u32(4_096).byte(0x7f, CALL, 0, END)
    expect(reasonOf(functions(1_000, body))).toBe('module bytes once instrumented > 33554432')
  })
})

describe('a kernel that would pay less', () => {
  let good: Uint8Array
  beforeAll(async () => {
    good = await compileAssemblyScript()
  }, 60_000)

  it('is accepted where it does nothing of the kind', () => expect(reasonOf(good)).toBeNull())
  it('in its start function is stopped there', () => {
    const wasm = module({ 1: [1, ...VOID], 3: [1, 0], 8: [0], 10: [1, 7, 0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b] })
    expect(() => new Kernel('k', metered(wasm), { pagesMax: 16, seed: 1 })).toThrow('its start takes too much fuel')
  })

  it('cut short anywhere is refused, never an accident', () => {
    for (let length = 0; length < good.length; length += 7) {
      const cut = good.slice(0, length)
      const result = instrumentKernel(cut)
      if (result.ok) expect(WebAssembly.validate(cut)).toBe(true)
    }
  })

  it('bent in any way is refused or compiles, never an accident (seed 5, 3,000 modules)', () => {
    const random = seededRandom(5)
    const below = (count: number): number => integerBelow(random, count)
    const produced = ['words', 'numbers'].map((name) =>
      readFileSync(new URL(`../producers/${name}.wasm`, import.meta.url)),
    )
    const sound = [
      good,
      ...produced.map((wasm) => Uint8Array.from(wasm)),
      ...Array.from({ length: 12 }, () => randomKernel(random)),
    ]
    let accepted = 0
    for (let i = 0; i < 3_000; i++) {
      let bent = sound[below(sound.length)] ?? good
      for (let k = below(3); k >= 0; k--) bent = bend(bent, sound[below(sound.length)] ?? good, below)
      const result = instrumentKernel(bent)
      if (!result.ok) continue
      accepted++
      expect(() => new WebAssembly.Module(result.value), `module ${i}`).not.toThrow()
    }
    expect(accepted).toBeGreaterThan(100)
  })
})

/** Flips a bit, writes, inserts or drops bytes, or takes a stretch of another module. */
function bend(wasm: Uint8Array, other: Uint8Array, below: (count: number) => number): Uint8Array {
  const at = 8 + below(wasm.length - 8)
  const [before, after] = [wasm.subarray(0, at), wasm.subarray(at)]
  const length = 1 + below(6)
  const from = below(other.length)
  switch (below(5)) {
    case 0:
      return Uint8Array.of(...before, (wasm[at] ?? 0) ^ (1 << below(8)), ...after.subarray(1))
    case 1:
      return Uint8Array.of(...before, below(256), ...after.subarray(1))
    case 2:
      return Uint8Array.of(...before, ...Array.from({ length }, () => below(256)), ...after)
    case 3:
      return Uint8Array.of(...before, ...after.subarray(length))
    default:
      return Uint8Array.of(...before, ...other.subarray(from, from + length), ...after.subarray(length))
  }
}
