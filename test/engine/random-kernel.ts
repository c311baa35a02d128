/** Makes small WebAssembly modules at random, valid and always ending, full of what is hard to freeze. For tests only. */
import { integerBelow, type Random } from '../../src/base/random.ts'
import { Writer } from '../../src/engine/instrument/writer.ts'

const [I32, I64, F64] = [0x7f, 0x7e, 0x7c]
const TYPES = [I32, I64, F64] as const
type Type = (typeof TYPES)[number]

/** Functions of these shapes, some of each; a function calls only those behind it, or itself with a smaller first argument. */
const SHAPES: readonly { readonly params: readonly Type[]; readonly results: readonly Type[] }[] = [
  { params: [I32, I64], results: [I32] },
  { params: [I32, F64], results: [I64] },
  { params: [I32, I32], results: [F64] },
  { params: [I32], results: [] },
]
const FUNCTIONS = 9
const LOCALS = 6

export function randomKernel(random: Random): Uint8Array<ArrayBuffer> {
  const types = new Writer().u32(SHAPES.length)
  for (const { params, results } of SHAPES) {
    types.byte(0x60).u32(params.length)
    types
      .byte(...params)
      .u32(results.length)
      .byte(...results)
  }
  const functions = new Writer().u32(FUNCTIONS)
  const elements = new Writer().byte(1, 0, 0x41, 0, 0x0b).u32(FUNCTIONS)
  const code = new Writer().u32(FUNCTIONS)
  for (let i = 0; i < FUNCTIONS; i++) {
    functions.u32(shapeOf(i))
    elements.u32(i)
    const body = new Body(random, i).write()
    code.u32(body.length).raw(body)
  }
  const globals = [1, I64, 1, 0x42, 7, 0x0b]
  const exports = new Writer().byte(2).name('run').byte(0, 0).name('memory').byte(2, 0)
  const sections: [number, Writer][] = [
    [1, types],
    [3, functions],
    [4, new Writer().byte(1, 0x70, 0).u32(FUNCTIONS)],
    [5, new Writer().byte(1, 0, 1)],
    [6, new Writer().byte(...globals)],
    [7, exports],
    [9, elements],
    [10, code],
  ]
  const out = new Writer().byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
  for (const [id, content] of sections) out.byte(id).u32(content.length).raw(content.bytes())
  return out.bytes()
}

const shapeOf = (index: number): number => index % SHAPES.length

class Body {
  readonly #out = new Writer()
  readonly #random: Random
  readonly #index: number
  readonly #locals: Type[]
  /** Result types of the open labels, innermost last; null for a loop. */
  readonly #labels: (readonly Type[] | null)[] = []
  #room: number

  constructor(random: Random, index: number) {
    this.#random = random
    this.#index = index
    this.#room = 60
    this.#locals = [...(SHAPES[shapeOf(index)]?.params ?? [])]
    for (let i = 0; i < LOCALS; i++) this.#locals.push(TYPES[i % 3] ?? I32)
    // Counters of loops, one for each nesting.
    for (let i = 0; i < 4; i++) this.#locals.push(I32)
  }

