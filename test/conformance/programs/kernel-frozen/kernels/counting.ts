let made: i32 = 0
export function sieve(n: i32): i32 {
  made++
  let count = 0
  const marks = new Uint8Array(n + 1)
  for (let i = 2; i <= n; i++) {
    if (marks[i]) continue
    count++
    for (let j = i * 2; j <= n; j += i) marks[j] = 1
  }
  return count
}
export function fibonacci(n: i32): i32 { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2) }
export function wave(n: i32): f64 {
  let sum = 0.0
  for (let i = 0; i < n; i++) sum += Math.sqrt(<f64>i) * (i & 1 ? 1 : -1)
  return sum
}
export function calls(): i32 { return made }
export function mix(a: i32, b: f64, c: f32): f64 {
  let x = <f64>a
  for (let i = 0; i < 3000; i++) x = x * 0.999 + b / (<f64>i + 1) + <f64>c * 0.001
  return x
}
export function divide(x: i32): i32 { return 5 / x }
export function wide(x: i64): i64 { return x + 1 }
export function deep(x: i32): i32 { return deep(x + 1) + 1 }
export function notANumber(): f64 { const bits = new StaticArray<u64>(1); store<f64>(changetype<usize>(bits), NaN / 0.0); return <f64>(bits[0] >> 32) }
