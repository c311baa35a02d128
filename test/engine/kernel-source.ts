/** The kernel the tests compile, in AssemblyScript; and compiling it. For tests only. */
import { instrumentKernel } from '../../src/engine/instrument/kernel.ts'
import { compileKernel } from '../../src/platform/node/bundle-kernel.ts'

const SOURCE = `
let calls: i32 = 0
export function sieve(n: i32): i32 {
  calls++
  let count = 0
  const marks = new Uint8Array(n + 1)
  for (let i = 2; i <= n; i++) {
    if (marks[i]) continue
    count++
    for (let j = i * 2; j <= n; j += i) marks[j] = 1
  }
  return count * 100 + calls
}
export function fib(n: i32): i32 { return n < 2 ? n : fib(n - 1) + fib(n - 2) }
export function wave(n: i32): f64 {
  let sum = 0.0
  for (let i = 0; i < n; i++) sum += Math.sqrt(<f64>i) * (i & 1 ? 1 : -1)
  return sum
}
export function notANumber(): f64 { const bits = new StaticArray<u64>(1); store<f64>(changetype<usize>(bits), NaN / 0.0); return <f64>(bits[0] >> 32) }
export function picky(x: i32): i32 { if (x > 3) throw new Error('too big'); return x }
export function divide(x: i32): i32 { return 5 / x }
export function deep(x: i32): i32 { return deep(x + 1) + 1 }
export function wide(x: i64): i64 { return x }
export function spin(): void { for (;;) calls++ }
export function narrow(x: i32): i32 { return x }
export function half(x: f32): f32 { return x }
export function same(x: f64): f64 { return x }
export function take(pages: i32): void { if (memory.grow(pages) < 0) throw new Error('no memory') }
`

export const compileAssemblyScript = (source: string = SOURCE): Promise<Uint8Array> =>
  compileKernel('kernel.ts', (path) => (path === 'kernel.ts' ? source : null))

export function metered(wasm: Uint8Array): WebAssembly.Module {
  const kernel = instrumentKernel(wasm)
  if (!kernel.ok) throw new Error(kernel.reason)
  return new WebAssembly.Module(kernel.value)
}
