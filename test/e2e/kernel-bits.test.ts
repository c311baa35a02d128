import { afterAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { Writer } from '../../src/engine/instrument/writer.ts'
import { type BrowserName, findBrowser, openBrowserRealm } from '../../src/realms/browser-realm.ts'
import { openNodeRealm } from '../../src/realms/node-realm.ts'
import { findJsc, openJscRealm } from '../../src/realms/process-realm.ts'
import type { Realm } from '../../src/realms/realm.ts'
import { compileAssemblyScript } from '../engine/kernel-source.ts'
import { randomKernel } from '../engine/random-kernel.ts'

const ENTRY = new URL('../realms/observe-kernel.ts', import.meta.url)

/** Every operation on numbers of every kind, quiet and signalling NaNs with payloads among them, and every way out. */
const SOURCE = `
const WIDE: u64[] = [0x7ff8000000000000, 0xfff8000000000000, 0x7ff8000000001234, 0xfff80000deadbeef, 0x7ff0000000000001, 0xfff4000000000000,
  0x7fffffffffffffff, 0x7ff0000000000000, 0xfff0000000000000, 0, 0x8000000000000000, 0x3ff8000000000000, 0xc00921fb54442d18, 1, 0x7fefffffffffffff]
const SINGLE: u32[] = [0x7fc00000, 0xffc00000, 0x7fc01234, 0xffc0beef, 0x7f800001, 0xffa00000, 0x7fffffff, 0x7f800000, 0xff800000, 0, 0x80000000, 0x3fc00000, 0xc0490fdb, 1, 0x7f7fffff]
export let last: f64 = 0
export let lastSingle: f32 = 0
let hidden: f64 = 0
let at: usize = 0
let begin: usize = 0
function put(x: f64): void { store<f64>(at, x); store<i64>(at, reinterpret<i64>(x), 8); last = x; at += 16 }
function putSingle(x: f32): void { store<f32>(at, x); store<i32>(at, reinterpret<i32>(x), 4); lastSingle = x; at += 8 }
function pick(n: i32, a: f64, b: f64): f64 {
  switch (n) { case 0: return a + b; case 1: return a - b; case 2: return a * b; case 3: return a / b; case 4: return min(a, b); case 5: return max(a, b)
    case 6: return copysign(a, b); case 7: return abs(a); case 8: return -a; case 9: return sqrt(a); case 10: return ceil(a); case 11: return floor(a)
    case 12: return trunc(a); case 13: return nearest(a); case 14: return <f64><f32>a; case 15: return select(a, b, b > a); case 16: return copysign(1.5, a * b) }
  return a % b
}
function pickSingle(n: i32, a: f32, b: f32): f32 {
  switch (n) { case 0: return a + b; case 1: return a - b; case 2: return a * b; case 3: return a / b; case 4: return min(a, b); case 5: return max(a, b)
    case 6: return copysign(a, b); case 7: return abs(a); case 8: return -a; case 9: return sqrt(a); case 10: return ceil(a); case 11: return floor(a)
    case 12: return trunc(a); case 13: return nearest(a); case 14: return <f32>(<f64>a * <f64>b); case 15: return select(a, b, b > a); case 16: return copysign(<f32>1.5, a * b) }
  return a % b
}
export function run(): i64 {
  begin = at = <usize>memory.grow(3) << 16
  for (let n = 0; n < 18; n++) for (let i = 0; i < 15; i++) for (let j = 0; j < 15; j++) {
    const a = reinterpret<f64>(WIDE[i]), b = reinterpret<f64>(WIDE[j])
    const x = pick(n, a, b)
    hidden = x
    put(x); put(hidden + 1)
    putSingle(pickSingle(n, reinterpret<f32>(SINGLE[i]), reinterpret<f32>(SINGLE[j])))
    putSingle(<f32>x)
    if (at > begin + 3 * 65536 - 64) { memory.copy(begin, begin + 65536, 2 * 65536); at = begin + 2 * 65536 }
  }
  let sum: i64 = 0
  for (let from = begin; from < at; from += 8) sum = sum * 31 + load<i64>(from) + <i64>load<f64>(from) + i64(load<f32>(from))
  return sum
}
export function give(n: i32): f64 { return pick(n, reinterpret<f64>(WIDE[n % 7]), reinterpret<f64>(WIDE[(n * 3) % 15])) }
export function bits(n: i32): i64 { return reinterpret<i64>(pick(n % 18, reinterpret<f64>(WIDE[n % 7]), reinterpret<f64>(WIDE[(n * 3) % 15]))) }
export function take(x: f64): i64 { put(x); return reinterpret<i64>(x) }
export function takeSingle(x: f32): i32 { putSingle(x); return reinterpret<i32>(x) }
`

const browser = (name: BrowserName) => [name, findBrowser(name) !== null, () => openBrowserRealm(name, ENTRY)] as const
const ELSEWHERE = [
  browser('chromium'),
  browser('firefox'),
  ['jsc', findJsc() !== null, () => openJscRealm(ENTRY)] as const,
]

describe('what a kernel computes', { timeout: 240_000 }, () => {
  const open: Realm[] = []
  afterAll(() => Promise.all(open.map((realm) => realm.close())))

  const observations = async (opened: Promise<Realm>): Promise<Record<string, unknown>[]> => {
    const realm = await opened
    open.push(realm)
    const random = seededRandom(23)
    const kernels = [await compileAssemblyScript(SOURCE), ...Array.from({ length: 60 }, () => randomKernel(random))]
    const request = new Writer()
    for (const wasm of kernels) {
      request
        .byte(wasm.length >>> 24, (wasm.length >>> 16) & 255, (wasm.length >>> 8) & 255, wasm.length & 255)
        .raw(wasm)
    }
    return JSON.parse(new TextDecoder().decode(await realm.ask(request.bytes())))
  }
  const inNode = observations(openNodeRealm(ENTRY))

  it('has one bit pattern for every NaN, wherever its bits can be seen', async () => {
    const [nans] = await inNode
    expect(nans).not.toHaveProperty('refused')
    expect(nans?.freezes).toBeGreaterThan(20)
    const wide = (nans?.bits as string[] | undefined) ?? []
    const isNaNBits = (bits: bigint): boolean =>
      BigInt.asUintN(63, bits) >> 52n === 2047n && BigInt.asUintN(52, bits) !== 0n
    const seen = wide.map((text) => BigInt.asUintN(64, BigInt(text))).filter(isNaNBits)
    expect(seen.length).toBeGreaterThan(10)
    expect(new Set(seen)).toEqual(new Set([0x7ff8000000000000n]))
  })

  for (const [name, isHere, start] of ELSEWHERE) {
    if (!isHere) console.warn(`skipped: no ${name} on this machine`)
    it.skipIf(!isHere)(`is the same in ${name}, to the last bit of memory, globals and frames`, async () =>
      expect(await observations(start())).toEqual(await inNode),
    )
  }
})