  write(): Uint8Array {
    const params = SHAPES[shapeOf(this.#index)]?.params.length ?? 0
    const results = SHAPES[shapeOf(this.#index)]?.results ?? []
    this.#labels.push(results)
    this.#statements(3)
    for (const type of results) this.#value(type, 3)
    const whole = new Writer().u32(this.#locals.length - params)
    for (const type of this.#locals.slice(params)) whole.u32(1).byte(type)
    return whole.raw(this.#out.byte(0x0b).bytes()).bytes()
  }

  #below(count: number): number {
    return integerBelow(this.#random, count)
  }

  #statements(depth: number): void {
    for (let n = 1 + this.#below(3); n > 0; n--) this.#statement(depth)
  }

  #statement(depth: number): void {
    if (this.#room-- < 0 || depth < 0) return
    const pick = this.#below(9)
    if (pick === 0) this.#loop(depth)
    else if (pick === 1) this.#if(depth, [])
    else if (pick === 2) this.#block(depth, [])
    else if (pick === 3) this.#store(depth)
    else if (pick === 4) this.#branchTable(depth)
    else if (pick === 5) {
      this.#value(I64, depth)
      this.#out.byte(0x24, 0)
    } else {
      const [index, type] = this.#local()
      this.#value(type, depth)
      this.#out.byte(0x21).u32(index)
    }
  }

  /** A local that is no counter and not the first argument, which bounds recursion. */
  #local(): [number, Type] {
    const index = 1 + this.#below(this.#locals.length - 5)
    return [index, this.#locals[index] ?? I32]
  }

  #loop(depth: number): void {
    const nesting = this.#labels.filter((one) => one === null).length
    if (nesting >= 4) return
    const counter = this.#locals.length - 4 + nesting
    this.#out
      .byte(0x41)
      .u32(1 + this.#below(5))
      .byte(0x21)
      .u32(counter)
      .byte(0x03, 0x40)
    this.#labels.push(null)
    this.#statements(depth - 1)
    this.#out.byte(0x20).u32(counter).byte(0x41, 1, 0x6b, 0x22).u32(counter).byte(0x0d, 0)
    this.#labels.pop()
    this.#out.byte(0x0b)
  }

  #if(depth: number, results: readonly Type[]): void {
    this.#value(I32, depth - 1)
    this.#out.byte(0x04).byte(results[0] ?? 0x40)
    this.#labels.push(results)
    this.#statements(depth - 1)
    for (const type of results) this.#value(type, depth - 1)
    if (results.length > 0 || this.#below(2) === 0) {
      this.#out.byte(0x05)
      this.#statements(depth - 1)
      for (const type of results) this.#value(type, depth - 1)
    }
    this.#labels.pop()
    this.#out.byte(0x0b)
  }

  #block(depth: number, results: readonly Type[]): void {
    this.#out.byte(0x02).byte(results[0] ?? 0x40)
    this.#labels.push(results)
    this.#statements(depth - 1)
    const target = this.#below(this.#labels.length)
    const carried = this.#labels[this.#labels.length - 1 - target]
    if (carried !== null && carried !== undefined && this.#below(2) === 0) {
      for (const type of carried) this.#value(type, depth - 1)
      if (target === this.#labels.length - 1) this.#out.byte(0x0f)
      else if (this.#below(4) === 0) this.#out.byte(0x0c).u32(target)
      else {
        this.#value(I32, depth - 1)
        this.#out.byte(0x0d).u32(target)
        for (const _ of carried) this.#out.byte(0x1a)
      }
    }
    for (const type of results) this.#value(type, depth - 1)
    this.#labels.pop()
    this.#out.byte(0x0b)
  }

  #branchTable(depth: number): void {
    this.#out.byte(0x02, 0x40, 0x02, 0x40)
    this.#labels.push([], [])
    this.#statements(depth - 1)
    this.#value(I32, depth - 1)
    this.#out.byte(0x0e, 1, 0, 1, 0x0b)
    this.#labels.pop()
    this.#statements(depth - 1)
    this.#labels.pop()
    this.#out.byte(0x0b)
  }

  #store(depth: number): void {
    const [type, from, op] = [
      [I32, 1024, 0x36],
      [I64, 1024, 0x37],
      [F64, 0, 0x39],
    ][this.#below(3)] ?? [I32, 1024, 0x36]
    this.#address(from ?? 0, depth)
    this.#value(type as Type, depth - 1)
    this.#out.byte(op ?? 0x36, 0, 0)
  }

  #address(from: number, depth: number): void {
    this.#value(I32, depth - 1)
    this.#out.byte(0x41).signed(0x3f8).byte(0x71, 0x41).signed(from).byte(0x6a)
  }

  #value(type: Type, depth: number): void {
    const pick = depth <= 0 || this.#room-- < 0 ? this.#below(2) : this.#below(10)
    if (pick === 0) this.#constant(type)
    else if (pick === 1) this.#read(type)
    else if (pick <= 3) this.#operation(type, depth)
    else if (pick <= 5) this.#call(type, depth)
    else if (pick === 6) this.#if(depth, [type])
    else if (pick === 7) this.#block(depth, [type])
    else if (pick === 8) {
      this.#value(type, depth - 1)
      this.#value(type, depth - 1)
      this.#value(I32, depth - 1)
      this.#out.byte(0x1b)
    } else {
      this.#address(type === F64 ? 0 : 1024, depth)
      this.#out.byte(type === I32 ? 0x28 : type === I64 ? 0x29 : 0x2b, 0, 0)
    }
  }

  #constant(type: Type): void {
    if (type === I32) this.#out.byte(0x41).signed(this.#below(2000) - 1000)
    else if (type === I64) this.#out.byte(0x42).signed(BigInt(this.#below(2 ** 31)) << BigInt(this.#below(30)))
    else this.#out.byte(0x44, 0, 0, 0, 0, 0, this.#below(256), this.#below(256), 0x40)
  }

  #read(type: Type): void {
    const found = this.#locals.flatMap((one, index) => (one === type ? [index] : []))
    const index = found[this.#below(found.length)]
    if (index === undefined) this.#constant(type)
    else this.#out.byte(0x20).u32(index)
  }

  #operation(type: Type, depth: number): void {
    const [from = I32, op = 0x6a] = {
      [I32]: [
        [I32, 0x6a],
        [I32, 0x6c],
        [I32, 0x48],
        [I64, 0x53],
        [F64, 0x63],
        [I32, 0x6d],
      ],
      [I64]: [
        [I64, 0x7c],
        [I64, 0x7e],
        [I64, 0x85],
        [I64, 0x89],
      ],
      [F64]: [
        [F64, 0xa0],
        [F64, 0xa2],
        [F64, 0xa1],
        [F64, 0xa5],
      ],
    }[type][this.#below(type === I32 ? 6 : 4)] ?? [I32, 0x6a]
    if (type !== F64 && this.#below(6) === 0) {
      this.#value(F64, depth - 1)
      this.#out.byte(0xfc, type === I32 ? 2 : 6)
      return
    }
    this.#value(from as Type, depth - 1)
    this.#value(from as Type, depth - 1)
    this.#out.byte(op)
  }

  #call(type: Type, depth: number): void {
    const shape = SHAPES.findIndex(({ results }) => results[0] === type)
    const later = Array.from({ length: FUNCTIONS }, (_, i) => i).filter((i) => i > this.#index && shapeOf(i) === shape)
    const callee = later[this.#below(later.length)]
    if (callee === undefined || this.#below(4) === 0) {
      if (shapeOf(this.#index) === shape) this.#again(type, depth)
      else this.#constant(type)
      return
    }
    this.#arguments(shape, depth)
    if (this.#below(3) === 0) this.#out.byte(0x41).signed(callee).byte(0x11).u32(shape).byte(0)
    else this.#out.byte(0x10).u32(callee)
  }

  #arguments(shape: number, depth: number): void {
    for (const [i, type] of (SHAPES[shape]?.params ?? []).entries())
      if (i === 0) this.#out.byte(0x41).u32(this.#below(3))
      else this.#value(type, depth - 1)
  }

  /** Itself, while the first argument lasts. */
  #again(type: Type, depth: number): void {
    const { params } = SHAPES[shapeOf(this.#index)] ?? { params: [] }
    this.#out.byte(0x20, 0, 0x41, 0, 0x4a, 0x04, type, 0x20, 0, 0x41, 1, 0x6b)
    for (const one of params.slice(1)) this.#value(one, Math.min(0, depth))
    this.#out.byte(0x10).u32(this.#index).byte(0x05)
    this.#constant(type)
    this.#out.byte(0x0b)
  }
}
