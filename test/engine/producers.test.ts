import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { MachineImage } from '../../src/engine/image.ts'
import type { EngineBuild, MachineOptions } from '../../src/engine/machine.ts'
import { engine, OPTIONS, observed, ride } from './drive.ts'
import { compileAssemblyScript, metered } from './kernel-source.ts'

const produced = (name: string): WebAssembly.Module =>
  metered(Uint8Array.from(readFileSync(new URL(`../producers/${name}.wasm`, import.meta.url))))

/** Written by hand, without a memory: `steps(n: i64): i64`, how many steps of 3n + 1 or n / 2 lead to 1. */
const STEPS = [
  ...[1, 1, 0x7e, 0x03, 0x40, 0x20, 0, 0x42, 1, 0x52, 0x04, 0x40, 0x20, 0, 0x42, 3, 0x7e, 0x42, 1, 0x7c],
  ...[0x20, 0, 0x42, 1, 0x88, 0x20, 0, 0xa7, 0x41, 1, 0x71, 0x1b, 0x21, 0, 0x20, 1, 0x42, 1, 0x7c, 0x21, 1],
  ...[0x0c, 1, 0x0b, 0x0b, 0x20, 1, 0x0b],
]
const COLLATZ = [
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 6, 1, 0x60, 1, 0x7e, 1, 0x7e, 3, 2, 1, 0],
  ...[7, 9, 1, 5, 0x73, 0x74, 0x65, 0x70, 0x73, 0, 0, 10, STEPS.length + 2, 1, STEPS.length, ...STEPS],
]

const DOOR = `const open = (name, instance = '') => {
    const id = __sojourn.kernelOpen(name, instance, 0)
    const names = __sojourn.kernels()[name]
    const call = (f, ...a) => __sojourn.kernelCall(id, names.indexOf(f), ...a)
    return { call, put(view) { const at = call('alloc', view.byteLength); __sojourn.kernelWrite(id, at, view); return at }, get(at, view) { __sojourn.kernelRead(id, at, view); return view } }
  }
  const bytes = Uint8Array.from({ length: 3000 }, (_, i) => i * i % 251)
`
const C = `const c = open('words')
  const at = c.put(bytes)
  const list = Uint32Array.from({ length: 400 }, (_, i) => i * 7919 % 1009)
  const listAt = c.put(list)
  const sorted = []
  for (const order of [0, 1]) { c.call('sort', listAt, 400, order); sorted.push(c.get(listAt, new Uint32Array(400)).join()) }
  const hashed = c.call('hash', at, 3000, 99n)
  const state = c.call('shuffle', at, 3000, 400)
  console.log(sorted.join('|')); console.log(hashed, state, c.call('hash', at, 3000, 0))
`
const RUST = `const r = open('numbers')
  const doubles = Float64Array.from({ length: 900 }, (_, i) => Math.sin(i) * i)
  const doublesAt = r.put(doubles)
  const mean = r.call('trimmed_mean', doublesAt, 900)
  const stirred = r.call('stir', r.put(bytes), 3000, -5n)
  console.log(mean, stirred)
  try { r.call('peek', doublesAt, 900, 900) } catch (e) { console.log(e.message) }
`
const HAND = `const h = open('steps'); console.log(h.call('steps', 27), h.call('steps', 63728127n))
`

let build: EngineBuild
let options: MachineOptions
beforeAll(async () => {
  build = await engine()
  const own = metered(await compileAssemblyScript())
  const kernels = {
    words: produced('words'),
    numbers: produced('numbers'),
    steps: metered(Uint8Array.from(COLLATZ)),
    own,
  }
  options = { ...OPTIONS, kernels: new Map(Object.entries(kernels)) }
}, 60_000)

const BYTES = Uint8Array.from({ length: 3000 }, (_, i) => (i * i) % 251)

function expectedHash(bytes: Uint8Array, seed: bigint): bigint {
  const wrap = (n: bigint): bigint => BigInt.asUintN(64, n)
  let hash = seed ^ 0xcbf29ce484222325n
  for (let i = 0; i < bytes.length; i++) {
    for (let k = 0; k <= (i & 7); k++) hash = wrap((hash ^ BigInt(bytes[i - k >= 0 ? i - k : i] ?? 0)) * 0x100000001b3n)
    hash ^= hash >> 29n
  }
  return BigInt.asIntN(64, hash)
}

describe('a kernel made by', () => {
  const straightAndHopping = (body: string): string[] => {
    const straight = ride(build, DOOR + body, { options })
    const inside = new Set<string>()
    const onHop = ({ kernels }: MachineImage): void => {
      for (const { name, suspended } of kernels) if (suspended !== null) inside.add(`${name} ${suspended.exportName}`)
    }
    for (const slice of [9_001n])
      expect(observed(ride(build, DOOR + body, { options, slice: () => slice, onHop }))).toEqual(observed(straight))
    return [...straight.console, [...inside].sort().join(', ')]
  }

  it('clang computes what C says, and is frozen inside its loops and recursions', () => {
    const [sorted, hashes, inside] = straightAndHopping(C)
    const list = Array.from({ length: 400 }, (_, i) => (i * 7919) % 1009)
    const ascending = list.toSorted((a, b) => a - b)
    const byDigit = list.toSorted((a, b) => (a % 10) - (b % 10) || a - b)
    expect(sorted).toBe(`${ascending.join()}|${byDigit.join()}`)
    expect(hashes?.split(' ')[0]).toBe(`${expectedHash(BYTES, 99n)}n`)
    expect(inside).toBe('words hash, words shuffle, words sort')
  })

  it('rustc computes what Rust says, and its panics are traps that the program can catch', () => {
    const [numbers, panic, inside] = straightAndHopping(RUST)
    const doubles = Array.from({ length: 900 }, (_, i) => Math.sin(i) * i).toSorted((a, b) => a - b)
    const mean = doubles.slice(90, 810).reduce((sum, one) => sum + one, 0) / 720
    expect(Number(numbers?.split(' ')[0])).toBeCloseTo(mean, 9)
    expect(panic).toBe('kernel numbers trapped')
    expect(inside).toContain('numbers stir')
    expect(inside).toContain('numbers trimmed_mean')
  })

  it('hand, without a memory, is frozen inside as well', () => {
    const [steps, inside] = straightAndHopping(`${HAND}for (let i = 0; i < 200; i++) h.call('steps', 837799)`)
    expect(steps).toBe('111n 949n')
    expect(inside).toBe('steps steps')
  })

  it('any of them stands inside a call while all others keep what they hold', () => {
    const own = `const o = open('own'); for (let i = 0; i < 3; i++) { o.call('sieve', 5000); console.log(h.call('steps', 97 + i), c.call('hash', at, 100 + i, 1), o.call('sieve', 50), r.call('trimmed_mean', doublesAt, 100 + i)) }`
    const said = straightAndHopping(C + RUST + HAND + own)
    for (const inside of ['own sieve', 'words hash', 'numbers trimmed_mean']) expect(said.at(-1)).toContain(inside)
  })
})
